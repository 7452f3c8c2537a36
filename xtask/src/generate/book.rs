//! A Subnet of the generated cluster, and what is in use of it.
//!
//! In: a CIDR of each family and the addresses that are given out. Out: the next address, and counts and ranges as
//! Kube-OVN's status has them. Guarantees: memory grows with the gaps between addresses, not with the addresses.

use super::sink::BARE;
use anyhow::{Context, Result, ensure};
use ledger::{Addr, AddrRange, AddrSet, Cidr, Family};
use serde_json::{Map, Value, json};

/// One family of a Subnet.
pub(super) struct Half {
    pub(super) cidr: Cidr,
    pub(super) gateway: Addr,
    usable: AddrSet,
    excluded: AddrSet,
    /// What the allocator has given out.
    pub(super) taken: AddrSet,
    next: Option<Addr>,
}

impl Half {
    /// `reserved`: how many addresses after the gateway are excluded as well.
    fn new(cidr: &str, reserved: u32) -> Result<Self> {
        let cidr: Cidr = cidr.parse()?;
        let family = cidr.family();
        let mut usable = AddrSet::new(family);
        usable.insert_range(cidr.usable());
        let gateway = usable.first().context("a Subnet has addresses")?;
        let mut excluded = AddrSet::new(family);
        let mut last = gateway;
        for _ in 0..reserved {
            last = last.next().context("a Subnet has room for what it excludes")?;
        }
        excluded.insert_range(AddrRange::new(gateway, last)?);
        Ok(Self { cidr, gateway, usable, excluded, taken: AddrSet::new(family), next: last.next() })
    }

    fn give(&mut self, skip: bool) -> Result<Addr> {
        let mut address = self.next.context("the Subnet is full")?;
        if skip {
            address = address.next().context("the Subnet is full")?;
        }
        ensure!(self.usable.contains(address), "the Subnet {} is full", self.cidr);
        self.next = address.next();
        self.taken.insert(address);
        Ok(address)
    }
}

/// A Subnet with its books.
pub(super) struct Book {
    pub(super) name: String,
    pub(super) provider: String,
    pub(super) vpc: String,
    pub(super) vlan: String,
    pub(super) namespaces: Vec<String>,
    pub(super) created: String,
    pub(super) v4: Half,
    pub(super) v6: Option<Half>,
    /// Objects that Kube-OVN counts: records, not addresses.
    pub(super) records: u64,
    reserved: u32,
}

/// The addresses of one NIC.
#[derive(Clone, Debug, Default)]
pub(super) struct Given {
    pub(super) v4: String,
    pub(super) v6: String,
}

impl Given {
    /// `v4`, or `v4,v6`.
    pub(super) fn both(&self) -> String {
        if self.v6.is_empty() { self.v4.clone() } else { format!("{},{}", self.v4, self.v6) }
    }
}

impl Book {
    /// A Subnet without a user. `cidrs`: IPv4, then IPv6 if it has both.
    pub(super) fn new(name: String, provider: &str, cidrs: (&str, Option<&str>), reserved: u32) -> Result<Self> {
        Ok(Self {
            name,
            provider: provider.to_owned(),
            vpc: String::new(),
            vlan: String::new(),
            namespaces: Vec::new(),
            created: String::new(),
            v4: Half::new(cidrs.0, reserved)?,
            v6: cidrs.1.map(|cidr| Half::new(cidr, 0)).transpose()?,
            records: 0,
            reserved,
        })
    }

    /// Gives out the next address of each family, on record once; with `skip`, one address before it stays free.
    pub(super) fn give(&mut self, skip: bool) -> Result<Given> {
        let v4 = self.v4.give(skip)?.to_string();
        let v6 = self.v6.as_mut().map(|half| half.give(skip)).transpose()?;
        self.records += 1;
        Ok(Given { v4, v6: v6.map(|address| address.to_string()).unwrap_or_default() })
    }

    pub(super) fn cidr_text(&self) -> String {
        pair(self.v4.cidr.to_string(), self.v6.as_ref().map(|half| half.cidr.to_string()))
    }

    pub(super) fn gateway_text(&self) -> String {
        pair(self.v4.gateway.to_string(), self.v6.as_ref().map(|half| half.gateway.to_string()))
    }

    /// `spec.excludeIps`.
    pub(super) fn excludes(&self) -> Vec<String> {
        let first = self.v4.gateway;
        let mut entries = vec![first.to_string()];
        if self.reserved > 0
            && let (Some(from), Some(last)) = (first.next(), self.v4.excluded.last())
        {
            entries.push(format!("{from}..{last}"));
        }
        entries.extend(self.v6.as_ref().map(|half| half.gateway.to_string()));
        entries
    }

