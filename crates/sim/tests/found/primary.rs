//! Runs in which the primary network is served beside the others.

use crate::{holds, holds_overtaken};
use sim::random::{
    ALL, Ask::*, Grace::*, Hand::*, Nat::*, Networks::Unreadable, Pods::*, Refusal, Step, What::*, Wrong::*,
};

#[test]
fn a_pod_whose_vip_is_gone_is_told_what_else_it_has_while_the_address_of_that_rests() {
    // It borrows the Vip on its second NIC.
    holds(
        2,
        &[
            Step(Primary, ALL, 0),
            Step(Vip(0, 4), ALL, 0),
            Step(DeleteVip(0), ALL, 0),
            Step(Rest(1), ALL, 0),
            Step(Pod(2, 1, Borrow(0)), ALL, 0),
        ],
    );
}

#[test]
fn the_record_of_one_network_does_not_stay_because_it_says_an_address_of_another() {
    // A hand writes that into it, and the address on the other network rests.
    holds(
        2,
        &[
            Step(Primary, ALL, 0),
            Step(Set(0, 2), ALL, 0),
            Step(DeletePod(1, Normal), ALL, 0),
            Step(Rest(1), ALL, 0),
            Step(DropNode(1), ALL, 0),
            Step(Set(0, 0), ALL, 0),
            Step(Hand(EditIp, 86), ALL, 0),
        ],
    );
}

#[test]
fn a_machine_that_lacks_one_of_two_addresses_is_looked_at_when_its_pod_asks_for_it() {
    // A hand has the pod told an address that rests: whoever asks for it by name gets it at once.
    holds(
        2,
        &[
            Step(Primary, ALL, 0),
            Step(Pod(0, 0, Free), ALL, 0),
            Step(DeletePod(0, Zero), 0, 0),
            Step(Rest(1), 30, 57309),
            Step(Pod(3, 0, Free), 0, 0),
            Step(Pod(0, 1, Free), 8, 26393),
            Step(DeletePod(0, Zero), ALL, 0),
            Step(Pod(0, 1, Two), 5, 32010),
            Step(Gateway(1), ALL, 0),
            Step(DeleteTeam, ALL, 0),
            Step(Vm(0), ALL, 0),
            Step(DeletePod(3, Normal), ALL, 0),
            Step(Program(0), ALL, 0),
            Step(Exit(2), ALL, 0),
            Step(RunVm(0, 1), ALL, 0),
            Step(Hand(EditPod, 45), ALL, 0),
        ],
    );
}

#[test]
fn a_nic_that_nobody_can_read_is_named_by_its_place_among_the_secondary_ones() {
    // Its claims are deleted by hand, and nobody can read that it is the pod's second NIC.
    holds(
        2,
        &[
            Step(Primary, ALL, 0),
            Step(Pod(3, 1, Two), ALL, 0),
            Step(Hand(HoldIp, 39), ALL, 0),
            Step(Networks(3, Unreadable), ALL, 0),
            Step(Hand(DeleteClaims, 11), ALL, 0),
        ],
    );
}

#[test]
fn the_primary_nic_of_an_ordinal_that_nobody_can_read_has_the_name_that_every_runtime_gives_it() {
    // Its claims are deleted by hand while it has no pod: its IP objects say no name.
    holds(
        2,
        &[
            Step(Primary, ALL, 0),
            Step(Pod(0, 0, Free), ALL, 0),
            Step(Set(1, 1), ALL, 0),
            Step(Pool(4, 5), ALL, 0),
            Step(Set(0, 3), ALL, 0),
            Step(Rest(1), ALL, 0),
            Step(Set(0, 0), 0, 0),
            Step(Template(0, Unreadable), 0, 0),
            Step(Arm(CrashBefore, 3), 13, 35930),
            Step(Hand(DeleteClaims, 66), 0, 0),
            Step(Set(0, 2), 2, 59760),
            Step(Hand(EditPod, 27), ALL, 0),
        ],
    );
}

