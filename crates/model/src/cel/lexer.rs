//! Text to tokens.

/// A token and where it begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spanned {
    pub(super) token: Token,
    pub(super) at: usize,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Ident(String),
    Int(i64),
    /// 2^63: an integer only with a minus before it.
    Huge,
    Uint(u64),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
    Op(&'static str),
    End,
}

const OPERATORS: [&str; 25] = [
    "&&", "||", "==", "!=", "<=", ">=", ".?", "[?", "+", "-", "*", "/", "%", "!", "<", ">", "(", ")", "[", "]", "{",
    "}", ".", ",", "?",
];

/// Splits `text` into tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Spanned>, String> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        if text[at..].starts_with("//") {
            at += text[at..].find('\n').unwrap_or(text.len() - at);
            continue;
        }
        let (token, len) = next(&text[at..]).map_err(|e| located(text, at, &e))?;
        tokens.push(Spanned { token, at });
        at += len;
    }
    tokens.push(Spanned { token: Token::End, at: text.len() });
    Ok(tokens)
}

/// An error message with the line and a pointer, as the CEL compiler prints it.
pub(super) fn located(text: &str, at: usize, message: &str) -> String {
    let before = text.get(..at).unwrap_or(text);
    let line_number = before.matches('\n').count();
    let line = text.lines().nth(line_number).unwrap_or("");
    let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count());
    format!("ERROR: <input>:{}:{}: {message}\n | {line}\n | {}^", line_number + 1, column + 1, ".".repeat(column))
}

fn next(text: &str) -> Result<(Token, usize), String> {
    let bytes = text.as_bytes();
    if let Some(found) = quoted(text)? {
        return Ok(found);
    }
    if bytes[0].is_ascii_digit() || (bytes[0] == b'.' && bytes.get(1).is_some_and(u8::is_ascii_digit)) {
        return number(text);
    }
    if bytes[0].is_ascii_alphabetic() || bytes[0] == b'_' {
        let len = bytes.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
        return Ok((Token::Ident(text[..len].to_owned()), len));
    }
    if bytes[0] == b':' {
        return Ok((Token::Op(":"), 1));
    }
    match OPERATORS.iter().find(|op| text.starts_with(**op)) {
        // `[?x` opens a list with an optional entry; `a ? .5 : b` is not `.?`.
        Some(op) => Ok((Token::Op(op), op.len())),
        None => Err(format!("Syntax error: token recognition error at: '{}'", text.chars().next().unwrap_or(' '))),
    }
}

fn number(text: &str) -> Result<(Token, usize), String> {
    let bytes = text.as_bytes();
    let bad = |_| "Syntax error: invalid int literal".to_owned();
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        let len = hex.bytes().take_while(u8::is_ascii_hexdigit).count();
        if hex.as_bytes().get(len) == Some(&b'u') {
            let n = u64::from_str_radix(&hex[..len], 16).map_err(bad)?;
            return Ok((Token::Uint(n), len + 3));
        }
        return Ok((Token::Int(i64::from_str_radix(&hex[..len], 16).map_err(bad)?), len + 2));
    }
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut len = digits(0);
    let mut float = false;
    if bytes.get(len) == Some(&b'.') && bytes.get(len + 1).is_some_and(u8::is_ascii_digit) {
        float = true;
        len += 1 + digits(len + 1);
    }
    if matches!(bytes.get(len), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(len + 1), Some(b'+' | b'-')));
        let exponent = digits((len + 1 + sign).min(bytes.len()));
        if exponent > 0 {
            float = true;
            len += 1 + sign + exponent;
        }
    }
    if float {
        let n = text[..len].parse().map_err(|_| "Syntax error: invalid double literal".to_owned())?;
        return Ok((Token::Double(n), len));
    }
    if matches!(bytes.get(len), Some(b'u' | b'U')) {
        return Ok((Token::Uint(text[..len].parse().map_err(bad)?), len + 1));
    }
    let n: u64 = text[..len].parse().map_err(bad)?;
    if n == i64::MIN.unsigned_abs() {
        return Ok((Token::Huge, len));
    }
    Ok((Token::Int(i64::try_from(n).map_err(|_| "Syntax error: invalid int literal".to_owned())?), len))
}

/// A string or bytes literal, with its prefixes.
fn quoted(text: &str) -> Result<Option<(Token, usize)>, String> {
    let prefix = text.bytes().take_while(|b| matches!(b, b'r' | b'R' | b'b' | b'B')).count().min(2);
    let (mut raw, mut bytes) = (false, false);
    for b in text[..prefix].bytes() {
        match b {
            b'r' | b'R' => raw = true,
            _ => bytes = true,
        }
    }
    let rest = &text[prefix..];
    let Some(quote) = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|q| rest.starts_with(q)) else { return Ok(None) };
    let mut out = String::new();
    let mut at = quote.len();
    loop {
        let tail = &rest[at..];
        if tail.starts_with(quote) {
            at += quote.len();
            break;
        }
        let Some(c) = tail.chars().next() else { return Err("Syntax error: unterminated string".to_owned()) };
        if c == '\\' && !raw {
            let (unescaped, len) = escape(tail)?;
            out.push(unescaped);
            at += len;
        } else {
            out.push(c);
            at += c.len_utf8();
        }
    }
    let token = if bytes { Token::Bytes(out.into_bytes()) } else { Token::Text(out) };
    Ok(Some((token, prefix + at)))
}

fn escape(text: &str) -> Result<(char, usize), String> {
    let bad = || "Syntax error: invalid escape sequence".to_owned();
    let code = |range: std::ops::Range<usize>, radix| {
        let end = range.end;
        let digits = text.get(range).ok_or_else(bad)?;
        let number = u32::from_str_radix(digits, radix).map_err(|_| bad())?;
        Ok((char::from_u32(number).ok_or_else(bad)?, end))
    };
    let simple = match text.as_bytes().get(1) {
        Some(b'n') => '\n',
        Some(b't') => '\t',
        Some(b'r') => '\r',
        Some(b'a') => '\u{7}',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'v') => '\u{b}',
        Some(b'x' | b'X') => return code(2..4, 16),
        Some(b'u') => return code(2..6, 16),
        Some(b'U') => return code(2..10, 16),
        Some(b'0'..=b'3') => return code(1..4, 8),
        Some(c @ (b'\\' | b'\'' | b'"' | b'`' | b'?')) => char::from(*c),
        _ => return Err(bad()),
    };
    Ok((simple, 2))
}
