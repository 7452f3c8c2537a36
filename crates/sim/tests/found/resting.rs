//! Freed addresses that rest.

use crate::holds_overtaken;
use sim::random::{ALL, Ask::*, Grace::*, Hand::*, Pods::*, Refusal, Step, What::*, Wrong::*};

#[test]
fn a_pod_waits_for_no_reservation_whose_freed_address_rests() {
    holds_overtaken(
        2,
        &[Step(Reserve(0, 4), ALL, 0), Step(Rest(1), ALL, 0), Step(Cancel(0), ALL, 0), Step(Pod(0, 1, Free), ALL, 0)],
    );
}

#[test]
fn a_pod_that_waits_for_a_reservation_is_served_once_that_is_gone_and_its_address_rests() {
    holds_overtaken(
        1,
        &[
            Step(Reserve(1, 0), ALL, 0),
            Step(Deaf(0), ALL, 0),
            Step(Rest(1), ALL, 0),
            Step(Pod(1, 0, Free), ALL, 0),
            Step(Cancel(1), ALL, 0),
        ],
    );
}

#[test]
fn a_reservation_that_is_made_again_has_its_address_which_rests_no_more() {
    holds_overtaken(
        1,
        &[
            Step(Pod(1, 0, Two), ALL, 0),
            Step(Reserve(0, 0), ALL, 0),
            Step(Pod(0, 1, Free), ALL, 0),
            Step(Vip(0, 6), ALL, 0),
            Step(Cancel(0), ALL, 0),
            Step(Pass(90), 0, 0),
            Step(Rest(1), 30, 15639),
            Step(DeletePod(0, Normal), ALL, 0),
            Step(Reserve(0, 0), ALL, 0),
        ],
    );
}

#[test]
fn the_address_of_a_machine_that_was_deleted_while_it_migrated_rests_with_both_its_users_gone() {
    holds_overtaken(
        1,
        &[
            Step(Vm(0), ALL, 0),
            Step(RunVm(0, 0), ALL, 0),
            Step(Pod(1, 1, Free), 30, 62857),
            Step(Migrate(0), 8, 35839),
            Step(Rest(1), 0, 0),
            Step(DeleteVm(0), 0, 0),
        ],
    );
}

#[test]
fn an_address_that_is_kept_for_a_pod_which_asks_for_another_one_rests_no_more() {
    holds_overtaken(
        2,
        &[
            Step(Pod(3, 1, Free), ALL, 0),
            Step(Rest(0), ALL, 0),
            Step(Set(1, 1), ALL, 0),
            Step(Connect(1), ALL, 0),
            Step(Gateway(2), 8, 60034),
            Step(DeleteSpill, ALL, 0),
            Step(Vm(1), ALL, 0),
            Step(RunVm(1, 0), ALL, 0),
            Step(Pod(1, 0, Free), ALL, 0),
            Step(Deaf(0), ALL, 0),
            Step(Gateway(1), 0, 0),
            Step(Rest(1), ALL, 0),
            Step(DeleteVip(1), 0, 0),
            Step(Deaf(1), ALL, 0),
            Step(Eip(0, 0), ALL, 0),
            Step(Hand(DeleteClaim, 74), ALL, 0),
            Step(DeleteSet(1, Go), ALL, 0),
            Step(Set(1, 2), ALL, 0),
            Step(Pod(3, 0, Refused(Refusal::Unreadable)), ALL, 0),
            Step(Crash(0), 0, 0),
            Step(Spill, 30, 64708),
            Step(Arm(Lose, 2), 30, 11499),
            Step(DeleteSet(1, Stay), 0, 0),
            Step(Migrated(1), 30, 15017),
            Step(Deaf(0), ALL, 0),
            Step(CutOff(1), ALL, 0),
            Step(Pass(90), ALL, 0),
            Step(Set(0, 3), ALL, 0),
            Step(Crash(1), ALL, 0),
            Step(PoolOfOthers(4, 5), ALL, 0),
            Step(Hand(EditPod, 78), ALL, 0),
            Step(Set(1, 2), 1, 65421),
        ],
    );
}
