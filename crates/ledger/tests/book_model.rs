//! The book against a naive one: random requests, releases, records and changes of the spec, on small subnets, so that
//! every edge is met often. After every step the two agree on the answer and on all they hold.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use ledger::{
    Accounting, Addr, AddrPair, AddrSet, AddrSets, Cidr, CidrPair, Count, Family, Mac, MacBook, MacPick, Nic, Pick,
    Refusal, Request, SubnetBook, SubnetSpec,
};
use proptest::prelude::*;

type Who = Nic<u8, u8>;

/// The rules, written as plainly as possible: sets of single addresses, scanned.
#[derive(Clone, Debug, Default, PartialEq)]
struct Naive {
    spec: SubnetSpec,
    claims: BTreeMap<Addr, Who>,
    /// The addresses of each NIC, in the order in which they are its first.
    nics: BTreeMap<Who, (AddrPair, Option<Mac>, BTreeSet<Addr>)>,
    freed: Vec<Addr>,
    pools: BTreeMap<&'static str, BTreeSet<Addr>>,
}

#[derive(Debug, PartialEq)]
enum Why {
    Held(Addr, Who),
    MacHeld,
    Gateway,
    NotUsable,
    Outside,
    WrongFamily,
    Exhausted,
    AllSkipped,
    NoSuchPool,
    NoneOf,
}

impl Naive {
    fn usable(&self) -> impl Iterator<Item = Addr> {
        let blocks: Vec<Cidr> = self.spec.cidrs().iter().collect();
        blocks.into_iter().flat_map(|cidr| {
            std::iter::successors(Some(cidr.usable().first()), move |addr| {
                addr.next().filter(|next| cidr.usable().contains(*next))
            })
        })
    }

    fn is_usable(&self, addr: Addr) -> bool {
        self.spec.cidr(addr.family()).is_some_and(|cidr| cidr.usable().contains(addr))
    }

    fn is_gateway(&self, addr: Addr) -> bool {
        self.spec.gateways().get(addr.family()) == Some(addr)
    }

    fn is_excluded(&self, addr: Addr) -> bool {
        self.is_gateway(addr) || self.spec.excludes().contains(addr)
    }

    fn in_pool(&self, addr: Addr, pool: Option<&str>) -> bool {
        match pool {
            Some(name) => self.pools.get(name).is_some_and(|addrs| addrs.contains(&addr)),
            None => !self.pools.values().any(|addrs| addrs.contains(&addr)),
        }
    }

    fn free(&self, family: Family, pool: Option<&str>) -> Vec<Addr> {
        let free = |addr: &Addr| {
            addr.family() == family
                && !self.claims.contains_key(addr)
                && !self.is_excluded(*addr)
                && self.in_pool(*addr, pool)
        };
        self.usable().filter(free).collect()
    }

    fn any(&self, had: Option<Addr>, family: Family, ask: &Ask) -> Result<Addr, Why> {
        if let Some(had) = had.filter(|had| self.is_usable(*had) && !ask.skip.contains(had)) {
            return Ok(had);
        }
        if ask.pool.is_some_and(|pool| !self.pools.contains_key(pool)) {
            return Err(Why::NoSuchPool);
        }
        let free = self.free(family, ask.pool);
        if free.is_empty() {
            return Err(Why::Exhausted);
        }
        let choice: Vec<_> = free.into_iter().filter(|addr| !ask.skip.contains(addr)).collect();
        let age = |addr: &Addr| self.freed.iter().position(|freed| freed == addr);
        let picked = if ask.lowest {
            choice.first().copied()
        } else {
            let fresh = choice.iter().find(|addr| age(addr).is_none());
            fresh.or_else(|| choice.iter().min_by_key(|addr| age(addr))).copied()
        };
        picked.ok_or(Why::AllSkipped)
    }

