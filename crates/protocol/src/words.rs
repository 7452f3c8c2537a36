//! Steps in readable words.
//!
//! In: steps of a path. Out: one line each. Guarantees: a controller keeps its number through the story, although states
//! forget it.

use crate::protocol::Protocol;
use crate::shape::Shape;
use crate::state::{Addr, Addrs, Pod, Request, State};
use crate::step::{Fortune, Kind, Step};
use crate::{agent, controller, kubelet, people};

/// The story of a path from the first state.
pub(crate) fn story(model: &Protocol, steps: &[Step]) -> Vec<String> {
    let (shape, rules) = (&model.shape, model.rules);
    // The same run without the sorting: the place of a controller in it is its number.
    let mut state = State::new(shape);
    let mut lines = Vec::new();
    for step in steps {
        let step = named(&state, *step);
        lines.push(line(shape, &state, step));
        state.take(shape, rules, step);
    }
    lines
}

/// The step with the places that controllers and late requests have in a state that is not sorted.
fn named(state: &State, step: Step) -> Step {
    match step {
        Step::Controller(place, deed) => Step::Controller(place_of(&state.controllers, place), deed),
        Step::Land(place) => Step::Land(place_of(&state.late, place)),
        other => other,
    }
}

fn place_of<T: Ord>(all: &[T], sorted: usize) -> usize {
    let mut places: Vec<usize> = (0..all.len()).collect();
    places.sort_by_key(|place| &all[*place]);
    places[sorted]
}

fn line(shape: &Shape, state: &State, step: Step) -> String {
    match step {
        Step::People(deed) => of_people(shape, deed),
        Step::Controller(place, deed) => {
            let name =
                if shape.controllers > 1 { format!("controller {}", place + 1) } else { "the controller".into() };
            format!("{name} {}", of_controller(shape, state, place, deed))
        }
        Step::Land(place) => {
            let late = state.late[place];
            format!("the late request is applied: {}", request(shape, late.addr, late.request))
        }
        Step::Agent(deed) => of_agent(shape, state, deed),
        Step::Kubelet(deed, pod) => of_kubelet(shape, state, deed, pod),
    }
}

fn of_people(shape: &Shape, deed: people::Deed) -> String {
    match deed {
        people::Deed::Create(pod) => format!("{} is created", name(shape, pod)),
        people::Deed::Delete(pod) => format!("{} is deleted by force: its object is gone", name(shape, pod)),
        people::Deed::DeleteOwner => "the StatefulSet is deleted".into(),
        people::Deed::CreateOwner => "the StatefulSet is made again".into(),
    }
}

fn of_controller(shape: &Shape, state: &State, place: usize, deed: controller::Deed) -> String {
    use controller::Deed;
    let late = |fortune| if fortune == Fortune::Late { " (no answer: it may be applied later)" } else { "" };
    match deed {
        Deed::Hear(Kind::Pods) => {
            let change = state.controllers[place].pods.first();
            format!("hears: {}", change.map_or_else(String::new, |change| news(shape, *change)))
        }
        Deed::Hear(Kind::Claims) => {
            let addr = state.controllers[place].claims.first().map(|change| change.addr);
            format!("hears of a change of the claim of {}", addr.map_or_else(String::new, |addr| at(shape, addr)))
        }
        Deed::Hear(Kind::Owner) => "hears what became of the StatefulSet".into(),
        Deed::Plan(pod, plan, fortune) => {
            format!("claims {} for {}{}", list(shape, plan), name(shape, pod), late(fortune))
        }
        Deed::Ask(addr, fortune) => format!("asks for the claim of {} again{}", at(shape, addr), late(fortune)),
        Deed::Settle(addr) => format!("reads the claim of {} and forgets that it asked for it", at(shape, addr)),
        Deed::Tell(pod, told) => format!("tells {} that it has {}", name(shape, pod), list(shape, told)),
        Deed::Free(addr, fortune) => format!("{}{}", request(shape, addr, Request::Delete), late(fortune)),
        Deed::Occupy(addr, pod, fortune) => {
            format!("{}{}", request(shape, addr, Request::Occupy(pod)), late(fortune))
        }
        Deed::Crash => "dies and starts again with a fresh list".into(),
    }
}

fn of_agent(shape: &Shape, state: &State, deed: agent::Deed) -> String {
    let (agent::Deed::LetGo(addr) | agent::Deed::Forswear(addr)) = deed;
    let pod = state.claim(addr).map_or_else(String::new, |claim| name(shape, claim.occupant));
    match deed {
        agent::Deed::LetGo(_) => format!("the agent says that {pod} has let {} go", at(shape, addr)),
        agent::Deed::Forswear(_) => format!("the agent says that {pod} does not use {}", at(shape, addr)),
    }
}

fn of_kubelet(shape: &Shape, state: &State, deed: kubelet::Deed, pod: Pod) -> String {
    let now = state.pod(pod);
    let pod = name(shape, pod);
    match deed {
        kubelet::Deed::Add => format!("ADD for {pod} looks, and may have {}", list(shape, now.told)),
        kubelet::Deed::Note if now.tombstone => format!("ADD for {pod} is refused: it was promised away"),
        kubelet::Deed::Note => format!("ADD for {pod} puts {} on its interface", list(shape, now.told)),
        kubelet::Deed::Del => format!("DEL for {pod}: its link is still there"),
        kubelet::Deed::Unlink => format!("the link of {pod} is gone"),
    }
}

fn news(shape: &Shape, change: crate::state::PodChange) -> String {
    use crate::state::PodChange;
    match change {
        PodChange::Created(pod) => format!("{} is there", name(shape, pod)),
        PodChange::Told(pod) => format!("{} was told", name(shape, pod)),
        PodChange::Gone(pod) => format!("{} is gone", name(shape, pod)),
    }
}

fn request(shape: &Shape, addr: Addr, request: Request) -> String {
    match request {
        Request::Create(pod) => format!("claims {} for {}", at(shape, addr), name(shape, pod)),
        Request::Delete => format!("deletes the claim of {}", at(shape, addr)),
        Request::Occupy(pod) => format!("makes {} the occupant of {}", name(shape, pod), at(shape, addr)),
    }
}

/// Pods of the ordinal are `s-0`, one after the other; others have names of their own.
fn name(shape: &Shape, pod: Pod) -> String {
    if shape.is_ordinal(pod) { format!("s-0 (life {})", pod.0 + 1) } else { format!("p{}", pod.0 + 1 - shape.ordinal) }
}

fn at(shape: &Shape, addr: Addr) -> String {
    let place = addr.0 % shape.addresses + 1;
    if addr.0 / shape.addresses == 0 { format!("10.0.0.{place}") } else { format!("fd00::{place}") }
}

fn list(shape: &Shape, addrs: Addrs) -> String {
    let all: Vec<String> = addrs.iter().map(|addr| at(shape, addr)).collect();
    all.join(" and ")
}
