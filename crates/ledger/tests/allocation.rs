//! The rules of allocation, one claim per test, with the smallest subnet that shows it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use ledger::{
    Addr, AddrPair, AddrRange, AddrSets, Count, Family, Grant, Mac, MacBook, MacPick, Nic, Pick, PoolError, Refusal,
    Request, SpecError, SubnetBook, SubnetSpec, Unusable,
};

type Who = Nic<&'static str, &'static str>;

struct World {
    book: SubnetBook<&'static str, &'static str>,
    macs: MacBook<&'static str, &'static str>,
    entropy: u64,
}

fn who(holder: &'static str) -> Who {
    Nic::new(holder, "net1")
}

fn addr(text: &str) -> Addr {
    text.parse().unwrap()
}

fn pair(text: &str) -> AddrPair {
    text.parse().unwrap()
}

fn spec(cidr: &str, gateway: &str, excludes: &[&str]) -> SubnetSpec {
    SubnetSpec::parse(cidr, gateway, excludes).unwrap()
}

impl World {
    fn new(cidr: &str, gateway: &str, excludes: &[&str]) -> Self {
        Self { book: SubnetBook::new(spec(cidr, gateway, excludes)), macs: MacBook::new(), entropy: 0 }
    }

    fn ask(
        &mut self,
        request: Request<'_, &'static str, &'static str>,
    ) -> Result<Grant, Refusal<&'static str, &'static str>> {
        self.book.allocate(&mut self.macs, request)
    }

    /// What `holder` gets by free choice, as text.
    fn any(&mut self, holder: &'static str) -> String {
        self.ask(Request::any(who(holder))).map_or_else(|refusal| refusal.to_string(), |grant| grant.addrs.to_string())
    }

    /// What `holder` gets when it asks for `addrs`, as text.
    fn this(&mut self, holder: &'static str, addrs: &str) -> String {
        let asked = self.ask(Request::this(who(holder), pair(addrs)));
        asked.map_or_else(|refusal| refusal.to_string(), |grant| grant.addrs.to_string())
    }

    fn with_mac(&mut self, holder: &'static str) -> Grant {
        let entropy = &mut self.entropy;
        let mut next = || {
            *entropy += 1;
            *entropy
        };
        let request = Request::any(who(holder)).with_mac(MacPick::Any(&mut next));
        self.book.allocate(&mut self.macs, request).unwrap()
    }

    fn release(&mut self, holder: &'static str) {
        assert_eq!(self.book.release_holder(&mut self.macs, &holder), 1);
    }

    fn using(&self, family: Family) -> String {
        self.book.accounting(family).unwrap().using().range_text()
    }
}

#[test]
fn the_lowest_address_goes_out_first_and_a_nic_that_asks_again_gets_the_same() {
    let mut world = World::new("10.0.0.0/29", "10.0.0.1", &["10.0.0.3"]);
    assert_eq!(world.any("a"), "10.0.0.2");
    assert_eq!(world.any("b"), "10.0.0.4");
    assert_eq!(world.any("a"), "10.0.0.2");
    assert_eq!(world.using(Family::V4), "10.0.0.2,10.0.0.4");
}

#[test]
fn the_gateway_is_never_given_out_whether_or_not_it_is_excluded() {
    let mut world = World::new("10.0.0.0/30", "10.0.0.1", &[]);
    assert_eq!(world.any("a"), "10.0.0.2");
    assert_eq!(world.any("b"), "no IPv4 address is free");
    assert_eq!(world.this("b", "10.0.0.1"), "10.0.0.1 is the gateway");
    let mut listed = World::new("10.0.0.0/30", "10.0.0.1", &["10.0.0.1"]);
    assert_eq!(listed.this("b", "10.0.0.1"), "10.0.0.1 is the gateway");
}

#[test]
fn an_excluded_address_is_had_by_name_only_and_is_excluded_again_after_that() {
    let mut world = World::new("10.0.0.0/29", "10.0.0.1", &["10.0.0.2..10.0.0.4"]);
    assert_eq!(world.any("a"), "10.0.0.5");
    assert_eq!(world.this("b", "10.0.0.3"), "10.0.0.3");
    let counts = world.book.counts(Family::V4).unwrap();
    assert_eq!((counts.using, counts.excluded), (Count::from(2_u64), Count::from(3_u64)));
    world.release("b");
    assert_eq!(world.book.accounting(Family::V4).unwrap().excluded().range_text(), "10.0.0.1-10.0.0.4");
    assert_eq!(world.any("c"), "10.0.0.6");
    assert_eq!(world.any("d"), "no IPv4 address is free");
}

