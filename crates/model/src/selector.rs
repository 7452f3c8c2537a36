//! Label and field selectors.
//!
//! In: selector text. Out: [`LabelSelector`], [`FieldSelector`] and whether an object matches. Guarantees: the grammar of
//! `k8s.io/apimachinery/pkg/labels/selector.go` and `pkg/fields/selector.go`.

use serde_json::{Map, Value};

use crate::field::quote;

/// How one label is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Absent,
    Greater(i64),
    Less(i64),
}

/// All of its requirements must hold. The empty selector matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelSelector {
    requirements: Vec<(String, Test)>,
}

impl LabelSelector {
    /// Reads `a=b,c!=d,e in (x,y),f notin (z),g,!h,n>1`.
    ///
    /// # Errors
    /// Says what was found where something else was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut tokens = Tokens::new(text);
        let mut requirements = Vec::new();
        if tokens.peek() == &Token::End {
            return Ok(Self { requirements });
        }
        loop {
            requirements.push(tokens.requirement()?);
            match tokens.next() {
                Token::End => break,
                Token::Comma if matches!(tokens.peek(), Token::Word(_) | Token::Not) => {}
                Token::Comma => {
                    return Err(format!("found '{}', expected: identifier after ','", tokens.peek().text()));
                }
                other => return Err(format!("found '{}', expected: ',' or 'end of string'", other.text())),
            }
        }
        Ok(Self { requirements })
    }

    /// Out of `spec.selector` of a workload (`matchLabels`, `matchExpressions`).
    #[must_use]
    pub fn from_spec(selector: &Value) -> Self {
        let mut requirements = Vec::new();
        for (key, value) in selector.get("matchLabels").and_then(Value::as_object).into_iter().flatten() {
            let value = value.as_str().unwrap_or_default().to_owned();
            requirements.push((key.clone(), Test::In(vec![value])));
        }
        for e in selector.get("matchExpressions").and_then(Value::as_array).into_iter().flatten() {
            let key = e["key"].as_str().unwrap_or_default().to_owned();
            let values = e["values"].as_array().into_iter().flatten();
            let values = values.filter_map(Value::as_str).map(str::to_owned).collect();
            let test = match e["operator"].as_str() {
                Some("In") => Test::In(values),
                Some("NotIn") => Test::NotIn(values),
                Some("DoesNotExist") => Test::Absent,
                _ => Test::Exists,
            };
            requirements.push((key, test));
        }
        Self { requirements }
    }

    /// Whether it restricts nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether `object`'s labels satisfy it.
    #[must_use]
    pub fn matches(&self, object: &Value) -> bool {
        if self.requirements.is_empty() {
            return true;
        }
        self.matches_labels(object.get("metadata").and_then(|m| m.get("labels")).and_then(Value::as_object))
    }

    /// Whether these labels satisfy it.
    #[must_use]
    pub fn matches_labels(&self, labels: Option<&Map<String, Value>>) -> bool {
        self.requirements.iter().all(|(key, test)| {
            let value = labels.and_then(|l| l.get(key)).and_then(Value::as_str);
            match test {
                Test::In(values) => value.is_some_and(|v| values.iter().any(|x| x == v)),
                Test::NotIn(values) => value.is_none_or(|v| values.iter().all(|x| x != v)),
                Test::Exists => value.is_some(),
                Test::Absent => value.is_none(),
                Test::Greater(n) => value.and_then(|v| v.parse::<i64>().ok()).is_some_and(|v| v > *n),
                Test::Less(n) => value.and_then(|v| v.parse::<i64>().ok()).is_some_and(|v| v < *n),
            }
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Not,
    Equals,
    NotEquals,
    Greater,
    Less,
    Open,
    Close,
    Comma,
    End,
}

impl Token {
    fn text(&self) -> &str {
        match self {
            Self::Word(w) => w,
            Self::Not => "!",
            Self::Equals => "=",
            Self::NotEquals => "!=",
            Self::Greater => ">",
            Self::Less => "<",
            Self::Open => "(",
            Self::Close => ")",
            Self::Comma => ",",
            Self::End => "",
        }
    }
}

struct Tokens {
    tokens: std::collections::VecDeque<Token>,
}

impl Tokens {
    fn new(text: &str) -> Self {
        let mut tokens = std::collections::VecDeque::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let token = match c {
                ' ' | '\t' | '\n' | '\r' => continue,
                '=' => {
                    if chars.peek() == Some(&'=') {
                        chars.next();
                    }
                    Token::Equals
                }
                '!' if chars.peek() == Some(&'=') => {
                    chars.next();
                    Token::NotEquals
                }
                '!' => Token::Not,
                '>' => Token::Greater,
                '<' => Token::Less,
                '(' => Token::Open,
                ')' => Token::Close,
                ',' => Token::Comma,
                c => {
                    let mut word = String::from(c);
                    while let Some(c) = chars.peek()
                        && !" \t\n\r=!><(),".contains(*c)
                    {
                        word.push(*c);
                        chars.next();
                    }
                    Token::Word(word)
                }
            };
            tokens.push_back(token);
        }
        tokens.push_back(Token::End);
        Self { tokens }
    }

    fn peek(&self) -> &Token {
        self.tokens.front().unwrap_or(&Token::End)
    }

    fn next(&mut self) -> Token {
        self.tokens.pop_front().unwrap_or(Token::End)
    }

    fn requirement(&mut self) -> Result<(String, Test), String> {
        let absent = self.peek() == &Token::Not;
        if absent {
            self.next();
        }
        let key = match self.next() {
            Token::Word(key) => key,
            other => return Err(format!("found '{}', expected: !, identifier, or 'end of string'", other.text())),
        };
        if let Some(message) = crate::names::qualified(&key).first() {
            return Err(format!("key: Invalid value: {}: {message}", quote(&key)));
        }
        if absent {
            return Ok((key, Test::Absent));
        }
        if matches!(self.peek(), Token::End | Token::Comma) {
            return Ok((key, Test::Exists));
        }
        let test = match self.next() {
            Token::Equals => Test::In(vec![self.exact()?]),
            Token::NotEquals => Test::NotIn(vec![self.exact()?]),
            Token::Greater => Test::Greater(self.number(&key)?),
            Token::Less => Test::Less(self.number(&key)?),
            Token::Word(w) if w == "in" => Test::In(self.values()?),
            Token::Word(w) if w == "notin" => Test::NotIn(self.values()?),
            other => {
                return Err(format!("found '{}', expected: in, notin, =, ==, !=, gt, lt", other.text()));
            }
        };
        if let Test::In(values) | Test::NotIn(values) = &test {
            for (i, value) in values.iter().enumerate() {
                if let Some(message) = crate::names::label_value(value).first() {
                    return Err(format!("values[{i}][{key}]: Invalid value: {}: {message}", quote(value)));
                }
            }
        }
        Ok((key, test))
    }

    fn exact(&mut self) -> Result<String, String> {
        match self.peek().clone() {
            Token::End | Token::Comma => Ok(String::new()),
            Token::Word(word) => {
                self.next();
                Ok(word)
            }
            other => Err(format!("found '{}', expected: identifier", other.text())),
        }
    }

    fn number(&mut self, key: &str) -> Result<i64, String> {
        let text = self.exact()?;
        text.parse().map_err(|_| {
            format!(
                "values[0][{key}]: Invalid value: {}: for 'Gt', 'Lt' operators, the value must be an integer",
                quote(&text)
            )
        })
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        if self.next() != Token::Open {
            return Err("found '', expected: '('".to_owned());
        }
        let mut values = Vec::new();
        loop {
            match self.next() {
                Token::Word(word) => {
                    values.push(word);
                    match self.next() {
                        Token::Comma => {}
                        Token::Close => return Ok(values),
                        other => return Err(format!("found '{}', expected: ',', or ')'", other.text())),
                    }
                }
                Token::Close => {
                    values.push(String::new());
                    return Ok(values);
                }
                Token::Comma => values.push(String::new()),
                other => return Err(format!("found '{}', expected: ',', ')' or identifier", other.text())),
            }
        }
    }
}

/// Terms `path = value` or `path != value`, all of which must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldSelector {
    terms: Vec<(String, bool, String)>,
}

