//! `x-kubernetes-validations` of a schema, run over an object.
//!
//! In: an object and what it was. Out: findings. Guarantees: a rule about `oldSelf` runs only where there is one; a rule
//! that an unchanged part breaks is not held against an update. Source:
//! `apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go`.

use serde_json::Value;

use super::eval::TOO_EXPENSIVE;
use super::value::Val;
use crate::field::{FieldError, FieldErrorKind};
use crate::schema::{Node, Path, Rule, correlate};

/// What all rules of an object may cost: `RuntimeCELCostBudget` of `apiserver/pkg/apis/cel/config.go`.
const PER_OBJECT: u64 = 10_000_000;

/// Runs the rules of a schema over an object.
pub(crate) fn check(node: &Node, value: &Value, old: Option<&Value>, errors: &mut Vec<FieldError>) {
    let mut run = Run { budget: PER_OBJECT, over: false, ratchets: true, errors };
    run.walk(&Path::Root, node, value, old);
}

/// Checks the default of a schema: as a value that stays, and if nothing is found, as a new one.
pub(crate) fn check_default(node: &Node, default: &Value, errors: &mut Vec<FieldError>) {
    for old in [Some(default), None] {
        if errors.is_empty() {
            let mut run = Run { budget: PER_OBJECT, over: false, ratchets: false, errors };
            run.walk(&Path::Root, node, default, old);
        }
    }
}

/// One run over an object.
struct Run<'e> {
    budget: u64,
    /// A rule cost too much: no further ones are run.
    over: bool,
    /// What did not change raises nothing.
    ratchets: bool,
    errors: &'e mut Vec<FieldError>,
}

impl Run<'_> {
    /// The rules of `node` and of all below it.
    fn walk(&mut self, path: &Path<'_>, node: &Node, value: &Value, old: Option<&Value>) {
        if !value.is_null() {
            for rule in &node.rules {
                if self.over {
                    return;
                }
                run(path, node, rule, value, old.filter(|o| !o.is_null()), self);
            }
        }
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    let before = old.and_then(|o| o.get(key));
                    if let Some(property) = node.properties.get(key) {
                        self.walk(&Path::Key(path, key), property, value, before);
                    } else if let Some(member) = node.member(key) {
                        self.walk(&Path::Entry(path, key), member, value, before);
                    }
                }
            }
            Value::Array(list) => {
                if let Some(items) = &node.items {
                    for (i, value) in list.iter().enumerate() {
                        self.walk(&Path::Index(path, i), items, value, correlate(node, value, old));
                    }
                }
            }
            _ => {}
        }
    }
}

fn run(path: &Path<'_>, node: &Node, rule: &Rule, value: &Value, old: Option<&Value>, state: &mut Run<'_>) {
    let kind = node.kind.map_or("", crate::schema::Type::name);
    let fail = |detail: String| FieldError::invalid(path.field(), kind, detail);
    if rule.text.trim().is_empty() {
        return;
    }
    let program = match &rule.program {
        Ok(program) => program,
        Err(error) => return state.errors.push(fail(format!("rule compile error: compilation failed: {error}"))),
    };
    if program.uses_old_self() && old.is_none() && !rule.optional_old_self {
        return;
    }
    let this = Val::json(value, Some(node));
    let before = match (old, rule.optional_old_self) {
        (old, true) => Some(Val::Optional(old.map(|o| Box::new(Val::json(o, Some(node)))))),
        (Some(old), false) => Some(Val::json(old, Some(node))),
        (None, false) => None,
    };
    let told = match program.eval(this.clone(), before.clone(), &mut state.budget) {
        Ok(Val::Bool(true)) => return,
        Ok(_) => message(rule, this, before, &mut state.budget),
        Err(error) => {
            state.over |= error == TOO_EXPENSIVE;
            return state.errors.push(fail(failure(rule, &error, state.budget)));
        }
    };
    if state.ratchets && !program.uses_old_self() && old == Some(value) {
        return;
    }
    let mut error = fail(told);
    let below = rule.field_path.trim_start_matches('.');
    if !below.is_empty() {
        error.field = if matches!(path, Path::Root) { below.to_owned() } else { format!("{path}.{below}") };
    }
    match rule.reason.as_str() {
        "FieldValueForbidden" => (error.kind, error.bad) = (FieldErrorKind::Forbidden, None),
        "FieldValueRequired" => (error.kind, error.bad) = (FieldErrorKind::Required, None),
        "FieldValueDuplicate" => error = FieldError::duplicate(error.field, kind),
        _ => {}
    }
    state.errors.push(error);
}

/// Why a rule has no outcome.
fn failure(rule: &Rule, error: &str, budget: u64) -> String {
    let shown = if rule.message.is_empty() { rule.text.trim() } else { rule.message.trim() };
    if error == TOO_EXPENSIVE && budget == 0 {
        return "validation failed due to running out of cost budget, no further validation rules will be run"
            .to_owned();
    }
    if error == TOO_EXPENSIVE {
        return format!(
            "'{error}': no further validation rules will be run due to call cost exceeds limit for rule: {shown}"
        );
    }
    if error.starts_with("no such overload") {
        return format!(
            "'{error}': call arguments did not match a supported operator, function or macro signature for rule: {shown}"
        );
    }
    format!("{error} evaluating rule: {shown}")
}

