//! Expressions.

/// Binary operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binary {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

impl Binary {
    /// As CEL names it in errors.
    pub(super) const fn symbol(self) -> &'static str {
        match self {
            Self::Or => "_||_",
            Self::And => "_&&_",
            Self::Equal => "_==_",
            Self::NotEqual => "_!=_",
            Self::Less => "_<_",
            Self::LessEqual => "_<=_",
            Self::Greater => "_>_",
            Self::GreaterEqual => "_>=_",
            Self::In => "@in",
            Self::Add => "_+_",
            Self::Subtract => "_-_",
            Self::Multiply => "_*_",
            Self::Divide => "_/_",
            Self::Modulo => "_%_",
        }
    }
}

/// Macros that loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loop {
    All,
    Exists,
    ExistsOne,
    Filter,
    /// With an optional filter before the transformation.
    Map,
}

/// An expression; `at` is where it stands in the text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expr {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
    Ident {
        name: String,
        at: usize,
    },
    /// `a.b`; optional: `a.?b`.
    Select {
        target: Box<Expr>,
        field: String,
        optional: bool,
        at: usize,
    },
    /// `has(a.b)`.
    Has {
        target: Box<Expr>,
        field: String,
        at: usize,
    },
    Index {
        target: Box<Expr>,
        index: Box<Expr>,
        optional: bool,
    },
    Call {
        target: Option<Box<Expr>>,
        name: String,
        args: Vec<Expr>,
        at: usize,
    },
    List(Vec<Expr>),
    Map(Vec<(Expr, Expr)>),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Binary(Binary, Box<Expr>, Box<Expr>),
    Ternary(Box<Expr>, Box<Expr>, Box<Expr>),
    Loop {
        kind: Loop,
        range: Box<Expr>,
        var: String,
        filter: Option<Box<Expr>>,
        body: Box<Expr>,
    },
    /// `cel.bind(name, value, body)`.
    Bind {
        var: String,
        value: Box<Expr>,
        body: Box<Expr>,
    },
}

impl Expr {
    /// Whether the variable occurs.
    pub(super) fn mentions(&self, name: &str) -> bool {
        let many = |list: &[Self]| list.iter().any(|e| e.mentions(name));
        match self {
            Self::Ident { name: n, .. } => n == name,
            Self::Null
            | Self::Bool(_)
            | Self::Int(_)
            | Self::Uint(_)
            | Self::Double(_)
            | Self::Text(_)
            | Self::Bytes(_) => false,
            Self::Select { target, .. } | Self::Has { target, .. } => target.mentions(name),
            Self::Index { target, index, .. } => target.mentions(name) || index.mentions(name),
            Self::Call { target, args, .. } => target.as_ref().is_some_and(|t| t.mentions(name)) || many(args),
            Self::List(list) => many(list),
            Self::Map(pairs) => pairs.iter().any(|(k, v)| k.mentions(name) || v.mentions(name)),
            Self::Not(e) | Self::Negate(e) => e.mentions(name),
            Self::Binary(_, a, b) => a.mentions(name) || b.mentions(name),
            Self::Ternary(a, b, c) => a.mentions(name) || b.mentions(name) || c.mentions(name),
            Self::Loop { range, filter, body, .. } => {
                range.mentions(name) || body.mentions(name) || filter.as_ref().is_some_and(|f| f.mentions(name))
            }
            Self::Bind { value, body, .. } => value.mentions(name) || body.mentions(name),
        }
    }
}
