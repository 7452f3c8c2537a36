//! Tokens to expressions, macros included.

use super::ast::{Binary, Expr, Loop};
use super::lexer::{Spanned, Token, located, tokens};

/// With what an expression may begin, as the parser generator lists it.
const EXPRESSION: &str =
    "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
/// Deeper nesting than this is refused, as the CEL parser does.
const MAX_DEPTH: usize = 250;

/// Parses a whole expression.
pub(super) fn parse(text: &str) -> Result<Expr, String> {
    let mut parser = Parser { text, tokens: tokens(text)?, next: 0, depth: 0 };
    let expr = parser.ternary()?;
    match parser.peek() {
        Token::End => Ok(expr),
        _ => Err(parser.unexpected("<EOF>")),
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Spanned>,
    next: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> &Token {
        self.tokens.get(self.next).map_or(&Token::End, |s| &s.token)
    }

    fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.text.len(), |s| s.at)
    }

    fn take(&mut self) -> Token {
        let token = self.peek().clone();
        self.next += 1;
        token
    }

    fn eat(&mut self, op: &str) -> bool {
        let found = matches!(self.peek(), Token::Op(o) if *o == op);
        if found {
            self.next += 1;
        }
        found
    }

    fn expect(&mut self, op: &'static str) -> Result<(), String> {
        if self.eat(op) { Ok(()) } else { Err(self.unexpected(&format!("'{op}'"))) }
    }

    fn unexpected(&self, expected: &str) -> String {
        let found = match self.peek() {
            Token::End => "<EOF>".to_owned(),
            Token::Ident(name) => name.clone(),
            Token::Op(op) => (*op).to_owned(),
            other => format!("{other:?}"),
        };
        self.error(self.at(), &format!("Syntax error: mismatched input '{found}' expecting {expected}"))
    }

    fn error(&self, at: usize, message: &str) -> String {
        located(self.text, at, message)
    }

    /// A chain such as `a + b + c` nests to the left as deep as it is long.
    fn chain(&self, links: &mut usize) -> Result<(), String> {
        *links += 1;
        if *links > MAX_DEPTH { Err(self.error(self.at(), "expression recursion limit exceeded")) } else { Ok(()) }
    }

    fn ternary(&mut self) -> Result<Expr, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error(self.at(), "expression recursion limit exceeded"));
        }
        let condition = self.binary(0)?;
        let expr = if self.eat("?") {
            let yes = self.ternary()?;
            self.expect(":")?;
            let no = self.ternary()?;
            Expr::Ternary(Box::new(condition), Box::new(yes), Box::new(no))
        } else {
            condition
        };
        self.depth -= 1;
        Ok(expr)
    }

    /// The operator that stands next, with how tightly it binds.
    fn operator(&self) -> Option<(Binary, u8)> {
        let op = match self.peek() {
            Token::Op(op) => *op,
            Token::Ident(name) if name == "in" => "in",
            _ => return None,
        };
        Some(match op {
            "||" => (Binary::Or, 1),
            "&&" => (Binary::And, 2),
            "==" => (Binary::Equal, 3),
            "!=" => (Binary::NotEqual, 3),
            "<" => (Binary::Less, 3),
            "<=" => (Binary::LessEqual, 3),
            ">" => (Binary::Greater, 3),
            ">=" => (Binary::GreaterEqual, 3),
            "in" => (Binary::In, 3),
            "+" => (Binary::Add, 4),
            "-" => (Binary::Subtract, 4),
            "*" => (Binary::Multiply, 5),
            "/" => (Binary::Divide, 5),
            "%" => (Binary::Modulo, 5),
            _ => return None,
        })
    }

    fn binary(&mut self, least: u8) -> Result<Expr, String> {
        let mut left = self.unary()?;
        let mut links = 0;
        while let Some((op, binds)) = self.operator()
            && binds > least
        {
            self.next += 1;
            self.chain(&mut links)?;
            let right = self.binary(binds)?;
            left = Expr::Binary(op, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expr, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error(self.at(), "expression recursion limit exceeded"));
        }
        let expr = if self.eat("!") {
            Expr::Not(Box::new(self.unary()?))
        } else if self.eat("-") {
            if self.peek() == &Token::Huge {
                self.next += 1;
                self.depth -= 1;
                return Ok(Expr::Int(i64::MIN));
            }
            match self.unary()? {
                Expr::Int(n) if n >= 0 => Expr::Int(-n),
                Expr::Double(n) if n.is_sign_positive() => Expr::Double(-n),
                other => Expr::Negate(Box::new(other)),
            }
        } else {
            self.member()?
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn member(&mut self) -> Result<Expr, String> {
        let mut expr = self.primary()?;
        let mut links = 0;
        loop {
            let at = self.at();
            self.chain(&mut links)?;
            if self.eat(".") {
                let field = self.ident()?;
                expr = if self.eat("(") { self.method(expr, field, at)? } else { select(expr, field, false, at) };
            } else if self.eat(".?") {
                let field = self.ident()?;
                expr = select(expr, field, true, at);
            } else if self.eat("[") || matches!(self.peek(), Token::Op("[?")) {
                let optional = self.eat("[?");
                let index = self.ternary()?;
                self.expect("]")?;
                expr = Expr::Index { target: Box::new(expr), index: Box::new(index), optional };
            } else {
                return Ok(expr);
            }
        }
    }

    fn ident(&mut self) -> Result<String, String> {
        match self.peek().clone() {
            Token::Ident(name) => {
                self.next += 1;
                Ok(name)
            }
            _ => Err(self.unexpected("IDENTIFIER")),
        }
    }

    fn args(&mut self, close: &'static str) -> Result<Vec<Expr>, String> {
        let mut args = Vec::new();
        if self.eat(close) {
            return Ok(args);
        }
        loop {
            args.push(self.ternary()?);
            if self.eat(close) {
                return Ok(args);
            }
            self.expect(",")?;
            // A trailing comma is allowed in lists.
            if close == "]" && self.eat(close) {
                return Ok(args);
            }
        }
    }

    fn primary(&mut self) -> Result<Expr, String> {
        let at = self.at();
        match self.take() {
            Token::Int(n) => Ok(Expr::Int(n)),
            Token::Uint(n) => Ok(Expr::Uint(n)),
            Token::Double(n) => Ok(Expr::Double(n)),
            Token::Text(text) => Ok(Expr::Text(text)),
            Token::Bytes(bytes) => Ok(Expr::Bytes(bytes)),
            Token::Op("(") => {
                let expr = self.ternary()?;
                self.expect(")")?;
                Ok(expr)
            }
            Token::Op("[") => Ok(Expr::List(self.args("]")?)),
            Token::Op("{") => self.map(),
            // A leading dot names the root scope.
            Token::Op(".") => {
                let name = self.ident()?;
                Ok(Expr::Ident { name, at })
            }
            Token::Ident(name) => match name.as_str() {
                "true" => Ok(Expr::Bool(true)),
                "false" => Ok(Expr::Bool(false)),
                "null" => Ok(Expr::Null),
                _ if self.eat("(") => self.function(name, at),
                _ => Ok(Expr::Ident { name, at }),
            },
            _ => {
                self.next -= 1;
                Err(self.unexpected(EXPRESSION))
            }
        }
    }

    fn map(&mut self) -> Result<Expr, String> {
        let mut pairs = Vec::new();
        while !self.eat("}") {
            let key = self.ternary()?;
            self.expect(":")?;
            pairs.push((key, self.ternary()?));
            if !self.eat(",") {
                self.expect("}")?;
                break;
            }
        }
        Ok(Expr::Map(pairs))
    }

    fn function(&mut self, name: String, at: usize) -> Result<Expr, String> {
        let mut args = self.args(")")?;
        if name == "has" {
            return match (args.len(), args.pop()) {
                (1, Some(Expr::Select { target, field, optional: false, at })) => Ok(Expr::Has { target, field, at }),
                _ => Err(self.error(at, "invalid argument to has() macro")),
            };
        }
        Ok(Expr::Call { target: None, name, args, at })
    }

    fn method(&mut self, target: Expr, name: String, at: usize) -> Result<Expr, String> {
        let args = self.args(")")?;
        if name == "bind" && matches!(&target, Expr::Ident { name, .. } if name == "cel") {
            return match <[Expr; 3]>::try_from(args) {
                Ok([Expr::Ident { name: var, .. }, value, body]) => {
                    Ok(Expr::Bind { var, value: Box::new(value), body: Box::new(body) })
                }
                _ => Err(self.error(at, "cel.bind() variable names must be simple identifiers")),
            };
        }
        let kind = match (name.as_str(), args.len()) {
            ("all", 2) => Loop::All,
            ("exists", 2) => Loop::Exists,
            ("exists_one" | "existsOne", 2) => Loop::ExistsOne,
            ("filter", 2) => Loop::Filter,
            ("map", 2 | 3) => Loop::Map,
            _ => return Ok(Expr::Call { target: Some(Box::new(target)), name, args, at }),
        };
        let mut args = args.into_iter();
        let var = match args.next() {
            Some(Expr::Ident { name, .. }) => name,
            _ => return Err(self.error(at, "argument must be a simple name")),
        };
        let (filter, body) = match (args.next(), args.next()) {
            (Some(body), None) => (None, body),
            (Some(filter), Some(body)) => (Some(Box::new(filter)), body),
            (None, _) => return Err(self.error(at, "macro without a body")),
        };
        Ok(Expr::Loop { kind, range: Box::new(target), var, filter, body: Box::new(body) })
    }
}

fn select(target: Expr, field: String, optional: bool, at: usize) -> Expr {
    Expr::Select { target: Box::new(target), field, optional, at }
}