#[test]
fn a_freed_address_rests_until_no_other_is_left_and_then_the_longest_freed_goes_first() {
    let mut world = World::new("10.0.0.0/29", "10.0.0.1", &[]);
    for holder in ["a", "b", "c"] {
        world.any(holder);
    }
    world.release("c");
    world.release("a");
    assert_eq!(world.any("d"), "10.0.0.5");
    assert_eq!(world.any("e"), "10.0.0.6");
    assert_eq!(world.any("f"), "10.0.0.4", "freed first");
    assert_eq!(world.any("g"), "10.0.0.2");
    assert_eq!(world.any("h"), "no IPv4 address is free");
}

#[test]
fn an_address_does_not_lose_its_rest_when_the_spec_or_a_pool_changes() {
    let mut world = World::new("10.0.0.0/29", "10.0.0.1", &[]);
    assert_eq!(world.any("a"), "10.0.0.2");
    world.release("a");
    world.book.update(spec("10.0.0.0/29", "10.0.0.1", &["10.0.0.6"])).unwrap();
    world.book.set_pool("p", AddrSets::parse_pool(&["10.0.0.5"]).unwrap()).unwrap();
    world.book.update(spec("10.0.0.0/28", "10.0.0.1", &["10.0.0.6"])).unwrap();
    assert_eq!(world.any("b"), "10.0.0.3");
}

#[test]
fn the_lowest_may_be_asked_for_although_it_was_used_before() {
    let mut world = World::new("10.0.0.0/29", "10.0.0.1", &[]);
    assert_eq!(world.any("a"), "10.0.0.2");
    world.release("a");
    let grant = world.ask(Request::new(who("b"), Pick::Lowest)).unwrap();
    assert_eq!(grant.addrs, pair("10.0.0.2"));
}

#[test]
fn what_cannot_be_had_by_name_says_why() {
    let mut world = World::new("10.0.0.0/29", "10.0.0.1", &[]);
    world.this("a", "10.0.0.5");
    assert_eq!(world.this("b", "10.0.0.5"), "10.0.0.5 is held by a (net1)");
    assert_eq!(world.this("b", "10.0.0.0"), "10.0.0.0 is the network address of 10.0.0.0/29");
    assert_eq!(world.this("b", "10.0.0.7"), "10.0.0.7 is the broadcast address of 10.0.0.0/29");
    assert_eq!(world.this("b", "10.0.0.9"), "10.0.0.9 is outside 10.0.0.0/29");
    assert_eq!(world.this("b", "fd00::5"), "fd00::5: the subnet has no IPv6 CIDR");
    let broadcast = world.ask(Request::this(who("b"), addr("10.0.0.7"))).unwrap_err();
    assert!(matches!(broadcast, Refusal::NotUsable { what: Unusable::Broadcast, .. }));
    assert_eq!(broadcast.kube_ovn_word(), "AddressOutOfRange");
    assert_eq!(world.using(Family::V4), "10.0.0.5");
}

#[test]
fn the_second_nic_of_a_holder_does_not_share_the_address_of_the_first() {
    let mut world = World::new("10.0.0.0/29", "10.0.0.1", &[]);
    world.this("a", "10.0.0.5");
    let second = Request::this(Nic::new("a", "net2"), addr("10.0.0.5"));
    assert_eq!(world.ask(second).unwrap_err(), Refusal::Held { addr: addr("10.0.0.5"), by: who("a") });
    let second = Request::any(Nic::new("a", "net2"));
    assert_eq!(world.ask(second).unwrap().addrs, pair("10.0.0.2"));
    assert_eq!(world.book.nics_of(&"a").count(), 2);
    assert_eq!(world.book.release_holder(&mut world.macs, &"a"), 2);
}

#[test]
fn a_refused_move_leaves_the_nic_what_it_had() {
    let mut world = World::new("10.0.0.0/29,fd00::/125", "10.0.0.1,fd00::1", &[]);
    world.this("a", "10.0.0.5,fd00::5");
    world.this("b", "10.0.0.6,fd00::6");
    assert_eq!(world.this("a", "10.0.0.4,fd00::6"), "fd00::6 is held by b (net1)");
    assert_eq!(world.this("a", "10.0.0.1,fd00::4"), "10.0.0.1 is the gateway");
    assert_eq!(world.book.addrs_of(&who("a")), Some(pair("10.0.0.5,fd00::5")));
    assert_eq!(world.using(Family::V4), "10.0.0.5-10.0.0.6");
    assert_eq!(world.using(Family::V6), "fd00::5-fd00::6");
}

