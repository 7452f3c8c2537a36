//! Counters and ranges as Kube-OVN's controller computes them, its double counting included.
//!
//! In: a Subnet or pool, the objects that it counts, and the addresses that the allocator has in memory. Out: the status
//! fields. Counts come from objects and ranges from memory, as in the original (v1.17): that is why the two differ in a
//! cluster in which something has gone wrong. Written without the project's own address types, so that an error in those
//! shows as a difference.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Marks a number that JSON's usual types cannot hold; it is printed without its quotes.
pub(super) const BARE: &str = "@bare@";

/// What is counted.
pub(super) struct Records {
    pub(super) ips: Vec<Value>,
    /// Vips and EIPs of both kinds: counted by their label.
    pub(super) labelled: Vec<Value>,
}

/// An inclusive range of one family.
type Range = (u128, u128);

/// Writes the eight counter and range fields of a Subnet.
pub(super) fn count_subnet(subnet: &mut Value, records: &Records, memory: &BTreeSet<IpAddr>) {
    let using = u128::from(using(subnet, records));
    for v6 in [false, true] {
        let family = if v6 { "v6" } else { "v4" };
        let (counts, ranges) = match cidr(subnet, v6) {
            Some(cidr) => {
                let (usable, size) = usable(&cidr);
                let excluded = clip(&excluded(subnet, v6), usable);
                let available = size.saturating_sub(total(&excluded)).saturating_sub(using);
                ([available, using], ranges(&[usable], &excluded, memory, v6))
            }
            None => ([0, 0], [String::new(), String::new()]),
        };
        let status = &mut subnet["status"];
        status[format!("{family}availableIPs")] = number(counts[0]);
        status[format!("{family}usingIPs")] = number(counts[1]);
        status[format!("{family}availableIPrange")] = ranges[0].clone().into();
        status[format!("{family}usingIPrange")] = ranges[1].clone().into();
    }
}

/// Writes the counter and range fields of a pool: all of them from memory, and zero where the allocator refused it.
pub(super) fn count_pool(pool: &mut Value, subnet: &Value, memory: &BTreeSet<IpAddr>) {
    let conditions = pool["status"]["conditions"].as_array().into_iter().flatten();
    let refused = conditions.into_iter().any(|one| one["type"] == "Error" && one["status"] == "True");
    let entries: Vec<String> = pool["spec"]["ips"].as_array().into_iter().flatten().map(text).collect();
    for v6 in [false, true] {
        let family = if v6 { "v6" } else { "v4" };
        let usable: Vec<Range> = cidr(subnet, v6).map(|cidr| usable(&cidr).0).into_iter().collect();
        let entries = entries.iter().filter(|entry| is_v6(entry) == v6 && !refused);
        let own: Vec<Range> = entries.flat_map(|entry| clip_all(&[entry_range(entry)], &usable)).collect();
        let used =
            numbers(memory, v6).filter(|address| own.iter().any(|range| within(*range, *address))).count() as u128;
        let [available, using] = ranges(&own, &[], memory, v6);
        let status = &mut pool["status"];
        status[format!("{family}AvailableIPs")] = number(total(&own) - used);
        status[format!("{family}UsingIPs")] = number(used);
        status[format!("{family}AvailableIPRange")] = available.into();
        status[format!("{family}UsingIPRange")] = using.into();
    }
}

/// The text of a JSON string; empty for anything else.
pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Objects of a Subnet: IPs that name it (except those on an excluded address that is not the gateway), and whatever
/// carries its label.
fn using(subnet: &Value, records: &Records) -> u64 {
    let name = text(&subnet["metadata"]["name"]);
    let gateways = text(&subnet["spec"]["gateway"]);
    let excluded: Vec<Range> = subnet["spec"]["excludeIps"]
        .as_array()
        .into_iter()
        .flatten()
        .map(text)
        .filter(|entry| !gateways.split(',').any(|gateway| gateway == entry))
        .map(|entry| entry_range(&entry))
        .collect();
    let is_excluded = |address: &Value| {
        text(address).parse().is_ok_and(|address| excluded.iter().any(|range| within(*range, numeric(address))))
    };
    let ips = records.ips.iter().filter(|ip| {
        let spec = &ip["spec"];
        let attached = spec["attachSubnets"].as_array().into_iter().flatten().any(|other| text(other) == name);
        let counted = text(&spec["subnet"]) == name || attached;
        counted && !is_excluded(&spec["v4IpAddress"]) && !is_excluded(&spec["v6IpAddress"])
    });
    let labelled = records.labelled.iter().filter(|object| {
        let labels = &object["metadata"]["labels"];
        let reserved = &labels["ovn.kubernetes.io/ip_reserved"];
        text(&labels["ovn.kubernetes.io/subnet"]) == name
            && (text(&object["kind"]) != "Vip" || reserved.as_str().is_some_and(str::is_empty))
    });
    (ips.count() + labelled.count()) as u64
}