    fn this(&self, who: &Who, addr: Addr) -> Result<Addr, Why> {
        let Some(cidr) = self.spec.cidr(addr.family()) else { return Err(Why::Outside) };
        if self.is_gateway(addr) {
            return Err(Why::Gateway);
        }
        if !cidr.usable().contains(addr) {
            return Err(if cidr.contains(addr) { Why::NotUsable } else { Why::Outside });
        }
        match self.claims.get(&addr) {
            Some(by) if by != who => Err(Why::Held(addr, by.clone())),
            _ => Ok(addr),
        }
    }

    fn pair(&self, who: &Who, named: AddrPair, ask: &Ask) -> Result<AddrPair, Why> {
        let had = self.nics.get(who).map_or(AddrPair::NONE, |nic| nic.0);
        let lacks = |asked: Family| named.get(asked.other()).is_some() || self.spec.cidr(asked).is_none();
        if ask.family.is_some_and(lacks) {
            return Err(Why::WrongFamily);
        }
        let mut pair = AddrPair::NONE;
        for family in Family::BOTH {
            if let Some(addr) = named.get(family) {
                pair.set(family, Some(self.this(who, addr)?));
            } else if self.spec.cidr(family).is_some() && ask.family.is_none_or(|asked| asked == family) {
                pair.set(family, Some(self.any(had.get(family), family, ask)?));
            }
        }
        Ok(pair)
    }

    fn allocate(&mut self, who: &Who, ask: &Ask) -> Result<(AddrPair, Option<Mac>), Why> {
        let pair = match &ask.list {
            None => self.pair(who, ask.named, ask)?,
            Some(list) => {
                let had = self.nics.get(who).map_or(AddrPair::NONE, |nic| nic.0);
                let own =
                    list.iter().find(|pair| !pair.is_none() && pair.iter().all(|a| had.get(a.family()) == Some(a)));
                let mut all = own.into_iter().chain(list);
                all.find_map(|named| self.pair(who, *named, ask).ok()).ok_or(Why::NoneOf)?
            }
        };
        let mac = match ask.mac {
            Some(mac) if self.nics.iter().any(|(other, nic)| other != who && nic.1 == Some(mac)) => {
                return Err(Why::MacHeld);
            }
            Some(mac) => Some(mac),
            None => self.nics.get(who).and_then(|nic| nic.1),
        };
        for addr in pair.iter() {
            let before = self.nics.get(who).and_then(|nic| nic.0.get(addr.family()));
            if before != Some(addr) {
                if let Some(before) = before {
                    self.claims.remove(&before);
                    self.free_again(before);
                }
                self.claims.insert(addr, who.clone());
                self.freed.retain(|freed| *freed != addr);
            }
            let nic = self.nics.entry(who.clone()).or_default();
            nic.0.set(addr.family(), Some(addr));
            nic.2.remove(&addr);
        }
        self.nics.entry(who.clone()).or_default().1 = mac;
        Ok((pair, mac))
    }

    /// When an address that is usable now was freed, is kept in mind; of others it is not.
    fn free_again(&mut self, addr: Addr) {
        if self.is_usable(addr) {
            self.freed.push(addr);
        }
    }

    fn record(&mut self, who: &Who, addr: Addr) -> Result<bool, Who> {
        match self.claims.get(&addr) {
            Some(by) if by != who => return Err(by.clone()),
            Some(_) => return Ok(false),
            None => self.claims.insert(addr, who.clone()),
        };
        self.freed.retain(|freed| *freed != addr);
        let nic = self.nics.entry(who.clone()).or_default();
        match nic.0.get(addr.family()) {
            None => nic.0.set(addr.family(), Some(addr)),
            Some(_) => drop(nic.2.insert(addr)),
        }
        Ok(true)
    }

    fn release(&mut self, addr: Addr) -> Option<Who> {
        let who = self.claims.remove(&addr)?;
        self.free_again(addr);
        let nic = self.nics.get_mut(&who).unwrap();
        if !nic.2.remove(&addr) {
            let next = nic.2.iter().find(|surplus| surplus.family() == addr.family()).copied();
            nic.0.set(addr.family(), next);
            next.map(|next| nic.2.remove(&next));
            if nic.0.is_none() {
                self.nics.remove(&who);
            }
        }
        Some(who)
    }

