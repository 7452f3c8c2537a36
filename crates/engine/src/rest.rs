//! For how long an address rests once it was freed.
//!
//! In: a Subnet, the conditions of a claim. Out: seconds; since when a claim rests. Guarantees: a text that is no time is an error in words;
//! a Subnet that says nothing has none.

use api::names::annotations::COOLDOWN;
use api::names::conditions::COOLING_DOWN;
use api::slim::{Condition, Subnet, Time};

/// Longer than this no address rests: a year.
const LONGEST: i64 = 365 * 24 * 3600;

/// For how many seconds a freed address of a Subnet rests.
///
/// # Errors
/// The annotation is no time, in words.
pub(crate) fn cooldown(subnet: &Subnet) -> Result<i64, String> {
    let Some(text) = subnet.meta.annotation(COOLDOWN) else { return Ok(0) };
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(number) if text.ends_with('m') => (number, 60),
        Some(number) if text.ends_with('h') => (number, 3600),
        Some(number) => (number, 1),
        None => (text, 1),
    };
    let seconds = number.parse::<u32>().ok().and_then(|number| i64::from(number).checked_mul(unit));
    seconds.filter(|seconds| *seconds <= LONGEST).ok_or_else(|| {
        format!("metadata.annotations[{COOLDOWN}]: {text:?} is no time: write whole seconds, or a number with s, m or h, up to 8760h")
    })
}

/// Since when a claim rests, by its conditions.
pub(crate) fn cooling_since(conditions: &[Condition]) -> Option<Time> {
    let is_cooling = |condition: &&Condition| condition.type_ == COOLING_DOWN && condition.status == "True";
    conditions.iter().find(is_cooling)?.changed.get().copied()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use api::slim::{Kind, Object, read};

    fn parsed(text: Option<&str>) -> Result<i64, String> {
        let annotations = text.map(|text| serde_json::json!({COOLDOWN: text}));
        let json = serde_json::json!({"metadata": {"name": "s", "annotations": annotations}, "spec": {}});
        match read(Kind::Subnet, json.to_string().as_bytes()).unwrap().object {
            Object::Subnet(subnet) => cooldown(&subnet),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_time_has_a_unit_or_is_in_seconds() {
        let good = [
            (None, 0),
            (Some("0"), 0),
            (Some("300"), 300),
            (Some("90s"), 90),
            (Some("5m"), 300),
            (Some("8760h"), LONGEST),
        ];
        for (text, seconds) in good {
            assert_eq!(parsed(text), Ok(seconds), "{text:?}");
        }
        for bad in ["", "s", "-1", "1.5h", "5 m", "5min", "8761h", "4294967296", "m5"] {
            assert!(parsed(Some(bad)).unwrap_err().contains(bad), "{bad}");
        }
    }
}
