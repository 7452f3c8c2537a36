//! Which HTTP proxy leads to the API server, as kubectl finds it.
//!
//! In: the kubeconfig's `proxy-url`, the environment, the server's address. Out: the proxy, or none. Guarantees: the rules of
//! Go's `httpproxy`: `proxy-url` wins; else HTTPS_PROXY, unless the host is this machine or NO_PROXY lists it (`*`, a name
//! with all below it, an address, a CIDR, each with or without a port). kube's own reading of NO_PROXY looks at the proxy
//! instead of the server.

use http::Uri;
use ledger::{Addr, Cidr};

/// The variables that speak of proxies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ProxyEnv {
    /// HTTPS_PROXY.
    pub(crate) https: String,
    /// NO_PROXY.
    pub(crate) none: String,
}

impl ProxyEnv {
    /// Those of this process.
    pub(crate) fn of_process() -> Self {
        let first = |names: [&str; 2]| names.iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
        Self {
            https: first(["HTTPS_PROXY", "https_proxy"]).unwrap_or_default(),
            none: first(["NO_PROXY", "no_proxy"]).unwrap_or_default(),
        }
    }

    /// The proxy to a server that the kubeconfig gives none for.
    pub(crate) fn to(&self, server: &Uri) -> Option<&str> {
        let host = server.host()?.trim_start_matches('[').trim_end_matches(']');
        let port = server.port_u16().unwrap_or(443);
        let direct = self.https.is_empty()
            || server.scheme_str() != Some("https")
            || is_this_machine(host)
            || self.none.split(',').map(str::trim).any(|entry| covers(entry, host, port));
        (!direct).then_some(self.https.as_str())
    }
}

fn is_this_machine(host: &str) -> bool {
    let loopback =
        |text: &str| host.parse::<Addr>().is_ok_and(|addr| text.parse::<Cidr>().is_ok_and(|c| c.contains(addr)));
    host == "localhost" || loopback("127.0.0.0/8") || loopback("::1/128")
}

/// Whether an entry of NO_PROXY covers a host.
fn covers(entry: &str, host: &str, port: u16) -> bool {
    if entry == "*" {
        return true;
    }
    if let (Ok(block), Ok(addr)) = (entry.parse::<Cidr>(), host.parse::<Addr>()) {
        return block.contains(addr);
    }
    let name = match entry.rsplit_once(':') {
        Some((name, entry_port)) if entry.parse::<Addr>().is_err() => match entry_port.parse::<u16>() {
            Ok(entry_port) if entry_port == port => name,
            _ => return false,
        },
        _ => entry,
    };
    if let (Ok(entry), Ok(addr)) = (name.trim_matches(['[', ']']).parse::<Addr>(), host.parse::<Addr>()) {
        return entry == addr;
    }
    let domain = name.trim_start_matches("*.").trim_start_matches('.').to_ascii_lowercase();
    let host = host.to_ascii_lowercase();
    let below = host.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.'));
    !domain.is_empty() && (below || (host == domain && !name.starts_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxied(none: &str, server: &str) -> bool {
        let env = ProxyEnv { https: "http://proxy.example:3128".into(), none: none.into() };
        env.to(&server.parse().unwrap()).is_some()
    }

    #[test]
    fn a_server_far_away_is_reached_through_the_proxy() {
        assert!(proxied("", "https://api.example.org:6443"));
        assert!(!proxied("", "http://api.example.org:6443"), "HTTPS_PROXY is for https");
        assert_eq!(ProxyEnv::default().to(&"https://api.example.org".parse().unwrap()), None);
    }

    #[test]
    fn this_machine_is_never_reached_through_a_proxy() {
        for server in ["https://127.0.0.1:6443", "https://localhost:6443", "https://[::1]:6443"] {
            assert!(!proxied("", server), "{server}");
        }
    }

    #[test]
    fn no_proxy_lists_names_addresses_and_blocks() {
        let server = "https://api.example.org:6443";
        for none in ["*", "example.org", ".example.org", "*.example.org", "a.b, api.EXAMPLE.org", "example.org:6443"] {
            assert!(!proxied(none, server), "{none}");
        }
        for none in ["ample.org", ".api.example.org", "example.org:443", "other.org", ","] {
            assert!(proxied(none, server), "{none}");
        }
        assert!(!proxied("10.0.0.0/8", "https://10.96.0.1"));
        assert!(!proxied("10.96.0.1", "https://10.96.0.1"));
        assert!(!proxied("fd00::/8", "https://[fd00::1]:6443"));
        assert!(!proxied("10.96.0.1:443", "https://10.96.0.1"));
        assert!(proxied("10.0.0.0/8", "https://11.0.0.1"));
    }
}
