//! Names that do not exist, found when a rule is created.
//!
//! In: an expression and the schema of `self`. Out: the CEL compiler's complaint. Types beyond "has this field" are not
//! checked: what does not fit is refused when the rule runs.

use serde_json::Value;

use super::ast::{Expr, Loop};
use super::functions;
use super::lexer::located;
use super::value::unescape;

/// What is known of an expression: the schema behind it, or nothing.
type Known<'a> = Option<&'a Value>;

struct Checker<'a> {
    text: &'a str,
    vars: Vec<(&'a str, Known<'a>)>,
    errors: Vec<(usize, String)>,
}

/// Checks an expression.
pub(super) fn check(root: &Expr, text: &str, schema: &Value) -> Result<(), String> {
    let mut checker = Checker { text, vars: vec![("self", Some(schema)), ("oldSelf", None)], errors: Vec::new() };
    checker.walk(root);
    if checker.errors.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = checker.errors.iter().map(|(at, e)| located(checker.text, *at, e)).collect();
    Err(lines.join("\n"))
}

impl<'a> Checker<'a> {
    fn walk(&mut self, expr: &'a Expr) -> Known<'a> {
        match expr {
            Expr::Ident { name, at } => {
                let found = self.vars.iter().rev().find(|(n, _)| n == name).map(|(_, known)| *known);
                match found {
                    Some(known) => known,
                    None => {
                        if functions::type_named(name).is_none() {
                            self.errors.push((*at, format!("undeclared reference to '{name}' (in container '')")));
                        }
                        None
                    }
                }
            }
            Expr::Select { target, field, at, .. } | Expr::Has { target, field, at } => {
                let known = self.walk(target);
                self.select(known, field, *at)
            }
            Expr::Index { target, index, .. } => {
                let known = self.walk(target);
                self.walk(index);
                known.and_then(|k| k.get("items").or_else(|| k.get("additionalProperties")))
            }
            Expr::Call { target, name, args, at } => {
                // A namespace such as `sets` is no variable: its functions are not there.
                if let Some(target) = target {
                    self.walk(target);
                }
                for arg in args {
                    self.walk(arg);
                }
                if !functions::NAMES.contains(&name.as_str()) {
                    self.errors.push((*at, format!("undeclared reference to '{name}' (in container '')")));
                }
                None
            }
            Expr::List(list) => {
                list.iter().for_each(|e| {
                    self.walk(e);
                });
                None
            }
            Expr::Map(pairs) => {
                for (key, value) in pairs {
                    self.walk(key);
                    self.walk(value);
                }
                None
            }
            Expr::Not(e) | Expr::Negate(e) => {
                self.walk(e);
                None
            }
            Expr::Binary(_, a, b) => {
                self.walk(a);
                self.walk(b);
                None
            }
            Expr::Ternary(a, b, c) => {
                self.walk(a);
                let (yes, no) = (self.walk(b), self.walk(c));
                if yes == no { yes } else { None }
            }
            Expr::Loop { kind, range, var, filter, body } => {
                let known = self.walk(range);
                self.vars.push((var, known.and_then(|k| k.get("items"))));
                if let Some(filter) = filter {
                    self.walk(filter);
                }
                self.walk(body);
                self.vars.pop();
                if *kind == Loop::Filter { known } else { None }
            }
            Expr::Bind { var, value, body } => {
                let known = self.walk(value);
                self.vars.push((var, known));
                let known = self.walk(body);
                self.vars.pop();
                known
            }
            _ => None,
        }
    }

    /// A field that the schema must have.
    fn select(&mut self, known: Known<'a>, field: &str, at: usize) -> Known<'a> {
        let schema = known?;
        if schema.get("type").and_then(Value::as_str) != Some("object") {
            return None;
        }
        let name = unescape(field);
        if let Some(found) = schema.get("properties").and_then(|p| p.get(name.as_ref())) {
            return Some(found);
        }
        if let Some(additional) = schema.get("additionalProperties") {
            return additional.is_object().then_some(additional);
        }
        let preserves = schema.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(true));
        let meta = matches!(name.as_ref(), "apiVersion" | "kind" | "metadata" | "name" | "generateName");
        if !preserves && !meta {
            self.errors.push((at, format!("undefined field '{field}'")));
        }
        None
    }
}