    fn release_nic(&mut self, who: &Who) -> bool {
        let Some(nic) = self.nics.remove(who) else { return false };
        for addr in nic.0.iter().chain(nic.2) {
            self.claims.remove(&addr);
            self.free_again(addr);
        }
        true
    }

    fn update(&mut self, spec: SubnetSpec) -> Option<Vec<(Addr, Who)>> {
        if spec.cidrs().is_none() && !self.spec.cidrs().is_none() {
            return None;
        }
        let before = self.clone();
        // Of a block that goes, it is forgotten what was used in it.
        for family in Family::BOTH {
            let cidr = spec.cidr(family);
            self.freed.retain(|addr| addr.family() != family || cidr.is_some_and(|cidr| cidr.usable().contains(*addr)));
        }
        self.spec = spec;
        let apart = self.claims.iter().filter(|(addr, _)| before.is_usable(**addr) && !self.is_usable(**addr));
        Some(apart.map(|(addr, who)| (*addr, who.clone())).collect())
    }
}

/// What one request asks for.
#[derive(Clone, Debug, Default)]
struct Ask {
    named: AddrPair,
    list: Option<Vec<AddrPair>>,
    lowest: bool,
    pool: Option<&'static str>,
    family: Option<Family>,
    skip: BTreeSet<Addr>,
    mac: Option<Mac>,
}

#[derive(Clone, Debug)]
enum Step {
    Allocate(Who, Ask),
    Record(Who, Addr),
    Release(Addr),
    ReleaseNic(Who),
    ReleaseHolder(u8),
    Update(Box<SubnetSpec>),
    SetPool(&'static str, BTreeSet<Addr>),
    RemovePool(&'static str),
}

/// Addresses in and around the small blocks of [`specs`].
fn addrs() -> impl Strategy<Value = Addr> {
    prop_oneof![
        (0_u32..20).prop_map(|low| Addr::v4(0x0a00_0000 + low)),
        (0_u128..20).prop_map(|low| Addr::v6((0xfd << 120) + low))
    ]
}

fn pairs() -> impl Strategy<Value = AddrPair> {
    (proptest::option::weighted(0.7, 0_u32..20), proptest::option::weighted(0.5, 0_u128..20)).prop_map(|(v4, v6)| {
        AddrPair { v4: v4.map(|low| Addr::v4(0x0a00_0000 + low)), v6: v6.map(|low| Addr::v6((0xfd << 120) + low)) }
    })
}

fn whos() -> impl Strategy<Value = Who> {
    (0_u8..6, 0_u8..2).prop_map(|(holder, name)| Nic::new(holder, name))
}

fn specs() -> impl Strategy<Value = SubnetSpec> {
    let v4 = prop_oneof![6 => 28_u8..=32, 1 => Just(27_u8)]
        .prop_flat_map(|length| (0_u32..16).prop_map(move |low| Cidr::new(Addr::v4(0x0a00_0000 + low), length)));
    let v6 = (124_u8..=128)
        .prop_flat_map(|length| (0_u128..16).prop_map(move |low| Cidr::new(Addr::v6((0xfd << 120) + low), length)));
    let cidrs = prop_oneof![
        4 => v4.clone().prop_map(|v4| CidrPair { v4, v6: None }),
        2 => v6.clone().prop_map(|v6| CidrPair { v4: None, v6 }),
        3 => (v4, v6).prop_map(|(v4, v6)| CidrPair { v4, v6 }),
        1 => Just(CidrPair::NONE),
    ];
    let excludes = proptest::collection::btree_set(addrs(), 0..4);
    (cidrs, pairs(), excludes).prop_filter_map("dual without gateways", |(cidrs, gateways, excludes)| {
        SubnetSpec::new(cidrs, gateways, excludes.into_iter().collect()).ok()
    })
}

fn pool_names() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("a"), Just("b")]
}

