//! What a test needs of the machine, said in its first line.
//!
//! In: a [`Need`]. Out: the test goes on, or it is reported as skipped, by name and with the reason, on the standard error
//! that the test runner does not swallow. In CI (`CI=true`) a test that cannot run fails: nobody reads skips there.

use crate::assets::{Assets, Need};

/// Why a test cannot run here. None: it can.
#[must_use]
pub fn obstacle(need: Need) -> Option<String> {
    if let Err(missing) = Assets::find().check(need) {
        return Some(missing.to_string());
    }
    if need < Need::Nodes {
        return None;
    }
    if !rustix::process::geteuid().is_root() {
        return Some("nodes need root (network and mount namespaces): run it as root".to_owned());
    }
    let lacks: Vec<_> = crate::packages::missing();
    if lacks.is_empty() { None } else { Some(format!("{} (Debian packages): apt-get install them", lacks.join(", "))) }
}

/// Reports a skip. True if the test must return.
///
/// # Panics
/// Where `CI` is `true`: there a skip is a failure.
#[doc(hidden)]
pub fn skipped(test: &str, need: Need) -> bool {
    let Some(reason) = obstacle(need) else { return false };
    assert!(
        std::env::var_os("CI").is_none_or(|ci| ci != "true"),
        "{test} cannot run, and in CI no test is skipped: {reason}"
    );
    crate::say(&format!("SKIPPED {test}: {reason}"));
    true
}

/// Ends a test here, with a report, if the machine lacks what it needs: `testbed::need!(Nodes);`
#[macro_export]
macro_rules! need {
    ($need:ident) => {{
        fn here() {}
        let test = ::std::any::type_name_of_val(&here).trim_end_matches("::here");
        if $crate::need::skipped(test, $crate::Need::$need) {
            return;
        }
    }};
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_name_of_a_test_is_found_by_itself() {
        fn here() {}
        let test = std::any::type_name_of_val(&here).trim_end_matches("::here");
        assert_eq!(test, "testbed::need::tests::the_name_of_a_test_is_found_by_itself");
    }
}
