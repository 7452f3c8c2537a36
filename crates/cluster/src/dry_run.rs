//! Whether a write is meant.
//!
//! In: nothing. Out: [`DryRun`], and the query or the body that says it to the server. Guarantees: a dry run is the server's own: it
//! checks the call, permissions and preconditions included, and keeps nothing.

use serde_json::{Value, json};

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
    /// The query of a create, update or patch.
    pub(crate) fn query(self) -> String {
        let dry = if self == Self::Server { "&dryRun=All" } else { "" };
        format!("?{FIELD_MANAGER}{dry}")
    }

    /// The body of a delete. It must say it there: an API server that is sent options in the body does not look at those
    /// in the query, and would delete.
    pub(crate) fn delete_options(self, mut options: Value) -> Vec<u8> {
        if self == Self::Server {
            options["dryRun"] = json!(["All"]);
        }
        options.to_string().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_told_where_it_looks() {
        assert_eq!(DryRun::Off.query(), "?fieldManager=ipledger");
        assert_eq!(DryRun::Server.query(), "?fieldManager=ipledger&dryRun=All");
        assert_eq!(DryRun::Off.delete_options(json!({"kind": "DeleteOptions"})), br#"{"kind":"DeleteOptions"}"#);
        let dry = DryRun::Server.delete_options(json!({"kind": "DeleteOptions"}));
        assert_eq!(dry, br#"{"dryRun":["All"],"kind":"DeleteOptions"}"#);
    }
}
