//! What is asked for: an address, a MAC, or a name.
//!
//! In: text as people type or paste it. Out: [`Query`]. Guarantees: every spelling of an address or MAC is one; twelve bare
//! hex digits are a name if there is something of that name.

use ledger::{Addr, Mac};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// An address.
    Addr(Addr),
    /// A MAC.
    Mac(Mac),
    /// A pod, or another holder.
    Name {
        /// Its namespace, where it was given.
        namespace: Option<String>,
        /// Its name.
        name: String,
    },
    /// A MAC, unless something has that name.
    MacOrName(Mac, String),
}

/// The text is none of these.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadQuery {
    /// It is nothing that could be asked for.
    #[error(
        "`{0}` is no address, no MAC, and no name of a pod: expected 10.0.0.2, fd00::2, 00:11:22:33:44:55, pod or namespace/pod"
    )]
    Nothing(String),
    /// It looks like an address and is none.
    #[error("this looks like an address and is none: {0}")]
    Address(ledger::ParseError),
}

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// When it is neither an address nor a MAC, and cannot be a name.
    pub fn parse(text: &str) -> Result<Self, BadQuery> {
        let text = text.trim();
        // An address may be pasted with its prefix length, or in brackets.
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        let bare = match bare.split_once('/') {
            Some((addr, length)) if length.parse::<u8>().is_ok() => addr,
            _ => bare,
        };
        let bad = match bare.parse() {
            Ok(addr) => return Ok(Self::Addr(addr)),
            Err(bad) => bad,
        };
        match text.parse() {
            Ok(mac) if text.contains([':', '-', '.']) => return Ok(Self::Mac(mac)),
            Ok(mac) => return Ok(Self::MacOrName(mac, text.to_owned())),
            Err(_) if is_like_address(bare) => return Err(BadQuery::Address(bad)),
            Err(_) => {}
        }
        // `pod/web-0` as kubectl prints it.
        let text = text.strip_prefix("pod/").filter(|rest| !rest.contains('/')).unwrap_or(text);
        let (namespace, name) = match text.split_once('/') {
            Some((namespace, name)) => (Some(namespace.to_owned()), name),
            None => (None, text),
        };
        let is_name = |name: &str| {
            !name.is_empty() && name.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'.' | b'_'))
        };
        if is_name(name) && namespace.as_deref().is_none_or(is_name) {
            return Ok(Self::Name { namespace, name: name.to_owned() });
        }
        Err(BadQuery::Nothing(text.to_owned()))
    }
}

/// Whether a text was meant as an address: four parts of digits, or colons that are not a MAC's. A pod could be called like the
/// former, and none is.
fn is_like_address(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit());
    let is_like_mac = text.split(':').count() == 6 && text.split(':').all(|part| matches!(part.len(), 1..=2));
    (text.split('.').count() == 4 && text.split('.').all(digits)) || (text.matches(':').count() >= 2 && !is_like_mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_spelling_of_an_address_is_one() {
        let v6 = Query::Addr("fd00::9".parse().unwrap());
        for text in ["fd00::9", "FD00:0:0:0:0:0:0:9", "[fd00::9]", "fd00::9/64", " fd00:0::0009 "] {
            assert_eq!(Query::parse(text).as_ref(), Ok(&v6), "{text}");
        }
        assert_eq!(Query::parse("::ffff:10.0.0.2"), Ok(Query::Addr("10.0.0.2".parse().unwrap())));
    }

    #[test]
    fn any_spelling_of_a_mac_is_one_and_bare_digits_may_be_a_name() {
        let mac = "0a:1b:2c:3d:4e:5f".parse().unwrap();
        for text in ["0a:1b:2c:3d:4e:5f", "0A-1B-2C-3D-4E-5F", "0a1b.2c3d.4e5f"] {
            assert_eq!(Query::parse(text), Ok(Query::Mac(mac)), "{text}");
        }
        assert_eq!(Query::parse("0a1b2c3d4e5f"), Ok(Query::MacOrName(mac, "0a1b2c3d4e5f".to_owned())));
    }

    #[test]
    fn names_come_with_and_without_a_namespace() {
        let named = |namespace: Option<&str>, name: &str| {
            Ok(Query::Name { namespace: namespace.map(str::to_owned), name: name.to_owned() })
        };
        assert_eq!(Query::parse("web-0"), named(None, "web-0"));
        assert_eq!(Query::parse("default/web-0"), named(Some("default"), "web-0"));
        assert_eq!(Query::parse("pod/web-0"), named(None, "web-0"));
        for bad in ["", "a/b/c", "web 0", "/web"] {
            assert!(matches!(Query::parse(bad), Err(BadQuery::Nothing(_))), "{bad}");
        }
    }

    #[test]
    fn a_mistyped_address_is_no_name_of_a_pod() {
        for bad in ["192.168.50.300", "192.168.050.1", "fd00::g", "fd00:1:2", "1:2:3:4:5:6:7:8:9", "10.0.0.256/24"] {
            let error = Query::parse(bad).unwrap_err();
            assert!(matches!(error, BadQuery::Address(_)), "{bad}: {error}");
            assert!(error.to_string().contains("expected an IPv4 or IPv6 address"), "{error}");
        }
        assert!(matches!(Query::parse("web.1.2"), Ok(Query::Name { .. })));
    }
}
