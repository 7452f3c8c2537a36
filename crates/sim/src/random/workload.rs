//! From a seed to a list of steps.
//!
//! In: a seed, a number of steps, the number of controllers. Out: [`Step`]s. Guarantees: the same for the same; what there are
//! many of in a cluster happens often, what goes wrong happens some ten times in a run of a hundred steps.

use super::dice::Dice;
use super::scope::Scope;
use super::step::{ALL, Ask, Grace, Hand, Nat, Networks, Pods, Refusal, Step, What, Wrong};

/// In which runs the primary network is served, by the remainder of the seed: decided without dice, so that it changes nothing else.
const PRIMARY: (u64, u64) = (8, 3);
/// In which the wire of the first network has a name of its own.
const NAMED: (u64, u64) = (8, 5);
/// In which plain pods ask for one MAC.
const ONE_MAC: (u64, u64) = (8, 6);

/// The steps of a run.
#[must_use]
pub fn workload(seed: u64, steps: usize, controllers: u8) -> Vec<Step> {
    let mut dice = Dice::new(seed);
    // Some runs are about people alone, some about faults, some about hands.
    let (faults, hands) = (dice.one(&[0, 10, 25]), dice.one(&[0, 0, 8, 20]));
    // In some, power fails, or the storage is put back: then much else is allowed.
    let (power, storage) = (dice.one(&[0, 0, 6]), dice.one(&[0, 0, 0, 3]));
    let mut scope = Scope::new(&mut dice);
    let step = |_| {
        let what = within(&mut scope, &mut dice, |dice| match dice.below(100) {
            of if of < faults => fault(dice, controllers),
            of if of < faults + hands => hand(dice),
            of if of < faults + hands + power => node(dice),
            of if of < faults + hands + power + storage => dice.one(&[What::Save, What::PutBack, What::WatchOver]),
            _ => people(dice),
        });
        let turns = dice.one(&[0, 0, 1, 1, 2, 3, 5, 8, 13, 30, ALL]);
        Step(what, turns, dice.salt())
    };
    let is_one = |(of, rest): (u64, u64)| seed % of == rest;
    let first = [(PRIMARY, What::Primary), (NAMED, What::NameWire), (ONE_MAC, What::OneMac)];
    let first = first.into_iter().filter(|(of, _)| is_one(*of)).map(|(_, what)| Step(what, ALL, 0));
    first.chain((0..steps).map(step)).take(steps).collect()
}

/// The first draw that belongs to the run; one of sixteen does nearly always.
fn within(scope: &mut Scope, dice: &mut Dice, draw: impl Fn(&mut Dice) -> What) -> What {
    let belongs = |_| {
        let what = draw(dice);
        scope.has(what, dice).then_some(what)
    };
    (0..16).find_map(belongs).unwrap_or(What::Nothing)
}

fn people(dice: &mut Dice) -> What {
    match dice.below(52) {
        0..=7 => What::Pod(dice.below(4), dice.below(2), ask(dice)),
        8..=13 => What::DeletePod(dice.below(4), grace(dice)),
        14 => What::Exit(dice.below(4)),
        15..=17 => What::Set(dice.below(2), dice.below(4)),
        18 => What::DeleteSet(dice.below(2), dice.one(&[Pods::Go, Pods::Stay])),
        19 => What::DeleteOrdinal(dice.below(2), dice.below(3), grace(dice)),
        20 => What::Vip(dice.below(2), any_or_one(dice)),
        21 => What::DeleteVip(dice.below(2)),
        22 => What::Reserve(dice.below(4), any_or_one(dice)),
        23 => What::Cancel(dice.below(4)),
        24 => What::Eip(dice.below(2), any_or_one(dice)),
        25 => What::DeleteEip(dice.below(2)),
        26 => What::Gateway(1 + dice.below(2)),
        27 => What::DeleteGateway,
        28 | 29 => What::Program(dice.below(2)),
        30 => What::Unprogram(dice.below(2)),
        31 => dice.one(&[What::Pool(4, 5), What::Pool(5, 6), What::PoolOfOthers(4, 5), What::DeletePool]),
        32 => network(dice),
        33 | 34 => What::CutOff(dice.below(2)),
        35 | 36 => What::Connect(dice.below(2)),
        38..=40 => machine(dice),
        41 => dice.one(&[What::Spill, What::Spill, What::DeleteSpill]),
        42 => migration(dice),
        43 => held(dice),
        44 => What::Networks(dice.below(4), networks(dice)),
        45 => What::Template(dice.below(2), networks(dice)),
        46..=48 => What::Rule(nat(dice), dice.below(2), dice.below(2), dice.below(4)),
        49 => What::DeleteRule(nat(dice), dice.below(2)),
        50 => dice.one(&[What::Team, What::DeleteTeam]),
        37 => What::Pass(dice.one(&[5, 30, 61, 90])),
        _ => What::Nothing,
    }
}

