//! Storage that was put back to an earlier time.

use crate::{holds, holds_overtaken};
use sim::random::{
    ALL,
    Ask::*,
    Grace::*,
    Hand::*,
    Networks::{Readable, Unreadable},
    Pods::*,
    Refusal, Step,
    What::*,
    Wrong::*,
};

#[test]
fn a_write_that_is_answered_with_what_was_before_shows_that_the_storage_was_put_back() {
    // The second controller hears nothing, and knows an IP object that a hand changed in a time that is not any more: it sets right what is right.
    holds_overtaken(
        2,
        &[
            Step(Pod(2, 0, Steal(4)), 0, 0),
            Step(Pod(3, 1, This(2)), ALL, 0),
            Step(Arm(CrashBefore, 2), ALL, 0),
            Step(Save, ALL, 0),
            Step(Hand(EditIp, 66), 8, 45107),
            Step(PutBack, 0, 0),
            Step(Deaf(1), ALL, 0),
            Step(Hand(EditIp, 13), ALL, 0),
        ],
    );
}

/// A write that was decided before reached the API server after it, and named the version that was there again.
#[test]
fn an_ordinal_of_a_lost_node_is_alone_on_the_wire_after_the_storage_was_put_back() {
    holds_overtaken(
        2,
        &[
            Step(Pod(2, 1, Free), ALL, 0),
            Step(Set(0, 1), ALL, 0),
            Step(Arm(CrashAfter, 3), ALL, 0),
            Step(PowerOff(0), ALL, 0),
            Step(Set(1, 3), 0, 0),
            Step(Arm(Late, 3), 0, 0),
            Step(Deaf(0), 0, 0),
            Step(Pod(3, 0, Free), ALL, 0),
            Step(Expire(1), 5, 51923),
            Step(Expire(1), 0, 0),
            Step(Save, 0, 0),
            Step(DeleteGateway, 0, 0),
            Step(Save, 0, 0),
            Step(Pod(3, 1, Free), 0, 0),
            Step(DeletePod(1, Normal), 0, 0),
            Step(Arm(Late, 3), 0, 0),
            Step(Program(0), 0, 0),
            Step(Pod(2, 0, Free), 0, 0),
            Step(DeletePod(0, Normal), 0, 0),
            Step(Arm(Late, 1), 0, 0),
            Step(Spill, 0, 0),
            Step(DeleteOrdinal(1, 2, Normal), 0, 0),
            Step(Pod(1, 1, Free), 0, 0),
            Step(DeletePod(3, Normal), 0, 0),
            Step(CutOff(0), 0, 0),
            Step(Arm(Lose, 1), 0, 0),
            Step(Pod(1, 0, Free), 0, 0),
            Step(DeletePod(3, Zero), 0, 0),
            Step(Subnet, ALL, 0),
            Step(Eip(0, 6), ALL, 0),
            Step(DropNode(0), ALL, 0),
            Step(Arm(Late, 3), ALL, 0),
            Step(Arm(Late, 3), ALL, 0),
            Step(Reserve(1, 0), ALL, 0),
            Step(Hear(1), ALL, 0),
            Step(Cancel(0), ALL, 0),
            Step(DeleteVip(1), ALL, 0),
            Step(DeleteOrdinal(1, 2, Normal), ALL, 0),
            Step(PutBack, ALL, 0),
        ],
    );
}

#[test]
fn a_pod_that_runs_with_what_a_lost_reservation_had_goes_on_with_that() {
    // The storage was put back to before the reservation. Its claim is made again by the agent, after another one was made for the pod.
    holds(
        2,
        &[
            Step(Pod(0, 0, Pooled), ALL, 0),
            Step(Save, ALL, 0),
            Step(DeletePod(3, Normal), ALL, 0),
            Step(Arm(Late, 2), ALL, 0),
            Step(Pod(2, 0, Free), 30, 42013),
            Step(Pod(3, 0, Free), 3, 46247),
            Step(Reserve(0, 0), ALL, 0),
            Step(Arm(Late, 2), ALL, 0),
            Step(Migrate(1), ALL, 0),
            Step(Arm(CrashAfter, 1), 2, 4131),
            Step(Arm(Lose, 2), 2, 15768),
            Step(Pool(4, 5), 3, 8605),
            Step(DeletePod(1, Normal), 13, 34258),
            Step(WatchOver, ALL, 0),
            Step(Connect(0), ALL, 0),
            Step(Arm(DropReply, 3), ALL, 0),
            Step(Pod(3, 0, Free), ALL, 0),
            Step(Arm(Late, 2), 0, 0),
            Step(Arm(DropReply, 2), 13, 33618),
            Step(PutBack, 0, 0),
            Step(Pool(5, 6), ALL, 0),
            Step(Connect(0), ALL, 0),
        ],
    );
}