impl FieldSelector {
    /// Reads `metadata.name=x,status.phase!=Running`.
    ///
    /// # Errors
    /// Names the term that is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut terms = Vec::new();
        for term in split_terms(text).into_iter().filter(|t| !t.is_empty()) {
            let Some(at) = term.find(['=', '!']) else {
                return Err(format!("invalid selector: '{text}'; can't understand '{term}'"));
            };
            let (key, rest) = term.split_at(at);
            let (equal, value) = if let Some(v) = rest.strip_prefix("!=") {
                (false, v)
            } else if let Some(v) = rest.strip_prefix("==").or_else(|| rest.strip_prefix('=')) {
                (true, v)
            } else {
                return Err(format!("invalid selector: '{text}'; can't understand '{term}'"));
            };
            terms.push((key.to_owned(), equal, unescape(value)));
        }
        Ok(Self { terms })
    }

    /// One equality term.
    #[must_use]
    pub fn equal(key: &str, value: &str) -> Self {
        Self { terms: vec![(key.to_owned(), true, value.to_owned())] }
    }

    /// The paths used.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().map(|(key, _, _)| key.as_str())
    }

    /// Whether it restricts nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The value `key` must have, if a term says so.
    #[must_use]
    pub fn required(&self, key: &str) -> Option<&str> {
        self.terms.iter().find(|(k, equal, _)| *equal && k == key).map(|(_, _, v)| v.as_str())
    }

    /// Whether `object` satisfies it; an absent field is the empty string.
    #[must_use]
    pub fn matches(&self, object: &Value) -> bool {
        self.terms.iter().all(|(key, equal, value)| {
            let mut at = Some(object);
            for step in key.split('.') {
                at = at.and_then(|v| v.get(step));
            }
            let same = match at {
                None | Some(Value::Null) => value.is_empty() || is_default(key, value),
                Some(Value::String(s)) => s == value,
                Some(Value::Bool(b)) => value == if *b { "true" } else { "false" },
                Some(other) => value.parse::<Value>().is_ok_and(|v| v == *other),
            };
            same == *equal
        })
    }
}

