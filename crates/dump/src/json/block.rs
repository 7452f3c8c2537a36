//! What stands where in 64 bytes of JSON, as bits.
//!
//! In: 64 bytes, and whether a string is open before them. Out: bit sets, bit `i` for byte `i`. Guarantees: the same on
//! every processor; sixteen bytes are compared at a time where it can do that. This is the only place that looks at
//! every byte of a dump, so it decides how fast one is read: comparing bytes one by one is five times slower.

use wide::u8x16;

/// Bytes that are looked at together: as many as a `u64` has bits.
pub(crate) const BLOCK: usize = 64;

/// Quotes and brackets, in strings or not.
pub(crate) struct Brackets {
    /// `"`.
    pub(crate) quote: u64,
    /// `\`.
    pub(crate) backslash: u64,
    /// `{` and `[`.
    pub(crate) open: u64,
    /// `}` and `]`.
    pub(crate) close: u64,
}

/// What a tokenizer needs, in strings or not.
pub(crate) struct Classes {
    /// `"`.
    pub(crate) quote: u64,
    /// `\`.
    pub(crate) backslash: u64,
    /// `{`, `}`, `[`, `]`, `:` and `,`.
    pub(crate) operator: u64,
    /// Space, and every control character.
    pub(crate) blank: u64,
    /// Control characters apart from the newline: JSON has no use for most, and dumps for few.
    pub(crate) control: u64,
    /// Newlines.
    pub(crate) newline: u64,
    /// Whether a byte is beyond ASCII.
    pub(crate) beyond_ascii: bool,
}

#[inline]
fn bits(lanes: u8x16, at: usize) -> u64 {
    u64::from(lanes.to_bitmask()) << at
}

/// Finds quotes and brackets.
#[inline]
pub(crate) fn brackets(block: &[u8; BLOCK]) -> Brackets {
    let mut found = Brackets { quote: 0, backslash: 0, open: 0, close: 0 };
    for (number, bytes) in block.as_chunks::<16>().0.iter().enumerate() {
        let (at, bytes) = (number * 16, u8x16::new(*bytes));
        // Square and curly brackets differ in one bit.
        let curly = bytes | u8x16::splat(0x20);
        found.quote |= bits(bytes.simd_eq(u8x16::splat(b'"')), at);
        found.backslash |= bits(bytes.simd_eq(u8x16::splat(b'\\')), at);
        found.open |= bits(curly.simd_eq(u8x16::splat(b'{')), at);
        found.close |= bits(curly.simd_eq(u8x16::splat(b'}')), at);
    }
    found
}

/// Finds everything that a tokenizer needs.
#[inline]
pub(crate) fn classes(block: &[u8; BLOCK]) -> Classes {
    let mut found =
        Classes { quote: 0, backslash: 0, operator: 0, blank: 0, control: 0, newline: 0, beyond_ascii: false };
    for (number, bytes) in block.as_chunks::<16>().0.iter().enumerate() {
        let (at, bytes) = (number * 16, u8x16::new(*bytes));
        let curly = bytes | u8x16::splat(0x20);
        let operator = curly.simd_eq(u8x16::splat(b'{'))
            | curly.simd_eq(u8x16::splat(b'}'))
            | bytes.simd_eq(u8x16::splat(b':'))
            | bytes.simd_eq(u8x16::splat(b','));
        let newline = bytes.simd_eq(u8x16::splat(b'\n'));
        // x <= n where min(x, n) = x.
        let control = bytes.min(u8x16::splat(0x1f)).simd_eq(bytes);
        found.quote |= bits(bytes.simd_eq(u8x16::splat(b'"')), at);
        found.backslash |= bits(bytes.simd_eq(u8x16::splat(b'\\')), at);
        found.operator |= bits(operator, at);
        found.blank |= bits(bytes.min(u8x16::splat(b' ')).simd_eq(bytes), at);
        found.control |= bits(control ^ newline, at);
        found.newline |= bits(newline, at);
        // The bit mask of the bytes themselves: their highest bits.
        found.beyond_ascii |= bits(bytes, 0) != 0;
    }
    found
}

/// What strings look like in a block.
pub(crate) struct Strings {
    /// Quotes that open or close one: those without a backslash that counts before them.
    pub(crate) quotes: u64,
    /// From each opening quote to before its closing one.
    pub(crate) inside: u64,
    /// Backslashes that begin an escape.
    pub(crate) escapes: u64,
}

/// What the next block has to know of those before it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Carry {
    /// 1 if the block ended in the backslash of an escape.
    escaped: u64,
    /// All ones if a string is open.
    inside: u64,
}