/// Available and using, as Kube-OVN prints ranges. Excluded addresses are in neither.
fn ranges(own: &[Range], excluded: &[Range], memory: &BTreeSet<IpAddr>, v6: bool) -> [String; 2] {
    let taken: Vec<Range> = numbers(memory, v6).map(|address| (address, address)).collect();
    let used = subtract(&clip_all(&taken, own), excluded);
    let free = subtract(&subtract(own, excluded), &taken);
    [print(&free, v6), print(&used, v6)]
}

fn print(ranges: &[Range], v6: bool) -> String {
    let mut joined: Vec<Range> = Vec::new();
    let mut sorted = ranges.to_vec();
    sorted.sort_unstable();
    for range in sorted {
        match joined.last_mut() {
            Some(last) if last.1.checked_add(1) == Some(range.0) => last.1 = range.1,
            _ => joined.push(range),
        }
    }
    let show = |(first, last): &Range| match first == last {
        true => address(*first, v6),
        false => format!("{}-{}", address(*first, v6), address(*last, v6)),
    };
    joined.iter().map(show).collect::<Vec<_>>().join(",")
}

fn subtract(from: &[Range], what: &[Range]) -> Vec<Range> {
    what.iter().fold(from.to_vec(), |left, cut| {
        let parts = left.into_iter().flat_map(|(first, last)| {
            if cut.1 < first || last < cut.0 {
                return vec![(first, last)];
            }
            let before = (first < cut.0).then(|| (first, cut.0 - 1));
            let after = (cut.1 < last).then(|| (cut.1 + 1, last));
            before.into_iter().chain(after).collect()
        });
        parts.collect()
    })
}

fn clip(ranges: &[Range], to: Range) -> Vec<Range> {
    ranges.iter().map(|range| (range.0.max(to.0), range.1.min(to.1))).filter(|range| range.0 <= range.1).collect()
}

fn clip_all(ranges: &[Range], to: &[Range]) -> Vec<Range> {
    to.iter().flat_map(|to| clip(ranges, *to)).collect()
}

fn total(ranges: &[Range]) -> u128 {
    ranges.iter().map(|range| range.1 - range.0 + 1).sum()
}

fn within(range: Range, address: u128) -> bool {
    range.0 <= address && address <= range.1
}

fn excluded(subnet: &Value, v6: bool) -> Vec<Range> {
    let entries = subnet["spec"]["excludeIps"].as_array().into_iter().flatten().map(text);
    entries.filter(|entry| is_v6(entry) == v6).map(|entry| entry_range(&entry)).collect()
}

/// The usable range of a CIDR and its size as the counter has it: 2^hostbits - 2.
fn usable(cidr: &str) -> (Range, u128) {
    let (first, last) = entry_range(cidr);
    ((first + 1, last - 1), last - first - 1)
}

/// The range of `ip`, `a..b` or a CIDR.
fn entry_range(entry: &str) -> Range {
    let number = |text: &str| text.parse().map(numeric).unwrap_or_else(|_| panic!("`{entry}` is no address or range"));
    if let Some((first, last)) = entry.split_once("..") {
        return (number(first), number(last));
    }
    let Some((network, length)) = entry.split_once('/') else { return (number(entry), number(entry)) };
    let length: u32 = length.parse().unwrap_or_else(|_| panic!("`{entry}` has no prefix length"));
    let host_bits = if is_v6(entry) { 128 } else { 32 } - length;
    (number(network), number(network) | ((1 << host_bits) - 1))
}

fn numbers(memory: &BTreeSet<IpAddr>, v6: bool) -> impl Iterator<Item = u128> {
    memory.iter().filter(move |address| address.is_ipv6() == v6).copied().map(numeric)
}

