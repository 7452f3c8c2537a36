//! Freed addresses that rest.

use crate::holds_overtaken;
use sim::random::{ALL, Ask::*, Step, What::*};

#[test]
fn a_pod_waits_for_no_reservation_whose_freed_address_rests() {
    holds_overtaken(
        2,
        &[Step(Reserve(0, 4), ALL, 0), Step(Rest(1), ALL, 0), Step(Cancel(0), ALL, 0), Step(Pod(0, 1, Free), ALL, 0)],
    );
}

#[test]
fn a_pod_that_waits_for_a_reservation_is_served_once_that_is_gone_and_its_address_rests() {
    holds_overtaken(
        1,
        &[
            Step(Reserve(1, 0), ALL, 0),
            Step(Deaf(0), ALL, 0),
            Step(Rest(1), ALL, 0),
            Step(Pod(1, 0, Free), ALL, 0),
            Step(Cancel(1), ALL, 0),
        ],
    );
}