#[test]
fn a_move_gives_the_former_address_back() {
    let mut world = World::new("10.0.0.0/29,fd00::/125", "10.0.0.1,fd00::1", &[]);
    world.this("a", "10.0.0.5,fd00::5");
    let grant = world.ask(Request::this(who("a"), pair("10.0.0.6,fd00::5"))).unwrap();
    assert_eq!(grant.given_back, pair("10.0.0.5"));
    assert_eq!((world.using(Family::V4), world.using(Family::V6)), ("10.0.0.6".into(), "fd00::5".into()));
}

#[test]
fn both_families_are_granted_or_none() {
    let mut world = World::new("10.0.0.0/29,fd00::/126", "10.0.0.1,fd00::1", &[]);
    assert_eq!(world.any("a"), "10.0.0.2,fd00::2");
    assert_eq!(world.any("b"), "no IPv6 address is free");
    assert_eq!(world.using(Family::V4), "10.0.0.2");
    assert!(world.book.addrs_of(&who("b")).is_none(), "a refused NIC is not in the book");
    let v4 = world.ask(Request::any(who("b")).of_family(Family::V4)).unwrap();
    assert_eq!(v4.addrs, pair("10.0.0.3"));
}

#[test]
fn a_static_address_of_one_family_is_completed_in_the_other_unless_one_family_is_asked_for() {
    let mut world = World::new("10.0.0.0/29,fd00::/125", "10.0.0.1,fd00::1", &[]);
    assert_eq!(world.this("a", "10.0.0.5"), "10.0.0.5,fd00::2");
    assert_eq!(world.this("b", "fd00::6"), "10.0.0.2,fd00::6");
    let only = world.ask(Request::this(who("c"), addr("10.0.0.6")).of_family(Family::V4)).unwrap();
    assert_eq!(only.addrs, pair("10.0.0.6"));
}

#[test]
fn a_family_that_was_not_asked_for_or_is_not_there_is_refused_whole() {
    let mut dual = World::new("10.0.0.0/29,fd00::/125", "10.0.0.1,fd00::1", &[]);
    let request = Request::this(who("a"), pair("10.0.0.5,fd00::5")).of_family(Family::V4);
    let refusal = dual.ask(request).unwrap_err();
    assert_eq!(refusal, Refusal::WrongFamily { asked: Family::V4, addr: Some(addr("fd00::5")) });
    assert_eq!(refusal.kube_ovn_word(), "InvalidIPFamily");
    assert_eq!(dual.using(Family::V4), "");
    let mut v4 = World::new("10.0.0.0/29", "10.0.0.1", &[]);
    let refusal = v4.ask(Request::any(who("a")).of_family(Family::V6)).unwrap_err();
    assert_eq!(refusal, Refusal::WrongFamily { asked: Family::V6, addr: None });
}

#[test]
fn skipped_addresses_stay_free_and_only_a_skipped_half_moves() {
    let mut world = World::new("10.0.0.0/29,fd00::/125", "10.0.0.1,fd00::1", &[]);
    assert_eq!(world.any("a"), "10.0.0.2,fd00::2");
    let skip: AddrSets = [addr("10.0.0.2"), addr("10.0.0.3")].into_iter().collect();
    let moved = world.ask(Request::any(who("a")).skipping(&skip)).unwrap();
    assert_eq!((moved.addrs, moved.given_back), (pair("10.0.0.4,fd00::2"), pair("10.0.0.2")));
    assert_eq!(world.any("b"), "10.0.0.3,fd00::3");
    let all: AddrSets = AddrSets::parse_excludes(&["10.0.0.0..10.0.0.7"]).unwrap();
    let refusal = world.ask(Request::any(who("a")).skipping(&all)).unwrap_err();
    assert_eq!(refusal, Refusal::AllSkipped { family: Family::V4, pool: None });
    assert_eq!(world.book.addrs_of(&who("a")), Some(pair("10.0.0.4,fd00::2")));
}

