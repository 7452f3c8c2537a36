//! Expressions to values.
//!
//! Guarantees: `&&`, `||`, `all` and `exists` absorb errors of one side as the specification says.

use std::cmp::Ordering;

use super::ast::{Binary, Expr, Loop};
use super::functions;
use super::value::Val;

/// How an evaluation that costs too much ends.
pub(super) const TOO_EXPENSIVE: &str = "operation cancelled: actual cost limit exceeded";

/// Variables, innermost last, and what may still be spent.
struct Scope<'a> {
    vars: Vec<(&'a str, Val<'a>)>,
    left: u64,
}

/// Evaluates `expr` with `self` and, if there is one, `oldSelf`, for at most `limit`; says what it cost, too. A step of the
/// evaluation costs 1, a call on text a tenth of its length more: in the order of what upstream counts.
pub(super) fn eval<'a>(
    expr: &'a Expr,
    this: Val<'a>,
    old: Option<Val<'a>>,
    limit: u64,
) -> (Result<Val<'a>, String>, u64) {
    let mut vars = vec![("self", this)];
    if let Some(old) = old {
        vars.push(("oldSelf", old));
    }
    let mut scope = Scope { vars, left: limit };
    let outcome = scope.eval(expr);
    (outcome, limit - scope.left)
}