#[test]
fn a_pod_that_was_promised_away_an_address_in_a_time_that_is_not_any_more_may_wait_for_ever() {
    // Its agent keeps the promise: a person deletes the pod.
    holds(
        1,
        &[
            Step(Pod(1, 0, Free), ALL, 0),
            Step(Pod(3, 0, Free), 0, 0),
            Step(Save, 0, 0),
            Step(Reserve(0, 3), 30, 28419),
            Step(Hand(LetGo, 76), ALL, 0),
            Step(WatchOver, ALL, 0),
            Step(PutBack, 0, 0),
            Step(Save, 0, 0),
            Step(Pod(1, 0, Free), 30, 14727),
            Step(Networks(3, Readable), 30, 34108),
            Step(DeletePod(3, Zero), ALL, 0),
            Step(Arm(DropReply, 1), ALL, 0),
            Step(PutBack, ALL, 0),
        ],
    );
}

#[test]
fn what_a_gateway_lent_stays_on_record_while_its_next_pod_has_no_node() {
    // The storage was put back to when no node would take it.
    holds(
        1,
        &[
            Step(PowerOff(0), ALL, 0),
            Step(Gateway(1), ALL, 0),
            Step(Deaf(0), ALL, 0),
            Step(OutOfService(0), ALL, 0),
            Step(PowerOff(1), ALL, 0),
            Step(DropNode(1), ALL, 0),
            Step(Save, ALL, 0),
            Step(Boot(0), ALL, 0),
            Step(Boot(1), ALL, 0),
            Step(PutBack, ALL, 0),
        ],
    );
}

#[test]
fn an_ordinal_whose_next_pod_has_no_node_has_its_record_made_again() {
    // Its set was deleted and is back, and so is its claim.
    holds(
        1,
        &[
            Step(PowerOff(0), ALL, 0),
            Step(Set(0, 1), ALL, 0),
            Step(Gateway(1), ALL, 0),
            Step(DeletePod(0, Normal), ALL, 0),
            Step(Deaf(0), ALL, 0),
            Step(DeleteSet(0, Stay), ALL, 0),
            Step(Pod(1, 1, This(4)), ALL, 0),
            Step(OutOfService(0), ALL, 0),
            Step(PowerOff(1), ALL, 0),
            Step(Hear(0), ALL, 0),
            Step(DropNode(1), ALL, 0),
            Step(Save, ALL, 0),
            Step(Boot(0), ALL, 0),
            Step(Boot(1), ALL, 0),
            Step(PutBack, ALL, 0),
            Step(Set(0, 2), 0, 0),
        ],
    );
}

#[test]
fn a_pod_that_runs_with_what_only_a_lost_claim_said_keeps_it() {
    // It got its address while the storage was put back: its agent makes the claim of it again.
    holds_overtaken(
        1,
        &[
            Step(Pod(0, 0, Free), 13, 48592),
            Step(Gateway(1), ALL, 0),
            Step(Set(0, 1), ALL, 0),
            Step(Deaf(0), ALL, 0),
            Step(Pod(2, 1, Free), ALL, 0),
            Step(Set(1, 0), ALL, 0),
            Step(DeleteGateway, ALL, 0),
            Step(Pod(0, 0, Free), ALL, 0),
            Step(Pod(2, 0, Free), ALL, 0),
            Step(Crash(0), 0, 0),
            Step(Block(28), 0, 0),
            Step(Pod(2, 0, Refused(Refusal::Gateway)), 0, 0),
            Step(Eip(1, 0), 0, 0),
            Step(DeletePod(0, Normal), 0, 0),
            Step(Set(0, 3), ALL, 0),
            Step(Set(0, 3), ALL, 0),
            Step(Set(0, 3), ALL, 0),
            Step(Gateway(2), ALL, 0),
            Step(Program(0), ALL, 0),
            Step(Pod(3, 0, Free), ALL, 0),
            Step(DeletePod(2, Zero), 0, 0),
            Step(DeletePod(3, Normal), ALL, 0),
            Step(DeletePod(2, Normal), 0, 0),
            Step(Pod(2, 0, Free), 13, 26674),
            Step(DeletePod(2, Normal), 5, 64584),
            Step(Pod(0, 1, Two), ALL, 0),
            Step(Set(1, 1), ALL, 0),
            Step(Pod(3, 1, Free), 0, 0),
            Step(Set(0, 1), ALL, 0),
            Step(Pod(1, 1, Free), ALL, 0),
            Step(Pod(2, 0, Free), ALL, 0),
            Step(Gateway(1), ALL, 0),
            Step(Networks(1, Unreadable), ALL, 0),
            Step(Gateway(2), 0, 0),
            Step(Set(0, 0), 0, 0),
            Step(DeletePod(0, Normal), ALL, 0),
            Step(Set(1, 0), ALL, 0),
            Step(Set(1, 2), 0, 0),
            Step(Deaf(0), ALL, 0),
            Step(DeleteSet(1, Stay), ALL, 0),
            Step(Crash(0), 0, 0),
            Step(Save, ALL, 0),
            Step(DeleteSet(0, Stay), ALL, 0),
            Step(DeleteGateway, 0, 0),
            Step(Pod(3, 0, Refused(Refusal::Unreadable)), 13, 57271),
            Step(PutBack, 0, 0),
            Step(Set(1, 3), 1, 43435),
        ],
    );
}
