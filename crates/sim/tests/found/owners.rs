//! StatefulSets that go and come back, and their pods.

use crate::holds;
use sim::random::{ALL, Ask::*, Grace::*, Hand::*, Pods::*, Step, What::*, Wrong::*};

#[test]
fn a_pod_whose_stateful_set_went_without_it_is_told_the_address_of_its_ordinal() {
    holds(
        2,
        &[
            Step(Set(1, 2), 0, 0),
            Step(DeletePod(3, Zero), 8, 25487),
            Step(Pool(4, 5), 0, 0),
            Step(Pod(1, 0, Free), 0, 0),
            Step(Program(0), 8, 18340),
            Step(DeleteSet(1, Stay), 0, 0),
        ],
    );
}

#[test]
fn a_pod_that_a_stateful_set_takes_over_keeps_the_address_that_it_had_alone() {
    holds(
        1,
        &[
            Step(Deaf(0), ALL, 0),
            Step(Arm(CrashAfter, 1), ALL, 0),
            Step(Pool(4, 5), ALL, 0),
            Step(Set(1, 1), ALL, 0),
            Step(Set(1, 3), ALL, 0),
            Step(Hear(0), 13, 42065),
            Step(DeleteSet(1, Stay), 30, 39151),
            Step(DeletePool, ALL, 0),
            Step(Nothing, ALL, 0),
            Step(Arm(CrashBefore, 3), ALL, 0),
            Step(Set(1, 1), ALL, 0),
        ],
    );
}

#[test]
fn an_owner_that_is_read_for_one_ordinal_is_not_read_again_for_the_next() {
    // The claims of two ordinals that are not wanted any more are held by finalizers.
    holds(
        1,
        &[
            Step(Set(1, 3), ALL, 0),
            Step(Hand(HoldClaim, 62), ALL, 0),
            Step(Hand(HoldClaim, 93), ALL, 0),
            Step(Set(1, 0), ALL, 0),
            Step(Pass(61), ALL, 0),
        ],
    );
}

#[test]
fn a_pod_whose_owner_is_gone_learns_of_the_claim_that_its_agent_made_again() {
    // The StatefulSet goes and leaves its pods, then the Subnet, then the claims.
    holds(
        2,
        &[
            Step(Set(1, 2), ALL, 0),
            Step(Spill, ALL, 0),
            Step(DeleteSet(1, Stay), ALL, 0),
            Step(DeleteSubnet, ALL, 0),
            Step(Hand(FreeSubnet, 93), ALL, 0),
            Step(Hand(DeleteClaims, 31), ALL, 0),
            Step(WatchOver, ALL, 0),
        ],
    );
}
