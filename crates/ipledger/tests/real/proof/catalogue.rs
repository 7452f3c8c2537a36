//! Failures of docs/failures.md as short stories with real processes, named by their number.
//!
//! In: two control planes for all of them, with KubeVirt's kinds; each story has one alone, and networks of its own. Out: what each
//! entry asks for. Guarantees: at the end of a story nothing of it is left, and its Subnets count nothing.

mod admission;
mod deletion;
mod gateways;
mod machines;
mod pods;
mod sets;
mod shared;