impl Carry {
    /// Whether a string is open.
    pub(crate) fn in_string(self) -> bool {
        self.inside != 0
    }

    /// Finds the strings of the next block.
    #[inline]
    pub(crate) fn strings(&mut self, quote: u64, backslash: u64) -> Strings {
        let (escaped, escapes) = self.escaped(backslash);
        let quotes = quote & !escaped;
        let inside = running_parity(quotes) ^ self.inside;
        self.inside = if inside >> 63 == 1 { u64::MAX } else { 0 };
        Strings { quotes, inside, escapes }
    }

    /// Bytes after a backslash that counts, and those backslashes. In a row of backslashes every second one counts, from
    /// its first: found by adding, since a carry runs through a row of ones (Langdale and Lemire, "Parsing gigabytes of
    /// JSON per second", 2019, section 3.1.1).
    #[inline]
    fn escaped(&mut self, backslash: u64) -> (u64, u64) {
        const ODD: u64 = 0xaaaa_aaaa_aaaa_aaaa;
        if backslash == 0 {
            return (std::mem::take(&mut self.escaped), 0);
        }
        let starts = backslash & !self.escaped;
        let after = starts << 1 | ODD;
        let code = after.wrapping_sub(starts) ^ ODD;
        let escaped = code ^ (backslash | self.escaped);
        let escapes = code & backslash;
        self.escaped = escapes >> 63;
        (escaped, escapes)
    }
}

/// Bit `i` is the parity of bits 0 to `i`.
#[inline]
fn running_parity(mut bits: u64) -> u64 {
    for step in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << step;
    }
    bits
}

/// The last bytes of a text as a block of their own, with spaces behind them.
pub(crate) fn padded(rest: &[u8]) -> [u8; BLOCK] {
    let mut block = [b' '; BLOCK];
    block[..rest.len()].copy_from_slice(rest);
    block
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition, byte by byte.
    fn naive(text: &[u8]) -> (Vec<bool>, Vec<bool>, Vec<bool>) {
        let (mut escaped, mut inside) = (false, false);
        let (mut quotes, mut insides, mut escapes) = (vec![], vec![], vec![]);
        for &byte in text {
            let quote = byte == b'"' && !escaped;
            let escape = byte == b'\\' && !escaped;
            inside ^= quote;
            quotes.push(quote);
            insides.push(inside);
            escapes.push(escape);
            escaped = escape;
        }
        (quotes, insides, escapes)
    }

    proptest! {
        #[test]
        fn strings_and_escapes_are_found_as_byte_by_byte(text in prop::collection::vec(prop::sample::select(br#"\\\\""a{ "#.to_vec()), 192)) {
            let (quotes, insides, escapes) = naive(&text);
            let mut carry = Carry::default();
            for (number, block) in text.as_chunks::<BLOCK>().0.iter().enumerate() {
                let classes = classes(block);
                let strings = carry.strings(classes.quote, classes.backslash);
                for i in 0..BLOCK {
                    let at = number * BLOCK + i;
                    prop_assert_eq!(strings.quotes >> i & 1 == 1, quotes[at], "quote at {}", at);
                    prop_assert_eq!(strings.inside >> i & 1 == 1, insides[at], "inside at {}", at);
                    prop_assert_eq!(strings.escapes >> i & 1 == 1, escapes[at], "escape at {}", at);
                }
            }
        }

        #[test]
        fn every_byte_is_in_its_class(block: [u8; 32]) {
            let mut text = [0; BLOCK];
            text[..32].copy_from_slice(&block);
            text[32..].copy_from_slice(&block);
            let (classes, brackets) = (classes(&text), brackets(&text));
            for (i, &byte) in text.iter().enumerate() {
                let is = |bits: u64| bits >> i & 1 == 1;
                prop_assert_eq!(is(classes.quote), byte == b'"');
                prop_assert_eq!(is(brackets.quote), byte == b'"');
                prop_assert_eq!(is(classes.backslash), byte == b'\\');
                prop_assert_eq!(is(brackets.backslash), byte == b'\\');
                prop_assert_eq!(is(classes.operator), b"{}[]:,".contains(&byte));
                prop_assert_eq!(is(brackets.open), b"{[".contains(&byte));
                prop_assert_eq!(is(brackets.close), b"}]".contains(&byte));
                prop_assert_eq!(is(classes.blank), byte <= b' ');
                prop_assert_eq!(is(classes.control), byte < b' ' && byte != b'\n');
                prop_assert_eq!(is(classes.newline), byte == b'\n');
            }
            prop_assert_eq!(classes.beyond_ascii, text.iter().any(|byte| !byte.is_ascii()));
        }
    }
}
