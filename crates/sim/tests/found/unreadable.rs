//! Networks annotations that cannot be read: what is on record goes on.

use crate::{holds, holds_overtaken};
use sim::random::{
    ALL, Ask::*, Grace::*, Hand::*, Nat::*, Networks::Unreadable, Pods::*, Refusal, Step, What::*, Wrong::*,
};

#[test]
fn a_pod_that_cannot_be_read_has_its_claim_made_again() {
    holds_overtaken(
        1,
        &[
            Step(Pod(2, 0, Steal(3)), ALL, 0),
            Step(Networks(2, Unreadable), ALL, 0),
            Step(Hand(DeleteClaim, 14), ALL, 0),
        ],
    );
}

#[test]
fn a_pod_that_cannot_be_read_has_its_record_made_again() {
    holds_overtaken(
        1,
        &[Step(Pod(1, 1, Steal(3)), ALL, 0), Step(Networks(1, Unreadable), ALL, 0), Step(Cancel(1), ALL, 0)],
    );
}

#[test]
fn an_ordinal_without_a_pod_whose_template_cannot_be_read_has_its_claim_made_again() {
    holds_overtaken(
        2,
        &[
            Step(Set(1, 2), ALL, 0),
            Step(Hand(HoldClaim, 16), ALL, 0),
            Step(Hand(DeleteClaim, 30), ALL, 0),
            Step(Template(1, Unreadable), ALL, 0),
            Step(Set(1, 1), ALL, 0),
            Step(Hand(AdoptIp, 33), ALL, 0),
        ],
    );
}

#[test]
fn an_ordinal_that_could_not_be_read_any_more_when_it_was_claimed_for_has_a_record_too() {
    holds_overtaken(
        1,
        &[
            Step(Pool(4, 5), ALL, 0),
            Step(Set(0, 2), ALL, 0),
            Step(Set(1, 2), ALL, 0),
            Step(Template(1, Unreadable), 2, 54418),
            Step(Spill, 5, 34847),
        ],
    );
    holds_overtaken(
        2,
        &[
            Step(Pool(5, 6), ALL, 0),
            Step(Pod(1, 0, This(4)), ALL, 0),
            Step(Spill, ALL, 0),
            Step(Pod(2, 0, Free), ALL, 0),
            Step(Eip(0, 0), ALL, 0),
            Step(Set(1, 2), 5, 4494),
            Step(Set(1, 0), ALL, 0),
            Step(Template(1, Unreadable), ALL, 0),
            Step(Set(1, 1), ALL, 0),
        ],
    );
}

#[test]
fn the_address_of_an_ordinal_that_is_back_and_cannot_be_read_rests_no_more() {
    holds_overtaken(
        1,
        &[
            Step(Set(0, 1), ALL, 0),
            Step(Rest(1), ALL, 0),
            Step(Set(0, 0), ALL, 0),
            Step(Template(0, Unreadable), ALL, 0),
            Step(Set(0, 1), ALL, 0),
        ],
    );
}

#[test]
fn nor_does_it_where_its_next_pod_is_there_before_the_rest_is_over() {
    holds_overtaken(
        1,
        &[
            Step(Deaf(0), ALL, 0),
            Step(Pod(0, 1, Two), ALL, 0),
            Step(Spill, ALL, 0),
            Step(Eip(0, 5), ALL, 0),
            Step(Eip(0, 0), ALL, 0),
            Step(DeletePod(0, Normal), ALL, 0),
            Step(Set(0, 3), ALL, 0),
            Step(Set(1, 2), ALL, 0),
            Step(Crash(0), 0, 0),
            Step(Quarantine(2), 0, 0),
            Step(Set(0, 0), ALL, 0),
            Step(Rest(1), ALL, 0),
            Step(Template(0, Unreadable), 0, 0),
            Step(DeletePod(1, Normal), 30, 5261),
            Step(Pass(90), 8, 29433),
            Step(DeletePod(0, Zero), 8, 36091),
            Step(DeleteVip(1), 13, 6831),
            Step(Set(0, 2), 0, 0),
        ],
    );
}

