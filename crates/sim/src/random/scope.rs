//! What a run is about.
//!
//! In: dice, and steps. Out: whether a step belongs to the run. Guarantees: pods belong to every run; in a third of the runs, everything
//! does. In the others half of the themes are left out, so that what is left meets more often: a defect that needs three steps of one
//! theme hides where thirty themes take turns ("swarm testing": Groce and others, ISSTA 2012).

use super::dice::Dice;
use super::step::{Ask, Hand, What, Wrong};
use std::collections::BTreeMap;

/// Which themes a run has. One is decided on where it first comes up.
pub(super) struct Scope {
    is_all: bool,
    has: BTreeMap<Theme, bool>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Theme {
    Named,
    Pools,
    Two,
    Lent,
    Stolen,
    Refused,
    Exits,
    Sets,
    Unreadable,
    Reserved,
    Gateways,
    Rules,
    Block,
    NoSubnet,
    Connection,
    Power,
    Primary,
    Spill,
    Machines,
    Migrations,
    Quarantine,
    OvnEips,
    Rest,
    Crash,
    Deaf,
    Expire,
    Hand(Hand),
    Wrong(Wrong),
}

impl Scope {
    pub(super) fn new(dice: &mut Dice) -> Self {
        Self { is_all: dice.percent(33), has: BTreeMap::new() }
    }

    pub(super) fn has(&mut self, what: What, dice: &mut Dice) -> bool {
        let Some(theme) = theme(what).filter(|_| !self.is_all) else { return true };
        *self.has.entry(theme).or_insert_with(|| dice.percent(50))
    }
}

/// What a step is about; none: of every run.
const fn theme(what: What) -> Option<Theme> {
    Some(match what {
        What::Nothing
        | What::NameWire
        | What::OneMac
        | What::Pass(_)
        | What::Pod(_, _, Ask::Free)
        | What::DeletePod(..) => {
            return None;
        }
        What::Save | What::PutBack | What::WatchOver | What::LateArrives => return None,
        What::Pod(_, _, Ask::This(_)) => Theme::Named,
        What::Pod(_, _, Ask::Pooled) | What::Pool(..) | What::DeletePool | What::PoolOfOthers(..) => Theme::Pools,
        What::Pod(_, _, Ask::Two) => Theme::Two,
        What::Pod(_, _, Ask::Borrow(_)) | What::Vip(..) | What::DeleteVip(_) => Theme::Lent,
        What::Pod(_, _, Ask::Steal(_)) => Theme::Stolen,
        What::Pod(_, _, Ask::Refused(_)) => Theme::Refused,
        What::Exit(_) => Theme::Exits,
        What::Set(..) | What::DeleteSet(..) | What::DeleteOrdinal(..) => Theme::Sets,
        What::Networks(..) | What::Template(..) => Theme::Unreadable,
        What::Reserve(..) | What::Cancel(_) => Theme::Reserved,
        What::Gateway(_) | What::DeleteGateway | What::Program(_) | What::Unprogram(_) => Theme::Gateways,
        What::Eip(..) | What::DeleteEip(_) => Theme::Gateways,
        What::Rule(..) | What::DeleteRule(..) => Theme::Rules,
        What::Block(_) | What::Exclude(_) => Theme::Block,
        What::Subnet | What::DeleteSubnet => Theme::NoSubnet,
        What::CutOff(_) | What::Connect(_) => Theme::Connection,
        What::PowerOff(_) | What::OutOfService(_) | What::DropNode(_) | What::Boot(_) => Theme::Power,
        What::Primary | What::Team | What::DeleteTeam => Theme::Primary,
        What::Spill | What::DeleteSpill => Theme::Spill,
        What::Vm(_) | What::RunVm(..) | What::StopVm(..) | What::DeleteVm(_) => Theme::Machines,
        What::Migrate(_) | What::Migrated(_) | What::MigrationFailed(..) => Theme::Migrations,
        What::Quarantine(_) => Theme::Quarantine,
        What::OvnEip(_) | What::DeleteOvnEip(_) => Theme::OvnEips,
        What::Rest(_) => Theme::Rest,
        What::Crash(_) => Theme::Crash,
        What::Deaf(_) | What::Hear(_) => Theme::Deaf,
        What::Expire(_) => Theme::Expire,
        What::Hand(hand, _) => Theme::Hand(hand),
        What::Arm(wrong, _) => Theme::Wrong(wrong),
    })
}