/// Booleans of typed objects are `false` and integers `0` when absent.
fn is_default(key: &str, value: &str) -> bool {
    matches!(
        (key, value),
        ("spec.unschedulable" | "spec.hostNetwork", "false") | ("status.replicas" | "status.successful", "0")
    )
}

/// Splits at commas that are not escaped.
fn split_terms(text: &str) -> Vec<&str> {
    let (mut terms, mut start, mut escaped) = (Vec::new(), 0, false);
    for (i, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' => {
                terms.push(&text[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    terms.push(&text[start..]);
    terms
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.push(if c == '\\' { chars.next().unwrap_or('\\') } else { c });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn labels_are_matched_by_every_operator() {
        let object = json!({"metadata": {"labels": {"a": "1", "b": "x"}}});
        for (text, matches) in [
            ("", true),
            ("a=1", true),
            ("a==1,b=x", true),
            ("a!=1", false),
            ("c!=1", true),
            ("a in (1,2)", true),
            ("a notin (1,2)", false),
            ("c notin (1)", true),
            ("a,!c", true),
            ("c", false),
            ("a>0", true),
            ("a<1", false),
            ("b>0", false),
            ("a=", false),
        ] {
            assert_eq!(LabelSelector::parse(text).unwrap().matches(&object), matches, "{text}");
        }
    }

    #[test]
    fn bad_selectors_are_refused() {
        for text in ["=", "a in 1", "a in (1", ",a", "a,", "a b", "!", "a=b=c", "-a=1", "a>x"] {
            assert!(LabelSelector::parse(text).is_err(), "{text}");
        }
        for text in ["a", "a=1,b"] {
            assert!(FieldSelector::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_absent_field_is_empty() {
        let pod = json!({"spec": {}, "status": {"phase": "Running"}});
        assert!(FieldSelector::parse("spec.nodeName=").unwrap().matches(&pod));
        assert!(FieldSelector::parse("spec.nodeName!=n1,status.phase=Running").unwrap().matches(&pod));
        assert!(!FieldSelector::parse("status.phase!=Running").unwrap().matches(&pod));
        assert!(FieldSelector::parse("spec.hostNetwork=false").unwrap().matches(&pod));
    }
}
