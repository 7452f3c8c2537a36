//! What a text that cannot be read should have been, and where it goes wrong.
//!
//! In: any text, of any size, from annotations, specs and status fields. Out: a [`ParseError`] that names what was
//! expected, shows the text and points at the byte. Guarantee: no text makes a parser of this crate panic, and an
//! error never holds more than [`SHOWN`] bytes of the text.

use std::fmt;

/// Longest piece of a bad text that an error carries. The longest legal item, two IPv6 CIDRs, is below 100 bytes;
/// a list that is longer is shown from its beginning.
pub const SHOWN: usize = 200;

/// What kind of thing a text failed to be: for callers that answer differently for different mistakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ParseErrorKind {
    /// Not an IPv4 or IPv6 address.
    Address,
    /// The part behind the `/` is not a prefix length of the family.
    PrefixLength,
    /// Not a CIDR: the `/` is missing.
    Cidr,
    /// Two ends in the wrong order.
    ReversedRange,
    /// Two ends, or a member of a set, of another family than the rest.
    MixedFamilies,
    /// A pair that names one family twice.
    FamilyTwice,
    /// More items than the grammar has room for.
    TooMany,
    /// Not a six-byte MAC address.
    Mac,
    /// Not a decimal count.
    Number,
}

impl ParseErrorKind {
    /// The thing that was expected, as a noun phrase.
    #[must_use]
    pub const fn expected(self) -> &'static str {
        match self {
            Self::Address => "an IPv4 or IPv6 address",
            Self::PrefixLength => "a prefix length of 0 to 32 (IPv4) or 0 to 128 (IPv6)",
            Self::Cidr => "a '/' and a prefix length",
            Self::ReversedRange => "an address that is not below the start of the range",
            Self::MixedFamilies => "an address of the same family as the rest",
            Self::FamilyTwice => "an item of the other family",
            Self::TooMany => "the end of the text",
            Self::Mac => "a MAC address of six bytes",
            Self::Number => "a decimal number of at most 2^128",
        }
    }
}

/// A text that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    kind: ParseErrorKind,
    text: Box<str>,
    position: usize,
}

impl ParseError {
    /// An error of `kind` at byte `position` of `text`.
    pub(crate) fn new(kind: ParseErrorKind, text: &str, position: usize) -> Self {
        let cut = cut_at(text, SHOWN);
        let shown: Box<str> = if cut < text.len() { format!("{}...", &text[..cut]).into() } else { text.into() };
        Self { kind, text: shown, position: position.min(text.len()) }
    }

    /// The same error, seen as a part of `whole` that begins at byte `offset`.
    pub(crate) fn within(&self, whole: &str, offset: usize) -> Self {
        Self::new(self.kind, whole, offset.saturating_add(self.position))
    }

    /// What kind of mistake it is.
    #[must_use]
    pub const fn kind(&self) -> ParseErrorKind {
        self.kind
    }

    /// What was expected at [`position`](Self::position), as a noun phrase.
    #[must_use]
    pub const fn expected(&self) -> &'static str {
        self.kind.expected()
    }

    /// The text that was read, cut to [`SHOWN`] bytes (with `...`) when it is longer.
    #[must_use]
    pub const fn text(&self) -> &str {
        &self.text
    }

    /// Byte of the whole text at which it stops being right; its length when something is missing at the end.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: expected {} at byte {}", self.text, self.expected(), self.position)
    }
}

impl std::error::Error for ParseError {}

/// The largest character boundary of `text` that is at most `limit`.
fn cut_at(text: &str, limit: usize) -> usize {
    let mut cut = limit.min(text.len());
    while !text.is_char_boundary(cut) {
        cut -= 1;
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_shows_the_text_what_was_expected_and_where() {
        let error = ParseError::new(ParseErrorKind::Address, "10.0.0.261", 7);
        assert_eq!(error.to_string(), r#""10.0.0.261": expected an IPv4 or IPv6 address at byte 7"#);
    }

    #[test]
    fn an_ipv4_tail_that_has_no_room_is_where_the_mistake_is() {
        let at = |text: &str| text.parse::<crate::Addr>().unwrap_err().position();
        assert_eq!([at("1:2:3:4:5:6:7:1.2.3.4"), at("1:2:3:4:5:6:1.2.3.400"), at("::1.2.3.")], [14, 18, 8]);
    }

    #[test]
    fn a_huge_text_is_cut_on_a_character_boundary() {
        let text = "a".to_owned() + &"é".repeat(10_000_000);
        let error = ParseError::new(ParseErrorKind::Address, &text, 5_000_000);
        assert_eq!(error.text().len(), 199 + 3);
        assert_eq!(error.position(), 5_000_000);
    }

    #[test]
    fn an_error_of_a_part_points_into_the_whole() {
        let part = ParseError::new(ParseErrorKind::Address, "x", 0);
        assert_eq!(part.within("10.0.0.1..x", 10).position(), 10);
        assert_eq!(part.within("10.0.0.1..x", 10).text(), "10.0.0.1..x");
    }
}
