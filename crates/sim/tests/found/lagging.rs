//! What a controller does that knows only how things were: claims made again for whoever had them then.

use crate::{holds, holds_overtaken};
use sim::random::{ALL, Ask::*, Grace::*, Hand::*, Nat::*, Pods::*, Step, What::*, Wrong::*};

#[test]
fn a_pod_that_runs_moves_to_no_claim_that_came_late_whoever_has_its_address() {
    holds_overtaken(
        2,
        &[
            Step(Gateway(1), ALL, 0),
            Step(Set(1, 3), ALL, 0),
            Step(Deaf(1), ALL, 0),
            Step(DeleteSet(1, Go), 0, 0),
            Step(Hand(EditIp, 85), 13, 47210),
            Step(DeleteGateway, 0, 0),
            Step(Crash(0), 0, 0),
            Step(Hand(DeleteClaims, 41), 0, 0),
            Step(Set(1, 3), ALL, 0),
            Step(Cancel(3), ALL, 0),
            Step(Arm(CrashBefore, 1), ALL, 0),
            Step(Hand(DeleteClaims, 84), 13, 63714),
        ],
    );
}

#[test]
fn the_record_of_the_next_pod_outlasts_whoever_knows_only_the_one_before() {
    holds_overtaken(
        2,
        &[
            Step(Gateway(1), 0, 0),
            Step(Set(1, 3), ALL, 0),
            Step(Deaf(1), ALL, 0),
            Step(DeleteSet(1, Go), ALL, 0),
            Step(Pod(0, 1, Free), 5, 20728),
            Step(Hand(EditIp, 85), 13, 47210),
            Step(DeleteGateway, 8, 30973),
            Step(DeleteSubnet, 5, 44199),
            Step(Crash(0), 0, 0),
            Step(Hand(DeleteClaims, 41), 30, 16377),
            Step(Set(1, 3), ALL, 0),
            Step(Cancel(3), ALL, 0),
            Step(Arm(CrashBefore, 1), ALL, 0),
            Step(Spill, 13, 19584),
            Step(Hand(DeleteClaims, 84), 0, 0),
        ],
    );
}

