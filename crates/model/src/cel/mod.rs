//! The Common Expression Language, as far as CRD validation rules use it.
//!
//! In: expressions and JSON values. Out: values or errors. Guarantees: no panic, no side effect, no unbounded recursion.
//! Written here rather than taken from the crate `cel` (0.15, MIT: an ANTLR runtime, hash maps in every context, JSON
//! copied into its own values on every evaluation): the rules run on every write of a claim, straight on the stored JSON,
//! and must answer in the API server's words. What is not there is refused when the CRD is created, never ignored:
//! IP, CIDR, URL, quantity and format libraries, two-variable macros, the estimate of a rule's cost.
//! Sources: cel-spec `langdef.md`, `apiserver/pkg/cel/library/*.go`, `apiextensions-apiserver/pkg/apiserver/schema/cel`.

mod ast;
mod check;
mod eval;
mod functions;
mod lexer;
mod parser;
pub(crate) mod rules;
mod value;

use serde_json::Value;

use ast::Expr;
pub(crate) use value::Val;

/// What one evaluation may cost: `PerCallLimit` of `apiserver/pkg/apis/cel/config.go`.
const PER_CALL: u64 = 1_000_000;

/// A parsed expression.
#[derive(Debug)]
pub(crate) struct Program {
    text: String,
    root: Expr,
    uses_old_self: bool,
}

impl Program {
    /// Parses an expression.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let root = parser::parse(text)?;
        let uses_old_self = root.mentions("oldSelf");
        Ok(Self { text: text.to_owned(), root, uses_old_self })
    }

    /// Whether it compares with the state before.
    pub(crate) fn uses_old_self(&self) -> bool {
        self.uses_old_self
    }

    /// Looks for names and functions that do not exist, given the schema of `self`.
    pub(crate) fn check(&self, schema: &Value) -> Result<(), String> {
        check::check(&self.root, &self.text, schema)
    }

    /// Evaluates with `self` and `oldSelf`, out of a budget that all rules of an object share.
    pub(crate) fn eval<'a>(&'a self, this: Val<'a>, old: Option<Val<'a>>, budget: &mut u64) -> Result<Val<'a>, String> {
        let (outcome, cost) = eval::eval(&self.root, this, old, PER_CALL.min(*budget));
        *budget = budget.saturating_sub(cost);
        outcome
    }
}