#[test]
fn a_pod_that_cannot_be_read_is_no_user_of_a_claim_that_is_made_again_for_its_ordinal() {
    holds_overtaken(
        1,
        &[
            Step(PowerOff(1), ALL, 0),
            Step(Pod(2, 1, Free), ALL, 0),
            Step(Vip(1, 0), ALL, 0),
            Step(Pod(1, 1, Free), ALL, 0),
            Step(Set(0, 1), 0, 0),
            Step(Nothing, 13, 60156),
            Step(Template(0, Unreadable), 13, 44340),
            Step(Set(0, 3), ALL, 0),
            Step(Hand(DeleteClaim, 87), 0, 0),
            Step(DeleteSet(0, Stay), 0, 0),
        ],
    );
}

#[test]
fn the_record_of_a_holder_that_cannot_be_read_and_has_nothing_goes() {
    // An ordinal's address is an OvnEip's by now.
    holds_overtaken(
        1,
        &[
            Step(Set(1, 2), 5, 32267),
            Step(Arm(Lose, 2), 0, 0),
            Step(DeleteSet(1, Stay), 0, 0),
            Step(Boot(0), 5, 27837),
            Step(Program(0), ALL, 0),
            Step(Set(1, 2), ALL, 0),
            Step(OvnEip(5), ALL, 0),
            Step(Template(1, Unreadable), ALL, 0),
        ],
    );
    // A pod was told nothing, and its claim went by hand.
    holds_overtaken(
        1,
        &[
            Step(Hand(FreeSubnet, 14), 1, 34976),
            Step(Pod(0, 1, Two), 0, 0),
            Step(Arm(CrashAfter, 3), 0, 0),
            Step(Boot(0), 30, 61262),
            Step(Pod(1, 1, Free), 0, 0),
            Step(Networks(1, Unreadable), 0, 0),
            Step(DeleteOrdinal(1, 2, Normal), 1, 46311),
            Step(Hand(FreeSubnet, 41), 5, 58747),
            Step(Pod(0, 1, Refused(Refusal::Unreadable)), 13, 48149),
            Step(Hand(DeleteClaims, 97), ALL, 0),
        ],
    );
}