impl<'a> Scope<'a> {
    fn spend(&mut self, cost: usize) -> Result<(), String> {
        match self.left.checked_sub(cost as u64) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => {
                self.left = 0;
                Err(TOO_EXPENSIVE.to_owned())
            }
        }
    }

    fn eval(&mut self, expr: &'a Expr) -> Result<Val<'a>, String> {
        self.spend(1)?;
        Ok(match expr {
            Expr::Null => Val::Null,
            Expr::Bool(b) => Val::Bool(*b),
            Expr::Int(n) => Val::Int(*n),
            Expr::Uint(n) => Val::Uint(*n),
            Expr::Double(n) => Val::Double(*n),
            Expr::Text(text) => Val::Text(text.as_str().into()),
            Expr::Bytes(bytes) => Val::Bytes(bytes.clone()),
            Expr::Ident { name, .. } => self.variable(name)?,
            Expr::Select { target, field, optional, .. } => {
                let target = self.eval(target)?;
                select(&target, field, *optional)?
            }
            Expr::Has { target, field, .. } => {
                let target = self.eval(target)?;
                match target {
                    Val::Json(..) | Val::Map(_) => Val::Bool(target.field(field).is_some()),
                    Val::Optional(Some(inner)) => Val::Bool(inner.field(field).is_some()),
                    Val::Optional(None) => Val::Bool(false),
                    other => return Err(format!("no such overload: has({}.{field})", other.type_name())),
                }
            }
            Expr::Index { target, index, optional } => {
                let (target, index) = (self.eval(target)?, self.eval(index)?);
                match (at(&target, &index), optional) {
                    (found, true) => Val::Optional(found.ok().map(Box::new)),
                    (found, false) => found?,
                }
            }
            Expr::List(list) => Val::List(list.iter().map(|e| self.eval(e)).collect::<Result<_, _>>()?),
            Expr::Map(pairs) => {
                let pairs = pairs.iter().map(|(k, v)| Ok((self.eval(k)?, self.eval(v)?)));
                Val::Map(pairs.collect::<Result<_, String>>()?)
            }
            Expr::Not(e) => Val::Bool(!self.truth(e, "!_")?),
            Expr::Negate(e) => match self.eval(e)? {
                Val::Int(n) => Val::Int(n.checked_neg().ok_or("integer overflow")?),
                Val::Double(n) => Val::Double(-n),
                other => return Err(format!("no such overload: -_({})", other.type_name())),
            },
            Expr::Ternary(condition, yes, no) => {
                if self.truth(condition, "_?_:_")? {
                    self.eval(yes)?
                } else {
                    self.eval(no)?
                }
            }
            Expr::Binary(Binary::And, a, b) => self.shortcut(a, b, false)?,
            Expr::Binary(Binary::Or, a, b) => self.shortcut(a, b, true)?,
            Expr::Binary(op, a, b) => {
                let (a, b) = (self.eval(a)?, self.eval(b)?);
                binary(*op, &a, &b)?
            }
            Expr::Call { target, name, args, .. } => {
                let target = target.as_ref().map(|t| self.eval(t)).transpose()?;
                let args = args.iter().map(|e| self.eval(e)).collect::<Result<Vec<_>, _>>()?;
                let texts = target.iter().chain(&args).map(|v| if let Val::Text(text) = v { text.len() } else { 0 });
                self.spend(texts.sum::<usize>() / 10)?;
                functions::call(name, target.as_ref(), &args)?
            }
            Expr::Bind { var, value, body } => {
                let value = self.eval(value)?;
                self.with(var, value, body)?
            }
            Expr::Loop { kind, range, var, filter, body } => {
                let range = self.eval(range)?;
                let items = range.range();
                let items =
                    items.ok_or_else(|| format!("no such overload: comprehension over {}", range.type_name()))?;
                self.iterate(*kind, items, var, filter.as_deref(), body)?
            }
        })
    }

    fn variable(&self, name: &str) -> Result<Val<'a>, String> {
        let found = self.vars.iter().rev().find(|(n, _)| *n == name).map(|(_, v)| v.clone());
        found.or_else(|| functions::type_named(name)).ok_or_else(|| format!("no such attribute(s): {name}"))
    }

    fn with(&mut self, var: &'a str, value: Val<'a>, body: &'a Expr) -> Result<Val<'a>, String> {
        self.vars.push((var, value));
        let outcome = self.eval(body);
        self.vars.pop();
        outcome
    }

    fn truth(&mut self, expr: &'a Expr, operator: &str) -> Result<bool, String> {
        match self.eval(expr)? {
            Val::Bool(b) => Ok(b),
            other => Err(format!("no such overload: {operator}({})", other.type_name())),
        }
    }

    /// `&&` and `||`: `decides` settles the outcome, whatever the other side does.
    fn shortcut(&mut self, a: &'a Expr, b: &'a Expr, decides: bool) -> Result<Val<'a>, String> {
        let operator = if decides { "_||_" } else { "_&&_" };
        let left = self.truth(a, operator);
        if self.left == 0 {
            return left.map(Val::Bool);
        }
        if left == Ok(decides) {
            return Ok(Val::Bool(decides));
        }
        let right = self.truth(b, operator);
        if right == Ok(decides) {
            return Ok(Val::Bool(decides));
        }
        left?;
        right.map(Val::Bool)
    }

    fn iterate(
        &mut self,
        kind: Loop,
        items: Vec<Val<'a>>,
        var: &'a str,
        filter: Option<&'a Expr>,
        body: &'a Expr,
    ) -> Result<Val<'a>, String> {
        let truth = |value: Result<Val<'a>, String>| match value {
            Ok(Val::Bool(b)) => Ok(b),
            Ok(other) => Err(format!("no such overload: loop condition of type {}", other.type_name())),
            Err(error) => Err(error),
        };
        let (mut error, mut count, mut out) = (None, 0, Vec::new());
        for item in items {
            if let Some(filter) = filter
                && !truth(self.with(var, item.clone(), filter))?
            {
                continue;
            }
            let value = self.with(var, item.clone(), body);
            match kind {
                Loop::Map => out.push(value?),
                Loop::Filter => {
                    if truth(value)? {
                        out.push(item);
                    }
                }
                Loop::ExistsOne => count += usize::from(truth(value)?),
                Loop::All | Loop::Exists => match truth(value) {
                    Ok(found) if found == (kind == Loop::Exists) => return Ok(Val::Bool(found)),
                    Ok(_) => {}
                    // What ends the evaluation is not absorbed.
                    Err(e) if self.left == 0 => return Err(e),
                    Err(e) => error = Some(e),
                },
            }
        }
        match (kind, error) {
            (_, Some(error)) => Err(error),
            (Loop::All, None) => Ok(Val::Bool(true)),
            (Loop::Exists, None) => Ok(Val::Bool(false)),
            (Loop::ExistsOne, None) => Ok(Val::Bool(count == 1)),
            (Loop::Filter | Loop::Map, None) => Ok(Val::List(out)),
        }
    }
}

fn select<'a>(target: &Val<'a>, field: &str, optional: bool) -> Result<Val<'a>, String> {
    match target {
        Val::Optional(None) => Ok(Val::Optional(None)),
        Val::Optional(Some(inner)) => Ok(Val::Optional(inner.field(field).map(Box::new))),
        Val::Json(..) | Val::Map(_) => match (target.field(field), optional) {
            (found, true) => Ok(Val::Optional(found.map(Box::new))),
            (Some(found), false) => Ok(found),
            (None, false) => Err(format!("no such key: {}", super::value::unescape(field))),
        },
        other => Err(format!("no such overload: {}.{field}", other.type_name())),
    }
}

fn at<'a>(target: &Val<'a>, index: &Val<'a>) -> Result<Val<'a>, String> {
    if let Some(list) = target.list() {
        let position = match index {
            Val::Int(n) => usize::try_from(*n).ok(),
            Val::Uint(n) => usize::try_from(*n).ok(),
            other => return Err(format!("no such overload: list[{}]", other.type_name())),
        };
        let found = position.and_then(|i| list.get(i).cloned());
        return found.ok_or_else(|| format!("index out of bounds: {}", functions::show(index)));
    }
    match target {
        Val::Map(_) | Val::Json(..) => {
            target.get(index).ok_or_else(|| format!("no such key: {}", functions::show(index)))
        }
        Val::Optional(Some(inner)) => Ok(Val::Optional(at(inner, index).ok().map(Box::new))),
        Val::Optional(None) => Ok(Val::Optional(None)),
        other => Err(format!("no such overload: {}[_]", other.type_name())),
    }
}

