//! Counts and ranges, as the status of a Subnet or an IPPool has them.
//!
//! In: the sets of a book. Out: the eight fields. Guarantees: a count is the number of addresses in the range beside it;
//! numbers are exact up to 2^63-1, and beyond that compared after the rounding that the API server does (Kube-OVN
//! `pkg/internal/big_int.go`; the API server keeps larger numbers as doubles); a family that is not there counts nought.

use api::slim::{Counter, IpPoolStatus, SubnetStatus};
use ledger::{Accounting, AddrSet, Count, Family};
use serde_json::{Map, Value};

/// The largest integer that the API server keeps exactly.
const EXACT: u128 = i64::MAX as u128;

/// One family.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Half {
    available: Count,
    available_range: String,
    using: Count,
    using_range: String,
}

/// Both families.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Tally {
    v4: Half,
    v6: Half,
}

/// Whose fields: their spelling differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `v4usingIPs`, `v4usingIPrange`.
    Subnet,
    /// `v4UsingIPs`, `v4UsingIPRange`.
    IpPool,
}

/// A count and its range as they were read.
type Known<'a> = (Option<Counter>, Option<&'a str>);

impl Tally {
    /// From the sets of each family.
    pub(super) fn of(accounting: impl Fn(Family) -> Option<Accounting>) -> Self {
        let half = |family| accounting(family).map(|sets| Half::of(sets.available(), sets.using())).unwrap_or_default();
        Self { v4: half(Family::V4), v6: half(Family::V6) }
    }

    /// Whether a Subnet's status says this.
    pub(super) fn is_in_subnet(&self, status: &SubnetStatus) -> bool {
        let (v4, v6) = (&self.v4, &self.v6);
        v4.is_free((status.v4_available, status.v4_available_range.as_deref()))
            && v4.is_used((status.v4_using, status.v4_using_range.as_deref()))
            && v6.is_free((status.v6_available, status.v6_available_range.as_deref()))
            && v6.is_used((status.v6_using, status.v6_using_range.as_deref()))
    }

    /// Whether an IPPool's status says this.
    pub(super) fn is_in_pool(&self, status: &IpPoolStatus) -> bool {
        let (v4, v6) = (&self.v4, &self.v6);
        v4.is_free((status.v4_available, status.v4_available_range.as_deref()))
            && v4.is_used((status.v4_using, status.v4_using_range.as_deref()))
            && v6.is_free((status.v6_available, status.v6_available_range.as_deref()))
            && v6.is_used((status.v6_using, status.v6_using_range.as_deref()))
    }

    /// The eight fields.
    pub(super) fn fields(&self, form: Form) -> Map<String, Value> {
        let [available, using, count, range] = match form {
            Form::Subnet => ["available", "using", "IPs", "IPrange"],
            Form::IpPool => ["Available", "Using", "IPs", "IPRange"],
        };
        let mut fields = Map::new();
        for (family, half) in [("v4", &self.v4), ("v6", &self.v6)] {
            fields.insert(format!("{family}{available}{count}"), number(half.available));
            fields.insert(format!("{family}{available}{range}"), half.available_range.as_str().into());
            fields.insert(format!("{family}{using}{count}"), number(half.using));
            fields.insert(format!("{family}{using}{range}"), half.using_range.as_str().into());
        }
        fields
    }
}

impl Half {
    fn of(available: &AddrSet, using: &AddrSet) -> Self {
        Self {
            available: available.count(),
            available_range: available.range_text(),
            using: using.count(),
            using_range: using.range_text(),
        }
    }

    fn is_free(&self, known: Known<'_>) -> bool {
        says(known, self.available, &self.available_range)
    }

    fn is_used(&self, known: Known<'_>) -> bool {
        says(known, self.using, &self.using_range)
    }
}

fn says((counter, text): Known<'_>, count: Count, range: &str) -> bool {
    let count = count.as_u128().unwrap_or(u128::MAX);
    counter.is_some_and(|counter| counter.says(count)) && text == Some(range)
}

/// A count as JSON. What is beyond the API server's integers is a double here too: it would become one there.
fn number(count: Count) -> Value {
    match count.as_u128().filter(|count| *count <= EXACT).and_then(|count| u64::try_from(count).ok()) {
        Some(exact) => exact.into(),
        None => count.to_f64_lossy().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::slim::{Kind, Object, read};
    use ledger::Cidr;

    fn tally(cidr: &str) -> Tally {
        let cidr: Cidr = cidr.parse().unwrap();
        let none = AddrSet::new(cidr.family());
        let sets = Accounting::new(&cidr, Some(cidr.usable().first()), &none, &none);
        Tally::of(|family| (family == cidr.family()).then(|| sets.clone()))
    }

    fn read_back(fields: &Map<String, Value>) -> SubnetStatus {
        let json = serde_json::json!({"metadata": {"name": "s"}, "status": fields}).to_string();
        match read(Kind::Subnet, json.as_bytes()).unwrap().object {
            Object::Subnet(subnet) => subnet.status.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_status_that_was_written_reads_back_as_the_same_whatever_its_size() {
        for cidr in ["10.0.0.0/24", "fd00::/112", "fd00::/66", "fd00::/65", "fd00::/64", "fd00::/8", "2000::/3"] {
            let tally = tally(cidr);
            assert!(tally.is_in_subnet(&read_back(&tally.fields(Form::Subnet))), "{cidr}");
        }
    }

    #[test]
    fn numbers_are_exact_up_to_the_largest_integer_of_the_server() {
        // 2^63 - 2 usable, one of them the gateway.
        assert_eq!(tally("fd00::/65").fields(Form::Subnet)["v6availableIPs"].to_string(), "9223372036854775805");
        assert_eq!(tally("fd00::/64").fields(Form::IpPool)["v6AvailableIPs"].to_string(), "1.8446744073709552e+19");
        assert_eq!(tally("10.0.0.0/29").fields(Form::Subnet)["v4availableIPrange"], "10.0.0.2-10.0.0.6");
        assert_eq!(tally("10.0.0.0/29").fields(Form::Subnet)["v6usingIPrange"], "");
    }
}
