//! Runs in which the primary network is served beside the others.

use crate::holds;
use sim::random::{ALL, Ask::*, Grace::*, Hand::*, Step, What::*};

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