fn binary<'a>(op: Binary, a: &Val<'a>, b: &Val<'a>) -> Result<Val<'a>, String> {
    let none = |a: &Val<'_>, b: &Val<'_>| {
        Err(format!("no such overload: {}({}, {})", op.symbol(), a.type_name(), b.type_name()))
    };
    let order = |test: fn(Ordering) -> bool| match a.compare(b) {
        Some(order) => Ok(Val::Bool(test(order))),
        None => none(a, b),
    };
    match op {
        Binary::Equal => return Ok(Val::Bool(a.equals(b))),
        Binary::NotEqual => return Ok(Val::Bool(!a.equals(b))),
        Binary::Less => return order(Ordering::is_lt),
        Binary::LessEqual => return order(Ordering::is_le),
        Binary::Greater => return order(Ordering::is_gt),
        Binary::GreaterEqual => return order(Ordering::is_ge),
        Binary::In => {
            return match (b.list(), b) {
                (Some(list), _) => Ok(Val::Bool(list.iter().any(|v| v.equals(a)))),
                (None, Val::Map(_) | Val::Json(..)) => Ok(Val::Bool(b.get(a).is_some())),
                _ => none(a, b),
            };
        }
        _ => {}
    }
    if op == Binary::Add
        && let (Some(mut x), Some(y)) = (a.list(), b.list())
    {
        x.extend(y);
        return Ok(Val::List(x));
    }
    Ok(match (op, a, b) {
        (_, Val::Int(x), Val::Int(y)) => Val::Int(integers(op, *x, *y)?),
        (_, Val::Uint(x), Val::Uint(y)) => Val::Uint(unsigned(op, *x, *y)?),
        (Binary::Add, Val::Double(x), Val::Double(y)) => Val::Double(x + y),
        (Binary::Subtract, Val::Double(x), Val::Double(y)) => Val::Double(x - y),
        (Binary::Multiply, Val::Double(x), Val::Double(y)) => Val::Double(x * y),
        (Binary::Divide, Val::Double(x), Val::Double(y)) => Val::Double(x / y),
        (Binary::Add, Val::Text(x), Val::Text(y)) => Val::text(format!("{x}{y}")),
        (Binary::Add, Val::Bytes(x), Val::Bytes(y)) => Val::Bytes([x.as_slice(), y].concat()),
        (Binary::Add, Val::Duration(x), Val::Duration(y)) => Val::Duration(x.saturating_add(*y)),
        (Binary::Subtract, Val::Duration(x), Val::Duration(y)) => Val::Duration(x.saturating_sub(*y)),
        (Binary::Subtract, Val::Time(x), Val::Time(y)) => Val::Duration(x.0.saturating_sub(y.0)),
        (Binary::Add, Val::Time(x), Val::Duration(y)) | (Binary::Add, Val::Duration(y), Val::Time(x)) => {
            Val::Time(crate::time::Timestamp(x.0.saturating_add(*y)))
        }
        (Binary::Subtract, Val::Time(x), Val::Duration(y)) => Val::Time(crate::time::Timestamp(x.0.saturating_sub(*y))),
        _ => return none(a, b),
    })
}

fn integers(op: Binary, x: i64, y: i64) -> Result<i64, String> {
    let outcome = match op {
        Binary::Add => x.checked_add(y),
        Binary::Subtract => x.checked_sub(y),
        Binary::Multiply => x.checked_mul(y),
        Binary::Divide if y == 0 => return Err("division by zero".to_owned()),
        Binary::Divide => x.checked_div(y),
        Binary::Modulo if y == 0 => return Err("modulus by zero".to_owned()),
        _ => x.checked_rem(y),
    };
    outcome.ok_or_else(|| "integer overflow".to_owned())
}

fn unsigned(op: Binary, x: u64, y: u64) -> Result<u64, String> {
    let outcome = match op {
        Binary::Add => x.checked_add(y),
        Binary::Subtract => x.checked_sub(y),
        Binary::Multiply => x.checked_mul(y),
        Binary::Divide if y == 0 => return Err("division by zero".to_owned()),
        Binary::Divide => x.checked_div(y),
        Binary::Modulo if y == 0 => return Err("modulus by zero".to_owned()),
        _ => x.checked_rem(y),
    };
    outcome.ok_or_else(|| "unsigned integer overflow".to_owned())
}
