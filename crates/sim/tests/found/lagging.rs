//! What a controller does that knows only how things were: claims made again for whoever had them then.

use crate::holds_overtaken;
use sim::random::{ALL, Ask::*, Hand::*, Pods::*, Step, What::*, Wrong::*};

#[test]
fn a_pod_that_runs_moves_to_no_claim_that_came_late_whoever_has_its_address() {
    holds_overtaken(
        2,
        &[
            Step(Gateway(1), ALL, 0),
            Step(Set(1, 3), ALL, 0),
            Step(Deaf(1), ALL, 0),
            Step(DeleteSet(1, Go), 0, 0),
            Step(Hand(EditIp, 85), 13, 47210),
            Step(DeleteGateway, 0, 0),
            Step(Crash(0), 0, 0),
            Step(Hand(DeleteClaims, 41), 0, 0),
            Step(Set(1, 3), ALL, 0),
            Step(Cancel(3), ALL, 0),
            Step(Arm(CrashBefore, 1), ALL, 0),
            Step(Hand(DeleteClaims, 84), 13, 63714),
        ],
    );
}

#[test]
fn the_record_of_the_next_pod_outlasts_whoever_knows_only_the_one_before() {
    holds_overtaken(
        2,
        &[
            Step(Gateway(1), 0, 0),
            Step(Set(1, 3), ALL, 0),
            Step(Deaf(1), ALL, 0),
            Step(DeleteSet(1, Go), ALL, 0),
            Step(Pod(0, 1, Free), 5, 20728),
            Step(Hand(EditIp, 85), 13, 47210),
            Step(DeleteGateway, 8, 30973),
            Step(DeleteSubnet, 5, 44199),
            Step(Crash(0), 0, 0),
            Step(Hand(DeleteClaims, 41), 30, 16377),
            Step(Set(1, 3), ALL, 0),
            Step(Cancel(3), ALL, 0),
            Step(Arm(CrashBefore, 1), ALL, 0),
            Step(Spill, 13, 19584),
            Step(Hand(DeleteClaims, 84), 0, 0),
        ],
    );
}