#[test]
fn an_ordinal_that_was_told_what_another_one_has_gets_it_when_that_goes_and_not_at_a_restart() {
    holds_overtaken(
        1,
        &[
            Step(Pod(1, 1, Two), ALL, 0),
            Step(Set(0, 3), ALL, 0),
            Step(DeletePod(0, Normal), ALL, 0),
            Step(DeletePod(3, Normal), ALL, 0),
            Step(Nothing, ALL, 0),
            Step(DeletePod(2, Normal), ALL, 0),
            Step(DeletePod(2, Normal), ALL, 0),
            Step(Template(0, Unreadable), ALL, 0),
            Step(Set(0, 1), ALL, 0),
            Step(Gateway(1), ALL, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(Pod(1, 1, Refused(Refusal::Unreadable)), ALL, 0),
            Step(Pod(0, 0, Free), ALL, 0),
            Step(Hand(EditPod, 78), ALL, 0),
            Step(Hand(FreeSubnet, 26), ALL, 0),
            Step(Subnet, ALL, 0),
        ],
    );
}

#[test]
fn a_pod_that_nobody_can_read_may_keep_two_claims_in_one_family() {
    // Each controller knows its NIC by another name. It never runs, so that the agent says of neither claim that it is not used.
    holds(
        2,
        &[
            Step(Vip(1, 0), ALL, 0),
            Step(DeleteOrdinal(1, 0, Normal), ALL, 0),
            Step(Pool(5, 6), ALL, 0),
            Step(Program(1), ALL, 0),
            Step(Deaf(0), ALL, 0),
            Step(Pod(1, 1, Free), ALL, 0),
            Step(Exclude(4), ALL, 0),
            Step(Pod(0, 0, Two), ALL, 0),
            Step(Hand(HoldPod, 48), ALL, 0),
            Step(DeleteSet(0, Go), ALL, 0),
            Step(CutOff(1), ALL, 0),
            Step(Networks(0, Unreadable), ALL, 0),
            Step(Hand(DeleteClaims, 60), 0, 0),
            Step(Crash(1), ALL, 0),
            Step(Hand(AdoptIp, 49), ALL, 0),
        ],
    );
}

#[test]
fn of_two_reasons_to_wait_a_claim_gives_one() {
    // The pod before on a node that lost its power has not let go, and nobody can read the next one. The two were said in turns, without end.
    holds(
        2,
        &[
            Step(Set(0, 3), ALL, 0),
            Step(PowerOff(1), ALL, 0),
            Step(Reserve(2, 0), ALL, 0),
            Step(OutOfService(1), ALL, 0),
            Step(Set(0, 0), ALL, 0),
            Step(Nothing, ALL, 0),
            Step(Template(0, Unreadable), 13, 4154),
            Step(Program(1), ALL, 0),
            Step(Cancel(1), ALL, 0),
            Step(Hand(LetGo, 31), ALL, 0),
            Step(Program(0), ALL, 0),
            Step(Set(0, 3), ALL, 0),
            Step(Pod(2, 1, Borrow(0)), ALL, 0),
            Step(Boot(1), 0, 0),
            Step(Hand(EditPod, 26), ALL, 0),
            Step(DeleteGateway, ALL, 0),
        ],
    );
}

#[test]
fn a_vip_is_no_longer_lent_to_a_pod_that_cannot_be_read_once_its_subnet_is_gone() {
    // The Vip's address was outside of the Subnet before that.
    holds_overtaken(
        1,
        &[
            Step(Pod(0, 1, Free), ALL, 0),
            Step(Deaf(0), ALL, 0),
            Step(Set(1, 3), ALL, 0),
            Step(Pool(5, 6), ALL, 0),
            Step(Crash(0), ALL, 0),
            Step(Block(28), ALL, 0),
            Step(Vip(1, 0), 8, 3365),
            Step(DeletePod(0, Zero), ALL, 0),
            Step(DeleteSubnet, 0, 0),
            Step(Cancel(0), ALL, 0),
            Step(Pod(3, 0, Borrow(1)), ALL, 0),
            Step(Networks(3, Unreadable), 0, 0),
            Step(Arm(CrashBefore, 1), ALL, 0),
            Step(Set(1, 0), ALL, 0),
            Step(Block(29), ALL, 0),
        ],
    );
}

#[test]
fn an_ordinal_that_cannot_be_read_is_said_by_two_hands_to_have_something_else() {
    holds_overtaken(
        1,
        &[
            Step(Spill, ALL, 0),
            Step(Set(0, 1), ALL, 0),
            Step(Gateway(1), ALL, 0),
            Step(DeleteGateway, ALL, 0),
            Step(Pool(5, 6), ALL, 0),
            Step(DeleteVip(0), ALL, 0),
            Step(Migrate(0), ALL, 0),
            Step(Set(1, 3), ALL, 0),
            Step(Pod(3, 0, Free), ALL, 0),
            Step(DeleteOrdinal(1, 1, Zero), 0, 0),
            Step(DeleteSet(1, Stay), ALL, 0),
            Step(Eip(0, 6), ALL, 0),
            Step(MigrationFailed(0, Zero), ALL, 0),
            Step(Hand(HoldPod, 56), ALL, 0),
            Step(DeletePod(1, Zero), ALL, 0),
            Step(Pool(5, 6), ALL, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(DeletePod(0, Normal), ALL, 0),
            Step(DeleteEip(0), ALL, 0),
            Step(Pod(1, 1, Pooled), ALL, 0),
            Step(Pod(0, 1, This(6)), ALL, 0),
            Step(Pass(30), ALL, 0),
            Step(Nothing, ALL, 0),
            Step(Exit(3), ALL, 0),
            Step(RunVm(0, 0), ALL, 0),
            Step(Set(1, 2), ALL, 0),
            Step(Block(28), ALL, 0),
            Step(DeletePod(3, Zero), ALL, 0),
            Step(Subnet, ALL, 0),
            Step(DeletePod(0, Normal), ALL, 0),
            Step(Template(1, Unreadable), ALL, 0),
            Step(Set(0, 0), ALL, 0),
            Step(Hand(EditIp, 34), ALL, 0),
            Step(DeleteVip(0), ALL, 0),
            Step(RunVm(0, 0), ALL, 0),
            Step(Set(0, 3), ALL, 0),
            Step(Gateway(1), ALL, 0),
            Step(Pod(2, 1, Pooled), ALL, 0),
            Step(Hand(EditPod, 88), ALL, 0),
            Step(Hand(FreeSubnet, 8), ALL, 0),
            Step(Hand(DeleteClaim, 88), ALL, 0),
            Step(Hand(EditIp, 53), ALL, 0),
        ],
    );
}

#[test]
fn what_was_only_asked_for_is_no_record_of_a_pod_that_cannot_be_read() {
    holds_overtaken(
        1,
        &[
            Step(Pod(1, 1, Free), ALL, 0),
            Step(Gateway(2), ALL, 0),
            Step(CutOff(0), ALL, 0),
            Step(Hand(DeleteClaim, 16), 0, 0),
            Step(Pod(2, 1, Free), ALL, 0),
            Step(Hand(DeleteClaims, 77), ALL, 0),
            Step(DeleteOrdinal(1, 1, Zero), ALL, 0),
            Step(Nothing, ALL, 0),
            Step(Pod(3, 0, Free), ALL, 0),
            Step(DeleteOvnEip(2), ALL, 0),
            Step(CutOff(0), ALL, 0),
            Step(Hand(HoldPod, 21), ALL, 0),
            Step(Reserve(3, 0), ALL, 0),
            Step(Eip(0, 5), ALL, 0),
            Step(Program(1), ALL, 0),
            Step(Networks(3, Unreadable), ALL, 0),
            Step(Set(1, 3), ALL, 0),
            Step(RunVm(0, 1), ALL, 0),
            Step(Template(1, Unreadable), ALL, 0),
            Step(Hand(EditIp, 85), ALL, 0),
            Step(Pod(3, 0, Free), ALL, 0),
            Step(Hand(DeleteClaims, 70), 0, 0),
            Step(Hand(DeleteIp, 2), 0, 0),
            Step(DeletePod(2, Normal), 0, 0),
            Step(DeleteSubnet, 0, 0),
            Step(DeletePod(2, Normal), ALL, 0),
        ],
    );
}

#[test]
fn a_claim_on_a_wire_with_a_name_of_its_own_is_of_the_network_of_its_subnet_although_that_became_too_small() {
    holds_overtaken(
        2,
        &[
            Step(NameWire, ALL, 0),
            Step(Gateway(1), 1, 28447),
            Step(Gateway(2), ALL, 0),
            Step(Rule(Snat, 1, 0, 0), 0, 0),
            Step(Pod(2, 0, Free), 1, 8356),
            Step(Eip(0, 0), 0, 0),
            Step(Reserve(1, 0), 13, 18436),
            Step(Block(28), 5, 29271),
            Step(Set(1, 3), 0, 0),
            Step(Set(0, 3), ALL, 0),
            Step(Template(1, Unreadable), ALL, 0),
            Step(Block(29), ALL, 0),
            Step(Set(1, 0), 2, 5442),
            Step(Set(1, 2), ALL, 0),
            Step(Unprogram(0), ALL, 0),
            Step(Pool(4, 5), 30, 14539),
            Step(Block(28), ALL, 0),
        ],
    );
}

#[test]
fn a_pod_that_cannot_be_read_has_no_record_by_the_name_of_its_wire() {
    // One controller knows its claim before the Subnet that was made for it.
    holds_overtaken(
        2,
        &[
            Step(NameWire, ALL, 0),
            Step(Pod(0, 1, Free), ALL, 0),
            Step(Pool(4, 5), ALL, 0),
            Step(OvnEip(6), ALL, 0),
            Step(Pod(3, 0, Free), ALL, 0),
            Step(Pod(2, 0, Free), ALL, 0),
            Step(Deaf(0), ALL, 0),
            Step(Networks(2, Unreadable), ALL, 0),
            Step(Deaf(1), ALL, 0),
            Step(Spill, ALL, 0),
        ],
    );
}

#[test]
fn a_pod_that_only_asked_for_an_address_before_nobody_could_read_it_has_no_record() {
    holds_overtaken(
        2,
        &[
            Step(Reserve(0, 0), ALL, 0),
            Step(Pod(0, 1, This(2)), 0, 0),
            Step(Networks(0, Unreadable), ALL, 0),
            Step(RunVm(1, 0), ALL, 0),
            Step(Cancel(0), ALL, 0),
        ],
    );
}
