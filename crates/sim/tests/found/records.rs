//! IP objects and annotations: what is on record of a pod.

use crate::{holds, holds_overtaken};
use sim::random::{ALL, Ask::*, Grace::*, Hand::*, Pods::*, Step, What::*, Wrong::*};

#[test]
fn an_ip_object_that_a_finalizer_holds_is_in_nobodys_way() {
    holds(1, &[Step(Pod(0, 1, Free), ALL, 0), Step(Hand(HoldIp, 0), ALL, 0), Step(DeletePod(0, Normal), ALL, 0)]);
}

#[test]
fn an_ip_object_with_the_finalizer_of_kube_ovn_goes_with_its_claim() {
    holds(1, &[Step(Pod(0, 1, Free), ALL, 0), Step(Hand(AdoptIp, 0), ALL, 0), Step(DeletePod(0, Normal), ALL, 0)]);
}

#[test]
fn what_a_pod_borrowed_of_a_gateway_is_deleted_once_where_a_finalizer_holds_its_ip_object() {
    holds(1, &[Step(Gateway(2), ALL, 0), Step(Hand(HoldIp, 0), ALL, 0), Step(DeleteGateway, ALL, 0)]);
}

#[test]
fn a_pod_that_was_told_the_address_of_an_eip_does_not_get_it() {
    holds(
        2,
        &[
            Step(Eip(1, 6), 0, 0),
            Step(Gateway(1), 1, 31508),
            Step(Hand(AdoptIp, 12), 5, 19220),
            Step(Set(1, 0), 8, 26828),
            Step(Hand(EditPod, 59), 0, 0),
            Step(DeleteEip(1), 0, 0),
        ],
    );
}

#[test]
fn the_record_of_a_machine_that_is_stopped_is_mended_too() {
    holds(
        1,
        &[
            Step(Reserve(0, 3), ALL, 0),
            Step(Set(1, 1), ALL, 0),
            Step(Spill, ALL, 0),
            Step(Pod(2, 0, Two), ALL, 0),
            Step(Vm(0), ALL, 0),
            Step(Pod(3, 1, Two), ALL, 0),
            Step(Connect(0), ALL, 0),
            Step(Eip(1, 0), ALL, 0),
            Step(Exit(3), 0, 0),
            Step(RunVm(0, 1), ALL, 0),
            Step(Hand(EditIp, 75), 0, 0),
            Step(StopVm(0, Normal), 8, 22953),
            Step(Crash(0), ALL, 0),
        ],
    );
}

#[test]
fn the_record_of_a_pod_stays_while_it_is_all_that_says_what_the_pod_was_told() {
    // The Vip that the pod borrowed from goes, and its claim was deleted by hand.
    holds(
        2,
        &[
            Step(Deaf(1), ALL, 0),
            Step(Vip(1, 4), ALL, 0),
            Step(Set(0, 2), ALL, 0),
            Step(Pod(3, 0, Borrow(1)), ALL, 0),
            Step(PowerOff(1), ALL, 0),
            Step(Set(0, 1), ALL, 0),
            Step(Deaf(0), ALL, 0),
            Step(Hand(DeleteClaims, 56), ALL, 0),
            Step(Arm(CrashBefore, 1), ALL, 0),
            Step(DeleteVip(1), ALL, 0),
            Step(Pass(90), ALL, 0),
        ],
    );
}

#[test]
fn the_record_of_a_pod_stays_where_the_controller_has_not_heard_of_the_pod() {
    // Its claim was deleted by hand, and the Vip that it borrowed from goes.
    holds(
        2,
        &[
            Step(Deaf(1), ALL, 0),
            Step(Vip(1, 4), ALL, 0),
            Step(Hear(0), ALL, 0),
            Step(Pod(3, 0, Borrow(1)), ALL, 0),
            Step(Pod(2, 1, Free), 8, 58009),
            Step(Deaf(0), ALL, 0),
            Step(Hand(DeleteClaims, 56), ALL, 0),
            Step(Arm(CrashBefore, 1), ALL, 0),
            Step(DeleteVip(1), ALL, 0),
            Step(Pass(90), ALL, 0),
        ],
    );
}

