//! Subnets that change or go.

use crate::{holds, holds_overtaken};
use sim::random::{ALL, Ask::*, Grace::*, Hand::*, Step, What::*, Wrong::*};

#[test]
fn the_claim_of_a_running_pod_is_healed_while_its_subnet_is_being_deleted() {
    holds(2, &[Step(Set(1, 1), ALL, 0), Step(DeleteSubnet, ALL, 0), Step(Hand(DeleteClaim, 0), ALL, 0)]);
}

#[test]
fn a_subnet_that_shrinks_forgets_what_it_does_not_contain_any_more() {
    holds(
        2,
        &[
            Step(Block(28), ALL, 0),
            Step(Pod(3, 0, Free), ALL, 0),
            Step(Pool(5, 6), ALL, 0),
            Step(Set(0, 2), ALL, 0),
            Step(Pod(1, 1, Free), ALL, 0),
            Step(Eip(0, 0), ALL, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(Block(29), ALL, 0),
        ],
    );
}

#[test]
fn a_machine_that_is_stopped_keeps_its_address_though_its_subnet_was_torn_away() {
    holds(
        2,
        &[
            Step(Vm(1), ALL, 0),
            Step(RunVm(1, 1), ALL, 0),
            Step(Pod(0, 0, Free), ALL, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(Eip(1, 2), ALL, 0),
            Step(StopVm(1, Zero), ALL, 0),
            Step(Pod(0, 1, Two), ALL, 0),
            Step(Eip(0, 3), ALL, 0),
            Step(Hand(FreeSubnet, 76), ALL, 0),
            Step(DeletePod(3, Normal), ALL, 0),
        ],
    );
}

#[test]
fn each_subnet_of_a_wire_is_marked_as_adopted_once_all_records_of_the_wire_are_claimed() {
    holds(
        1,
        &[
            Step(Vm(0), ALL, 0),
            Step(RunVm(0, 1), ALL, 0),
            Step(Set(1, 3), ALL, 0),
            Step(Gateway(1), ALL, 0),
            Step(Pod(0, 1, Free), ALL, 0),
            Step(Deaf(0), ALL, 0),
            Step(Hand(DeleteClaims, 0), ALL, 0),
            Step(Block(28), ALL, 0),
            Step(Spill, ALL, 0),
            Step(Crash(0), 30, 47082),
            Step(Arm(Late, 2), 2, 9498),
            Step(Nothing, 30, 23196),
        ],
    );
}

#[test]
fn a_machine_that_waits_is_served_by_a_subnet_that_comes() {
    holds(
        1,
        &[
            Step(Pod(1, 0, Free), ALL, 0),
            Step(Set(1, 2), ALL, 0),
            Step(Vm(1), ALL, 0),
            Step(Eip(0, 5), ALL, 0),
            Step(Pod(3, 0, Free), ALL, 0),
            Step(RunVm(1, 0), ALL, 0),
            Step(Spill, ALL, 0),
        ],
    );
}

#[test]
fn an_eip_whose_subnet_came_again_says_the_address_that_it_has() {
    holds_overtaken(
        2,
        &[
            Step(Pool(4, 5), ALL, 0),
            Step(Gateway(2), ALL, 0),
            Step(Pod(1, 1, Free), 30, 20528),
            Step(Eip(0, 0), ALL, 0),
            Step(Deaf(1), ALL, 0),
            Step(Block(28), ALL, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(Hand(FreeSubnet, 28), ALL, 0),
            Step(Subnet, ALL, 0),
            Step(DeletePool, ALL, 0),
            Step(Hand(DeleteClaims, 85), ALL, 0),
            Step(Expire(1), ALL, 0),
        ],
    );
}

#[test]
fn what_kube_ovn_gave_to_an_ovn_eip_is_claimed_once_its_subnet_is_there() {
    holds_overtaken(1, &[Step(DeleteSubnet, ALL, 0), Step(OvnEip(6), ALL, 0), Step(Subnet, ALL, 0)]);
}

#[test]
fn the_record_of_a_gateways_pod_goes_with_its_claim_where_its_subnet_is_gone() {
    // Two hands took the pod's annotations and the claim.
    holds_overtaken(
        1,
        &[
            Step(Gateway(1), ALL, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(Cancel(3), ALL, 0),
            Step(Reserve(3, 5), 0, 0),
            Step(DeletePod(3, Normal), 5, 24900),
            Step(Hand(FreeSubnet, 2), 0, 0),
            Step(Hand(StripPod, 55), 13, 13439),
            Step(Crash(0), ALL, 0),
            Step(Hand(DeleteClaim, 4), ALL, 0),
        ],
    );
}
