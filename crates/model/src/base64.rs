//! Base64: with the URL alphabet and without padding (RFC 4648 section 5) for continue tokens, in its plain form (section 4)
//! for bytes in objects.
//!
//! In: bytes or text. Out: text or bytes. Guarantees: `decode(encode(x)) == x`.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Bytes as text.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_usize, |n, b| (n << 8) | usize::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..=chunk.len() {
            out.push(char::from(ALPHABET[(group >> (18 - 6 * i)) & 63]));
        }
    }
    out
}

/// Bytes as text in the plain form.
pub(crate) fn encode_plain(bytes: &[u8]) -> String {
    let mut out = encode(bytes).replace('-', "+").replace('_', "/");
    out.extend(std::iter::repeat_n('=', (4 - out.len() % 4) % 4));
    out
}

/// Text as bytes; the error is the position of the first bad character.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, usize> {
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    let (mut group, mut bits) = (0_u32, 0_u32);
    for (at, byte) in text.bytes().enumerate() {
        let six = ALPHABET.iter().position(|c| *c == byte).ok_or(at)?;
        group = (group << 6) | u32::try_from(six).unwrap_or(0);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from((group >> bits) & 0xff).unwrap_or(0));
        }
    }
    if bits == 6 { Err(text.len()) } else { Ok(out) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back() {
        for text in ["", "f", "fo", "foo", "foob", "fooba", "foobar", "\u{ff}\0"] {
            assert_eq!(decode(&encode(text.as_bytes())).unwrap(), text.as_bytes());
        }
        assert_eq!(encode(b"foobar"), "Zm9vYmFy");
        assert_eq!(decode("Zm9v="), Err(4));
    }
}
