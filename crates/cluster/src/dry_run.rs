//! Whether a write is meant.
//!
//! In: nothing. Out: [`DryRun`] and the query that says it to the server. Guarantees: a dry run is the server's own: it
//! checks the call, permissions and preconditions included, and keeps nothing.

use http::Method;

/// Who all our writes say they are from.
const FIELD_MANAGER: &str = "fieldManager=ipledger";

/// Whether calls are made for real.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DryRun {
    /// They are.
    Off,
    /// The API server checks them and changes nothing.
    Server,
}

impl DryRun {
    /// The query of a write. A delete knows no field manager.
    pub(crate) fn query(self, method: &Method) -> String {
        let who = (method != Method::DELETE).then_some(FIELD_MANAGER);
        let dry = (self == Self::Server).then_some("dryRun=All");
        let said: Vec<&str> = who.into_iter().chain(dry).collect();
        if said.is_empty() { String::new() } else { format!("?{}", said.join("&")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_told() {
        assert_eq!(DryRun::Off.query(&Method::DELETE), "");
        assert_eq!(DryRun::Server.query(&Method::DELETE), "?dryRun=All");
        assert_eq!(DryRun::Off.query(&Method::POST), "?fieldManager=ipledger");
        assert_eq!(DryRun::Server.query(&Method::PATCH), "?fieldManager=ipledger&dryRun=All");
    }
}
