//! StatefulSets that go and come back, and their pods.

use crate::{holds, holds_overtaken};
use sim::random::{ALL, Ask::*, Grace::*, Hand::*, Pods::*, Step, What::*, Wrong::*};

#[test]
fn a_pod_whose_stateful_set_went_without_it_is_told_the_address_of_its_ordinal() {
    holds(
        2,
        &[
            Step(Set(1, 2), 0, 0),
            Step(DeletePod(3, Zero), 8, 25487),
            Step(Pool(4, 5), 0, 0),
            Step(Pod(1, 0, Free), 0, 0),
            Step(Program(0), 8, 18340),
            Step(DeleteSet(1, Stay), 0, 0),
        ],
    );
}

#[test]
fn a_pod_that_a_stateful_set_takes_over_keeps_the_address_that_it_had_alone() {
    holds(
        1,
        &[
            Step(Deaf(0), ALL, 0),
            Step(Arm(CrashAfter, 1), ALL, 0),
            Step(Pool(4, 5), ALL, 0),
            Step(Set(1, 1), ALL, 0),
            Step(Set(1, 3), ALL, 0),
            Step(Hear(0), 13, 42065),
            Step(DeleteSet(1, Stay), 30, 39151),
            Step(DeletePool, ALL, 0),
            Step(Nothing, ALL, 0),
            Step(Arm(CrashBefore, 3), ALL, 0),
            Step(Set(1, 1), ALL, 0),
        ],
    );
}

#[test]
fn an_owner_that_is_read_for_one_ordinal_is_not_read_again_for_the_next() {
    // The claims of two ordinals that are not wanted any more are held by finalizers.
    holds(
        1,
        &[
            Step(Set(1, 3), ALL, 0),
            Step(Hand(HoldClaim, 62), ALL, 0),
            Step(Hand(HoldClaim, 93), ALL, 0),
            Step(Set(1, 0), ALL, 0),
            Step(Pass(61), ALL, 0),
        ],
    );
}