fn held(dice: &mut Dice) -> What {
    let addr = address(dice);
    dice.one(&[What::Quarantine(addr), What::OvnEip(addr), What::DeleteOvnEip(addr), What::Rest(1), What::Rest(0)])
}

fn machine(dice: &mut Dice) -> What {
    let (vm, at, grace) = (dice.below(2), dice.below(2), grace(dice));
    dice.one(&[What::Vm(vm), What::RunVm(vm, at), What::RunVm(vm, at), What::StopVm(vm, grace), What::DeleteVm(vm)])
}

fn migration(dice: &mut Dice) -> What {
    let (vm, grace) = (dice.below(2), grace(dice));
    dice.one(&[What::Migrate(vm), What::Migrate(vm), What::Migrated(vm), What::MigrationFailed(vm, grace)])
}

fn node(dice: &mut Dice) -> What {
    let at = dice.below(2);
    dice.one(&[What::PowerOff(at), What::OutOfService(at), What::OutOfService(at), What::DropNode(at), What::Boot(at)])
}

fn ask(dice: &mut Dice) -> Ask {
    match dice.below(11) {
        0..=4 => Ask::Free,
        5 => Ask::This(address(dice)),
        6 => Ask::Pooled,
        7 => Ask::Two,
        8 => Ask::Borrow(dice.below(2)),
        9 => Ask::Refused(refusal(dice)),
        _ => Ask::Steal(address(dice)),
    }
}

fn refusal(dice: &mut Dice) -> Refusal {
    dice.one(&[Refusal::Outside, Refusal::Gateway, Refusal::Pool, Refusal::Mac, Refusal::Unreadable])
}

fn networks(dice: &mut Dice) -> Networks {
    dice.one(&[Networks::Readable, Networks::Unreadable])
}

fn nat(dice: &mut Dice) -> Nat {
    dice.one(&[Nat::Fip, Nat::Dnat, Nat::Snat])
}

/// One of the few that the Subnet has.
fn address(dice: &mut Dice) -> u8 {
    2 + dice.below(5)
}

fn any_or_one(dice: &mut Dice) -> u8 {
    if dice.percent(50) { 0 } else { address(dice) }
}

fn grace(dice: &mut Dice) -> Grace {
    dice.one(&[Grace::Normal, Grace::Normal, Grace::Zero])
}

fn network(dice: &mut Dice) -> What {
    match dice.below(6) {
        0 | 1 => What::Block(dice.one(&[28, 29])),
        2 => What::Exclude(any_or_one(dice)),
        3 => What::DeleteSubnet,
        _ => What::Subnet,
    }
}

fn hand(dice: &mut Dice) -> What {
    let hand = dice.one(&[
        Hand::DeleteClaim,
        Hand::DeleteClaim,
        Hand::DeleteClaims,
        Hand::StripClaim,
        Hand::HoldClaim,
        Hand::DeleteIp,
        Hand::HoldIp,
        Hand::AdoptIp,
        Hand::EditIp,
        Hand::StripPod,
        Hand::EditPod,
        Hand::HoldPod,
        Hand::FreeSubnet,
        Hand::LetGo,
    ]);
    What::Hand(hand, dice.below(100))
}

fn fault(dice: &mut Dice, controllers: u8) -> What {
    let wrongs = [Wrong::CrashAfter, Wrong::CrashBefore, Wrong::DropReply, Wrong::Lose, Wrong::Late];
    match dice.below(10) {
        0..=4 => What::Arm(dice.one(&wrongs), 1 + dice.below(3)),
        5 => What::Crash(dice.below(controllers)),
        6 | 7 => What::Deaf(dice.below(controllers)),
        8 => dice.one(&[What::Hear(0), What::Hear(1), What::Expire(0), What::Expire(1)]),
        _ => What::LateArrives,
    }
}
