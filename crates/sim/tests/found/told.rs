//! What living pods were told, where hands took the claims of it: it comes before what others have on record, and stays one address.

use crate::{holds, holds_overtaken};
use sim::random::{
    ALL, Ask::*, Grace::*, Hand::*, Nat::*, Networks::Unreadable, Pods::*, Refusal, Step, What::*, Wrong::*,
};

#[test]
fn a_launcher_pod_that_a_hand_told_something_else_is_told_again_what_its_machine_has() {
    // The pod is older than the Subnet's adoption: what it says that it was given would count.
    holds_overtaken(
        2,
        &[
            Step(DeleteSubnet, ALL, 0),
            Step(Vm(0), ALL, 0),
            Step(RunVm(0, 1), ALL, 0),
            Step(Subnet, ALL, 0),
            Step(Hand(EditPod, 7), ALL, 0),
        ],
    );
}

#[test]
fn what_a_living_pod_was_told_comes_before_what_is_kept_for_an_ordinal() {
    holds_overtaken(
        1,
        &[
            Step(Pod(0, 0, Free), ALL, 0),
            Step(PoolOfOthers(4, 5), ALL, 0),
            Step(Vip(1, 0), ALL, 0),
            Step(Spill, ALL, 0),
            Step(CutOff(0), ALL, 0),
            Step(Pod(2, 1, Free), ALL, 0),
            Step(Set(0, 2), ALL, 0),
            Step(Set(0, 0), ALL, 0),
            Step(Set(1, 3), ALL, 0),
            Step(Hand(DeleteClaims, 59), ALL, 0),
            Step(CutOff(1), ALL, 0),
            Step(Connect(0), 3, 12955),
            Step(DeletePod(3, Zero), 3, 55024),
            Step(Hand(DeleteClaims, 88), 0, 0),
            Step(Set(0, 1), 3, 29823),
            Step(Crash(0), ALL, 0),
        ],
    );
}

#[test]
fn a_pod_that_cannot_be_read_has_one_nic_where_it_was_told_one_address() {
    holds_overtaken(
        2,
        &[
            Step(Reserve(3, 0), ALL, 0),
            Step(Pod(3, 0, Two), 0, 0),
            Step(Networks(3, Unreadable), ALL, 0),
            Step(Crash(1), ALL, 0),
            Step(Crash(0), 0, 0),
            Step(Hand(DeleteClaims, 52), 0, 0),
            Step(DeleteOrdinal(0, 2, Normal), 8, 64583),
            Step(Pod(3, 0, Borrow(0)), 8, 54607),
            Step(Crash(1), 2, 34405),
            Step(Pod(2, 0, Two), ALL, 0),
        ],
    );
}

#[test]
fn a_pod_that_its_gateway_has_no_place_for_any_more_has_its_claim_made_again_while_it_lives() {
    holds_overtaken(
        1,
        &[
            Step(Gateway(2), ALL, 0),
            Step(Arm(DropReply, 3), ALL, 0),
            Step(Deaf(0), ALL, 0),
            Step(Pod(1, 1, Free), ALL, 0),
            Step(Gateway(1), ALL, 0),
            Step(Hand(DeleteClaims, 80), ALL, 0),
            Step(Crash(0), 0, 0),
            Step(Arm(CrashBefore, 3), ALL, 0),
        ],
    );
}

#[test]
fn an_ordinal_whose_set_goes_has_its_claim_made_again_while_its_pod_lives() {
    holds_overtaken(
        1,
        &[
            Step(Set(0, 3), ALL, 0),
            Step(Pod(2, 1, Free), ALL, 0),
            Step(Pod(0, 0, Free), ALL, 0),
            Step(DeleteVip(0), ALL, 0),
            Step(Hear(0), ALL, 0),
            Step(Pod(1, 1, Free), ALL, 0),
            Step(Arm(Late, 2), ALL, 0),
            Step(Hand(DeleteClaims, 23), 0, 0),
            Step(DeleteSet(0, Go), ALL, 0),
        ],
    );
}

