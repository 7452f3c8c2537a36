//! Where the tokens of a JSON text begin.
//!
//! In: one JSON text. Out: the positions of its brackets, colons, commas, opening quotes and scalars, in order. Guarantees:
//! what is inside strings is no token; a control character, an unknown escape or broken UTF-8 is a [`Fault`] at its
//! position; nothing is allocated once the list of positions has grown to the size of the largest text.

use super::block::{BLOCK, Carry, Classes, Strings, classes, padded};
use super::fault::Fault;

/// Positions of tokens; reused from text to text.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    /// One per token, then one at the end of the text. What is behind `len` is left over.
    positions: Vec<u32>,
    len: usize,
    /// The first thing that no token can be: what comes before it is still to be judged.
    pub(crate) fault: Option<Fault>,
}

/// How many positions are written at once, needed or not: a loop of fixed length costs less than a precise one.
const BURST: usize = 8;

impl Tokens {
    /// Finds the tokens of a text, which is shorter than 4 GiB.
    pub(crate) fn index(&mut self, text: &[u8]) {
        (self.len, self.fault) = (0, None);
        let mut lexer = Lexer { text, carry: Carry::default(), scalar: 0, beyond_ascii: false };
        let (blocks, rest) = text.as_chunks::<BLOCK>();
        let mut base = 0;
        for block in blocks {
            if !self.add(&mut lexer, block, base) {
                return;
            }
            base += BLOCK;
        }
        if !rest.is_empty() && !self.add(&mut lexer, &padded(rest), base) {
            return;
        }
        self.fault = lexer.last_fault();
        self.end(text.len());
    }

    /// Takes in a block; false if it has a fault.
    #[inline]
    fn add(&mut self, lexer: &mut Lexer<'_>, block: &[u8; BLOCK], base: usize) -> bool {
        match lexer.tokens(block, base) {
            Ok(tokens) => self.push(tokens, base),
            Err((before, fault)) => {
                self.push(before, base);
                self.end(fault.at);
                self.fault = Some(fault);
                return false;
            }
        }
        true
    }

    #[inline]
    #[allow(clippy::cast_possible_truncation)] // a text is shorter than 4 GiB
    fn push(&mut self, mut bits: u64, base: usize) {
        if self.positions.len() < self.len + BLOCK + BURST {
            let more = self.positions.len().max(1024);
            self.positions.resize(self.positions.len() + more, 0);
        }
        let count = bits.count_ones() as usize;
        let mut written = 0;
        while written < count {
            let Some(place) = self.positions[self.len + written..].first_chunk_mut::<BURST>() else { return };
            for slot in place {
                *slot = base as u32 + bits.trailing_zeros();
                bits &= bits.wrapping_sub(1);
            }
            written += BURST;
        }
        self.len += count;
    }

    #[allow(clippy::cast_possible_truncation)] // a text is shorter than 4 GiB
    fn end(&mut self, at: usize) {
        if self.positions.len() <= self.len {
            self.positions.resize(self.len + 1, 0);
        }
        self.positions[self.len] = at as u32;
        self.len += 1;
    }

    /// What is wrong first: something that no token can be, or what a walk over the tokens before that stumbled on.
    pub(crate) fn first_fault(&self, walked: Option<Box<Fault>>) -> Option<Fault> {
        match (&self.fault, walked) {
            // Where the tokens end, a walk finds an end that is none.
            (Some(fault), Some(walked)) if walked.at < fault.at && !walked.cut_off => Some(*walked),
            (Some(fault), _) => Some(fault.clone()),
            (None, walked) => walked.map(|fault| *fault),
        }
    }

    /// The positions, the last one the end of what could be read.
    #[inline]
    pub(crate) fn positions(&self) -> &[u32] {
        &self.positions[..self.len]
    }
}

struct Lexer<'t> {
    text: &'t [u8],
    carry: Carry,
    /// 1 if the block before ended in a scalar.
    scalar: u64,
    beyond_ascii: bool,
}

impl Lexer<'_> {
    /// The tokens of a block; with a fault, those before it.
    #[inline]
    fn tokens(&mut self, block: &[u8; BLOCK], base: usize) -> Result<u64, (u64, Fault)> {
        let classes = classes(block);
        let strings = self.carry.strings(classes.quote, classes.backslash);
        let outside = !(strings.inside | strings.quotes);
        let scalar = outside & !(classes.operator | classes.blank);
        let starts = scalar & !(scalar << 1 | self.scalar);
        self.scalar = scalar >> 63;
        self.beyond_ascii |= classes.beyond_ascii;
        let tokens = starts | (classes.operator & outside) | (strings.quotes & strings.inside);
        if classes.control != 0 || strings.escapes != 0 || classes.newline & strings.inside != 0 {
            if let Some(fault) = self.fault(base, &classes, &strings) {
                let before = (1_u64 << ((fault.at - base) % BLOCK)) - 1;
                return Err((tokens & before, fault));
            }
        }
        Ok(tokens)
    }

    /// The first control character or escape of a block that must not be there.
    #[cold]
    fn fault(&self, base: usize, classes: &Classes, strings: &Strings) -> Option<Fault> {
        let in_string = (classes.control | classes.newline) & strings.inside;
        let mut suspects = in_string | (classes.control & !strings.inside) | (strings.escapes & strings.inside);
        while suspects != 0 {
            let bit = suspects & suspects.wrapping_neg();
            suspects &= suspects - 1;
            let at = base + bit.trailing_zeros() as usize;
            if in_string & bit != 0 {
                return Some(Fault::new(at, "a string runs over the end of a line, or has a control character in it"));
            }
            if strings.escapes & bit != 0 {
                if !is_escape(&self.text[at + 1..]) {
                    return Some(Fault::new(at, "an escape that JSON does not know"));
                }
            } else if !matches!(self.text[at], b'\t' | b'\r') {
                return Some(Fault::new(at, "a control character"));
            }
        }
        None
    }

    /// What can only be said of the text as a whole.
    fn last_fault(&self) -> Option<Fault> {
        if self.carry.in_string() {
            return Some(Fault::end(self.text.len()));
        }
        if !self.beyond_ascii {
            return None;
        }
        let error = std::str::from_utf8(self.text).err()?;
        Some(Fault::new(error.valid_up_to(), "bytes that are not UTF-8"))
    }
}

/// Whether what follows a backslash is an escape.
fn is_escape(rest: &[u8]) -> bool {
    match rest.first() {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => true,
        Some(b'u') => rest.get(1..5).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)),
        _ => false,
    }
}
