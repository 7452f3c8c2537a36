//! The grammar of label selectors.
//!
//! In: text. Out: tokens, and one requirement at a time. Guarantees: refuses in upstream's words.

use std::collections::VecDeque;

use super::label::Test;
use crate::field::quote;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
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
    pub(super) fn text(&self) -> &str {
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

pub(super) struct Tokens {
    tokens: VecDeque<Token>,
}

impl Tokens {
    pub(super) fn new(text: &str) -> Self {
        let mut tokens = VecDeque::new();
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

    pub(super) fn peek(&self) -> &Token {
        self.tokens.front().unwrap_or(&Token::End)
    }

    pub(super) fn next(&mut self) -> Token {
        self.tokens.pop_front().unwrap_or(Token::End)
    }

    pub(super) fn requirement(&mut self) -> Result<(String, Test), String> {
        let absent = self.peek() == &Token::Not;
        if absent {
            self.next();
        }
        let key = match self.next() {
            Token::Word(key) => key,
            other => return Err(format!("found '{}', expected: identifier", other.text())),
        };
        if let Some(message) = crate::names::qualified(&key).first() {
            return Err(format!("<nil>: Invalid value: {}: {message}", quote(&key)));
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
            Token::Greater => Test::Greater(self.number()?),
            Token::Less => Test::Less(self.number()?),
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

    fn number(&mut self) -> Result<i64, String> {
        let text = self.exact()?;
        text.parse().map_err(|_| {
            format!(
                "values[0]: Invalid value: {}: for 'Gt', 'Lt' operators, the value must be an integer",
                quote(&text)
            )
        })
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        match self.next() {
            Token::Open => {}
            other => return Err(format!("found '{}' expected: '('", other.text())),
        }
        let mut values = Vec::new();
        loop {
            match self.next() {
                Token::Word(word) => {
                    values.push(word);
                    match self.next() {
                        Token::Comma => {}
                        Token::Close => return Ok(values),
                        other => return Err(format!("found '{}', expected: ',' or ')'", other.text())),
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