#[test]
fn what_is_only_reserved_for_a_pod_goes_to_the_ordinal_that_has_it_on_record() {
    // The pod says that it was given it, and was not.
    holds_overtaken(
        2,
        &[
            Step(Set(0, 1), ALL, 0),
            Step(PowerOff(0), ALL, 0),
            Step(Pod(2, 1, Steal(2)), ALL, 0),
            Step(Spill, ALL, 0),
            Step(Reserve(2, 2), ALL, 0),
            Step(OutOfService(0), ALL, 0),
            Step(Gateway(2), ALL, 0),
            Step(Pool(4, 5), ALL, 0),
            Step(Pod(1, 0, Free), ALL, 0),
            Step(Pod(0, 0, Free), ALL, 0),
            Step(DeleteEip(1), ALL, 0),
            Step(Hand(DeleteClaim, 26), ALL, 0),
        ],
    );
}

#[test]
fn an_ordinal_that_was_told_an_address_goes_on_with_it_where_its_claim_was_lost_while_another_one_came() {
    // The claim goes while the pod is being told; the pod does not run yet.
    holds_overtaken(
        1,
        &[
            Step(Set(1, 2), 8, 5173),
            Step(CutOff(0), 2, 6856),
            Step(Rest(1), 1, 50666),
            Step(Hand(StripPod, 0), 8, 14716),
            Step(Hand(DeleteClaims, 84), 0, 0),
            Step(Pod(2, 0, Free), 30, 32293),
            Step(Set(0, 2), 13, 13093),
            Step(Crash(0), ALL, 0),
        ],
    );
}

