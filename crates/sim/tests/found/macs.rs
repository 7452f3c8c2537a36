//! Pods that ask for one MAC.

use crate::holds_overtaken;
use sim::random::{ALL, Ask::*, Grace::*, Hand::*, Networks::Readable, Step, What::*};

#[test]
fn the_macs_of_a_subnet_that_is_gone_are_free_once_its_claims_are() {
    holds_overtaken(
        1,
        &[
            Step(OneMac, ALL, 0),
            Step(Pod(3, 1, Free), ALL, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(Hand(FreeSubnet, 49), ALL, 0),
            Step(Subnet, ALL, 0),
            Step(DeletePod(3, Normal), ALL, 0),
            Step(Pod(1, 0, Free), ALL, 0),
        ],
    );
}

#[test]
fn the_mac_of_a_claim_that_its_subnet_has_outgrown_is_taken() {
    holds_overtaken(
        1,
        &[
            Step(OneMac, ALL, 0),
            Step(Reserve(2, 4), 0, 0),
            Step(Set(1, 3), ALL, 0),
            Step(Vip(1, 0), ALL, 0),
            Step(Cancel(2), ALL, 0),
            Step(Vip(0, 0), ALL, 0),
            Step(DeleteOrdinal(1, 2, Normal), ALL, 0),
            Step(Pod(0, 1, Free), ALL, 0),
            Step(Hand(DeleteClaims, 81), 0, 0),
            Step(Block(28), 0, 0),
            Step(Pod(2, 0, Free), ALL, 0),
            Step(Pod(3, 1, Free), ALL, 0),
            Step(Hand(HoldPod, 57), ALL, 0),
            Step(Block(29), 0, 0),
            Step(DeletePod(2, Normal), 0, 0),
        ],
    );
}

#[test]
fn an_ordinal_that_moves_to_another_subnet_takes_its_mac_along() {
    holds_overtaken(
        2,
        &[
            Step(Primary, ALL, 0),
            Step(OvnEip(6), ALL, 0),
            Step(Pod(2, 0, Free), ALL, 0),
            Step(PowerOff(1), ALL, 0),
            Step(DeletePod(0, Normal), ALL, 0),
            Step(DeleteOrdinal(0, 2, Zero), ALL, 0),
            Step(Template(0, Readable), ALL, 0),
            Step(DeleteSpill, ALL, 0),
            Step(Set(1, 3), ALL, 0),
            Step(Set(0, 0), ALL, 0),
            Step(PowerOff(0), ALL, 0),
            Step(OutOfService(1), 0, 0),
            Step(Team, ALL, 0),
            Step(Cancel(0), ALL, 0),
            Step(Exit(2), ALL, 0),
        ],
    );
}
