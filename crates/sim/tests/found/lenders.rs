//! Whose address a pod uses: that of a Vip, that of a reservation, its own.

use crate::{holds, holds_overtaken};
use sim::random::{
    ALL,
    Ask::*,
    Grace::*,
    Hand::*,
    Nat::*,
    Networks::{Readable, Unreadable},
    Pods::*,
    Step,
    What::*,
    Wrong::*,
};

#[test]
fn a_pod_that_waits_for_a_vip_does_not_turn_to_a_reservation_because_its_subnet_shrank() {
    holds(
        2,
        &[
            Step(Set(1, 3), 13, 27105),
            Step(Block(28), 0, 0),
            Step(Reserve(1, 4), 8, 20618),
            Step(DeleteSet(0, Stay), ALL, 0),
            Step(Pod(0, 1, Free), 1, 59933),
            Step(Vip(1, 0), 0, 0),
            Step(Pod(1, 0, This(2)), 5, 13629),
            Step(Set(1, 2), ALL, 0),
            Step(Block(29), ALL, 0),
            Step(DeleteVip(1), ALL, 0),
            Step(DeletePod(1, Zero), ALL, 0),
            Step(Pod(1, 0, Borrow(1)), ALL, 0),
        ],
    );
}

#[test]
fn of_two_addresses_a_reservation_keeps_the_one_that_its_pod_uses() {
    holds(
        2,
        &[
            Step(CutOff(0), ALL, 0),
            Step(Spill, ALL, 0),
            Step(Vip(0, 0), ALL, 0),
            Step(Set(0, 2), 8, 26692),
            Step(Exit(1), 5, 50425),
            Step(DeleteGateway, 3, 27302),
            Step(DeleteSet(0, Go), 0, 0),
            Step(Pod(0, 0, Free), 5, 15571),
            Step(Pod(2, 1, Free), 8, 45448),
            Step(Reserve(1, 0), ALL, 0),
            Step(Deaf(0), ALL, 0),
            Step(Pod(1, 0, Free), ALL, 0),
            Step(Cancel(0), 0, 0),
            Step(Pod(3, 0, Free), ALL, 0),
            Step(DeletePod(0, Normal), ALL, 0),
            Step(Cancel(3), ALL, 0),
            Step(Vm(1), ALL, 0),
            Step(DeletePod(2, Normal), ALL, 0),
            Step(Pod(1, 0, Two), ALL, 0),
            Step(Connect(0), 1, 32394),
            Step(Pod(2, 1, Free), 0, 0),
            Step(DeletePod(3, Normal), 0, 0),
            Step(Gateway(2), 0, 0),
            Step(Pool(5, 6), 2, 6470),
            Step(Set(1, 2), 13, 13332),
            Step(Hand(DeleteClaims, 94), ALL, 0),
            Step(RunVm(1, 0), ALL, 0),
            Step(CutOff(1), ALL, 0),
            Step(CutOff(0), ALL, 0),
            Step(Hand(FreeSubnet, 59), 1, 51940),
            Step(Block(28), 0, 0),
            Step(Deaf(0), 13, 14140),
            Step(DeletePod(2, Zero), 0, 0),
            Step(Hand(DeleteClaim, 81), 1, 52606),
            Step(CutOff(1), 13, 57513),
            Step(Gateway(2), 13, 33418),
            Step(Reserve(3, 0), 1, 48423),
            Step(Hear(0), 1, 10198),
            Step(Hand(DeleteClaim, 72), 30, 61879),
            Step(Hand(DeleteClaims, 41), 0, 0),
            Step(Program(0), 13, 61342),
            Step(Pod(3, 0, Free), 8, 53478),
        ],
    );
}

