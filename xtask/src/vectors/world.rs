//! The ledger under the operations of a vector.
//!
//! In: operations. Out: of each, what it answers, as the fields that the vectors expect, or the error word. Each
//! subnet has a book and a layer 2 of its own, as in Kube-OVN.

use std::collections::BTreeMap;

use ledger::{
    Accounting, Addr, AddrPair, AddrSet, AddrSets, Family, Grant, MacBook, MacPick, Nic, ParseErrorKind, Pick,
    PoolError, Refusal, Request, SpecError, SubnetBook, SubnetSpec,
};

use super::schema::{Kind, Op};

type Book = SubnetBook<String, String>;
type Macs = MacBook<String, String>;

/// The error words of the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Conflict,
    OutOfRange,
    NoAvailable,
    NoSubnet,
    InvalidCidr,
    InvalidIpFamily,
    InvalidIp,
    Other,
    /// Not of the schema: equal to no expectation.
    Unknown,
}

impl Word {
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Conflict => "Conflict",
            Self::OutOfRange => "OutOfRange",
            Self::NoAvailable => "NoAvailable",
            Self::NoSubnet => "NoSubnet",
            Self::InvalidCidr => "InvalidCIDR",
            Self::InvalidIpFamily => "InvalidIPFamily",
            Self::InvalidIp => "InvalidIP",
            Self::Other => "Other",
            Self::Unknown => "(unknown)",
        }
    }
}

/// Why an operation was refused, with the ledger's own text.
pub(crate) struct Refused {
    pub(crate) word: Word,
    pub(crate) text: String,
}

/// What an operation answers, by the names of the schema.
pub(crate) type Answer = Result<BTreeMap<String, String>, Refused>;

#[derive(Default)]
pub(crate) struct World {
    subnets: BTreeMap<String, (Book, Macs)>,
    made: u64,
}

impl World {
    pub(crate) fn run(&mut self, op: &Op) -> Answer {
        match op.op {
            Kind::Subnet => self.subnet(op),
            Kind::Random => self.random(op),
            Kind::Static => self.named(op),
            Kind::Release => Ok(self.release(op)),
            Kind::SetPool => self.set_pool(op),
            Kind::RemovePool => Ok(self.remove_pool(op)),
            Kind::PoolStats => Ok(self.pool_stats(op)),
            Kind::SubnetRanges => Ok(self.subnet_ranges(op)),
            Kind::InUse => Ok(self.in_use(op)),
            Kind::AssignedToOther => Ok(self.assigned_to_other(op)),
            Kind::Unknown => {
                Err(Refused { word: Word::Unknown, text: "this operation is not of the schema".to_owned() })
            }
        }
    }

    fn book(&self, op: &Op) -> Option<&Book> {
        self.subnets.get(subnet_of(op)).map(|(book, _)| book)
    }

    fn subnet(&mut self, op: &Op) -> Answer {
        let spec = SubnetSpec::parse(&op.cidr, &op.gateway, &op.exclude)
            .map_err(|error| Refused { word: spec_word(&error), text: error.to_string() })?;
        if let Some((book, macs)) = self.subnets.get_mut(subnet_of(op)) {
            let apart =
                book.update(spec).map_err(|error| Refused { word: spec_word(&error), text: error.to_string() })?;
            // The ledger keeps claims that a changed CIDR leaves outside until their holders let go. No operation here
            // lets go, and Kube-OVN forgets such addresses at once: so does this world.
            for (addr, _) in apart {
                book.release(macs, addr);
            }
        } else {
            self.subnets.insert(subnet_of(op).to_owned(), (SubnetBook::new(spec), MacBook::new()));
        }
        Ok(BTreeMap::new())
    }

    fn random(&mut self, op: &Op) -> Answer {
        self.allocate(op, Pick::Any)
    }

    fn named(&mut self, op: &Op) -> Answer {
        if self.book(op).is_none() {
            return Err(no_subnet(op));
        }
        let pair: AddrPair = op.ip.parse().map_err(refused)?;
        self.allocate(op, Pick::This(pair))
    }

    fn allocate(&mut self, op: &Op, pick: Pick<'_>) -> Answer {
        let Some((book, macs)) = self.subnets.get_mut(subnet_of(op)) else { return Err(no_subnet(op)) };
        let skip: AddrSets = op.skip.iter().filter_map(|text| text.parse::<Addr>().ok()).collect();
        let made = &mut self.made;
        let mut entropy = || {
            *made += 1;
            *made
        };
        let mac = match op.mac.as_deref() {
            None => MacPick::Any(&mut entropy),
            Some("") => MacPick::None,
            Some(text) => MacPick::This(
                text.parse()
                    .map_err(|error: ledger::ParseError| Refused { word: Word::Other, text: error.to_string() })?,
            ),
        };
        let mut request = Request::new(nic_of(op), pick).skipping(&skip).with_mac(mac);
        request.pool = op.pool.as_deref().filter(|pool| !pool.is_empty());
        request.family = family_of(op, book)?;
        match book.allocate(macs, request) {
            Ok(grant) => Ok(granted(&grant)),
            Err(refusal) => Err(Refused { word: refusal_word(&refusal), text: refusal.to_string() }),
        }
    }

    fn release(&mut self, op: &Op) -> BTreeMap<String, String> {
        if let Some((book, macs)) = self.subnets.get_mut(subnet_of(op)) {
            match &op.nic {
                Some(nic) => drop(book.release_nic(macs, &Nic::new(op.owner.clone(), nic.clone()))),
                None => drop(book.release_holder(macs, &op.owner)),
            }
        }
        BTreeMap::new()
    }

