//! A quarantine: an address that answered on the wire without a claim.
//!
//! In: a claim of that kind. Out: its fate. Guarantees: it is kept until the time that stands in it, which whoever still hears
//! the address puts off; without a time it is kept until somebody deletes it.

use crate::manage::claims::Claim;
use crate::manage::fate::{Fate, Proof, Wait};
use api::slim::Time;

/// What becomes of it.
pub(super) fn fate(claim: &Claim, now: Time) -> Fate {
    match claim.quarantined_until() {
        None => Fate::Keep,
        Some(until) if until > now => Fate::Wait(Wait::Grace(until)),
        Some(_) => Fate::Release(Proof::TimeOver),
    }
}
