//! Claims: asked for, heard of, held by finalizers, deleted by hand.

use crate::{holds, holds_overtaken};
use sim::random::{ALL, Ask::*, Grace::*, Hand::*, Networks::Unreadable, Pods::*, Step, What::*, Wrong::*};

#[test]
fn a_claim_that_a_finalizer_holds_is_deleted_once_and_waited_for() {
    holds(
        1,
        &[
            Step(Pod(0, 1, Free), ALL, 0),
            Step(Hand(HoldClaim, 0), ALL, 0),
            Step(DeletePod(0, Normal), ALL, 0),
            Step(Pod(0, 0, Free), ALL, 0),
        ],
    );
}

#[test]
fn a_nic_with_two_claims_in_one_family_asks_for_neither_again() {
    holds(
        2,
        &[
            Step(Pod(3, 0, Two), ALL, 0),
            Step(DeletePod(3, Zero), ALL, 0),
            Step(Hand(DeleteClaim, 81), ALL, 0),
            Step(Crash(1), ALL, 0),
            Step(Gateway(1), 30, 34228),
            Step(Deaf(1), ALL, 0),
            Step(Program(1), ALL, 0),
        ],
    );
}

#[test]
fn both_claims_of_a_nic_count_until_one_is_let_go() {
    holds(
        2,
        &[
            Step(Pod(0, 0, Two), ALL, 0),
            Step(DeletePod(0, Zero), ALL, 0),
            Step(Set(1, 3), ALL, 0),
            Step(DeleteVip(1), ALL, 0),
            Step(Arm(CrashAfter, 2), ALL, 0),
            Step(Gateway(2), 0, 0),
            Step(Pod(1, 0, Two), ALL, 0),
            Step(DeleteOrdinal(1, 1, Normal), ALL, 0),
        ],
    );
}

#[test]
fn an_address_whose_old_claim_is_still_being_written_is_asked_for_once_it_is_not() {
    // The condition that the claim waits is on its way while the claim goes, and its address is given out again.
    holds(
        2,
        &[
            Step(Set(1, 2), 2, 28963),
            Step(Connect(1), 13, 44711),
            Step(Pod(3, 1, Free), 1, 23939),
            Step(Hand(HoldClaim, 81), 3, 34401),
            Step(Hand(DeleteIp, 1), 13, 58739),
            Step(Pod(1, 1, Free), 5, 7609),
            Step(Gateway(1), 0, 0),
            Step(Set(0, 1), 13, 21777),
            Step(Pod(2, 0, Free), 1, 32409),
            Step(Pod(2, 0, Free), 13, 5142),
            Step(DeleteGateway, 2, 27347),
            Step(Hand(StripClaim, 21), 1, 36140),
            Step(Vip(0, 5), 13, 50837),
            Step(DeletePod(3, Zero), 8, 8201),
            Step(DeleteSet(0, Stay), 30, 13554),
            Step(DeleteVip(0), 8, 55662),
            Step(Set(1, 3), 0, 0),
            Step(Set(0, 3), 0, 0),
            Step(CutOff(1), 0, 0),
            Step(Eip(0, 0), 30, 37558),
            Step(Pod(1, 1, Two), 13, 23414),
            Step(Program(1), 13, 33800),
            Step(Hand(DeleteClaim, 54), 0, 0),
            Step(Pod(0, 0, Free), 0, 0),
            Step(DeletePod(2, Normal), 0, 0),
            Step(CutOff(0), 0, 0),
            Step(Pool(5, 6), 0, 0),
            Step(Connect(0), 0, 0),
        ],
    );
}

#[test]
fn a_claim_that_comes_late_to_a_pod_with_a_reservation_does_not_stay() {
    holds(
        1,
        &[
            Step(Set(0, 0), ALL, 0),
            Step(Arm(Late, 1), ALL, 0),
            Step(Pod(1, 1, Free), 8, 4848),
            Step(Reserve(1, 0), 5, 6031),
            Step(Crash(0), ALL, 0),
        ],
    );
}

#[test]
fn a_claim_that_went_before_any_watch_showed_it_is_not_held_for_ever() {
    // The controller knows the claim that it made by the answer alone; its watches expire, and the new list lacks it.
    holds(
        1,
        &[
            Step(Set(1, 1), 0, 0),
            Step(Hand(StripPod, 96), 8, 30422),
            Step(Deaf(0), ALL, 0),
            Step(Expire(1), ALL, 0),
            Step(Hand(DeleteClaim, 42), ALL, 0),
        ],
    );
}

