//! What issue #4747 and its kin are about, on a real control plane, with processes that are killed, frozen and cut off.
//!
//! In: [`Managed`](crate::stage::managed::Managed) control planes. Out: claims about what is left when all faults are over: no address
//! twice, none lost, nothing that hangs, counts that are the claims. What was measured stands in docs/proof.md.

mod adoption;
mod catalogue;
mod churn;
mod network;
mod outage;
mod pair;
mod pods;
mod put_back;
mod seed;
mod soak;
mod upgrade;
