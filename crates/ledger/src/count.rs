//! How many addresses: exact from none to all of IPv6.

use std::{fmt, str::FromStr};

use crate::{ParseError, ParseErrorKind};

/// A number of addresses, 0 to 2^128 inclusive: the whole IPv6 space has one more than a `u128` can hold.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Count {
    // True only for 2^128, and then `low` is 0: the derived order is the numeric one.
    whole: bool,
    low: u128,
}

impl Count {
    /// None.
    pub const ZERO: Self = Self { whole: false, low: 0 };
    /// One.
    pub const ONE: Self = Self { whole: false, low: 1 };
    /// 2^128, all of IPv6.
    pub const MAX: Self = Self { whole: true, low: 0 };

    /// 2^`exponent`, none above 2^128.
    #[must_use]
    pub const fn power_of_two(exponent: u8) -> Option<Self> {
        match exponent {
            0..=127 => Some(Self { whole: false, low: 1 << exponent }),
            128 => Some(Self::MAX),
            _ => None,
        }
    }

    /// How many numbers there are from `first` to `last`, both included; none when they are reversed.
    pub(crate) const fn inclusive(first: u128, last: u128) -> Self {
        match last.checked_sub(first) {
            None => Self::ZERO,
            Some(u128::MAX) => Self::MAX,
            Some(steps) => Self { whole: false, low: steps + 1 },
        }
    }

    /// Whether it is none.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        !self.whole && self.low == 0
    }

    /// The number, unless it is 2^128.
    #[must_use]
    pub const fn as_u128(self) -> Option<u128> {
        if self.whole { None } else { Some(self.low) }
    }

    /// The nearest floating-point number, for shares and bars; never for decisions.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the name says so")]
    pub fn to_f64_lossy(self) -> f64 {
        if self.whole { 2f64.powi(128) } else { self.low as f64 }
    }

    /// The sum, none above 2^128.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match (self.whole, other.whole, self.low.overflowing_add(other.low)) {
            (false, false, (low, false)) => Some(Self { whole: false, low }),
            (true, false, (0, false)) | (false, true, (0, false)) | (false, false, (0, true)) => Some(Self::MAX),
            _ => None,
        }
    }

    /// The difference, none below 0.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match (self.whole, other.whole) {
            (true, true) => Some(Self::ZERO),
            (true, false) if other.low == 0 => Some(Self::MAX),
            // 2^128 - low, low > 0: fits, and wraps to exactly that.
            (true, false) => Some(Self { whole: false, low: other.low.wrapping_neg() }),
            (false, true) => None,
            (false, false) => match self.low.checked_sub(other.low) {
                Some(low) => Some(Self { whole: false, low }),
                None => None,
            },
        }
    }

    /// How far apart two counts are.
    #[must_use]
    pub const fn abs_diff(self, other: Self) -> Self {
        match (self.checked_sub(other), other.checked_sub(self)) {
            (Some(difference), _) | (None, Some(difference)) => difference,
            (None, None) => Self::ZERO,
        }
    }
}

impl From<u64> for Count {
    fn from(low: u64) -> Self {
        Self { whole: false, low: low.into() }
    }
}

impl From<u128> for Count {
    fn from(low: u128) -> Self {
        Self { whole: false, low }
    }
}

impl fmt::Display for Count {
    /// Decimal, exact.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.whole {
            f.pad_integral(true, "", "340282366920938463463374607431768211456")
        } else {
            fmt::Display::fmt(&self.low, f)
        }
    }
}

impl fmt::Debug for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Count {
    type Err = ParseError;

    /// Decimal digits only: no sign, no point, no exponent.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 || digits < text.len() {
            return Err(ParseError::new(ParseErrorKind::Number, text, digits));
        }
        let significant = text.trim_start_matches('0');
        if significant == "340282366920938463463374607431768211456" {
            return Ok(Self::MAX);
        }
        match significant {
            "" => Ok(Self::ZERO),
            digits => digits
                .parse::<u128>()
                .map(Self::from)
                .map_err(|_| ParseError::new(ParseErrorKind::Number, text, text.len())),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn count(low: u128) -> Count {
        Count::from(low)
    }

    #[test]
    fn the_whole_of_ipv6_is_counted_exactly() {
        assert_eq!(Count::MAX.to_string(), "340282366920938463463374607431768211456");
        assert_eq!(count(u128::MAX).checked_add(Count::ONE), Some(Count::MAX));
        assert_eq!(Count::MAX.checked_sub(Count::ONE), Some(count(u128::MAX)));
        assert_eq!(Count::MAX.checked_sub(Count::MAX), Some(Count::ZERO));
        assert_eq!(Count::MAX.checked_add(Count::ONE), None);
        assert_eq!(Count::MAX.checked_add(Count::MAX), None);
        assert_eq!(Count::MAX.as_u128(), None);
        assert_eq!(Count::inclusive(0, u128::MAX), Count::MAX);
        assert!(Count::MAX > count(u128::MAX));
        assert_eq!(format!("{:>45}", Count::MAX).len(), 45);
    }

    #[test]
    fn text_reads_back() {
        for text in ["0", "1", "340282366920938463463374607431768211455", "340282366920938463463374607431768211456"] {
            assert_eq!(text.parse::<Count>().unwrap().to_string(), text);
        }
        for text in ["", "-1", "1.0", "1e3", "340282366920938463463374607431768211457", " 1"] {
            assert_eq!(text.parse::<Count>().unwrap_err().kind(), ParseErrorKind::Number, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn sums_and_differences_agree_with_each_other(a: u128, b: u128) {
            let sum = count(a).checked_add(count(b));
            match a.checked_add(b) {
                Some(expected) => prop_assert_eq!(sum, Some(count(expected))),
                None => prop_assert!(sum.is_none() || a.wrapping_add(b) == 0),
            }
            if let Some(sum) = sum {
                prop_assert_eq!(sum.checked_sub(count(a)), Some(count(b)));
            }
            prop_assert_eq!(Count::MAX.checked_sub(count(a)).and_then(|rest| rest.checked_add(count(a))), Some(Count::MAX));
            prop_assert_eq!(count(a).abs_diff(count(b)), count(a.abs_diff(b)));
            prop_assert_eq!(count(a).cmp(&count(b)), a.cmp(&b));
        }
    }
}