fn asks() -> impl Strategy<Value = Ask> {
    let named = prop_oneof![1 => Just(AddrPair::NONE), 1 => pairs()];
    let list = proptest::option::weighted(0.15, proptest::collection::vec(pairs(), 0..4));
    let family = prop_oneof![4 => Just(None), 1 => Just(Some(Family::V4)), 1 => Just(Some(Family::V6))];
    let mac = proptest::option::weighted(0.2, (0_u64..4).prop_map(Mac::from_entropy));
    let skip = proptest::collection::btree_set(addrs(), 0..6);
    let pool = proptest::option::weighted(0.25, pool_names());
    (named, list, any::<bool>(), pool, family, skip, mac).prop_map(|(named, list, lowest, pool, family, skip, mac)| {
        Ask { lowest: lowest && list.is_none() && named.is_none(), named, list, pool, family, skip, mac }
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        10 => (whos(), asks()).prop_map(|(who, ask)| Step::Allocate(who, ask)),
        2 => (whos(), addrs()).prop_map(|(who, addr)| Step::Record(who, addr)),
        5 => addrs().prop_map(Step::Release),
        2 => whos().prop_map(Step::ReleaseNic),
        1 => (0_u8..6).prop_map(Step::ReleaseHolder),
        1 => specs().prop_map(|spec| Step::Update(Box::new(spec))),
        1 => (pool_names(), proptest::collection::btree_set(addrs(), 0..6)).prop_map(|(name, set)| Step::SetPool(name, set)),
        1 => pool_names().prop_map(Step::RemovePool),
    ];
    proptest::collection::vec(step, 1..120)
}

fn why(refusal: Refusal<u8, u8>) -> Why {
    match refusal {
        Refusal::Held { addr, by } => Why::Held(addr, by),
        Refusal::MacHeld { .. } => Why::MacHeld,
        Refusal::Gateway { .. } => Why::Gateway,
        Refusal::NotUsable { .. } => Why::NotUsable,
        Refusal::Outside { .. } => Why::Outside,
        Refusal::WrongFamily { .. } => Why::WrongFamily,
        Refusal::Exhausted { .. } => Why::Exhausted,
        Refusal::AllSkipped { .. } => Why::AllSkipped,
        Refusal::NoSuchPool { .. } => Why::NoSuchPool,
        Refusal::NoneOf(_) => Why::NoneOf,
        Refusal::NoMac => unreachable!("no entropy is asked for"),
    }
}

fn step(book: &mut SubnetBook<u8, u8>, macs: &mut MacBook<u8, u8>, naive: &mut Naive, step: Step) {
    match step {
        Step::Allocate(who, ask) => {
            let skip: AddrSets = ask.skip.iter().copied().collect();
            let pick = match (&ask.list, ask.named) {
                (Some(list), _) => Pick::OneOf(list),
                (None, AddrPair::NONE) if ask.lowest => Pick::Lowest,
                (None, AddrPair::NONE) => Pick::Any,
                (None, named) => Pick::This(named),
            };
            let mut request = Request::new(who.clone(), pick).skipping(&skip);
            (request.pool, request.family) = (ask.pool, ask.family);
            if let Some(mac) = ask.mac {
                request = request.with_mac(MacPick::This(mac));
            }
            let expected = naive.allocate(&who, &ask);
            let granted = book.allocate(macs, request).map(|grant| (grant.addrs, grant.mac)).map_err(why);
            assert_eq!(granted, expected, "{who} {ask:?}");
        }
        Step::Record(who, addr) => assert_eq!(book.record(&who, addr), naive.record(&who, addr)),
        Step::Release(addr) => assert_eq!(book.release(macs, addr), naive.release(addr)),
        Step::ReleaseNic(who) => assert_eq!(book.release_nic(macs, &who), naive.release_nic(&who)),
        Step::ReleaseHolder(holder) => {
            let nics: Vec<_> = naive.nics.keys().filter(|nic| nic.holder == holder).cloned().collect();
            assert_eq!(book.release_holder(macs, &holder), nics.len());
            for nic in &nics {
                naive.release_nic(nic);
            }
        }
        Step::Update(spec) => assert_eq!(book.update(*spec.clone()).ok(), naive.update(*spec)),
        Step::SetPool(name, addrs) => {
            let clash = naive.pools.iter().any(|(other, taken)| *other != name && !taken.is_disjoint(&addrs));
            assert_eq!(book.set_pool(name, addrs.iter().copied().collect()).is_err(), clash);
            if !clash {
                naive.pools.insert(name, addrs);
            }
        }
        Step::RemovePool(name) => assert_eq!(book.remove_pool(name), naive.pools.remove(name).is_some()),
    }
}

/// All that the book says, as the naive one and the definition of the accounting say it.
fn agree(book: &SubnetBook<u8, u8>, macs: &MacBook<u8, u8>, naive: &Naive) {
    let claims: Vec<_> = book.claims().map(|(addr, nic)| (addr, nic.clone())).collect();
    assert_eq!(claims, naive.claims.clone().into_iter().collect::<Vec<_>>());
    let nics: Vec<_> = book.nics().map(|(nic, addrs)| (nic.clone(), addrs, macs.mac_of(nic))).collect();
    assert_eq!(nics, naive.nics.iter().map(|(nic, has)| (nic.clone(), has.0, has.1)).collect::<Vec<_>>());
    assert_eq!(macs.len(), naive.nics.values().filter(|has| has.1.is_some()).count(), "no MAC is left behind");
    let apart: Vec<_> = naive.claims.keys().filter(|addr| !naive.is_usable(**addr)).copied().collect();
    assert_eq!(book.apart().map(|(addr, _)| addr).collect::<Vec<_>>(), apart);
    for family in Family::BOTH {
        let Some(cidr) = naive.spec.cidr(family) else {
            assert!(book.counts(family).is_none() && book.accounting(family).is_none());
            continue;
        };
        let record = AddrSet::from_ranges(family, naive.claims.keys().copied());
        let excludes = naive.spec.excludes().get(family);
        let expected = Accounting::new(&cidr, naive.spec.gateways().get(family), excludes, &record);
        assert_eq!(book.accounting(family).as_ref(), Some(&expected));
        assert_eq!(book.counts(family), Some(expected.counts()));
        assert!(expected.counts().balances());
        for length in cidr.prefix_len()..=family.width() {
            let block = Cidr::new(cidr.usable().last(), length).unwrap().range();
            assert_eq!(book.counts_in(block), Some(expected.counts_in(block)));
            assert_eq!(book.longest_free_in(block).next(), expected.longest_free_in(block).next());
        }
        for pool in [None, Some("a"), Some("b")] {
            let Some(sets) = book.pool_accounting(pool, family) else {
                assert!(pool.is_some_and(|pool| !naive.pools.contains_key(pool)));
                continue;
            };
            assert!(sets.counts().balances());
            let free = naive.free(family, pool);
            assert_eq!(sets.available(), &AddrSet::from_ranges(family, free.iter().copied()));
            let held = naive.claims.keys().filter(|addr| naive.is_usable(**addr) && naive.in_pool(**addr, pool));
            assert_eq!(sets.using(), &AddrSet::from_ranges(family, held.copied()));
            assert_eq!(sets.counts().available, Count::from(free.len() as u64));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_book_does_what_the_plain_rules_say(spec in specs(), steps in steps()) {
        let mut book = SubnetBook::new(spec.clone());
        let mut macs = MacBook::new();
        let mut naive = Naive { spec, ..Naive::default() };
        for next in steps {
            step(&mut book, &mut macs, &mut naive, next);
            agree(&book, &macs, &naive);
        }
    }
}