#[test]
fn whoever_knows_an_old_pod_does_not_take_what_it_was_told_since_off_the_record() {
    // The second controller hears nothing for a while, and then of the claims first.
    holds(
        2,
        &[
            Step(Pod(1, 1, This(5)), ALL, 0),
            Step(Pod(3, 1, Borrow(1)), ALL, 0),
            Step(Set(1, 1), ALL, 0),
            Step(Deaf(0), ALL, 0),
            Step(Pod(0, 0, Free), ALL, 0),
            Step(Set(0, 2), 0, 0),
            Step(Gateway(1), 0, 0),
            Step(DeletePod(1, Normal), ALL, 0),
            Step(DeleteSet(0, Stay), ALL, 0),
            Step(DeleteVip(1), ALL, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(Hand(DeleteClaims, 36), 0, 0),
        ],
    );
}

#[test]
fn whoever_knows_an_old_pod_does_not_write_another_address_over_what_it_was_told_since() {
    holds_overtaken(
        2,
        &[
            Step(Reserve(1, 0), 0, 0),
            Step(Block(28), ALL, 0),
            Step(Program(0), ALL, 0),
            Step(Set(0, 3), 0, 0),
            Step(Vm(1), ALL, 0),
            Step(RunVm(1, 0), 0, 0),
            Step(Arm(CrashBefore, 2), 13, 63119),
            Step(Deaf(0), 0, 0),
            Step(Set(1, 3), 0, 0),
            Step(DeleteOrdinal(0, 2, Normal), 30, 5389),
            Step(DeleteSet(1, Stay), 2, 26148),
            Step(Hand(StripClaim, 27), ALL, 0),
            Step(Hand(DeleteClaim, 56), ALL, 0),
        ],
    );
}

#[test]
fn while_an_ip_object_is_left_alone_nothing_is_read_for_it_again_and_again() {
    holds_overtaken(
        2,
        &[
            Step(Pod(3, 1, Borrow(0)), ALL, 0),
            Step(Pod(2, 0, Two), 0, 0),
            Step(DeletePod(2, Normal), ALL, 0),
            Step(PowerOff(0), ALL, 0),
            Step(Set(0, 1), ALL, 0),
            Step(Set(0, 2), 0, 0),
            Step(DeleteRule(Dnat, 1), 1, 20026),
            Step(LateArrives, 2, 33858),
            Step(Crash(0), 0, 0),
            Step(Arm(CrashAfter, 1), 3, 50555),
            Step(Pod(0, 0, Borrow(0)), ALL, 0),
            Step(OutOfService(0), 2, 53492),
            Step(Deaf(1), 13, 15337),
            Step(Pass(61), 0, 0),
            Step(Hand(DeleteIp, 41), ALL, 0),
        ],
    );
}

/// What it fills in counts from there on as what somebody reserved: that was an OvnEip's, and the reservation was never served.
#[test]
fn one_that_hears_nothing_fills_in_no_reservation_with_what_the_one_before_it_had() {
    holds_overtaken(
        2,
        &[
            Step(Reserve(3, 3), ALL, 0),
            Step(Cancel(3), ALL, 0),
            Step(DeletePod(0, Normal), ALL, 0),
            Step(Vm(1), ALL, 0),
            Step(CutOff(1), ALL, 0),
            Step(Hear(1), ALL, 0),
            Step(CutOff(1), ALL, 0),
            Step(DeletePod(1, Zero), ALL, 0),
            Step(OvnEip(3), ALL, 0),
            Step(Pod(0, 1, Free), ALL, 0),
            Step(DeletePod(2, Normal), ALL, 0),
            Step(DeletePod(3, Zero), ALL, 0),
            Step(Pod(0, 1, Free), ALL, 0),
            Step(Pod(3, 0, Free), ALL, 0),
            Step(Nothing, ALL, 0),
            Step(RunVm(0, 0), ALL, 0),
            Step(Nothing, ALL, 0),
            Step(Nothing, ALL, 0),
            Step(CutOff(1), ALL, 0),
            Step(DeletePod(2, Normal), ALL, 0),
            Step(Deaf(1), ALL, 0),
            Step(RunVm(1, 1), ALL, 0),
            Step(Nothing, ALL, 0),
            Step(Connect(1), ALL, 0),
            Step(Arm(DropReply, 3), ALL, 0),
            Step(Nothing, ALL, 0),
            Step(Pod(1, 1, Free), ALL, 0),
            Step(DeletePod(1, Normal), ALL, 0),
            Step(RunVm(1, 1), ALL, 0),
            Step(OvnEip(5), ALL, 0),
            Step(Arm(DropReply, 2), ALL, 0),
            Step(RunVm(0, 1), ALL, 0),
            Step(DeletePod(3, Zero), ALL, 0),
            Step(CutOff(1), ALL, 0),
            Step(Nothing, ALL, 0),
            Step(Pod(0, 0, Free), ALL, 0),
            Step(DeletePod(1, Zero), ALL, 0),
            Step(Pod(2, 0, Free), ALL, 0),
            Step(RunVm(1, 1), ALL, 0),
            Step(Connect(0), ALL, 0),
            Step(Deaf(1), ALL, 0),
            Step(Pod(2, 1, Free), ALL, 0),
            Step(Connect(0), ALL, 0),
            Step(Deaf(1), ALL, 0),
            Step(Pod(1, 0, Free), ALL, 0),
            Step(DeletePod(3, Normal), ALL, 0),
            Step(Nothing, ALL, 0),
            Step(CutOff(1), ALL, 0),
            Step(DeletePod(0, Normal), ALL, 0),
            Step(DeletePod(1, Zero), ALL, 0),
            Step(DeleteOvnEip(5), ALL, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(Pod(3, 0, Two), ALL, 0),
            Step(DeletePod(2, Normal), ALL, 0),
            Step(Arm(DropReply, 1), ALL, 0),
            Step(Reserve(3, 0), ALL, 0),
            Step(Pass(5), ALL, 0),
        ],
    );
}

#[test]
fn a_pod_that_is_about_to_have_a_claim_that_a_hand_deletes_may_be_told_another_one() {
    holds_overtaken(
        2,
        &[
            Step(Reserve(2, 0), ALL, 0),
            Step(Block(28), 0, 0),
            Step(Set(0, 2), 30, 40471),
            Step(Deaf(1), 0, 0),
            Step(Hand(DeleteClaims, 50), 0, 0),
            Step(Gateway(2), 0, 0),
            Step(RunVm(0, 0), ALL, 0),
            Step(Deaf(0), ALL, 0),
            Step(DeleteGateway, ALL, 0),
            Step(Pool(4, 5), ALL, 0),
            Step(Gateway(2), ALL, 0),
            Step(Expire(1), ALL, 0),
            Step(Hand(DeleteClaims, 61), ALL, 0),
            Step(Hear(1), ALL, 0),
            Step(Hear(0), 8, 20297),
            Step(Hand(DeleteClaims, 41), ALL, 0),
            Step(Connect(0), ALL, 0),
        ],
    );
}