#[test]
fn of_a_list_the_first_that_can_be_had_is_granted_and_one_that_is_held_stays() {
    let mut world = World::new("10.0.0.0/29", "10.0.0.1", &[]);
    world.this("x", "10.0.0.4");
    let list = ["10.0.0.4", "10.0.0.5", "10.0.0.6"].map(pair);
    let one_of = |holder| Request::new(who(holder), Pick::OneOf(&list));
    assert_eq!(world.ask(one_of("a")).unwrap().addrs, pair("10.0.0.5"));
    assert_eq!(world.ask(one_of("b")).unwrap().addrs, pair("10.0.0.6"));
    let refusal = world.ask(one_of("c")).unwrap_err();
    assert_eq!(refusal.kube_ovn_word(), "AddressConflict");
    assert!(refusal.to_string().starts_with("none of 3 candidates can be had: 10.0.0.4 is held by x (net1); "));
    world.release("x");
    assert_eq!(world.ask(one_of("b")).unwrap().addrs, pair("10.0.0.6"), "it keeps what it has of the list");
    assert_eq!(world.ask(one_of("c")).unwrap().addrs, pair("10.0.0.4"));
    assert_eq!(world.ask(Request::new(who("d"), Pick::OneOf(&[]))).unwrap_err(), Refusal::NoneOf(vec![]));
}

#[test]
fn free_choices_neither_leave_a_pool_nor_enter_one_but_names_find_every_address() {
    let mut world = World::new("10.0.0.0/29", "10.0.0.1", &[]);
    world.book.set_pool("p", AddrSets::parse_pool(&["10.0.0.2..10.0.0.3"]).unwrap()).unwrap();
    assert_eq!(world.any("a"), "10.0.0.4");
    let from_pool = |holder| Request::any(who(holder)).from_pool("p");
    assert_eq!(world.ask(from_pool("b")).unwrap().addrs, pair("10.0.0.2"));
    assert_eq!(world.this("c", "10.0.0.3"), "10.0.0.3");
    let full = world.ask(from_pool("d")).unwrap_err();
    assert_eq!(full, Refusal::Exhausted { family: Family::V4, pool: Some("p".into()) });
    let unknown = world.ask(Request::any(who("d")).from_pool("q")).unwrap_err();
    assert_eq!(unknown, Refusal::NoSuchPool { pool: "q".into() });
    let sets = world.book.pool_accounting(Some("p"), Family::V4).unwrap();
    assert_eq!((sets.using().range_text(), sets.available().range_text()), ("10.0.0.2-10.0.0.3".into(), String::new()));
    assert!(world.book.remove_pool("p") && !world.book.remove_pool("p"));
    assert!(world.book.pool_accounting(Some("p"), Family::V4).is_none());
    assert_eq!(world.using(Family::V4), "10.0.0.2-10.0.0.4", "leases outlive their pool");
}

#[test]
fn two_pools_share_no_address_and_a_refused_pool_changes_nothing() {
    let mut world = World::new("10.0.0.0/28", "10.0.0.1", &[]);
    world.book.set_pool("a", AddrSets::parse_pool(&["10.0.0.2..10.0.0.5"]).unwrap()).unwrap();
    let refused = world.book.set_pool("b", AddrSets::parse_pool(&["10.0.0.8", "10.0.0.4/31"]).unwrap());
    let range = AddrRange::parse_exclude("10.0.0.4..10.0.0.5").unwrap();
    assert_eq!(refused, Err(PoolError::Overlap { pool: "b".into(), other: "a".into(), range }));
    assert_eq!(world.book.pools().count(), 1);
    world.book.set_pool("a", AddrSets::parse_pool(&["10.0.0.2..10.0.0.3"]).unwrap()).unwrap();
    world.book.set_pool("b", AddrSets::parse_pool(&["10.0.0.8", "10.0.0.4/31"]).unwrap()).unwrap();
    assert_eq!(world.book.set_pool("", AddrSets::new()), Err(PoolError::Unnamed));
}

#[test]
fn a_nic_keeps_its_mac_and_no_two_nics_have_one() {
    let mut world = World::new("10.0.0.0/29", "10.0.0.1", &[]);
    let first = world.with_mac("a");
    assert_eq!(world.with_mac("a").mac, first.mac);
    assert_ne!(world.with_mac("b").mac, first.mac);
    let mac = first.mac.unwrap();
    let refusal = world.ask(Request::any(who("c")).with_mac(MacPick::This(mac))).unwrap_err();
    assert_eq!(refusal, Refusal::MacHeld { mac, by: who("a") });
    assert!(world.book.addrs_of(&who("c")).is_none(), "its address is not taken either");
    let moved = world.ask(Request::this(who("a"), addr("10.0.0.6"))).unwrap();
    assert_eq!(moved.mac, Some(mac), "a move keeps the MAC");
    world.release("a");
    assert_eq!(world.macs.holder_of(mac), None);
    world.ask(Request::any(who("c")).with_mac(MacPick::This(mac))).unwrap();
    assert_eq!(world.macs.holder_of(mac), Some(&who("c")));
}

