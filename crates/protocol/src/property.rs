//! What must hold in every state, and what must be possible.
//!
//! In: a state. Out: whether it keeps an invariant, whether it shows a deed. Guarantees: judged by objects and the wire
//! alone, never by what a controller believes.

use crate::rules::Rules;
use crate::server::holder;
use crate::shape::Shape;
use crate::state::{Addr, Holder, Pod, Sandbox, Stage, State};
use crate::step::{Fortune, Step};
use crate::{controller, people};

/// What must hold in every state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Invariant {
    /// UNIQUENESS on the wire: no two sandboxes answer one address.
    Wire,
    /// UNIQUENESS on paper: whoever answers an address is the occupant of its claim.
    Paper,
    /// A NIC with two families is told, and has, an address of each or none.
    Whole,
    /// RETENTION: no claim is taken from an owner that is there when that is decided.
    Retention,
    /// NO-LEAK: at rest, every claim has a live holder or occupant.
    NoLeak,
    /// LIVENESS: at rest, no pod lacks what it could have.
    Served,
    /// LIVENESS: at rest, no two pods have an address of one family each and wait for what the other has.
    Unsplit,
}

impl Invariant {
    /// All.
    pub const ALL: [Self; 7] =
        [Self::Wire, Self::Paper, Self::Whole, Self::Retention, Self::NoLeak, Self::Served, Self::Unsplit];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wire => "no two sandboxes answer one address",
            Self::Paper => "whoever answers an address is the occupant of its claim",
            Self::Whole => "a NIC has an address of each family or none",
            Self::Retention => "no claim is taken from an owner that is there",
            Self::NoLeak => "at rest every claim has a live holder or occupant",
            Self::Served => "at rest no pod lacks what it could have",
            Self::Unsplit => "at rest no two pods have what the other one waits for",
        }
    }

    /// Whether a state keeps it.
    pub(crate) fn holds(self, shape: &Shape, rules: Rules, state: &State) -> bool {
        match self {
            Self::Wire => shape.addrs().all(|addr| answering(shape, state, addr).count() <= 1),
            Self::Paper => shape.addrs().all(|addr| {
                let occupant = state.claim(addr).map(|claim| claim.occupant);
                answering(shape, state, addr).all(|pod| Some(pod) == occupant)
            }),
            Self::Whole => shape.pods().all(|pod| is_whole(shape, state, pod)),
            Self::Retention => !state.robbed,
            Self::NoLeak => !leaks(shape, state) || !is_at_rest(shape, rules, state),
            Self::Served => !shape.pods().any(|pod| lacks(shape, state, pod)) || !is_at_rest(shape, rules, state),
            Self::Unsplit => !is_split(shape, state) || !is_at_rest(shape, rules, state),
        }
    }
}

/// Whose sandboxes answer an address.
fn answering<'a>(shape: &Shape, state: &'a State, addr: Addr) -> impl Iterator<Item = Pod> + use<'a> {
    shape.pods().filter(move |pod| state.pod(*pod).sandbox.answers().has(addr))
}

fn is_whole(shape: &Shape, state: &State, pod: Pod) -> bool {
    let now = state.pod(pod);
    [now.told, now.sandbox.answers()].into_iter().all(|addrs| {
        let has = |family| shape.of_family(family).filter(|addr| addrs.has(*addr)).count();
        addrs.is_none() || shape.families().all(|family| has(family) == 1)
    })
}

/// Whether there is a claim without a live holder or occupant.
fn leaks(shape: &Shape, state: &State) -> bool {
    let lives = |pod: Pod| state.pod(pod).stage == Stage::Live;
    shape.addrs().filter_map(|addr| state.claim(addr)).any(|claim| match claim.holder {
        Holder::Pod(pod) => !lives(pod),
        Holder::Ordinal => !state.owner && !lives(claim.occupant),
    })
}

/// Whether a pod could have its addresses and does not.
fn lacks(shape: &Shape, state: &State, pod: Pod) -> bool {
    let now = state.pod(pod);
    if now.stage != Stage::Live || now.sandboxes == 0 || (shape.is_ordinal(pod) && !state.owner) {
        return false;
    }
    let is_its = |addr: Addr| state.claim(addr).is_some_and(|claim| claim.holder == holder(shape, pod));
    let is_free = |addr: Addr| state.claim(addr).is_none() && state.births[usize::from(addr.0)] > 0;
    if now.told.is_none() {
        let can_have = |addr: Addr| is_its(addr) || is_free(addr);
        shape.families().all(|family| shape.of_family(family).any(can_have))
    } else {
        now.sandbox == Sandbox::None && now.told.iter().all(is_its)
    }
}

/// Whether every address is held, and two living pods have one family each. Not judged once the StatefulSet was deleted: its ordinal may
/// lose one family then and come back with the other, which a request that was late made in between (open, see docs/proof.md).
fn is_split(shape: &Shape, state: &State) -> bool {
    let has = |pod: Pod, family| {
        let is_its = |addr: Addr| state.claim(addr).is_some_and(|claim| claim.occupant == pod);
        shape.of_family(family).any(is_its)
    };
    let is_half = |pod: &Pod| state.pod(*pod).stage == Stage::Live && has(*pod, 0) != has(*pod, 1);
    shape.dual
        && state.owner_changes == shape.owner_changes
        && shape.addrs().all(|addr| state.claim(addr).is_some())
        && shape.pods().filter(is_half).count() == 2
}