fn numeric(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

fn address(number: u128, v6: bool) -> String {
    if v6 {
        return Ipv6Addr::from(number).to_string();
    }
    Ipv4Addr::from(u32::try_from(number).expect("an IPv4 address has 32 bits")).to_string()
}

/// The CIDR of one family.
fn cidr(subnet: &Value, v6: bool) -> Option<String> {
    text(&subnet["spec"]["cidrBlock"]).split(',').map(str::to_owned).find(|cidr| !cidr.is_empty() && is_v6(cidr) == v6)
}

fn is_v6(text: &str) -> bool {
    text.contains(':')
}

/// A number as it comes back from the API server: beyond 63 bits it has been through a double, which Go prints without an
/// exponent.
fn number(value: u128) -> Value {
    match i64::try_from(value) {
        Ok(value) => json!(value),
        Err(_) => {
            #[allow(clippy::cast_precision_loss)] // Losing precision is what is shown here.
            let digits = format!("{:e}", value as f64);
            let (digits, exponent) = digits.split_once('e').expect("`e` is in the format");
            let digits = digits.replace('.', "");
            let width = exponent.parse::<usize>().expect("the exponent is a number") + 1;
            json!(format!("{BARE}{digits:0<width$}{BARE}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subnet(cidr: &str, gateway: &str, exclude: &[&str]) -> Value {
        json!({ "metadata": { "name": "ext" }, "spec": { "cidrBlock": cidr, "gateway": gateway, "excludeIps": exclude } })
    }

    fn ip(address: &str) -> Value {
        json!({ "spec": { "subnet": "ext", "v4IpAddress": address, "v6IpAddress": "" } })
    }

    fn memory(addresses: &[&str]) -> BTreeSet<IpAddr> {
        addresses.iter().map(|address| address.parse().unwrap()).collect()
    }

    #[test]
    fn one_address_of_a_class_c_leaves_252() {
        let mut subnet = subnet("172.17.0.0/24", "172.17.0.1", &["172.17.0.1"]);
        let records = Records { ips: vec![ip("172.17.0.2")], labelled: vec![] };
        count_subnet(&mut subnet, &records, &memory(&["172.17.0.2"]));
        assert_eq!(
            subnet["status"],
            json!({
                "v4availableIPs": 252, "v4availableIPrange": "172.17.0.3-172.17.0.254",
                "v4usingIPs": 1, "v4usingIPrange": "172.17.0.2",
                "v6availableIPs": 0, "v6availableIPrange": "", "v6usingIPs": 0, "v6usingIPrange": ""
            })
        );
    }

    #[test]
    fn an_address_on_record_twice_counts_twice_and_ranges_know_better() {
        let mut subnet = subnet("192.168.1.0/29", "192.168.1.1", &["192.168.1.1"]);
        let eip = json!({ "kind": "IptablesEIP", "metadata": { "labels": { "ovn.kubernetes.io/subnet": "ext" } } });
        let records = Records { ips: vec![ip("192.168.1.2")], labelled: vec![eip] };
        count_subnet(&mut subnet, &records, &memory(&["192.168.1.2"]));
        assert_eq!((&subnet["status"]["v4usingIPs"], &subnet["status"]["v4availableIPs"]), (&2.into(), &3.into()));
        assert_eq!(subnet["status"]["v4usingIPrange"], "192.168.1.2");
        assert_eq!(subnet["status"]["v4availableIPrange"], "192.168.1.3-192.168.1.6");
    }

    #[test]
    fn excluded_records_are_not_counted_and_the_gateway_is() {
        let mut subnet = subnet("10.0.0.0/24", "10.0.0.1", &["10.0.0.1", "10.0.0.10..10.0.0.19"]);
        let records = Records { ips: vec![ip("10.0.0.12"), ip("10.0.0.1")], labelled: vec![] };
        count_subnet(&mut subnet, &records, &memory(&["10.0.0.12", "10.0.0.1"]));
        assert_eq!(subnet["status"]["v4usingIPs"], 1);
        assert_eq!(subnet["status"]["v4availableIPs"], 254 - 11 - 1);
        assert_eq!(subnet["status"]["v4usingIPrange"], "");
    }

    #[test]
    fn a_slash_64_is_printed_as_a_rounded_bare_number() {
        assert_eq!(number((1 << 64) - 4), json!(format!("{BARE}18446744073709552000{BARE}")));
        assert_eq!(number(42), json!(42));
    }

    #[test]
    fn ranges_coalesce() {
        assert_eq!(print(&[(3, 3), (1, 2), (7, 9)], true), "::1-::3,::7-::9");
    }
}