#[test]
fn a_pod_whose_owner_is_gone_learns_of_the_claim_that_its_agent_made_again() {
    // The StatefulSet goes and leaves its pods, then the Subnet, then the claims.
    holds(
        2,
        &[
            Step(Set(1, 2), ALL, 0),
            Step(Spill, ALL, 0),
            Step(DeleteSet(1, Stay), ALL, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(Hand(FreeSubnet, 93), ALL, 0),
            Step(Hand(DeleteClaims, 31), ALL, 0),
            Step(WatchOver, ALL, 0),
        ],
    );
}

#[test]
fn a_machine_asks_for_what_its_launcher_pod_asks_for_now() {
    holds(
        2,
        &[
            Step(Vm(1), ALL, 0),
            Step(Pool(5, 6), ALL, 0),
            Step(Set(1, 3), ALL, 0),
            Step(RunVm(1, 1), ALL, 0),
            Step(Set(0, 3), ALL, 0),
            Step(Pod(1, 0, Borrow(0)), ALL, 0),
            Step(Hand(AdoptIp, 39), ALL, 0),
            Step(Hand(EditPod, 88), ALL, 0),
        ],
    );
}

#[test]
fn an_ordinal_goes_on_with_what_its_pod_had_alone_and_its_agent_claimed_again() {
    holds(
        1,
        &[
            Step(Pool(5, 6), ALL, 0),
            Step(Eip(1, 0), ALL, 0),
            Step(Pod(0, 0, Free), ALL, 0),
            Step(CutOff(1), ALL, 0),
            Step(Subnet, ALL, 0),
            Step(DeleteEip(1), ALL, 0),
            Step(Hear(0), ALL, 0),
            Step(Pod(2, 1, Free), ALL, 0),
            Step(Eip(0, 3), ALL, 0),
            Step(Block(28), ALL, 0),
            Step(DeletePod(2, Normal), ALL, 0),
            Step(Pod(3, 0, Free), ALL, 0),
            Step(Arm(Late, 3), ALL, 0),
            Step(Pod(3, 1, Free), ALL, 0),
            Step(DeleteVm(0), ALL, 0),
            Step(DeletePod(3, Zero), ALL, 0),
            Step(Exclude(4), ALL, 0),
            Step(DeletePod(1, Normal), ALL, 0),
            Step(Vm(0), ALL, 0),
            Step(DeleteSet(1, Stay), ALL, 0),
            Step(CutOff(0), ALL, 0),
            Step(Spill, ALL, 0),
            Step(Program(0), ALL, 0),
            Step(DeleteVip(1), ALL, 0),
            Step(DeleteOrdinal(1, 0, Normal), ALL, 0),
            Step(Unprogram(0), ALL, 0),
            Step(Deaf(0), ALL, 0),
            Step(Program(1), ALL, 0),
            Step(Pool(5, 6), ALL, 0),
            Step(Set(0, 3), ALL, 0),
            Step(Pod(3, 0, Pooled), ALL, 0),
            Step(Connect(1), ALL, 0),
            Step(CutOff(1), ALL, 0),
            Step(Arm(CrashBefore, 3), ALL, 0),
            Step(Save, ALL, 0),
            Step(CutOff(1), ALL, 0),
            Step(Cancel(1), ALL, 0),
            Step(Arm(Lose, 3), ALL, 0),
            Step(Set(1, 3), ALL, 0),
            Step(DeleteVm(0), ALL, 0),
            Step(Nothing, ALL, 0),
            Step(Arm(DropReply, 3), ALL, 0),
            Step(Cancel(0), ALL, 0),
            Step(DeleteGateway, ALL, 0),
            Step(Eip(0, 2), ALL, 0),
            Step(Arm(Late, 1), ALL, 0),
            Step(Spill, ALL, 0),
            Step(Pod(1, 0, Steal(5)), ALL, 0),
            Step(Pod(2, 1, Free), ALL, 0),
            Step(DeleteVm(1), ALL, 0),
            Step(Connect(0), ALL, 0),
            Step(Exit(3), ALL, 0),
            Step(DeleteSpill, ALL, 0),
            Step(Pass(5), 0, 0),
            Step(DeleteSet(0, Stay), ALL, 0),
            Step(DeletePod(3, Normal), ALL, 0),
            Step(Crash(0), ALL, 0),
            Step(Pod(0, 1, Free), ALL, 0),
            Step(PutBack, ALL, 0),
        ],
    );
}

#[test]
fn a_pod_goes_on_as_the_ordinal_that_it_was_where_it_was_promised_away_what_it_has_alone() {
    // The storage was put back to when its StatefulSet was about to go. Each controller makes a claim of it; it runs with the one, and is told
    // the other one.
    holds_overtaken(
        2,
        &[
            Step(Pod(2, 1, Free), 8, 454),
            Step(Pod(3, 0, Free), 8, 11932),
            Step(Program(0), 8, 5075),
            Step(Set(1, 1), 30, 48558),
            Step(DeleteSet(1, Stay), 0, 0),
            Step(Save, ALL, 0),
            Step(Set(1, 2), ALL, 0),
            Step(DeleteSet(1, Go), ALL, 0),
            Step(DeleteOrdinal(0, 1, Normal), ALL, 0),
            Step(PutBack, 0, 0),
        ],
    );
}

#[test]
fn a_pod_that_never_runs_may_have_a_claim_as_an_ordinal_and_one_alone() {
    // The same, but the node has let the pod go in the time that is not any more.
    holds_overtaken(
        2,
        &[
            Step(Pod(2, 1, Free), 8, 454),
            Step(Pod(3, 0, Free), 8, 11932),
            Step(Program(0), 8, 5075),
            Step(Set(1, 1), 30, 48558),
            Step(DeleteSet(1, Stay), 0, 0),
            Step(Save, ALL, 0),
            Step(Set(1, 2), 30, 721),
            Step(DeleteSet(1, Go), 0, 0),
            Step(DeleteOrdinal(0, 1, Normal), 30, 62288),
            Step(PutBack, 0, 0),
        ],
    );
}

#[test]
fn a_pod_that_lost_its_stateful_set_goes_on_with_what_it_was_told_and_not_with_the_claim_of_its_ordinal() {
    // Its own claim is deleted by hand while nobody has said yet that the other one is not used.
    holds_overtaken(
        2,
        &[
            Step(Pod(0, 1, Free), 13, 46171),
            Step(Reserve(1, 0), 0, 0),
            Step(CutOff(1), ALL, 0),
            Step(Pod(1, 1, Free), ALL, 0),
            Step(Hand(DeleteClaim, 57), ALL, 0),
            Step(Block(28), ALL, 0),
            Step(Pod(1, 0, Free), ALL, 0),
            Step(Eip(1, 0), 0, 0),
            Step(Hand(DeleteClaim, 45), ALL, 0),
            Step(Pod(1, 1, Pooled), ALL, 0),
            Step(Set(0, 3), 0, 0),
            Step(Pod(2, 1, Free), 30, 21152),
            Step(Vm(1), ALL, 0),
            Step(Pod(0, 0, This(3)), ALL, 0),
            Step(CutOff(0), ALL, 0),
            Step(Crash(0), 8, 8140),
            Step(Pod(3, 1, Pooled), 0, 0),
            Step(DeletePod(0, Zero), ALL, 0),
            Step(DeletePod(2, Normal), 0, 0),
            Step(Subnet, 3, 2506),
            Step(Pod(0, 0, Free), 0, 0),
            Step(RunVm(1, 1), 2, 63952),
            Step(Set(0, 3), 0, 0),
            Step(Vip(1, 0), 8, 7773),
            Step(Set(1, 1), 8, 19849),
            Step(Connect(1), 0, 0),
            Step(Hand(DeleteClaim, 30), ALL, 0),
            Step(DeletePod(0, Normal), 30, 37275),
            Step(Hand(EditPod, 49), 5, 65352),
            Step(DeletePod(3, Normal), 8, 20417),
            Step(Arm(CrashBefore, 1), 8, 43525),
            Step(Pod(3, 1, Free), 8, 28790),
            Step(Pod(2, 1, Free), ALL, 0),
            Step(Connect(1), ALL, 0),
            Step(Set(0, 2), ALL, 0),
            Step(Arm(CrashBefore, 2), 13, 63119),
            Step(Deaf(0), ALL, 0),
            Step(Pass(90), ALL, 0),
            Step(Exit(2), ALL, 0),
            Step(Pod(0, 1, Free), ALL, 0),
            Step(Set(1, 3), 2, 18482),
            Step(RunVm(1, 0), 3, 28579),
            Step(DeleteSet(1, Stay), 2, 26148),
            Step(Hand(StripClaim, 27), ALL, 0),
            Step(Hand(DeleteClaim, 56), 0, 0),
        ],
    );
}

#[test]
fn a_gateways_pod_has_no_address_of_its_own_on_another_subnet_while_the_gateways_is_gone() {
    holds_overtaken(
        1,
        &[
            Step(Pod(3, 0, Two), ALL, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(Gateway(2), ALL, 0),
            Step(Hand(FreeSubnet, 21), ALL, 0),
            Step(Spill, ALL, 0),
            Step(Subnet, ALL, 0),
            Step(Hand(DeleteClaims, 57), ALL, 0),
        ],
    );
}

#[test]
fn the_record_of_a_pod_on_its_own_goes_where_the_next_ordinal_is_seen_before_its_end_is_told() {
    holds_overtaken(
        1,
        &[
            Step(Reserve(1, 3), ALL, 0),
            Step(Set(1, 3), ALL, 0),
            Step(Spill, ALL, 0),
            Step(DeleteSet(1, Stay), 0, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(Set(1, 1), ALL, 0),
            Step(Deaf(0), ALL, 0),
            Step(Set(1, 3), ALL, 0),
            Step(Hand(FreeSubnet, 42), ALL, 0),
            Step(CutOff(0), ALL, 0),
            Step(DeleteSet(1, Go), ALL, 0),
            Step(Expire(0), ALL, 0),
        ],
    );
}

#[test]
fn a_pod_that_became_an_ordinal_whose_subnet_is_gone_goes_on_with_what_it_has() {
    holds_overtaken(
        2,
        &[
            Step(Set(0, 3), ALL, 0),
            Step(PowerOff(0), ALL, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(OutOfService(0), 1, 57045),
            Step(DeleteSet(0, Stay), ALL, 0),
            Step(Hand(FreeSubnet, 76), ALL, 0),
            Step(Spill, 0, 0),
            Step(Set(0, 2), 0, 0),
        ],
    );
}

#[test]
fn a_pod_that_lost_its_set_has_its_claim_and_not_what_two_hands_wrote_of_another() {
    holds_overtaken(
        2,
        &[
            Step(Pod(0, 0, Free), ALL, 0),
            Step(Pod(1, 0, Free), ALL, 0),
            Step(DeletePod(1, Zero), ALL, 0),
            Step(Pod(2, 0, Free), ALL, 0),
            Step(Arm(Late, 2), ALL, 0),
            Step(Set(0, 2), 0, 0),
            Step(Deaf(0), 30, 6999),
            Step(Deaf(1), ALL, 0),
            Step(Boot(1), ALL, 0),
            Step(DeletePod(0, Normal), ALL, 0),
            Step(DeleteSet(0, Stay), ALL, 0),
            Step(Hand(EditPod, 68), ALL, 0),
            Step(Hand(EditIp, 43), ALL, 0),
        ],
    );
}