#[test]
fn a_source_of_macs_that_always_says_the_same_ends_in_a_refusal() {
    let mut world = World::new("10.0.0.0/29", "10.0.0.1", &[]);
    let mut same = || 7;
    world.book.allocate(&mut world.macs, Request::any(who("a")).with_mac(MacPick::Any(&mut same))).unwrap();
    let again = world.book.allocate(&mut world.macs, Request::any(who("b")).with_mac(MacPick::Any(&mut same)));
    assert_eq!(again.unwrap_err(), Refusal::NoMac);
    assert_eq!(world.using(Family::V4), "10.0.0.2");
}

#[test]
fn a_subnet_without_cidr_gives_macs_only_and_knows_its_nics() {
    let mut world = World::new("", "", &[]);
    let grant = world.with_mac("a");
    assert_eq!(grant.addrs, AddrPair::NONE);
    assert!(grant.mac.is_some());
    assert_eq!(world.book.addrs_of(&who("a")), Some(AddrPair::NONE));
    assert_eq!(world.this("a", "10.0.0.5"), "10.0.0.5: the subnet has no IPv4 CIDR");
    world.release("a");
    assert!(world.macs.is_empty() && world.book.nics().next().is_none());
}

#[test]
fn a_mac_stays_while_another_subnet_of_its_layer_2_has_the_nic() {
    let mut first = World::new("10.0.0.0/29", "10.0.0.1", &[]);
    let mut second = SubnetBook::new(spec("10.0.1.0/29", "10.0.1.1", &[]));
    let mac = first.with_mac("a").mac.unwrap();
    let mut entropy = || 99;
    let request = Request::any(who("a")).with_mac(MacPick::Any(&mut entropy));
    assert_eq!(second.allocate(&mut first.macs, request).unwrap().mac, Some(mac));
    first.release("a");
    assert_eq!(first.macs.mac_of(&who("a")), Some(mac));
    assert!(second.release_nic(&mut first.macs, &who("a")));
    assert_eq!(first.macs.mac_of(&who("a")), None);
}

#[test]
fn what_claims_say_is_recorded_wherever_it_lies_and_counted_apart_where_it_is_not_usable() {
    let mut world = World::new("10.0.0.0/29", "10.0.0.1", &[]);
    for text in ["10.0.0.0", "10.0.0.1", "10.0.0.3", "10.9.9.9", "fd00::1"] {
        assert_eq!(world.book.record(&who("a"), addr(text)), Ok(true));
        assert_eq!(world.book.record(&who("a"), addr(text)), Ok(false));
        assert_eq!(world.book.record(&who("b"), addr(text)), Err(who("a")));
    }
    let apart: Vec<_> = world.book.apart().map(|(addr, _)| addr.to_string()).collect();
    assert_eq!(apart, ["10.0.0.0", "10.9.9.9", "fd00::1"]);
    let counts = world.book.counts(Family::V4).unwrap();
    assert_eq!((counts.using, counts.excluded), (Count::from(2_u64), Count::ZERO));
    assert!(counts.balances());
    assert!(world.book.release_nic(&mut world.macs, &who("a")));
    assert_eq!(world.book.claims().count(), 0);
}

#[test]
fn a_surplus_address_takes_the_place_of_the_first_when_that_goes() {
    let mut world = World::new("10.0.0.0/29", "10.0.0.1", &[]);
    world.any("a");
    world.book.record(&who("a"), addr("10.0.0.6")).unwrap();
    assert_eq!(world.book.addrs_of(&who("a")), Some(pair("10.0.0.2")));
    assert_eq!(world.book.release(&mut world.macs, addr("10.0.0.2")), Some(who("a")));
    assert_eq!(world.book.addrs_of(&who("a")), Some(pair("10.0.0.6")));
    assert_eq!(world.book.release(&mut world.macs, addr("10.0.0.6")), Some(who("a")));
    assert_eq!(world.book.addrs_of(&who("a")), None);
}

