//! Nodes that are cut off, out of service, gone or back.

use crate::holds;
use sim::random::{ALL, Ask::*, Grace::*, Hand::*, Pods::*, Step, What::*};

#[test]
fn a_pod_of_a_node_that_may_be_back_is_not_gone_because_no_watch_has_shown_it_yet() {
    // The second controller hears of the claim before it hears of the pod, and that the node is back.
    holds(
        2,
        &[Step(PowerOff(0), ALL, 0), Step(OutOfService(0), ALL, 0), Step(Deaf(1), ALL, 0), Step(Pod(2, 0, Free), 0, 0)],
    );
}

#[test]
fn a_pod_that_is_there_is_not_read_again_and_again_while_its_node_is_out_of_service() {
    holds(
        2,
        &[
            Step(PowerOff(0), ALL, 0),
            Step(OutOfService(0), ALL, 0),
            Step(Pod(2, 0, Two), 0, 0),
            Step(Pod(0, 0, This(6)), 13, 34684),
            Step(Hand(DeleteClaims, 5), ALL, 0),
            Step(CutOff(0), ALL, 0),
        ],
    );
}

#[test]
fn a_holder_on_a_lost_node_needs_both_proofs_and_they_wait_for_each_other() {
    holds(
        1,
        &[
            Step(PowerOff(1), ALL, 0),
            Step(Set(1, 2), ALL, 0),
            Step(DeleteSet(1, Go), ALL, 0),
            Step(DropNode(1), ALL, 0),
            Step(Pass(61), ALL, 0),
        ],
    );
}

#[test]
fn a_node_that_is_read_as_it_was_before_ends_what_is_known() {
    // The storage was put back to before the taint, and the watches do not tell.
    holds(
        1,
        &[
            Step(PowerOff(0), ALL, 0),
            Step(Save, ALL, 0),
            Step(Set(1, 1), 0, 0),
            Step(DeleteEip(0), 5, 11367),
            Step(Pod(3, 0, Free), 0, 0),
            Step(OutOfService(0), 0, 0),
            Step(Pod(0, 1, Free), 0, 0),
            Step(CutOff(1), 13, 6220),
            Step(Deaf(0), 0, 0),
            Step(PutBack, ALL, 0),
        ],
    );
}

#[test]
fn a_machine_that_came_back_before_the_storage_was_put_back_keeps_its_addresses() {
    holds(
        2,
        &[
            Step(PowerOff(0), ALL, 0),
            Step(DropNode(0), ALL, 0),
            Step(Save, ALL, 0),
            Step(Boot(0), ALL, 0),
            Step(PutBack, ALL, 0),
            Step(Pod(0, 0, Free), ALL, 0),
            Step(DeletePod(0, Zero), ALL, 0),
        ],
    );
}

#[test]
fn a_pod_that_had_ended_before_the_storage_was_put_back_has_ended_after_it() {
    // To before it ran: its kubelet does not run it again, and says so again. Nobody had asked its agent for its word.
    holds(
        1,
        &[
            Step(Pod(0, 0, Free), 0, 0),
            Step(Save, ALL, 0),
            Step(Deaf(0), 0, 0),
            Step(Hand(DeleteClaim, 0), 0, 0),
            Step(Exit(0), ALL, 0),
            Step(PutBack, 0, 0),
            Step(Hear(0), ALL, 0),
        ],
    );
}