/// `messageExpression`, else `message`, else the rule itself.
fn message<'a>(rule: &'a Rule, this: Val<'a>, before: Option<Val<'a>>, budget: &mut u64) -> String {
    if let Some(Ok(program)) = &rule.message_program
        && let Ok(Val::Text(text)) = program.eval(this, before, budget)
        && !text.trim().is_empty()
        && !text.contains('\n')
    {
        return text.trim().to_owned();
    }
    if rule.message.is_empty() { format!("failed rule: {}", rule.text.trim()) } else { rule.message.trim().to_owned() }
}

#[cfg(test)]
#[allow(clippy::needless_pass_by_value, reason = "json! reads better by value")]
mod tests {
    use super::*;
    use serde_json::json;

    fn outcome(rule: &str, this: Value) -> Result<bool, String> {
        let node = Node::new(&json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true}));
        let program = super::super::Program::parse(rule)?;
        match program.eval(Val::json(&this, Some(&node)), None, &mut PER_OBJECT.clone())? {
            Val::Bool(b) => Ok(b),
            other => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn expressions_mean_what_cel_says() {
        for (rule, expected) in [
            ("self.a + 1 == 2 && self.s.startsWith('x')", true),
            ("has(self.a) && !has(self.none)", true),
            ("self.l.all(i, i > 0) && self.l.exists(i, i == 2) && self.l.exists_one(i, i == 1)", true),
            ("self.l.map(i, i * 2) == [2, 4] && self.l.filter(i, i > 1).size() == 1", true),
            ("self.s == 'x' + '.' + 'y:z'.replace(':', '-')", true),
            ("size(self.s) == 5 ? true : false", true),
            ("self.m['k'] in ['v'] && 'k' in self.m", true),
            ("self.s.matches('^x[.]y-z$') && self.s.split('.')[1] == 'y-z'", true),
            ("1 / 0 == 1 || true", true),
            ("self.l.all(i, 1 / 0 == i) || true", true),
            ("self.?none.orValue(3) == 3 && !self.?none.hasValue()", true),
            ("cel.bind(x, self.a, x + x == 2)", true),
            (
                "duration('90s') == duration('1m30s') && timestamp('1970-01-01T00:00:01Z') > timestamp('1970-01-01T00:00:00Z')",
                true,
            ),
            ("2 in self.l && !(3 in self.l)", true),
            ("self.none == 1", false),
        ] {
            let this = json!({"a": 1, "s": "x.y-z", "l": [1, 2], "m": {"k": "v"}});
            assert_eq!(outcome(rule, this).unwrap_or(false), expected, "{rule}: {:?}", outcome(rule, json!({})));
        }
    }

    #[test]
    fn what_costs_too_much_is_ended_and_ends_the_others() {
        let node = Node::new(&json!({"type": "object", "x-kubernetes-validations": [
            {"rule": "self.l.all(x, self.l.all(y, x == y || x != y))", "message": "dear"}, {"rule": "false"}],
            "properties": {"l": {"type": "array", "items": {"type": "integer"}}}}));
        let list = |n: i64| json!({"l": (0..n).collect::<Vec<_>>()});
        let findings = |value: &Value| {
            let mut errors = Vec::new();
            check(&node, value, None, &mut errors);
            errors.iter().map(FieldError::message).collect::<Vec<_>>()
        };
        assert_eq!(findings(&list(3)), ["<nil>: Invalid value: \"object\": failed rule: false"]);
        let found = findings(&list(1000));
        let why = "call cost exceeds limit for rule: dear";
        assert!(found.len() == 1 && found[0].ends_with(why), "{found:?}");
    }

    #[test]
    fn nonsense_is_an_error_and_no_panic() {
        for rule in [
            "",
            "self.",
            "(",
            "1 +",
            "'x",
            "a ? b",
            "self..x",
            "has(1)",
            "[1,",
            "{1:",
            "\u{e4}",
            "1u1",
            "0x",
            "9223372036854775808",
        ] {
            assert!(super::super::Program::parse(rule).is_err(), "{rule}");
        }
        assert!(super::super::Program::parse(&"(".repeat(100_000)).is_err());
        assert!(super::super::Program::parse(&"!".repeat(100_000)).is_err());
    }

    #[test]
    fn a_field_that_is_not_in_the_schema_is_refused_in_the_compilers_words() {
        let schema = json!({"type": "object", "properties": {"x": {"type": "string"}}});
        let error = super::super::Program::parse("self.z == 10").unwrap().check(&schema).unwrap_err();
        assert_eq!(error, "ERROR: <input>:1:5: undefined field 'z'\n | self.z == 10\n | ....^");
        let error = super::super::Program::parse("isIP(self.x)").unwrap().check(&schema).unwrap_err();
        assert!(error.contains("undeclared reference to 'isIP'"), "{error}");
    }
}