#[test]
fn a_changed_cidr_keeps_claims_names_those_outside_and_moves_who_asks_again() {
    let mut world = World::new("10.0.0.0/28", "10.0.0.1", &[]);
    world.this("a", "10.0.0.5");
    world.this("b", "10.0.0.12");
    let apart = world.book.update(spec("10.0.0.0/29", "10.0.0.1", &[])).unwrap();
    assert_eq!(apart, [(addr("10.0.0.12"), who("b"))]);
    assert_eq!(world.book.holder_of(addr("10.0.0.12")), Some(&who("b")));
    assert_eq!(world.using(Family::V4), "10.0.0.5");
    let moved = world.ask(Request::any(who("b"))).unwrap();
    assert_eq!((moved.addrs, moved.given_back), (pair("10.0.0.2"), pair("10.0.0.12")));
    assert_eq!(world.book.update(spec("", "", &[])), Err(SpecError::CidrTaken("10.0.0.0/29".parse().unwrap())));
}

#[test]
fn an_address_in_use_that_is_excluded_later_is_using_until_it_is_released() {
    let mut world = World::new("10.0.0.0/29", "10.0.0.1", &[]);
    world.any("a");
    world.book.update(spec("10.0.0.0/29", "10.0.0.1", &["10.0.0.2"])).unwrap();
    assert_eq!((world.any("a"), world.using(Family::V4)), ("10.0.0.2".into(), "10.0.0.2".into()));
    world.release("a");
    assert_eq!(world.book.accounting(Family::V4).unwrap().excluded().range_text(), "10.0.0.1-10.0.0.2");
    world.book.update(spec("10.0.0.0/29", "10.0.0.1", &[])).unwrap();
    assert_eq!(world.any("b"), "10.0.0.3", "it is free again, and used before");
}

#[test]
fn the_smallest_blocks_have_the_addresses_that_they_have() {
    for (cidr, expected) in [
        ("10.0.0.0/31", vec!["10.0.0.0", "10.0.0.1"]),
        ("10.0.0.7/32", vec!["10.0.0.7"]),
        ("fd00::/127", vec!["fd00::", "fd00::1"]),
        ("fd00::7/128", vec!["fd00::7"]),
    ] {
        let mut world = World::new(cidr, "", &[]);
        let got: Vec<_> = ["a", "b", "c"].iter().map(|holder| world.any(holder)).take(expected.len()).collect();
        assert_eq!(got, expected, "{cidr}");
        assert!(world.any("d").ends_with("is free"), "{cidr}");
    }
}

#[test]
fn the_whole_of_both_families_is_a_subnet() {
    let mut world = World::new("0.0.0.0/0,::/0", "0.0.0.1,::1", &[]);
    assert_eq!(world.any("a"), "0.0.0.2,::2");
    assert_eq!(world.this("b", "255.255.255.254,ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"), {
        "255.255.255.254,ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"
    });
    for family in Family::BOTH {
        let counts = world.book.counts(family).unwrap();
        assert!(counts.balances());
        assert_eq!(counts.using, Count::from(2_u64));
        let all = AddrRange::all(family);
        assert_eq!(world.book.counts_in(all), Some(counts));
        assert_eq!(world.book.longest_free_in(all).next().unwrap().count(), counts.available);
    }
}

/// The benchmarks do the same with a million.
#[test]
fn scattered_claims_of_a_64_are_counted_in_every_block() {
    const HELD: u64 = 100_000;
    let mut book = SubnetBook::<u64, ()>::new(spec("fd00::/64", "fd00::1", &[]));
    let mut macs = MacBook::new();
    let place = |index: u64| Addr::v6((0xfd << 120) | u128::from(index.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 2));
    for index in 0..HELD {
        book.record(&Nic::new(index, ()), place(index)).unwrap();
    }
    let counts = book.counts(Family::V6).unwrap();
    let block: ledger::Cidr = "fd00::/80".parse().unwrap();
    let held = book.claims_in(block.range()).count();
    assert!(counts.balances() && held > 0);
    assert_eq!(book.counts_in(block.range()).unwrap().using, Count::from(held as u64));
    let longest = book.longest_free_in(block.range()).next().unwrap();
    assert!(book.claims_in(longest).next().is_none());
    for index in 0..HELD {
        book.release(&mut macs, place(index)).unwrap();
    }
    assert_eq!(book.counts(Family::V6).unwrap().using, Count::ZERO);
}

#[test]
fn refusals_name_mac_holders() {
    let mac: Mac = "02:00:00:00:00:01".parse().unwrap();
    let refusal = Refusal::MacHeld { mac, by: who("a") };
    assert_eq!(refusal.to_string(), "MAC 02:00:00:00:00:01 is held by a (net1)");
}
