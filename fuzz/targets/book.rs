//! The book under any steps: nothing panics, the equation holds, and no address has two holders.
#![no_main]

use std::collections::BTreeMap;

use arbitrary::Arbitrary;
use ledger::{
    Accounting, Addr, AddrPair, AddrSet, AddrSets, Cidr, CidrPair, Family, Mac, MacBook, MacPick, Nic, Pick, Request,
    SubnetBook, SubnetSpec,
};
use libfuzzer_sys::fuzz_target;

/// An address near the ends and in the middle of small and of whole blocks.
#[derive(Arbitrary, Clone, Copy, Debug)]
struct Place {
    v6: bool,
    from_the_end: bool,
    off: u8,
}

impl Place {
    fn addr(self) -> Addr {
        let family = if self.v6 { Family::V6 } else { Family::V4 };
        let off = u128::from(self.off % 40);
        let last = ledger::AddrRange::all(family).last().bits();
        Addr::from_bits(family, if self.from_the_end { last - off } else { off })
    }
}

#[derive(Arbitrary, Debug)]
struct Spec {
    v4: Option<(Place, u8)>,
    v6: Option<(Place, u8)>,
    gateways: [Option<Place>; 2],
    excludes: Vec<Place>,
}

impl Spec {
    fn read(&self) -> Option<SubnetSpec> {
        let cidr = |block: Option<(Place, u8)>, family: Family| {
            let (place, length) = block?;
            let addr = Place { v6: family == Family::V6, ..place }.addr();
            // Whole families and small blocks.
            Cidr::new(addr, if length < 8 { length } else { family.width() - length % 6 })
        };
        let cidrs = CidrPair { v4: cidr(self.v4, Family::V4), v6: cidr(self.v6, Family::V6) };
        let mut gateways = AddrPair::NONE;
        for addr in self.gateways.iter().flatten().map(|place| place.addr()) {
            gateways.set(addr.family(), Some(addr));
        }
        SubnetSpec::new(cidrs, gateways, self.excludes.iter().map(|place| place.addr()).collect()).ok()
    }
}

#[derive(Arbitrary, Debug)]
enum Step {
    Any { who: u8, lowest: bool, pool: Option<bool>, family: Option<bool>, skip: Vec<Place>, mac: Option<u8> },
    This { who: u8, places: Vec<Place>, list: bool },
    Record(u8, Place),
    Release(Place),
    ReleaseNic(u8),
    ReleaseHolder(u8),
    Update(Spec),
    SetPool(bool, Vec<Place>),
    RemovePool(bool),
}

fn nic(who: u8) -> Nic<u8, u8> {
    Nic::new(who % 5, who / 5 % 3)
}

fn pool(second: bool) -> &'static str {
    if second { "b" } else { "a" }
}

fuzz_target!(|input: (Spec, Vec<Step>)| {
    let (spec, steps) = input;
    let Some(spec) = spec.read() else { return };
    let mut book = SubnetBook::<u8, u8>::new(spec);
    let mut macs = MacBook::new();
    for step in steps {
        let before: BTreeMap<_, _> = book.claims().map(|(addr, nic)| (addr, nic.clone())).collect();
        let refused = run(&mut book, &mut macs, step);
        let after: BTreeMap<_, _> = book.claims().map(|(addr, nic)| (addr, nic.clone())).collect();
        assert!(!refused || before == after, "a refused step leaves nothing behind");
        agrees(&book, &after);
    }
});

/// Whether it was refused.
fn run(book: &mut SubnetBook<u8, u8>, macs: &mut MacBook<u8, u8>, step: Step) -> bool {
    match step {
        Step::Any { who, lowest, pool: from, family, skip, mac } => {
            let skip: AddrSets = skip.iter().map(|place| place.addr()).collect();
            let pick = if lowest { Pick::Lowest } else { Pick::Any };
            let mut request = Request::new(nic(who), pick).skipping(&skip);
            request.pool = from.map(pool);
            request.family = family.map(|v6| if v6 { Family::V6 } else { Family::V4 });
            if let Some(mac) = mac {
                request = request.with_mac(MacPick::This(Mac::from_entropy(u64::from(mac % 4))));
            }
            book.allocate(macs, request).is_err()
        }
        Step::This { who, places, list } => {
            let pairs: Vec<AddrPair> = places.iter().map(|place| place.addr().into()).collect();
            let pick = if list { Pick::OneOf(&pairs) } else { Pick::This(pairs.first().copied().unwrap_or_default()) };
            book.allocate(macs, Request::new(nic(who), pick)).is_err()
        }
        Step::Record(who, place) => book.record(&nic(who), place.addr()).is_err(),
        Step::Release(place) => book.release(macs, place.addr()).is_none(),
        Step::ReleaseNic(who) => !book.release_nic(macs, &nic(who)),
        Step::ReleaseHolder(who) => book.release_holder(macs, &(who % 5)) == 0,
        Step::Update(spec) => spec.read().is_none_or(|spec| book.update(spec).is_err()),
        Step::SetPool(second, places) => {
            book.set_pool(pool(second), places.iter().map(|place| place.addr()).collect()).is_err()
        }
        Step::RemovePool(second) => !book.remove_pool(pool(second)),
    }
}

/// The accounting is what its definition says of the claims.
fn agrees(book: &SubnetBook<u8, u8>, claims: &BTreeMap<Addr, Nic<u8, u8>>) {
    for family in Family::BOTH {
        let Some(cidr) = book.spec().cidr(family) else { continue };
        let record = AddrSet::from_ranges(family, claims.keys().copied());
        let (gateway, excludes) = (book.spec().gateways().get(family), book.spec().excludes().get(family));
        let expected = Accounting::new(&cidr, gateway, excludes, &record);
        assert!(expected.counts().balances());
        assert_eq!(book.counts(family), Some(expected.counts()));
        assert_eq!(book.accounting(family), Some(expected));
    }
}