#[test]
fn each_claim_has_its_own_ip_object_after_hands_and_a_reservation() {
    holds(
        2,
        &[
            Step(Eip(1, 0), ALL, 0),
            Step(Vip(0, 4), ALL, 0),
            Step(Set(0, 3), ALL, 0),
            Step(DeletePod(2, Normal), ALL, 0),
            Step(Pool(4, 5), ALL, 0),
            Step(Pod(1, 1, Two), ALL, 0),
            Step(DeleteVip(0), ALL, 0),
            Step(Deaf(1), ALL, 0),
            Step(Hand(DeleteClaim, 51), ALL, 0),
            Step(Vip(0, 0), ALL, 0),
            Step(Reserve(1, 4), ALL, 0),
            Step(Pass(61), ALL, 0),
            Step(Arm(CrashAfter, 2), ALL, 0),
            Step(Hand(DeleteClaims, 41), ALL, 0),
        ],
    );
}

#[test]
fn an_edited_ip_object_is_written_again_after_its_claim_was_deleted_too() {
    holds(
        2,
        &[
            Step(Pool(5, 6), ALL, 0),
            Step(Pod(0, 1, Free), ALL, 0),
            Step(Set(0, 1), ALL, 0),
            Step(Hand(StripPod, 66), ALL, 0),
            Step(Pod(3, 1, Pooled), 0, 0),
            Step(DeleteVm(0), 13, 518),
            Step(Program(0), 5, 16987),
            Step(Deaf(0), 0, 0),
            Step(Hand(EditIp, 14), 0, 0),
            Step(Hand(DeleteClaims, 54), 0, 0),
            Step(Crash(1), ALL, 0),
        ],
    );
}

#[test]
fn what_a_hand_wrote_into_an_ip_object_is_on_record_until_the_ordinal_has_another_address() {
    holds(
        1,
        &[
            Step(Set(1, 3), 30, 18436),
            Step(Pass(90), 13, 30694),
            Step(Hand(EditIp, 52), 0, 0),
            Step(Hand(DeleteClaims, 85), 0, 0),
            Step(Set(0, 2), 0, 0),
            Step(Set(1, 3), 8, 30671),
            Step(Crash(0), 0, 0),
            Step(Deaf(0), 3, 26159),
            Step(DeleteSet(1, Stay), 2, 41089),
            Step(Pass(30), 8, 63075),
            Step(Boot(1), 8, 10869),
            Step(Pass(30), 0, 0),
            Step(DeletePod(3, Normal), 1, 48476),
            Step(DeletePod(2, Zero), 1, 33159),
            Step(Set(1, 3), 13, 27811),
            Step(LateArrives, 13, 29518),
        ],
    );
}

#[test]
fn an_ip_object_of_another_life_is_not_written_again_and_again() {
    holds(
        2,
        &[
            Step(Pod(3, 0, Free), ALL, 0),
            Step(Gateway(2), ALL, 0),
            Step(Arm(CrashBefore, 1), ALL, 0),
            Step(Pod(3, 1, Pooled), ALL, 0),
            Step(Set(1, 3), ALL, 0),
            Step(Hand(DeleteClaims, 58), 0, 0),
            Step(Set(0, 3), 0, 0),
            Step(Spill, 0, 0),
            Step(CutOff(1), 13, 48069),
            Step(Deaf(0), ALL, 0),
            Step(DeleteGateway, 0, 0),
            Step(Arm(CrashBefore, 1), ALL, 0),
            Step(CutOff(0), ALL, 0),
            Step(Set(1, 0), ALL, 0),
            Step(Hand(DeleteClaim, 2), ALL, 0),
            Step(Set(0, 1), ALL, 0),
            Step(Gateway(2), 0, 0),
            Step(Hand(DeleteClaims, 52), 1, 1446),
            Step(DeleteSubnet, ALL, 0),
            Step(Hand(FreeSubnet, 81), ALL, 0),
            Step(DeletePod(0, Zero), ALL, 0),
            Step(DeletePod(3, Normal), ALL, 0),
            Step(Hand(StripPod, 50), ALL, 0),
            Step(Pass(5), ALL, 0),
            Step(Hand(HoldClaim, 36), ALL, 0),
        ],
    );
}

