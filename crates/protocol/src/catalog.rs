//! The searches that are made: worlds, and for each rule what happens without it.
//!
//! In: nothing. Out: [`World`]s, [`Case`]s, deeds. Guarantees: tests, `cargo xtask protocol` and docs/proof.md speak of these and of no
//! others.

use crate::property::{Deed, Invariant};
use crate::rules::Rule;
use crate::shape::Shape;

/// A world that is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct World {
    /// Its name.
    pub name: &'static str,
    /// Its bounds.
    pub shape: Shape,
    /// Whether it takes minutes.
    pub long: bool,
}

/// Two pods and one address: who may have it, and when.
const PODS: Shape = Shape {
    plain: 2,
    ordinal: 0,
    addresses: 1,
    dual: false,
    controllers: 2,
    late: 1,
    crashes: 1,
    sandboxes: 2,
    births: 3,
    owner_changes: 0,
    traced: false,
};

/// The same with one controller.
const ALONE: Shape = Shape { controllers: 1, ..PODS };

/// Two pods of an ordinal one after the other, and one that wants their address.
const ORDINAL: Shape =
    Shape { plain: 1, ordinal: 2, controllers: 1, owner_changes: 2, sandboxes: 1, births: 2, ..PODS };

/// Two addresses, so that a NIC may have both.
const SURPLUS: Shape = Shape { addresses: 2, controllers: 1, sandboxes: 1, births: 2, ..PODS };

/// Three pods.
const THREE: Shape = Shape { plain: 3, controllers: 1, sandboxes: 1, ..PODS };

const fn dual(shape: Shape) -> Shape {
    Shape { dual: true, ..shape }
}

const fn quick(name: &'static str, shape: Shape) -> World {
    World { name, shape, long: false }
}

const fn long(name: &'static str, shape: Shape) -> World {
    World { name, shape, long: true }
}

/// Every world.
pub const WORLDS: [World; 22] = [
    quick("alone", ALONE),
    quick("alone-dual", dual(ALONE)),
    quick("pods", PODS),
    quick("pods-dual", Shape { sandboxes: 1, births: 2, late: 0, crashes: 0, ..dual(PODS) }),
    quick("ordinal", ORDINAL),
    quick("ordinal-dual", Shape { late: 0, crashes: 0, ..dual(ORDINAL) }),
    quick("surplus", SURPLUS),
    quick("surplus-dual", Shape { late: 0, crashes: 1, ..dual(SURPLUS) }),
    quick("three", THREE),
    quick("three-dual", dual(THREE)),
    long("alone-late2", Shape { late: 2, ..ALONE }),
    long("pods-late2", Shape { late: 2, ..PODS }),
    long("pods-dual-crash", Shape { sandboxes: 1, births: 2, late: 0, ..dual(PODS) }),
    long("alone-dual-late2", Shape { late: 2, ..dual(ALONE) }),
    long("ordinal-two", Shape { controllers: 2, late: 0, crashes: 0, ..ORDINAL }),
    long("ordinal-late2", Shape { late: 2, ..ORDINAL }),
    long("ordinal3", Shape { ordinal: 3, ..ORDINAL }),
    long("ordinal-dual-late", dual(ORDINAL)),
    long("surplus-two", Shape { controllers: 2, late: 0, crashes: 0, births: 1, ..SURPLUS }),
    long("surplus-late2", Shape { late: 2, ..SURPLUS }),
    long("surplus-dual-late", dual(SURPLUS)),
    long("three-two", Shape { controllers: 2, late: 0, crashes: 0, ..THREE }),
];

/// What breaks, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Break {
    /// What breaks.
    pub invariant: Invariant,
    /// Where.
    pub shape: Shape,
}

/// What happens without a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// The number that the design gives the rule.
    pub number: &'static str,
    /// What is left out.
    pub left_out: &'static [Rule],
    /// With IPv4 only.
    pub v4: Break,
    /// With two families.
    pub dual: Break,
    /// With two families, where two users of one address take longer to find than what `dual` says.
    pub dual_long: Option<Break>,
}