#[test]
fn a_claim_that_a_read_has_shown_and_no_watch_is_not_held_for_ever_either() {
    holds(
        2,
        &[
            Step(DeleteSubnet, ALL, 0),
            Step(Vip(0, 3), ALL, 0),
            Step(Vm(0), ALL, 0),
            Step(RunVm(0, 1), ALL, 0),
            Step(Eip(1, 4), ALL, 0),
            Step(Set(0, 1), ALL, 0),
            Step(Pod(0, 0, Free), ALL, 0),
            Step(Gateway(1), ALL, 0),
            Step(Subnet, ALL, 0),
            Step(DeleteEip(1), ALL, 0),
            Step(Deaf(1), ALL, 0),
            Step(Pod(1, 1, Free), ALL, 0),
            Step(Pass(90), 0, 0),
            Step(Block(28), 8, 59725),
            Step(Spill, ALL, 0),
            Step(Expire(1), ALL, 0),
        ],
    );
}

#[test]
fn what_a_list_does_not_show_is_not_waited_for() {
    // The IP object of p3 was there when its watch was silent, and is gone when it is listed again.
    holds(
        1,
        &[
            Step(Pod(3, 0, Free), 0, 0),
            Step(DeletePod(3, Normal), 0, 0),
            Step(Pod(0, 0, Pooled), 30, 53194),
            Step(Pod(3, 0, Steal(6)), 8, 53448),
            Step(Deaf(0), ALL, 0),
            Step(Pass(90), ALL, 0),
            Step(Cancel(3), ALL, 0),
            Step(Expire(0), ALL, 0),
        ],
    );
}

#[test]
fn an_answer_that_is_older_than_what_is_known_ends_what_is_known() {
    // The storage was put back, and the watches do not tell.
    holds(
        2,
        &[
            Step(Pod(2, 0, Free), ALL, 0),
            Step(Save, ALL, 0),
            Step(Exit(2), 8, 39372),
            Step(Deaf(0), 0, 0),
            Step(PutBack, ALL, 0),
        ],
    );
}

#[test]
fn a_reservation_is_not_told_the_address_of_the_one_before_it_that_is_on_its_way_out() {
    holds(
        1,
        &[
            Step(Reserve(0, 0), ALL, 0),
            Step(Set(0, 2), ALL, 0),
            Step(Pod(3, 1, Free), ALL, 0),
            Step(Cancel(0), ALL, 0),
            Step(Set(1, 2), 0, 0),
            Step(Pass(61), 0, 0),
            Step(DeletePool, 13, 48168),
            Step(Reserve(0, 6), ALL, 0),
        ],
    );
}

