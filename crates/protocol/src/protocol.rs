//! The model as `stateright` takes it.
//!
//! In: [`Shape`], [`Rules`], what is looked for. Out: states, steps, properties. Guarantees: two states that differ only in
//! the order of controllers are one.

use crate::property::{Deed, Invariant};
use crate::rules::Rules;
use crate::shape::Shape;
use crate::state::State;
use crate::step::Step;
use stateright::{Model, Property};

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Goal {
    /// A state that breaks one of these.
    Break(Vec<Invariant>),
    /// A state that shows this.
    Show(Deed),
}

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Protocol {
    pub(crate) shape: Shape,
    pub(crate) rules: Rules,
    pub(crate) goal: Goal,
}

impl Model for Protocol {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![State::new(&self.shape)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Step>) {
        state.steps(&self.shape, self.rules, actions);
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        let mut next = state.clone();
        next.take(&self.shape, self.rules, step);
        next.canonical();
        Some(next)
    }

    /// One property: with several, `stateright` finishes a block of states after the first discovery, and what it finds
    /// there of another property, or of the same one by a longer way, takes the place of the shortest.
    fn properties(&self) -> Vec<Property<Self>> {
        match self.goal {
            Goal::Break(_) => {
                vec![Property::always("every invariant holds", |model, state| model.broken(state).is_none())]
            }
            Goal::Show(_) => vec![Property::sometimes("the deed is shown", Self::is_shown)],
        }
    }
}

impl Protocol {
    /// The first of the invariants that a state breaks.
    pub(crate) fn broken(&self, state: &State) -> Option<Invariant> {
        let Goal::Break(invariants) = &self.goal else { return None };
        invariants.iter().copied().find(|invariant| !invariant.holds(&self.shape, self.rules, state))
    }

    fn is_shown(&self, state: &State) -> bool {
        matches!(&self.goal, Goal::Show(deed) if deed.shows(&self.shape, state))
    }

    /// The name of what a state was looked for.
    pub(crate) fn name(&self, state: &State) -> &'static str {
        match &self.goal {
            Goal::Break(_) => self.broken(state).map_or("nothing", Invariant::name),
            Goal::Show(deed) => deed.name(),
        }
    }
}