    /// The counter and range fields of the Subnet's status.
    pub(super) fn counters(&self) -> Map<String, Value> {
        let mut status = Map::new();
        for (family, half) in [("v4", Some(&self.v4)), ("v6", self.v6.as_ref())] {
            let (available, using, free, used) = half.map_or_else(Default::default, |half| self.half_counters(half));
            status.insert(format!("{family}availableIPs"), number(available));
            status.insert(format!("{family}usingIPs"), number(using));
            status.insert(format!("{family}availableIPrange"), free.into());
            status.insert(format!("{family}usingIPrange"), used.into());
        }
        status
    }

    fn half_counters(&self, half: &Half) -> (u128, u128, String, String) {
        let using = u128::from(self.records);
        let usable = half.usable.difference(&half.excluded);
        let free = usable.difference(&half.taken);
        let available = count(&usable).saturating_sub(using);
        (available, using, free.range_text(), half.taken.difference(&half.excluded).range_text())
    }

    /// The counter and range fields of a pool that has this IPv4 range of the Subnet.
    pub(super) fn pool_counters(&self, range: AddrRange) -> Value {
        let mut own = AddrSet::new(Family::V4);
        own.insert_range(range);
        // What reaches out of the Subnet, Kube-OVN leaves out.
        let own = own.intersection(&self.v4.usable);
        let used = own.intersection(&self.v4.taken);
        let free = own.difference(&self.v4.taken);
        json!({
            "v4AvailableIPs": number(count(&free)), "v4UsingIPs": number(count(&used)),
            "v4AvailableIPRange": free.range_text(), "v4UsingIPRange": used.range_text(),
            "v6AvailableIPs": 0, "v6UsingIPs": 0, "v6AvailableIPRange": "", "v6UsingIPRange": ""
        })
    }

    /// The first addresses after what is excluded.
    pub(super) fn first_addresses(&self, count: u32) -> Result<AddrRange> {
        let first = self.v4.excluded.last().and_then(Addr::next).context("a Subnet has addresses")?;
        let mut last = first;
        for _ in 1..count {
            last = last.next().context("a Subnet has addresses")?;
        }
        Ok(AddrRange::new(first, last)?)
    }
}

fn pair(v4: String, v6: Option<String>) -> String {
    match v6 {
        Some(v6) => format!("{v4},{v6}"),
        None => v4,
    }
}

fn count(set: &AddrSet) -> u128 {
    set.count().as_u128().unwrap_or(u128::MAX)
}

/// A number as it comes back from the API server: beyond 63 bits it has been through a double, which Go prints without an
/// exponent.
fn number(value: u128) -> Value {
    if let Ok(value) = i64::try_from(value) {
        return value.into();
    }
    #[allow(clippy::cast_precision_loss)] // losing precision is what is shown here
    let double = value as f64;
    // Shortest digits that mean this double, then zeros: `{:e}` gives the digits.
    let text = format!("{double:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = digits.replace('.', "");
    let width = exponent.parse::<usize>().unwrap_or(0) + 1;
    format!("{BARE}{digits:0<width$}{BARE}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_book_adds_up() {
        let mut book = Book::new("ext".to_owned(), "mv.default", ("172.16.0.0/28", Some("fd00::/64")), 2).unwrap();
        assert_eq!(book.give(false).unwrap().both(), "172.16.0.4,fd00::2");
        assert_eq!(book.give(true).unwrap().both(), "172.16.0.6,fd00::4");
        let status = Value::from(book.counters());
        assert_eq!(book.excludes(), ["172.16.0.1", "172.16.0.2..172.16.0.3", "fd00::1"]);
        assert_eq!((&status["v4usingIPs"], &status["v4availableIPs"]), (&2.into(), &(14 - 3 - 2).into()));
        assert_eq!(status["v4usingIPrange"], "172.16.0.4,172.16.0.6");
        assert_eq!(status["v4availableIPrange"], "172.16.0.5,172.16.0.7-172.16.0.14");
        assert_eq!(status["v6availableIPs"], format!("{BARE}18446744073709552000{BARE}"));
    }

    #[test]
    fn a_full_subnet_says_so() {
        let mut book = Book::new("ext".to_owned(), "mv.default", ("172.16.0.0/30", None), 0).unwrap();
        assert_eq!(book.give(false).unwrap().v4, "172.16.0.2");
        assert!(book.give(false).unwrap_err().to_string().contains("full"));
    }
}
