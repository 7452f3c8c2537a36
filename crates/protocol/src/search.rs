//! The search: every state, or the shortest way to one.
//!
//! In: [`Shape`], [`Rules`], what is looked for. Out: [`Found`]. Guarantees: breadth first on one thread, so that a way that
//! is found is a shortest one, and the same each time; without one, every reachable state was looked at. (States are told
//! apart by 64 bits of hash: with ten million of them, the chance that two are taken for one is about 3 in a million.)

use crate::property::{Deed, Invariant};
use crate::protocol::{Goal, Protocol};
use crate::rules::Rules;
use crate::shape::Shape;
use crate::words::story;
use stateright::report::{ReportData, ReportDiscovery, Reporter};
use stateright::{Checker, HasDiscoveries, Model};
use std::collections::BTreeMap;
use std::time::Duration;

/// How far a search is.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// States that were reached, each once.
    pub states: usize,
    /// Steps from the first state to the farthest.
    pub depth: usize,
    /// Since the start.
    pub time: Duration,
}

/// What a search found.
#[derive(Debug, Clone)]
pub struct Found {
    /// States that were reached, each once.
    pub states: usize,
    /// Steps that were taken, also to states that were known already.
    pub steps: usize,
    /// Steps from the first state to the farthest.
    pub depth: usize,
    /// What was found, by its name, and the shortest way there in words.
    pub story: Option<(&'static str, Vec<String>)>,
}

/// Looks for a state that breaks one of some invariants.
pub fn search(
    shape: Shape,
    rules: Rules,
    invariants: &[Invariant],
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Found {
    go(&Protocol { shape, rules, goal: Goal::Break(invariants.to_vec()) }, progress)
}

/// Looks for a state that shows a deed.
pub fn search_for(shape: Shape, rules: Rules, deed: Deed, progress: &mut (dyn FnMut(Progress) + Send)) -> Found {
    go(&Protocol { shape, rules, goal: Goal::Show(deed) }, progress)
}

fn go(model: &Protocol, progress: &mut (dyn FnMut(Progress) + Send)) -> Found {
    let checker = model.clone().checker().finish_when(HasDiscoveries::Any).spawn_bfs();
    let checker = checker.join_and_report(&mut Teller(progress));
    let found = checker.discoveries().into_values().next();
    let found = found.map(|path| (model.name(path.last_state()), story(model, &path.into_actions())));
    Found {
        states: checker.unique_state_count(),
        steps: checker.state_count(),
        // The first state is no step.
        depth: checker.max_depth().saturating_sub(1),
        story: found,
    }
}

/// Passes on how far it is.
struct Teller<'a>(&'a mut (dyn FnMut(Progress) + Send));

impl Reporter<Protocol> for Teller<'_> {
    fn report_checking(&mut self, data: ReportData) {
        (self.0)(Progress { states: data.unique_states, depth: data.max_depth.saturating_sub(1), time: data.duration });
    }

    /// The search is joined at such a moment: longer ones would make each small search as long.
    fn delay(&self) -> Duration {
        Duration::from_millis(20)
    }

    fn report_discoveries(&mut self, _: &Protocol, _: BTreeMap<&'static str, ReportDiscovery<Protocol>>) {}
}