/// Whether nothing happens any more unless people or faults come.
fn is_at_rest(shape: &Shape, rules: Rules, state: &State) -> bool {
    let is_waiting = |controller: &crate::state::Controller| {
        controller.pods.is_empty() && controller.claims.is_empty() && controller.owner == 0
    };
    if !state.controllers.iter().all(is_waiting) {
        return false;
    }
    let mut steps = Vec::new();
    state.steps(shape, rules, &mut steps);
    !steps.into_iter().any(|step| is_progress(state, step))
}

/// Whether a step is one that nobody needs to wait for.
fn is_progress(state: &State, step: Step) -> bool {
    use controller::Deed;
    match step {
        Step::People(people::Deed::Create(_) | people::Deed::Delete(_)) => false,
        Step::People(people::Deed::CreateOwner | people::Deed::DeleteOwner) | Step::Land(_) => false,
        Step::Controller(_, deed) => match deed {
            Deed::Crash => false,
            Deed::Plan(_, _, fortune) | Deed::Ask(_, fortune) => fortune == Fortune::Answered,
            Deed::Free(_, fortune) | Deed::Occupy(_, _, fortune) => fortune == Fortune::Answered,
            Deed::Hear(_) | Deed::Settle(_) | Deed::Tell(..) => true,
        },
        // A living pod's sandbox need not end.
        Step::Kubelet(crate::kubelet::Deed::Del, pod) => state.pod(pod).stage == Stage::Gone,
        Step::Agent(_) | Step::Kubelet(..) => true,
    }
}

/// What must be possible, or the search shows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Deed {
    /// An address is on the interface of a pod after another pod had it and let it go.
    Reused,
    /// Two controllers both made requests that changed something.
    BothAct,
    /// A request without an answer was applied later and changed something.
    Landed,
    /// A request of a controller that died since was applied and changed something.
    LandedAfterCrash,
    /// A pod of the ordinal has the address that the one before had.
    Moved,
    /// A NIC had two claims in one family, and the one that it does not use was forsworn.
    Forsworn,
    /// An ADD that had looked was refused by a tombstone.
    Refused,
    /// A pod is gone and its sandbox answers, while another pod waits for the address.
    Outlived,
    /// Every pod had addresses and is gone, and no claim is left.
    Empty,
}

impl Deed {
    /// All.
    pub const ALL: [Self; 9] = [
        Self::Reused,
        Self::BothAct,
        Self::Landed,
        Self::LandedAfterCrash,
        Self::Moved,
        Self::Forsworn,
        Self::Refused,
        Self::Outlived,
        Self::Empty,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reused => "an address is used by a second pod",
            Self::BothAct => "two controllers both act",
            Self::Landed => "a late request is applied",
            Self::LandedAfterCrash => "a late request is applied after its sender died",
            Self::Moved => "an ordinal's next pod uses its address",
            Self::Forsworn => "a surplus claim is forsworn",
            Self::Refused => "a tombstone refuses an ADD that has looked",
            Self::Outlived => "a sandbox outlives its pod while another waits",
            Self::Empty => "every pod had addresses, and no claim is left",
        }
    }

    /// Whether a state shows it.
    pub(crate) fn shows(self, shape: &Shape, state: &State) -> bool {
        let before = |addr: Addr, pod: Pod| {
            shape.pods().any(|other| other != pod && state.pod(other).tombstone && state.pod(other).told.has(addr))
        };
        let up = |pod: Pod| matches!(state.pod(pod).sandbox, Sandbox::Up(_));
        match self {
            Self::Reused => shape.addrs().any(|addr| answering(shape, state, addr).any(|pod| before(addr, pod))),
            Self::BothAct => state.controllers.iter().filter(|controller| controller.acted).count() > 1,
            Self::Landed => state.landed,
            Self::LandedAfterCrash => state.orphan_landed,
            Self::Moved => shape.pods().any(|pod| pod.0 > 0 && shape.is_ordinal(pod) && up(pod)),
            Self::Forsworn => shape.pods().any(|pod| !state.pod(pod).forsworn.is_none()),
            Self::Refused => shape.pods().any(|pod| {
                let now = state.pod(pod);
                now.tombstone && matches!(now.sandbox, Sandbox::Adding(_))
            }),
            Self::Outlived => shape.addrs().any(|addr| {
                let gone = |pod: Pod| state.pod(pod).stage == Stage::Gone;
                let waits = |pod: Pod| state.pod(pod).stage == Stage::Live && state.pod(pod).sandbox == Sandbox::None;
                answering(shape, state, addr).any(gone) && shape.pods().any(waits)
            }),
            Self::Empty => {
                // Each pod was told its addresses, and its agent gave its word.
                let came = |pod: Pod| !state.pod(pod).told.is_none() && state.pod(pod).tombstone;
                shape.pods().all(|pod| state.pod(pod).stage == Stage::Gone && came(pod))
                    && shape.addrs().all(|addr| state.claim(addr).is_none())
            }
        }
    }
}