    fn set_pool(&mut self, op: &Op) -> Answer {
        let Some((book, _)) = self.subnets.get_mut(subnet_of(op)) else { return Err(no_subnet(op)) };
        let addrs = AddrSets::parse_pool(&op.ips).map_err(refused)?;
        let name = op.pool.as_deref().unwrap_or_default();
        book.set_pool(name, addrs)
            .map_err(|error: PoolError| Refused { word: Word::Other, text: error.to_string() })?;
        Ok(BTreeMap::new())
    }

    fn remove_pool(&mut self, op: &Op) -> BTreeMap<String, String> {
        if let Some((book, _)) = self.subnets.get_mut(subnet_of(op)) {
            book.remove_pool(op.pool.as_deref().unwrap_or_default());
        }
        BTreeMap::new()
    }

    fn pool_stats(&self, op: &Op) -> BTreeMap<String, String> {
        let pool = op.pool.as_deref().filter(|pool| !pool.is_empty());
        let mut stats = BTreeMap::new();
        for (family, prefix) in FAMILIES {
            let sets = self.book(op).and_then(|book| book.pool_accounting(pool, family));
            for (state, set) in states(family, sets.as_ref()) {
                stats.insert(format!("{prefix}_{state}"), set.count().to_string());
                stats.insert(format!("{prefix}_{state}_range"), set.range_text());
            }
        }
        stats
    }

    fn subnet_ranges(&self, op: &Op) -> BTreeMap<String, String> {
        let ignore = op.ignore.iter().filter_map(|text| AddrSets::parse_excludes(&[text]).ok());
        let ignore: Vec<_> = ignore.collect();
        let mut ranges = BTreeMap::new();
        for (family, prefix) in FAMILIES {
            let sets = self.book(op).and_then(|book| book.accounting(family));
            for (state, mut set) in states(family, sets.as_ref()) {
                for sets in &ignore {
                    set = set.difference(sets.get(family));
                }
                ranges.insert(format!("{prefix}_{state}"), set.range_text());
            }
        }
        ranges
    }

    fn in_use(&self, op: &Op) -> BTreeMap<String, String> {
        let holder = |book: &Book| op.ip.parse().ok().is_some_and(|addr| book.holder_of(addr).is_some());
        let in_use = self.subnets.values().any(|(book, _)| holder(book));
        BTreeMap::from([("in_use".to_owned(), in_use.to_string())])
    }

    fn assigned_to_other(&self, op: &Op) -> BTreeMap<String, String> {
        let holder = self.book(op).zip(op.ip.parse().ok()).and_then(|(book, addr)| book.holder_of(addr));
        let by = holder.map(|nic| nic.holder.clone()).filter(|holder| *holder != op.owner);
        BTreeMap::from([("by".to_owned(), by.unwrap_or_default())])
    }
}

const FAMILIES: [(Family, &str); 2] = [(Family::V4, "v4"), (Family::V6, "v6")];

fn subnet_of(op: &Op) -> &str {
    op.subnet.as_deref().unwrap_or("s")
}

fn nic_of(op: &Op) -> Nic<String, String> {
    Nic::new(op.owner.clone(), op.nic.clone().unwrap_or_else(|| op.owner.clone()))
}

/// The family that an operation restricts itself to.
fn family_of(op: &Op, book: &Book) -> Result<Option<Family>, Refused> {
    match op.family.as_deref() {
        None | Some("") => Ok(None),
        Some("IPv4") => Ok(Some(Family::V4)),
        Some("IPv6") => Ok(Some(Family::V6)),
        Some("Dual") if book.spec().cidrs().is_dual() => Ok(None),
        Some(other) => {
            Err(Refused { word: Word::InvalidIpFamily, text: format!("family {other:?} is not the subnet's") })
        }
    }
}

fn states(family: Family, sets: Option<&Accounting>) -> [(&'static str, AddrSet); 2] {
    let none = AddrSet::new(family);
    [
        ("available", sets.map_or(&none, Accounting::available).clone()),
        ("using", sets.map_or(&none, Accounting::using).clone()),
    ]
}

fn granted(grant: &Grant) -> BTreeMap<String, String> {
    let text = |addr: Option<Addr>| addr.map(|addr| addr.to_string()).unwrap_or_default();
    BTreeMap::from([
        ("v4".to_owned(), text(grant.addrs.v4)),
        ("v6".to_owned(), text(grant.addrs.v6)),
        ("mac".to_owned(), grant.mac.map(|mac| mac.to_string()).unwrap_or_default()),
    ])
}

fn no_subnet(op: &Op) -> Refused {
    Refused { word: Word::NoSubnet, text: format!("there is no subnet {:?}", subnet_of(op)) }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn refused(error: ledger::ParseError) -> Refused {
    Refused { word: text_word(error.kind()), text: error.to_string() }
}

const fn text_word(kind: ParseErrorKind) -> Word {
    match kind {
        ParseErrorKind::Address => Word::InvalidIp,
        _ => Word::Other,
    }
}

const fn spec_word(error: &SpecError) -> Word {
    match error {
        SpecError::Cidr(_) | SpecError::CidrTaken(_) => Word::InvalidCidr,
        SpecError::Gateway(error) | SpecError::Exclude(error) => text_word(error.kind()),
        SpecError::GatewayMissing(_) => Word::Other,
    }
}

/// Kube-OVN's word for a refusal. A subnet that is unknown has its word before there is a book to ask.
fn refusal_word(refusal: &Refusal<String, String>) -> Word {
    match refusal.kube_ovn_word() {
        "AddressConflict" => Word::Conflict,
        "AddressOutOfRange" => Word::OutOfRange,
        "NoAvailableAddress" => Word::NoAvailable,
        "InvalidIPFamily" => Word::InvalidIpFamily,
        _ => Word::Other,
    }
}