#[test]
fn an_annotation_that_a_hand_changed_is_no_record_where_an_ip_object_was_written_for_this_life_of_the_pod() {
    // The Subnet that the other address is of is made again: the pod is older, and what it says would count.
    holds_overtaken(
        2,
        &[
            Step(Pod(3, 1, Steal(4)), ALL, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(Set(1, 3), ALL, 0),
            Step(Spill, ALL, 0),
            Step(DeletePod(3, Zero), ALL, 0),
            Step(Pod(2, 1, Free), ALL, 0),
            Step(Pod(3, 1, Free), ALL, 0),
            Step(Set(0, 1), ALL, 0),
            Step(Subnet, ALL, 0),
            Step(Vm(0), ALL, 0),
            Step(Pod(2, 0, Borrow(1)), ALL, 0),
            Step(Migrated(1), ALL, 0),
            Step(DeleteOrdinal(1, 1, Normal), ALL, 0),
            Step(DeleteSet(1, Stay), ALL, 0),
            Step(Pod(1, 1, Borrow(1)), ALL, 0),
            Step(RunVm(1, 1), ALL, 0),
            Step(RunVm(0, 0), ALL, 0),
            Step(Hand(EditPod, 26), ALL, 0),
        ],
    );
}

#[test]
fn of_two_claims_a_pod_keeps_the_one_that_is_written_for_it_where_a_hand_took_what_it_was_told() {
    holds_overtaken(
        2,
        &[
            Step(Hand(StripClaim, 98), ALL, 0),
            Step(Pod(3, 0, Free), 1, 35506),
            Step(Pass(5), 30, 53102),
            Step(Hand(StripClaim, 21), ALL, 0),
            Step(Nothing, ALL, 0),
            Step(Pod(2, 1, Free), ALL, 0),
            Step(DeletePod(3, Zero), 30, 7357),
            Step(Pod(0, 0, Free), 30, 56046),
            Step(Pod(1, 0, Free), ALL, 0),
            Step(Crash(1), 0, 0),
            Step(DeletePod(0, Normal), 0, 0),
            Step(Hand(StripPod, 62), 13, 2166),
            Step(Hand(StripPod, 10), 8, 32956),
            Step(Networks(1, Unreadable), 1, 59589),
            Step(LateArrives, 30, 3131),
            Step(Arm(CrashBefore, 3), ALL, 0),
            Step(DeletePod(2, Normal), 0, 0),
            Step(Set(0, 1), 0, 0),
            Step(DeletePod(1, Zero), 8, 49028),
            Step(Pod(1, 0, Free), ALL, 0),
            Step(Pod(0, 0, Free), 1, 32964),
            Step(Crash(1), ALL, 0),
            Step(Hand(StripPod, 65), ALL, 0),
            Step(LateArrives, ALL, 0),
            Step(Hand(StripPod, 45), ALL, 0),
        ],
    );
}

#[test]
fn the_record_of_a_pod_that_was_an_ordinal_stays_where_a_controller_that_heard_late_claims_its_address_for_the_one_before()
 {
    holds_overtaken(
        2,
        &[
            Step(Vm(0), ALL, 0),
            Step(Set(0, 2), ALL, 0),
            Step(RunVm(0, 0), 1, 34300),
            Step(DeleteSet(0, Go), ALL, 0),
            Step(Reserve(0, 0), 13, 41265),
            Step(Pass(30), 2, 9816),
            Step(Deaf(1), 1, 42902),
            Step(Arm(DropReply, 2), 30, 55213),
            Step(Set(0, 3), 0, 0),
            Step(Deaf(1), 5, 14620),
            Step(Pod(2, 0, Free), 5, 44390),
            Step(Deaf(0), ALL, 0),
            Step(DeletePod(1, Normal), ALL, 0),
            Step(DeleteSet(0, Stay), ALL, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(Hand(DeleteClaims, 60), ALL, 0),
        ],
    );
}

#[test]
fn a_pod_is_told_nothing_else_while_it_starts_with_what_another_controller_told_it() {
    // A controller that hears nothing has claimed one address for it, and takes the claim of the other for its former self's.
    holds(
        2,
        &[
            Step(Pod(3, 0, Free), 0, 0),
            Step(Eip(0, 0), 8, 52903),
            Step(Crash(0), 3, 46302),
            Step(Pod(1, 0, This(2)), 0, 0),
            Step(Pod(0, 1, Two), ALL, 0),
            Step(Set(1, 2), ALL, 0),
            Step(Vip(1, 0), ALL, 0),
            Step(Pod(2, 0, Free), ALL, 0),
            Step(Set(1, 0), 0, 0),
            Step(DeletePod(3, Zero), 30, 56680),
            Step(CutOff(0), ALL, 0),
            Step(Pod(3, 1, Free), ALL, 0),
            Step(Arm(DropReply, 3), ALL, 0),
            Step(Hear(1), ALL, 0),
            Step(DeleteRule(Snat, 1), ALL, 0),
            Step(Save, ALL, 0),
            Step(DeletePod(2, Zero), 0, 0),
            Step(WatchOver, 1, 34146),
            Step(Deaf(0), ALL, 0),
            Step(Connect(0), 0, 0),
            Step(DeleteGateway, ALL, 0),
            Step(Pass(90), ALL, 0),
            Step(Pod(1, 0, Free), ALL, 0),
        ],
    );
}

#[test]
fn a_machines_pod_whose_annotations_a_hand_took_is_told_what_its_machine_has_on_record() {
    // Two controllers claimed one address each for the machine. The pod starts with the one that it was told first.
    holds(
        2,
        &[
            Step(Pod(2, 1, Free), ALL, 0),
            Step(Reserve(3, 0), 13, 24754),
            Step(LateArrives, 30, 38160),
            Step(DeletePod(2, Normal), 5, 24520),
            Step(Pod(0, 0, Two), 8, 26017),
            Step(Pod(2, 1, Free), 3, 41725),
            Step(Save, ALL, 0),
            Step(PutBack, 0, 0),
            Step(Vm(0), 30, 48095),
            Step(LateArrives, 30, 31445),
            Step(DeletePod(0, Normal), 0, 0),
            Step(Pass(30), 0, 0),
            Step(Hand(DeleteClaim, 93), 0, 0),
            Step(Rule(Dnat, 1, 1, 3), ALL, 0),
            Step(Rule(Snat, 0, 0, 2), 3, 39964),
            Step(Connect(0), 5, 22362),
            Step(RunVm(0, 1), 2, 45748),
            Step(Block(28), ALL, 0),
            Step(CutOff(1), ALL, 0),
            Step(Pod(1, 1, Free), ALL, 0),
            Step(Pass(30), ALL, 0),
            Step(Template(1, Unreadable), ALL, 0),
            Step(Hand(StripPod, 99), ALL, 0),
        ],
    );
}

#[test]
fn an_ordinals_pod_that_never_ran_waits_for_what_a_hand_had_it_told() {
    // Somebody else has that address. What it had before nobody writes down meanwhile.
    holds(
        1,
        &[
            Step(Eip(1, 0), ALL, 0),
            Step(Pod(0, 1, Free), 0, 0),
            Step(Gateway(1), 2, 36098),
            Step(Pod(1, 0, Free), 0, 0),
            Step(Vm(0), 0, 0),
            Step(Set(0, 2), 30, 14653),
            Step(Block(28), 0, 0),
            Step(Reserve(0, 0), 0, 0),
            Step(Pod(3, 1, Two), 0, 0),
            Step(DeleteOrdinal(0, 1, Zero), 0, 0),
            Step(CutOff(1), 13, 14410),
            Step(DeleteSet(0, Stay), 30, 20540),
            Step(Set(0, 3), 30, 35263),
            Step(DeletePod(1, Zero), ALL, 0),
            Step(RunVm(0, 1), ALL, 0),
            Step(Pod(2, 0, Two), ALL, 0),
            Step(DeletePod(3, Zero), ALL, 0),
            Step(Hand(EditPod, 4), ALL, 0),
        ],
    );
}

#[test]
fn a_pod_that_runs_with_what_is_reserved_for_it_is_told_that_again_whatever_a_hand_had_it_told() {
    // The pod is older than the Subnet, which was made again: what old pods say that they were given would count.
    holds(
        2,
        &[
            Step(Reserve(3, 0), ALL, 0),
            Step(Set(0, 2), ALL, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(Pod(3, 0, Free), ALL, 0),
            Step(Hand(FreeSubnet, 81), ALL, 0),
            Step(Set(1, 1), ALL, 0),
            Step(Pod(1, 1, Free), ALL, 0),
            Step(Pod(0, 1, Free), ALL, 0),
            Step(Subnet, ALL, 0),
            Step(Hand(EditPod, 44), ALL, 0),
        ],
    );
}

#[test]
fn an_ordinals_pod_that_runs_is_told_again_what_it_has_although_its_set_went_after_a_hand_told_it_something_else() {
    // The pod is older than the Subnet, which was made again: what old pods say that they were given would count.
    holds(
        2,
        &[
            Step(Pod(1, 0, Free), ALL, 0),
            Step(Reserve(3, 0), ALL, 0),
            Step(Pod(2, 1, Steal(6)), ALL, 0),
            Step(Spill, ALL, 0),
            Step(DeletePool, ALL, 0),
            Step(StopVm(1, Normal), ALL, 0),
            Step(Hand(AdoptIp, 36), ALL, 0),
            Step(DeletePod(0, Normal), ALL, 0),
            Step(Pod(1, 1, Free), ALL, 0),
            Step(Set(0, 2), ALL, 0),
            Step(Set(0, 2), ALL, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(Pod(3, 0, Free), 0, 0),
            Step(Exit(0), 30, 63311),
            Step(Pod(0, 0, Pooled), ALL, 0),
            Step(Vip(1, 6), ALL, 0),
            Step(Hand(FreeSubnet, 81), ALL, 0),
            Step(Set(1, 1), ALL, 0),
            Step(Pod(0, 0, Two), ALL, 0),
            Step(Pod(3, 1, Borrow(1)), ALL, 0),
            Step(DeletePod(1, Normal), 13, 62320),
            Step(DeleteVm(1), ALL, 0),
            Step(DeletePod(0, Zero), ALL, 0),
            Step(Subnet, ALL, 0),
            Step(Hand(EditPod, 44), 0, 0),
            Step(DeleteSet(1, Stay), 0, 0),
        ],
    );
}

#[test]
fn a_pod_whose_reservation_was_cancelled_may_say_what_two_hands_wrote() {
    // The IP object is its record by then, and no reservation.
    holds(
        1,
        &[
            Step(Pod(2, 0, Free), 30, 16692),
            Step(Pod(0, 0, Refused(Refusal::Unreadable)), 1, 30501),
            Step(Exit(0), 13, 38553),
            Step(DeletePod(2, Normal), ALL, 0),
            Step(Hand(FreeSubnet, 88), ALL, 0),
            Step(Pod(2, 0, Steal(4)), ALL, 0),
            Step(Reserve(2, 0), ALL, 0),
            Step(Hand(DeleteClaim, 29), ALL, 0),
            Step(Pod(3, 1, Steal(2)), 0, 0),
            Step(Pod(2, 1, Free), ALL, 0),
            Step(Cancel(2), 0, 0),
            Step(Hand(EditIp, 9), 0, 0),
            Step(Hand(EditPod, 22), 5, 26929),
            Step(Hand(EditIp, 92), ALL, 0),
        ],
    );
}

#[test]
fn a_machine_whose_pod_and_record_agree_by_hand_has_what_they_say() {
    // It started with another address, of which nobody is told.
    holds(
        1,
        &[
            Step(Set(0, 3), 0, 0),
            Step(Vm(0), 0, 0),
            Step(Set(1, 2), ALL, 0),
            Step(DeletePool, ALL, 0),
            Step(DeleteOrdinal(1, 1, Normal), ALL, 0),
            Step(DeleteSet(0, Go), ALL, 0),
            Step(Pod(3, 0, Free), ALL, 0),
            Step(DeletePod(2, Normal), ALL, 0),
            Step(Deaf(0), ALL, 0),
            Step(Pod(1, 0, Free), ALL, 0),
            Step(Pool(5, 6), ALL, 0),
            Step(Arm(CrashAfter, 3), ALL, 0),
            Step(Pass(61), ALL, 0),
            Step(Set(1, 1), ALL, 0),
            Step(RunVm(0, 1), ALL, 0),
            Step(DeletePod(3, Normal), ALL, 0),
            Step(Set(0, 1), ALL, 0),
            Step(Pass(61), ALL, 0),
            Step(Deaf(0), ALL, 0),
            Step(Hand(EditIp, 19), ALL, 0),
            Step(Hand(EditPod, 24), ALL, 0),
        ],
    );
}

#[test]
fn what_a_running_pod_was_told_is_not_written_over_by_what_an_earlier_pod_of_its_ordinal_has() {
    // All claims are lost while one of two controllers hears nothing; it makes them again for the pods that it knows.
    holds_overtaken(
        2,
        &[
            Step(Set(0, 2), 0, 0),
            Step(Vm(1), 0, 0),
            Step(Migrate(0), ALL, 0),
            Step(Hand(StripPod, 48), ALL, 0),
            Step(Pod(2, 1, Pooled), ALL, 0),
            Step(DeleteSet(0, Go), 0, 0),
            Step(Set(1, 3), 0, 0),
            Step(CutOff(1), 8, 8735),
            Step(DeletePod(0, Normal), ALL, 0),
            Step(Deaf(0), 0, 0),
            Step(Pod(2, 0, This(4)), 0, 0),
            Step(Pod(0, 1, Free), 0, 0),
            Step(Pass(61), 0, 0),
            Step(Pass(5), ALL, 0),
            Step(Pod(3, 0, Free), ALL, 0),
            Step(DeletePod(0, Zero), ALL, 0),
            Step(DeletePod(3, Zero), ALL, 0),
            Step(DeleteSet(1, Go), 8, 31978),
            Step(Pod(3, 0, Free), 30, 42864),
            Step(DeletePod(2, Normal), 0, 0),
            Step(Hand(DeleteClaim, 72), ALL, 0),
            Step(DeletePod(1, Zero), ALL, 0),
            Step(Pod(2, 0, Free), ALL, 0),
            Step(Set(1, 2), ALL, 0),
            Step(DeletePod(1, Normal), ALL, 0),
            Step(DeletePod(0, Zero), ALL, 0),
            Step(LateArrives, ALL, 0),
            Step(RunVm(1, 0), 3, 44990),
            Step(Reserve(1, 6), 5, 47513),
            Step(Cancel(1), ALL, 0),
            Step(Pod(1, 0, Free), 0, 0),
            Step(Hand(DeleteClaim, 88), 0, 0),
            Step(Cancel(3), 1, 48548),
            Step(Connect(1), 8, 45752),
            Step(Expire(0), 13, 21981),
            Step(DeleteVm(1), 0, 0),
            Step(CutOff(0), 5, 50629),
            Step(DeleteSet(1, Go), 30, 11038),
            Step(Connect(0), 30, 63966),
            Step(RunVm(0, 1), ALL, 0),
            Step(DeleteTeam, ALL, 0),
            Step(Set(1, 2), 1, 54611),
            Step(Vm(0), ALL, 0),
            Step(Pass(5), ALL, 0),
            Step(DeleteVm(0), ALL, 0),
            Step(Set(0, 3), 8, 23496),
            Step(DeletePod(1, Normal), 3, 15874),
            Step(Connect(1), 30, 62115),
            Step(Migrate(1), 13, 62146),
            Step(Hand(DeleteClaim, 71), ALL, 0),
            Step(Deaf(1), ALL, 0),
            Step(Pod(1, 0, Free), ALL, 0),
            Step(Pod(2, 1, Free), ALL, 0),
            Step(Hand(DeleteClaims, 39), ALL, 0),
            Step(DeleteSubnet, ALL, 0),
        ],
    );
}