#[test]
fn the_primary_nic_of_what_cannot_be_read_is_known_by_its_wire_where_its_subnet_is_not() {
    // One controller hears of the claim before it hears of the Subnet, and the record that it made of it names no NIC.
    holds(
        2,
        &[
            Step(Primary, ALL, 0),
            Step(Set(0, 2), ALL, 0),
            Step(DeleteEip(0), ALL, 0),
            Step(Template(0, Unreadable), ALL, 0),
            Step(Rule(Dnat, 1, 1, 2), ALL, 0),
            Step(Rule(Snat, 0, 1, 2), ALL, 0),
            Step(CutOff(0), ALL, 0),
            Step(Deaf(1), ALL, 0),
            Step(Deaf(0), ALL, 0),
            Step(Crash(1), ALL, 0),
            Step(DeleteSet(0, Go), ALL, 0),
            Step(Hand(DeleteClaims, 78), ALL, 0),
            Step(Team, ALL, 0),
            Step(DeleteGateway, ALL, 0),
            Step(Set(0, 2), ALL, 0),
            Step(DeletePod(3, Normal), ALL, 0),
            Step(Cancel(3), ALL, 0),
        ],
    );
}

#[test]
fn a_pod_that_never_ran_may_have_an_address_of_its_own_and_what_is_reserved_for_it() {
    // Two controllers each claimed one: it is told one, and no agent can say yet that it does not use the other.
    holds(
        2,
        &[
            Step(Primary, ALL, 0),
            Step(Pod(0, 0, Free), 0, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(Spill, 0, 0),
            Step(Pod(3, 1, Free), ALL, 0),
            Step(Pod(1, 0, Free), 0, 0),
            Step(DeletePod(0, Normal), 3, 42053),
            Step(DeletePod(3, Zero), 0, 0),
            Step(Pod(3, 0, Free), ALL, 0),
            Step(Save, ALL, 0),
            Step(Pod(0, 0, Free), ALL, 0),
            Step(Pod(1, 0, Refused(Refusal::Mac)), ALL, 0),
            Step(Migrated(0), ALL, 0),
            Step(DeletePod(3, Zero), ALL, 0),
            Step(DeletePod(0, Zero), ALL, 0),
            Step(Connect(1), ALL, 0),
            Step(PutBack, 0, 0),
            Step(DeleteSpill, ALL, 0),
            Step(Pod(2, 1, Free), 0, 0),
            Step(Reserve(3, 0), 3, 8748),
            Step(Subnet, ALL, 0),
            Step(Migrated(0), ALL, 0),
        ],
    );
}

#[test]
fn a_pod_whose_gateway_has_no_place_for_it_any_more_is_told_what_else_it_has() {
    // The Subnet of the gateway is gone, so that its workload is not made smaller.
    holds(
        2,
        &[
            Step(Primary, ALL, 0),
            Step(Pod(3, 1, Free), ALL, 0),
            Step(PowerOff(1), ALL, 0),
            Step(PowerOff(0), ALL, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(Spill, ALL, 0),
            Step(Gateway(2), ALL, 0),
            Step(OutOfService(0), ALL, 0),
            Step(Pass(90), ALL, 0),
            Step(OutOfService(1), ALL, 0),
            Step(Set(1, 1), ALL, 0),
            Step(Gateway(1), ALL, 0),
        ],
    );
}

#[test]
fn what_a_hand_wrote_into_the_record_of_one_nic_is_not_on_record_for_another() {
    holds_overtaken(
        2,
        &[
            Step(Primary, ALL, 0),
            Step(Pod(1, 0, Free), ALL, 0),
            Step(Pod(0, 1, Refused(Refusal::Unreadable)), 3, 14713),
            Step(Deaf(1), 3, 14236),
            Step(Hand(EditIp, 72), 0, 0),
            Step(Set(0, 2), 0, 0),
            Step(Template(1, Unreadable), 30, 38541),
            Step(Hand(EditPod, 77), 0, 0),
            Step(Arm(CrashBefore, 2), ALL, 0),
        ],
    );
}

#[test]
fn the_mac_that_a_pod_has_by_a_claim_from_before_its_stateful_set_came_back_is_its_own() {
    holds_overtaken(
        2,
        &[
            Step(Primary, ALL, 0),
            Step(Team, ALL, 0),
            Step(Set(1, 2), 1, 29359),
            Step(DeleteSet(1, Stay), 0, 0),
            Step(Hand(AdoptIp, 48), 8, 20845),
            Step(Reserve(0, 0), 13, 8509),
            Step(Rule(Dnat, 0, 0, 2), 0, 0),
            Step(Hand(DeleteClaim, 46), 0, 0),
            Step(CutOff(0), 0, 0),
            Step(Gateway(2), ALL, 0),
            Step(Set(1, 1), 0, 0),
            Step(Pod(1, 1, Free), 30, 63141),
            Step(Hand(EditPod, 26), ALL, 0),
            Step(Hand(DeleteClaim, 55), ALL, 0),
        ],
    );
}