#[test]
fn what_is_reserved_for_a_pod_that_has_another_address_on_record_is_not_lent_to_it() {
    holds(
        1,
        &[
            Step(DeleteSubnet, ALL, 0),
            Step(Reserve(1, 6), ALL, 0),
            Step(Pod(1, 1, Steal(5)), ALL, 0),
            Step(Subnet, ALL, 0),
        ],
    );
    holds(
        1,
        &[
            Step(DeleteSubnet, ALL, 0),
            Step(Pod(1, 0, Free), ALL, 0),
            Step(Pod(0, 1, Two), 13, 55897),
            Step(Subnet, 0, 0),
            Step(Reserve(0, 0), 30, 6795),
            Step(Hand(DeleteClaims, 32), ALL, 0),
        ],
    );
}

#[test]
fn a_pod_that_was_told_what_is_reserved_for_it_goes_on_with_it_once_the_vip_that_it_asks_for_is_there() {
    holds_overtaken(
        1,
        &[
            Step(Reserve(2, 0), 0, 0),
            Step(Pod(2, 0, Borrow(0)), ALL, 0),
            Step(Vip(0, 5), 0, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(Spill, ALL, 0),
            Step(Hand(FreeSubnet, 51), ALL, 0),
            Step(Cancel(2), ALL, 0),
            Step(Subnet, ALL, 0),
        ],
    );
}

#[test]
fn a_pod_that_waits_has_what_is_reserved_for_it_once_the_claim_of_that_comes_late() {
    holds_overtaken(
        2,
        &[
            Step(Reserve(0, 0), ALL, 0),
            Step(Cancel(1), ALL, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(Cancel(0), ALL, 0),
            Step(Pod(0, 1, Free), ALL, 0),
            Step(Deaf(0), ALL, 0),
            Step(Hand(FreeSubnet, 53), ALL, 0),
            Step(DeletePod(0, Normal), ALL, 0),
            Step(Reserve(0, 0), ALL, 0),
            Step(Hand(DeleteClaims, 55), ALL, 0),
            Step(Set(0, 3), ALL, 0),
            Step(Pass(61), 0, 0),
            Step(Arm(Late, 2), ALL, 0),
            Step(OutOfService(0), ALL, 0),
            Step(Pod(1, 0, Steal(4)), ALL, 0),
            Step(Hand(HoldIp, 14), ALL, 0),
            Step(Pod(0, 0, Free), ALL, 0),
            Step(Hand(DeleteClaim, 12), ALL, 0),
            Step(Hand(StripPod, 70), ALL, 0),
            Step(RunVm(0, 1), ALL, 0),
            Step(Spill, ALL, 0),
            Step(Eip(1, 0), ALL, 0),
        ],
    );
}

#[test]
fn a_borrower_that_never_ran_waits_for_what_a_hand_had_it_told() {
    // Its Subnet was made again: what old pods of a Subnet say is believed, and somebody else has that address.
    holds(
        1,
        &[
            Step(Pod(3, 0, Free), ALL, 0),
            Step(Eip(1, 0), ALL, 0),
            Step(Vip(0, 2), ALL, 0),
            Step(DeletePod(3, Normal), ALL, 0),
            Step(Pod(1, 1, Free), 0, 0),
            Step(Hand(LetGo, 16), 30, 39073),
            Step(Pod(3, 0, Borrow(0)), 3, 59558),
            Step(Nothing, 5, 58199),
            Step(DeleteSubnet, 0, 0),
            Step(Hand(EditPod, 97), 0, 0),
            Step(Hand(FreeSubnet, 63), 5, 54233),
            Step(Subnet, ALL, 0),
        ],
    );
}

#[test]
fn the_record_of_a_borrower_outlasts_the_subnet_of_its_vip() {
    // A hand has the pod told something else, and frees the Subnet, which was being deleted. The pod starts with what it was told first.
    holds(
        1,
        &[
            Step(Pod(2, 1, Borrow(0)), ALL, 0),
            Step(Vip(0, 2), ALL, 0),
            Step(DeletePod(3, Normal), ALL, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(Hand(EditPod, 97), 0, 0),
            Step(Hand(FreeSubnet, 63), ALL, 0),
            Step(Subnet, ALL, 0),
        ],
    );
}

#[test]
fn a_pod_that_has_what_is_reserved_for_it_does_not_turn_to_its_vip_because_a_hand_told_it_that() {
    // The Vip has no address, and that which it names is another pod's.
    holds(
        2,
        &[
            Step(Reserve(3, 0), 13, 366),
            Step(Pod(2, 1, Steal(6)), ALL, 0),
            Step(Spill, 0, 0),
            Step(Pod(1, 1, Free), 0, 0),
            Step(Set(0, 2), ALL, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(Vip(1, 6), ALL, 0),
            Step(Hand(FreeSubnet, 81), ALL, 0),
            Step(Set(1, 1), 30, 44727),
            Step(Pod(3, 1, Borrow(1)), ALL, 0),
            Step(Subnet, ALL, 0),
            Step(Hand(EditPod, 44), ALL, 0),
        ],
    );
}

#[test]
fn what_was_on_record_when_it_was_asked_for_is_not_asked_for_again_once_it_is_not() {
    // A hand deletes claims and reservation of a Subnet that is being deleted; an earlier request is on its way meanwhile.
    holds(
        2,
        &[
            Step(Reserve(2, 2), ALL, 0),
            Step(Reserve(3, 0), ALL, 0),
            Step(Rule(Dnat, 1, 1, 2), ALL, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(Deaf(0), ALL, 0),
            Step(Pod(3, 1, Free), ALL, 0),
            Step(Pod(2, 1, Free), ALL, 0),
            Step(Cancel(3), ALL, 0),
            Step(DeletePod(0, Zero), ALL, 0),
            Step(Program(1), ALL, 0),
            Step(DeletePod(0, Normal), ALL, 0),
            Step(DeleteRule(Dnat, 1), ALL, 0),
            Step(Reserve(0, 4), 0, 0),
            Step(DeletePod(1, Zero), 1, 40315),
            Step(Hand(DeleteClaims, 72), 0, 0),
            Step(Hand(DeleteIp, 43), 0, 0),
            Step(DeleteRule(Dnat, 1), 0, 0),
            Step(Hear(1), ALL, 0),
        ],
    );
}

#[test]
fn a_hand_tells_a_pod_what_a_reservation_for_it_says_on_a_subnet_that_is_gone() {
    holds_overtaken(
        2,
        &[
            Step(DeleteSubnet, ALL, 0),
            Step(Pod(3, 1, This(3)), ALL, 0),
            Step(Hand(StripPod, 78), ALL, 0),
            Step(Pod(1, 0, Pooled), ALL, 0),
            Step(Pod(2, 1, This(3)), ALL, 0),
            Step(Hand(EditPod, 74), 0, 0),
            Step(Reserve(3, 6), 0, 0),
            Step(Spill, ALL, 0),
        ],
    );
}

#[test]
fn a_pod_goes_on_with_the_claim_that_its_vip_says_and_not_with_one_that_came_beside_it() {
    // Two controllers claim an address for the Vip, and the one whose address the Vip does not say writes the IP object.
    holds_overtaken(
        2,
        &[
            Step(Primary, ALL, 0),
            Step(Crash(0), 0, 0),
            Step(Pod(0, 1, Free), 30, 47578),
            Step(Vip(1, 6), 3, 802),
            Step(DeleteRule(Dnat, 1), 0, 0),
            Step(Hand(HoldPod, 52), 0, 0),
            Step(Rule(Snat, 1, 1, 2), 8, 42429),
            Step(Hand(DeleteClaim, 64), 0, 0),
            Step(Block(28), ALL, 0),
            Step(Hand(FreeSubnet, 43), 30, 22858),
            Step(Set(0, 1), 13, 64863),
            Step(Vip(0, 0), 0, 0),
            Step(Unprogram(1), 3, 15104),
            Step(Deaf(0), 0, 0),
            Step(Pod(2, 1, Borrow(0)), ALL, 0),
            Step(DeleteTeam, ALL, 0),
        ],
    );
}

#[test]
fn the_claim_of_a_gateway_is_made_again_for_a_record_that_was_written_late() {
    // The hand that deletes the IP object and the claims is heard of between the look and the write.
    holds_overtaken(
        1,
        &[
            Step(Reserve(3, 0), 8, 57222),
            Step(Gateway(2), ALL, 0),
            Step(Pod(2, 1, This(5)), ALL, 0),
            Step(Team, ALL, 0),
            Step(Reserve(1, 0), ALL, 0),
            Step(Set(1, 1), ALL, 0),
            Step(DeleteGateway, ALL, 0),
            Step(Hand(EditIp, 0), ALL, 0),
            Step(Pass(61), 0, 0),
            Step(Block(28), ALL, 0),
            Step(Set(0, 1), ALL, 0),
            Step(DeletePod(2, Zero), ALL, 0),
            Step(Template(0, Unreadable), 0, 0),
            Step(Gateway(2), ALL, 0),
            Step(DeleteSet(1, Stay), ALL, 0),
            Step(Set(0, 0), ALL, 0),
            Step(Set(1, 0), ALL, 0),
            Step(Hand(FreeSubnet, 70), ALL, 0),
            Step(DeletePod(3, Normal), ALL, 0),
            Step(Hand(DeleteIp, 32), 2, 19102),
            Step(Hand(DeleteClaims, 36), 5, 11053),
            Step(Template(0, Readable), ALL, 0),
        ],
    );
}

#[test]
fn a_gateways_pod_that_runs_is_not_moved_to_a_claim_beside_what_it_was_told() {
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
            Step(Arm(CrashAfter, 2), ALL, 0),
            Step(Gateway(1), 13, 35677),
            Step(Hand(StripClaim, 33), ALL, 0),
            Step(Hear(0), 0, 0),
            Step(Hand(DeleteClaims, 41), 5, 64386),
            Step(Connect(0), ALL, 0),
        ],
    );
}

#[test]
fn a_pod_that_is_not_shown_running_may_be_told_another_address_once_a_hand_deleted_its_claim() {
    // The judge's own mistake.
    holds_overtaken(
        2,
        &[
            Step(Reserve(2, 0), 0, 0),
            Step(Block(28), 1, 29652),
            Step(Set(0, 2), 30, 40471),
            Step(Deaf(1), 30, 35967),
            Step(Hand(EditIp, 11), 0, 0),
            Step(Hand(DeleteIp, 10), 8, 42556),
            Step(Hand(DeleteClaims, 50), 3, 19228),
            Step(Gateway(2), 0, 0),
            Step(Hear(0), 0, 0),
            Step(RunVm(0, 0), ALL, 0),
            Step(Deaf(0), ALL, 0),
            Step(DeleteGateway, ALL, 0),
            Step(Gateway(2), ALL, 0),
            Step(Expire(1), ALL, 0),
            Step(Vip(1, 6), ALL, 0),
            Step(Hand(DeleteClaims, 61), ALL, 0),
            Step(Hear(1), ALL, 0),
            Step(Set(1, 3), ALL, 0),
            Step(Pod(3, 0, Free), ALL, 0),
            Step(Arm(Late, 1), ALL, 0),
            Step(Hear(0), 0, 0),
            Step(Hand(DeleteClaims, 41), ALL, 0),
            Step(Connect(0), ALL, 0),
        ],
    );
}

#[test]
fn the_record_of_a_running_pod_outlasts_a_claim_of_its_address_that_is_asked_for_another() {
    holds_overtaken(
        2,
        &[
            Step(Deaf(0), ALL, 0),
            Step(Vip(1, 4), ALL, 0),
            Step(DeleteVip(1), ALL, 0),
            Step(Eip(1, 3), 0, 0),
            Step(Hand(DeleteClaim, 91), 0, 0),
            Step(Arm(CrashBefore, 1), 0, 0),
            Step(Gateway(2), ALL, 0),
            Step(Vip(1, 6), ALL, 0),
            Step(Hand(DeleteIp, 35), 8, 5184),
            Step(Hand(DeleteClaims, 74), 8, 61252),
            Step(Deaf(1), 13, 19895),
            Step(Hand(DeleteClaims, 78), ALL, 0),
        ],
    );
}

#[test]
fn a_pod_that_hands_told_what_a_reservation_has_waits_for_it() {
    holds_overtaken(
        1,
        &[
            Step(DeleteSubnet, ALL, 0),
            Step(Set(0, 2), ALL, 0),
            Step(Reserve(2, 0), ALL, 0),
            Step(Reserve(3, 4), ALL, 0),
            Step(Set(1, 3), ALL, 0),
            Step(Pass(90), ALL, 0),
            Step(Cancel(1), ALL, 0),
            Step(Pod(0, 0, This(5)), ALL, 0),
            Step(Crash(0), ALL, 0),
            Step(Cancel(0), ALL, 0),
            Step(DeletePod(3, Normal), ALL, 0),
            Step(Arm(Lose, 2), ALL, 0),
            Step(OutOfService(1), ALL, 0),
            Step(Vip(0, 0), 0, 0),
            Step(DropNode(0), 0, 0),
            Step(DeleteOrdinal(0, 1, Zero), 2, 53723),
            Step(Arm(CrashAfter, 3), 3, 8296),
            Step(Subnet, 3, 54351),
            Step(Hear(0), 5, 33907),
            Step(DeleteOrdinal(0, 0, Zero), 30, 38217),
            Step(Deaf(0), ALL, 0),
            Step(Hand(EditIp, 76), ALL, 0),
            Step(Pod(3, 0, Free), ALL, 0),
            Step(Hand(EditPod, 11), ALL, 0),
            Step(Arm(CrashBefore, 3), ALL, 0),
            Step(Pass(5), 0, 0),
            Step(Hand(DeleteClaim, 95), ALL, 0),
        ],
    );
}

#[test]
fn a_pod_that_hands_told_what_a_reservation_has_finds_another_address_once_it_is_made_again() {
    holds_overtaken(
        1,
        &[
            Step(DeleteSubnet, ALL, 0),
            Step(Set(0, 2), ALL, 0),
            Step(Reserve(2, 0), ALL, 0),
            Step(Reserve(3, 4), ALL, 0),
            Step(Set(1, 3), ALL, 0),
            Step(Pass(90), ALL, 0),
            Step(Cancel(1), ALL, 0),
            Step(Pod(0, 0, This(5)), ALL, 0),
            Step(Crash(0), ALL, 0),
            Step(Cancel(0), ALL, 0),
            Step(DeletePod(3, Normal), ALL, 0),
            Step(Arm(Lose, 2), ALL, 0),
            Step(OutOfService(1), ALL, 0),
            Step(Vip(0, 0), 0, 0),
            Step(DropNode(0), 0, 0),
            Step(DeleteOrdinal(0, 1, Zero), 2, 53723),
            Step(Arm(CrashAfter, 3), 3, 8296),
            Step(Subnet, 3, 54351),
            Step(Hear(0), 5, 33907),
            Step(DeleteOrdinal(0, 0, Zero), 30, 38217),
            Step(Deaf(0), ALL, 0),
            Step(Hand(EditIp, 76), ALL, 0),
            Step(Pod(3, 0, Free), ALL, 0),
            Step(Hand(EditPod, 11), ALL, 0),
            Step(Arm(CrashBefore, 3), ALL, 0),
            Step(Pass(5), 0, 0),
            Step(Hand(DeleteClaim, 95), ALL, 0),
            Step(Set(0, 0), ALL, 0),
            Step(DeleteOrdinal(1, 0, Zero), ALL, 0),
            Step(DeleteVip(0), ALL, 0),
            Step(Cancel(2), ALL, 0),
            Step(Pass(90), ALL, 0),
        ],
    );
}