const fn case(number: &'static str, left_out: &'static [Rule], invariant: Invariant, shape: Shape) -> Case {
    let dual = Break { invariant, shape: dual(shape) };
    Case { number, left_out, v4: Break { invariant, shape }, dual, dual_long: None }
}

/// A user without a claim is found soon with two families, a second user late: it needs an address of each.
const fn slow(case: Case, dual_long: Shape) -> Case {
    let dual = Break { invariant: Invariant::Paper, shape: case.dual.shape };
    Case { dual, dual_long: Some(Break { invariant: case.v4.invariant, shape: dual_long }), ..case }
}

/// Nothing goes wrong in it but what people and nodes do.
const fn faultless(shape: Shape) -> Shape {
    Shape { late: 0, crashes: 0, ..shape }
}

/// One request for each family comes late.
const fn late2(shape: Shape) -> Shape {
    Shape { late: 2, ..dual(shape) }
}

const NODE: Shape = faultless(ALONE);
const SET: Shape = faultless(ORDINAL);
const LATE_SET: Shape = Shape { crashes: 0, ..ORDINAL };
const LATE_THREE: Shape = Shape { crashes: 0, ..THREE };

/// For each rule and part of one, what happens without it.
pub const CASES: [Case; 14] = [
    case("-", &[Rule::AbsenceIsNoProof], Invariant::Wire, NODE),
    case("1", &[Rule::OffInterface], Invariant::Wire, NODE),
    case("1", &[Rule::FreshRead], Invariant::Served, NODE),
    case("1", &[Rule::Tombstone], Invariant::Wire, NODE),
    case("1", &[Rule::OneUid], Invariant::Wire, SET),
    case("1", &[Rule::NeverSeen], Invariant::NoLeak, NODE),
    case("2", &[Rule::AddReads], Invariant::Wire, SET),
    case("3", &[Rule::OccupantProof], Invariant::Wire, SET),
    slow(case("4", &[Rule::SurplusProof], Invariant::Wire, SURPLUS), dual(SURPLUS)),
    case("5", &[Rule::OwnerRead], Invariant::Retention, SET),
    case("5", &[Rule::TitleProof], Invariant::Wire, SET),
    slow(case("6", &[Rule::DeleteUid, Rule::DeleteVersion], Invariant::Wire, LATE_THREE), late2(LATE_THREE)),
    slow(case("6", &[Rule::DeleteVersion], Invariant::Wire, LATE_SET), late2(LATE_SET)),
    slow(case("6", &[Rule::OccupyVersion], Invariant::Wire, LATE_SET), late2(LATE_SET)),
];

/// What two families need: without it a NIC is given one.
pub const TOGETHER: Break = Break { invariant: Invariant::Whole, shape: dual(NODE) };

/// And this: without it two NICs get one of the last two addresses each.
pub const FAMILY_ORDER: Break = Break { invariant: Invariant::Unsplit, shape: dual(ALONE) };

/// Parts that another one makes up for, as far as these worlds go: without one of them every invariant holds.
pub const SPARE: [Rule; 2] = [Rule::DeleteUid, Rule::SurplusPromise];

/// Parts that guard something else than who uses an address: without one of them UNIQUENESS holds.
pub const NOT_FOR_UNIQUENESS: [Rule; 3] = [Rule::FreshRead, Rule::NeverSeen, Rule::OwnerRead];

/// Where to look for deeds that must be possible: the world named, with the deeds remembered.
pub const DEEDS: [(Deed, &str); 9] = [
    (Deed::Reused, "alone"),
    (Deed::BothAct, "pods"),
    (Deed::Landed, "alone"),
    (Deed::LandedAfterCrash, "alone"),
    (Deed::Moved, "ordinal"),
    (Deed::Forsworn, "surplus"),
    (Deed::Refused, "alone"),
    (Deed::Outlived, "alone"),
    (Deed::Empty, "alone"),
];

/// The world of a name.
#[must_use]
pub fn world(name: &str) -> Option<World> {
    WORLDS.into_iter().find(|world| world.name == name)
}