#[test]
fn a_claim_is_healed_for_a_pod_that_came_again_while_a_write_was_lost() {
    holds(
        2,
        &[
            Step(Set(1, 3), 0, 0),
            Step(Reserve(2, 3), ALL, 0),
            Step(Nothing, ALL, 0),
            Step(Set(1, 0), ALL, 0),
            Step(Gateway(2), ALL, 0),
            Step(Pool(5, 6), ALL, 0),
            Step(Pod(2, 1, Two), ALL, 0),
            Step(Pass(61), ALL, 0),
            Step(Pod(1, 0, Pooled), ALL, 0),
            Step(Deaf(1), ALL, 0),
            Step(DeletePod(1, Normal), ALL, 0),
            Step(Arm(Lose, 2), ALL, 0),
            Step(Pod(1, 0, Pooled), ALL, 0),
            Step(Pod(0, 0, Free), ALL, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(Deaf(0), ALL, 0),
            Step(Hand(DeleteClaims, 78), ALL, 0),
            Step(Gateway(1), ALL, 0),
            Step(DeletePod(2, Zero), ALL, 0),
        ],
    );
}

#[test]
fn claims_that_are_deleted_twice_are_made_again_on_a_subnet_that_goes() {
    holds(
        2,
        &[
            Step(Pod(0, 0, Free), ALL, 0),
            Step(Vip(0, 0), ALL, 0),
            Step(Eip(0, 0), ALL, 0),
            Step(Deaf(0), ALL, 0),
            Step(Pod(3, 0, Two), ALL, 0),
            Step(Exit(0), ALL, 0),
            Step(Set(0, 2), ALL, 0),
            Step(Connect(0), ALL, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(Hand(DeleteClaims, 19), 3, 1651),
            Step(Hand(DeleteClaims, 24), 0, 0),
        ],
    );
}

#[test]
fn whoever_was_refused_an_address_is_told_who_has_it_now() {
    holds(
        2,
        &[
            Step(Pod(2, 1, Two), 0, 0),
            Step(Set(1, 3), 8, 14383),
            Step(Vip(1, 3), 0, 0),
            Step(Reserve(0, 0), ALL, 0),
            Step(Program(0), ALL, 0),
            Step(Hand(HoldClaim, 22), ALL, 0),
            Step(Hand(DeleteClaims, 86), ALL, 0),
            Step(CutOff(1), ALL, 0),
            Step(Pod(0, 1, Pooled), ALL, 0),
            Step(Save, ALL, 0),
            Step(Program(1), ALL, 0),
            Step(Cancel(0), ALL, 0),
            Step(Hear(0), ALL, 0),
            Step(Hand(LetGo, 46), ALL, 0),
            Step(Connect(1), ALL, 0),
            Step(PutBack, 0, 0),
            Step(Pool(5, 6), 13, 18305),
        ],
    );
}

#[test]
fn a_claim_that_is_read_as_an_earlier_one_of_its_name_ends_what_is_known() {
    holds(
        2,
        &[
            Step(Pod(0, 1, This(5)), ALL, 0),
            Step(Save, ALL, 0),
            Step(Hand(DeleteClaim, 13), ALL, 0),
            Step(DeletePod(0, Zero), 0, 0),
            Step(Eip(1, 4), 0, 0),
            Step(Nothing, 13, 59091),
            Step(Deaf(1), 0, 0),
            Step(PutBack, ALL, 0),
            Step(Set(1, 3), ALL, 0),
        ],
    );
}

#[test]
fn what_a_former_pod_of_a_machine_was_seen_to_use_and_let_go_is_not_what_its_present_pod_uses() {
    // The storage was put back: the agent made the claim of the pod before again, and then said that it was let go.
    holds_overtaken(
        1,
        &[
            Step(Pod(0, 1, Two), ALL, 0),
            Step(Vm(0), ALL, 0),
            Step(Eip(1, 3), ALL, 0),
            Step(Save, ALL, 0),
            Step(RunVm(0, 0), ALL, 0),
            Step(Reserve(0, 4), ALL, 0),
            Step(Pod(2, 0, Free), ALL, 0),
            Step(Vip(1, 5), 30, 54879),
            Step(PutBack, 0, 0),
            Step(Pod(1, 0, Free), 0, 0),
            Step(Pod(3, 1, Free), 0, 0),
            Step(RunVm(0, 0), 0, 0),
            Step(Program(0), 30, 15253),
        ],
    );
}

#[test]
fn a_claim_that_comes_late_to_a_vip_that_says_another_address_does_not_stay() {
    // What the Vip says cannot be had again: no Subnet is left.
    holds_overtaken(
        1,
        &[
            Step(Arm(Late, 1), ALL, 0),
            Step(Vip(0, 0), 2, 50584),
            Step(Vip(1, 2), 0, 0),
            Step(Crash(0), ALL, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(Hand(FreeSubnet, 0), ALL, 0),
            Step(Hand(DeleteClaims, 0), ALL, 0),
        ],
    );
}

#[test]
fn a_late_claim_of_what_nothing_else_said_may_stand_beside_the_one_that_the_pod_is_told() {
    holds_overtaken(
        2,
        &[
            Step(Pod(3, 0, Free), 0, 0),
            Step(Arm(Late, 2), 5, 60843),
            Step(Reserve(3, 0), ALL, 0),
            Step(Hand(DeleteClaims, 57), ALL, 0),
        ],
    );
}

#[test]
fn nothing_else_is_asked_for_while_an_answer_is_out_although_the_subnet_has_no_place_for_it_any_more() {
    // The block shrinks while the answer is lost: the Subnet has no place for what was asked for.
    holds_overtaken(
        1,
        &[
            Step(Pod(3, 0, Free), ALL, 0),
            Step(Pod(2, 0, Free), ALL, 0),
            Step(DeletePod(3, Normal), ALL, 0),
            Step(Block(28), ALL, 0),
            Step(DeletePod(2, Zero), ALL, 0),
            Step(Pod(2, 1, This(6)), 30, 47577),
            Step(Arm(Lose, 3), ALL, 0),
            Step(Hand(DeleteClaim, 67), 13, 45546),
            Step(Exit(2), ALL, 0),
            Step(Gateway(2), ALL, 0),
            Step(Pod(3, 1, Free), 3, 40070),
            Step(Block(29), 0, 0),
            Step(Arm(Lose, 1), 5, 54735),
        ],
    );
}

#[test]
fn a_reservation_made_again_says_no_address_that_another_controller_has_released() {
    holds_overtaken(
        2,
        &[
            Step(OvnEip(6), ALL, 0),
            Step(Reserve(0, 3), ALL, 0),
            Step(OvnEip(4), 1, 10596),
            Step(Cancel(0), 0, 0),
            Step(Gateway(2), ALL, 0),
            Step(Pod(3, 1, Free), 1, 4554),
            Step(Crash(1), 8, 17623),
            Step(Arm(DropReply, 3), ALL, 0),
            Step(Pod(2, 1, Free), ALL, 0),
            Step(Pass(90), 3, 22848),
            Step(Pass(5), 5, 50243),
            Step(Reserve(0, 2), ALL, 0),
        ],
    );
}

#[test]
fn a_reservation_made_again_while_its_former_address_is_given_away_takes_another() {
    holds_overtaken(
        2,
        &[
            Step(Pod(2, 1, Free), ALL, 0),
            Step(Pod(0, 1, Free), ALL, 0),
            Step(Reserve(3, 4), ALL, 0),
            Step(Reserve(1, 0), ALL, 0),
            Step(Vip(1, 0), ALL, 0),
            Step(PowerOff(1), ALL, 0),
            Step(Pod(3, 0, Free), ALL, 0),
            Step(DeletePod(0, Normal), ALL, 0),
            Step(DeletePod(2, Zero), ALL, 0),
            Step(DeletePod(3, Normal), ALL, 0),
            Step(Arm(Late, 2), ALL, 0),
            Step(DeletePod(1, Normal), ALL, 0),
            Step(DeletePod(0, Normal), ALL, 0),
            Step(DeletePod(2, Normal), 0, 0),
            Step(Pod(3, 1, Free), ALL, 0),
            Step(Arm(CrashBefore, 2), ALL, 0),
            Step(Cancel(1), ALL, 0),
            Step(Nothing, ALL, 0),
            Step(Vm(0), ALL, 0),
            Step(Pod(3, 0, This(4)), 0, 0),
            Step(Pass(90), 3, 62267),
            Step(Reserve(1, 3), 2, 50199),
            Step(Pod(2, 0, Free), 0, 0),
        ],
    );
}

#[test]
fn a_pod_whose_claim_is_lost_has_it_again_and_not_what_was_reserved_for_it_once() {
    holds(
        1,
        &[
            Step(Pod(3, 1, Free), 2, 41087),
            Step(Reserve(3, 0), ALL, 0),
            Step(Arm(DropReply, 1), ALL, 0),
            Step(Cancel(3), ALL, 0),
            Step(DeleteEip(0), ALL, 0),
            Step(WatchOver, ALL, 0),
            Step(Arm(Lose, 2), ALL, 0),
            Step(Arm(Lose, 2), ALL, 0),
            Step(Arm(CrashAfter, 2), ALL, 0),
            Step(CutOff(1), ALL, 0),
            Step(Arm(CrashBefore, 2), ALL, 0),
            Step(Pod(1, 0, Free), 0, 0),
            Step(Crash(0), 0, 0),
            Step(Hand(DeleteClaim, 54), ALL, 0),
            Step(DeletePod(3, Normal), ALL, 0),
            Step(Arm(Lose, 2), ALL, 0),
            Step(Unprogram(1), ALL, 0),
            Step(Reserve(3, 0), ALL, 0),
            Step(Template(1, Unreadable), ALL, 0),
            Step(Pod(2, 0, Free), ALL, 0),
        ],
    );
}

#[test]
fn a_pod_that_says_what_another_holder_has_does_not_take_what_is_reserved_for_it_either() {
    holds_overtaken(
        1,
        &[
            Step(Gateway(1), 0, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(Reserve(0, 0), ALL, 0),
            Step(Reserve(1, 0), ALL, 0),
            Step(Pod(0, 1, Steal(6)), ALL, 0),
            Step(Pod(3, 1, Free), ALL, 0),
            Step(Set(0, 1), ALL, 0),
            Step(Subnet, ALL, 0),
        ],
    );
}

#[test]
fn a_pod_has_a_claim_again_that_was_made_by_one_who_did_not_know_it_although_its_reservation_is_gone() {
    holds_overtaken(
        2,
        &[
            Step(Reserve(1, 4), ALL, 0),
            Step(Nothing, ALL, 0),
            Step(Pod(3, 0, Free), ALL, 0),
            Step(DeletePod(2, Zero), ALL, 0),
            Step(Deaf(0), ALL, 0),
            Step(PoolOfOthers(4, 5), ALL, 0),
            Step(Pod(1, 1, Steal(5)), ALL, 0),
            Step(Reserve(0, 6), ALL, 0),
            Step(Hand(DeleteClaims, 7), 0, 0),
            Step(Cancel(1), 0, 0),
        ],
    );
}