#[test]
fn the_record_of_an_ordinal_goes_with_the_last_pod_that_was_told_so() {
    holds(
        2,
        &[
            Step(Spill, ALL, 0),
            Step(Set(1, 1), ALL, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(Hand(FreeSubnet, 92), ALL, 0),
            Step(OutOfService(0), ALL, 0),
            Step(Hand(DeleteClaim, 94), ALL, 0),
            Step(Pod(1, 1, Free), ALL, 0),
            Step(DeleteSet(1, Stay), ALL, 0),
        ],
    );
}

#[test]
fn the_record_of_a_pod_is_none_of_the_next_pod_of_its_name() {
    holds(
        2,
        &[
            Step(Vip(0, 2), ALL, 0),
            Step(Pod(3, 0, Borrow(0)), ALL, 0),
            Step(DeleteOrdinal(1, 1, Normal), ALL, 0),
            Step(DeletePod(3, Zero), 3, 57913),
            Step(Pod(3, 1, Steal(2)), ALL, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(Hand(FreeSubnet, 26), ALL, 0),
        ],
    );
}

#[test]
fn the_record_of_a_pod_that_became_an_ordinal_goes_with_it() {
    holds(
        2,
        &[
            Step(Block(28), ALL, 0),
            Step(Set(1, 1), ALL, 0),
            Step(Gateway(2), ALL, 0),
            Step(Set(0, 3), 0, 0),
            Step(Pod(3, 0, Steal(5)), ALL, 0),
            Step(Block(29), ALL, 0),
            Step(DeleteSet(0, Stay), ALL, 0),
            Step(Hand(DeleteClaims, 57), ALL, 0),
            Step(Set(0, 2), ALL, 0),
            Step(Hand(HoldPod, 17), ALL, 0),
        ],
    );
}

#[test]
fn the_record_of_a_pod_stays_where_it_is_an_ordinal_before_its_set_is_seen() {
    holds(
        1,
        &[
            Step(Set(1, 3), ALL, 0),
            Step(DeleteOrdinal(0, 0, Zero), ALL, 0),
            Step(Pool(5, 6), ALL, 0),
            Step(Pod(0, 0, Free), ALL, 0),
            Step(Eip(1, 0), ALL, 0),
            Step(DeleteSet(1, Stay), ALL, 0),
            Step(DeleteOrdinal(1, 0, Normal), ALL, 0),
            Step(RunVm(0, 0), ALL, 0),
            Step(Spill, ALL, 0),
            Step(Pass(61), ALL, 0),
            Step(DeletePod(2, Zero), ALL, 0),
            Step(Set(1, 1), 30, 32228),
            Step(Block(28), ALL, 0),
            Step(Block(29), ALL, 0),
            Step(OutOfService(0), ALL, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(DeleteSet(1, Stay), ALL, 0),
            Step(Hand(DeleteClaims, 92), ALL, 0),
            Step(Nothing, ALL, 0),
            Step(Set(1, 3), 0, 0),
            Step(Pod(1, 1, This(5)), 3, 25409),
            Step(Pass(90), ALL, 0),
            Step(Block(28), ALL, 0),
        ],
    );
}

#[test]
fn a_pod_that_is_told_an_address_goes_on_with_it_and_not_with_a_claim_that_came_beside_it() {
    holds(
        2,
        &[
            Step(Pod(3, 1, Steal(4)), ALL, 0),
            Step(CutOff(1), ALL, 0),
            Step(Subnet, ALL, 0),
            Step(Set(0, 3), ALL, 0),
            Step(Connect(0), ALL, 0),
            Step(Pod(3, 0, Borrow(0)), ALL, 0),
            Step(Pool(4, 5), ALL, 0),
            Step(Pod(0, 0, Borrow(1)), ALL, 0),
            Step(Pod(3, 1, Borrow(0)), ALL, 0),
            Step(Pod(3, 1, This(5)), ALL, 0),
            Step(Eip(0, 5), 8, 57116),
            Step(Hand(DeleteIp, 82), 0, 0),
            Step(Deaf(0), ALL, 0),
            Step(Set(1, 1), ALL, 0),
            Step(Pod(3, 1, Free), ALL, 0),
            Step(Pod(1, 1, Free), ALL, 0),
            Step(Pod(1, 0, Two), ALL, 0),
            Step(Reserve(2, 0), ALL, 0),
            Step(Pod(1, 0, Steal(2)), ALL, 0),
            Step(Pool(4, 5), ALL, 0),
            Step(Pod(0, 1, Free), ALL, 0),
            Step(Crash(0), ALL, 0),
            Step(Set(0, 0), ALL, 0),
            Step(Pod(1, 1, Free), ALL, 0),
            Step(DeletePod(0, Normal), ALL, 0),
            Step(Set(1, 1), ALL, 0),
            Step(Set(0, 2), ALL, 0),
            Step(Hand(DeleteClaim, 64), ALL, 0),
            Step(Hand(DeleteIp, 94), ALL, 0),
            Step(DeleteSet(0, Go), 0, 0),
            Step(Pod(2, 1, Pooled), 0, 0),
            Step(Hand(EditPod, 14), 0, 0),
            Step(Pod(0, 1, Free), ALL, 0),
            Step(DeleteOrdinal(1, 0, Zero), ALL, 0),
            Step(Pass(30), ALL, 0),
            Step(Crash(1), ALL, 0),
            Step(RunVm(0, 1), ALL, 0),
            Step(Pod(0, 1, Borrow(1)), ALL, 0),
            Step(Hand(StripClaim, 32), ALL, 0),
            Step(Hand(StripClaim, 53), ALL, 0),
            Step(DeleteOrdinal(1, 1, Normal), ALL, 0),
            Step(DeletePod(3, Normal), ALL, 0),
            Step(Unprogram(1), ALL, 0),
            Step(DeletePod(0, Normal), ALL, 0),
            Step(Program(0), ALL, 0),
            Step(Pod(1, 0, Free), ALL, 0),
            Step(Block(28), ALL, 0),
            Step(DeletePod(1, Zero), ALL, 0),
            Step(DeletePod(2, Zero), ALL, 0),
            Step(Hear(0), ALL, 0),
            Step(DeleteVip(1), ALL, 0),
            Step(RunVm(0, 0), ALL, 0),
            Step(Hand(EditIp, 26), ALL, 0),
            Step(Program(0), ALL, 0),
            Step(Hand(DeleteClaims, 72), ALL, 0),
            Step(Hand(FreeSubnet, 35), ALL, 0),
            Step(Pool(4, 5), ALL, 0),
            Step(DeleteEip(0), ALL, 0),
            Step(DeleteVm(0), ALL, 0),
            Step(DeleteSpill, ALL, 0),
            Step(CutOff(1), ALL, 0),
            Step(Spill, ALL, 0),
            Step(Vip(0, 0), ALL, 0),
            Step(Hand(EditPod, 94), ALL, 0),
            Step(Hand(LetGo, 92), ALL, 0),
            Step(DeletePod(0, Normal), ALL, 0),
            Step(DeletePod(0, Normal), ALL, 0),
            Step(Hand(FreeSubnet, 42), ALL, 0),
            Step(Connect(0), ALL, 0),
            Step(Set(0, 2), 1, 597),
            Step(Connect(1), 3, 16120),
            Step(Set(1, 3), 3, 36034),
            Step(Hand(StripClaim, 65), 0, 0),
            Step(CutOff(1), 13, 51133),
            Step(Crash(0), 2, 45064),
            Step(Hand(StripPod, 91), 1, 53164),
            Step(Set(1, 2), 0, 0),
            Step(DeletePod(2, Normal), 30, 40068),
            Step(DeletePod(0, Normal), 13, 44854),
            Step(Arm(Lose, 2), 5, 46120),
            Step(DeleteSet(0, Go), 1, 18602),
            Step(Arm(Late, 3), 0, 0),
            Step(Pass(61), 0, 0),
            Step(Set(1, 0), 30, 59508),
            Step(Pool(5, 6), ALL, 0),
            Step(DeletePod(3, Zero), 8, 11342),
            Step(CutOff(1), 2, 48796),
            Step(Block(28), 1, 36886),
            Step(Connect(1), 2, 21500),
            Step(Connect(1), 13, 49743),
            Step(Pod(3, 1, Two), 2, 26003),
            Step(Pod(0, 1, Free), 1, 4778),
            Step(Arm(DropReply, 3), 30, 46419),
            Step(Unprogram(0), 3, 12286),
            Step(Arm(DropReply, 2), 30, 47118),
            Step(CutOff(1), ALL, 0),
            Step(DeletePod(2, Zero), ALL, 0),
            Step(Hand(DeleteClaim, 80), ALL, 0),
        ],
    );
}

#[test]
fn an_eip_is_not_judged_by_the_record_of_a_pod_that_had_its_address_before() {
    // The pod's claim was deleted by hand, and the EIP got the address before the pod was heard of.
    holds(
        2,
        &[
            Step(Deaf(1), 0, 0),
            Step(Set(1, 1), ALL, 0),
            Step(Deaf(0), 0, 0),
            Step(Hand(DeleteClaim, 0), 0, 0),
            Step(Eip(1, 2), 0, 0),
            Step(Hear(1), ALL, 0),
        ],
    );
}

#[test]
fn what_a_running_pod_was_told_stays_on_record_when_all_subnets_of_its_network_are_gone() {
    holds(
        1,
        &[
            Step(Set(0, 3), ALL, 0),
            Step(Spill, ALL, 0),
            Step(Hand(FreeSubnet, 23), 0, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(Pod(1, 1, Free), ALL, 0),
            Step(DeleteSet(0, Stay), ALL, 0),
            Step(DeleteSpill, ALL, 0),
            Step(Hand(DeleteClaims, 58), 0, 0),
            Step(Set(0, 1), 0, 0),
            Step(DeletePod(1, Zero), 0, 0),
        ],
    );
}

#[test]
fn two_fresh_reads_of_one_record_do_not_wait_for_each_other_for_ever() {
    holds_overtaken(
        1,
        &[
            Step(Crash(0), 0, 0),
            Step(Gateway(2), 0, 0),
            Step(Pod(0, 1, Free), 0, 0),
            Step(Pod(1, 1, Free), 0, 0),
            Step(Gateway(1), ALL, 0),
            Step(Set(0, 2), ALL, 0),
            Step(DeletePod(3, Zero), ALL, 0),
            Step(Pod(3, 1, Two), ALL, 0),
            Step(Reserve(1, 6), ALL, 0),
            Step(Spill, ALL, 0),
            Step(DeleteGateway, ALL, 0),
            Step(Set(0, 0), 0, 0),
            Step(CutOff(1), 0, 0),
            Step(Pod(1, 1, Steal(5)), 3, 22516),
            Step(Hand(EditIp, 51), ALL, 0),
            Step(LateArrives, ALL, 0),
        ],
    );
}

#[test]
fn a_pod_whose_records_hands_took_and_forged_to_anothers_address_has_a_claim_and_nothing_on_record() {
    holds_overtaken(
        1,
        &[
            Step(Pod(2, 0, Free), 0, 0),
            Step(CutOff(0), 1, 51354),
            Step(Pod(0, 0, Two), 3, 55212),
            Step(Hand(DeleteClaims, 0), ALL, 0),
            Step(Pod(1, 1, Steal(5)), ALL, 0),
            Step(DeleteOrdinal(0, 0, Zero), ALL, 0),
            Step(Gateway(2), ALL, 0),
            Step(DeletePod(0, Normal), ALL, 0),
            Step(Set(0, 1), ALL, 0),
            Step(DeletePod(2, Zero), ALL, 0),
            Step(Set(1, 1), ALL, 0),
            Step(DeletePod(1, Zero), ALL, 0),
            Step(Pass(30), ALL, 0),
            Step(DeletePod(1, Normal), ALL, 0),
            Step(Pool(4, 5), ALL, 0),
            Step(Connect(0), ALL, 0),
            Step(Hand(StripClaim, 46), ALL, 0),
            Step(Spill, 5, 2825),
            Step(DeleteSubnet, 30, 8121),
            Step(Exit(1), ALL, 0),
            Step(Hand(DeleteClaims, 13), ALL, 0),
            Step(Pod(2, 0, Two), ALL, 0),
            Step(Hand(DeleteIp, 14), ALL, 0),
            Step(Reserve(3, 0), ALL, 0),
            Step(Hand(FreeSubnet, 38), ALL, 0),
            Step(Program(0), ALL, 0),
            Step(Deaf(0), ALL, 0),
            Step(Vm(1), ALL, 0),
            Step(LateArrives, ALL, 0),
            Step(Gateway(1), ALL, 0),
            Step(DeletePod(1, Zero), ALL, 0),
            Step(Subnet, ALL, 0),
            Step(Hand(DeleteIp, 47), ALL, 0),
            Step(Pod(0, 1, This(5)), ALL, 0),
            Step(Pod(2, 0, Steal(4)), ALL, 0),
            Step(Deaf(0), ALL, 0),
            Step(Hand(DeleteClaims, 63), ALL, 0),
            Step(Pod(3, 1, Two), ALL, 0),
            Step(Unprogram(0), ALL, 0),
            Step(Set(1, 3), ALL, 0),
            Step(Hand(HoldClaim, 76), ALL, 0),
            Step(DeletePod(2, Normal), ALL, 0),
            Step(Cancel(1), ALL, 0),
            Step(Hand(EditPod, 59), ALL, 0),
            Step(DeleteSet(1, Stay), ALL, 0),
        ],
    );
}

#[test]
fn what_two_hands_wrote_alike_and_no_subnet_has_leaves_the_claim_as_it_is() {
    // Nothing says which of the two is wrong: the pod is told that its address is outside, by an event.
    holds_overtaken(
        1,
        &[
            Step(DeleteSubnet, ALL, 0),
            Step(Spill, ALL, 0),
            Step(Pod(1, 0, Free), ALL, 0),
            Step(Hand(EditPod, 28), 0, 0),
            Step(Hand(EditIp, 48), ALL, 0),
        ],
    );
}
