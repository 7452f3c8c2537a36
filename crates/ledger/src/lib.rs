//! The ledger: addresses, blocks, ranges, exact sets and counts, and the books of subnets and MACs.
//!
//! In: texts of specs and annotations, and requests of holders. Out: typed values, typed outcomes, counts and
//! ranges. Guarantee: pure and deterministic; no input of any kind makes it panic; what is refused leaves nothing
//! behind. It knows nothing of Kubernetes, clocks, I/O or randomness, except where that is an argument.

mod accounting;
mod addr;
mod book;
mod cidr;
mod count;
mod family;
mod mac;
mod pair;
mod parse;
mod range;
mod ranges;
mod runs;
mod set;
mod sets;
mod tree;
mod word;

pub use accounting::{Accounting, Counts};
pub use addr::Addr;
pub use book::{
    ClaimList, Grant, HolderKey, MacBook, MacPick, Nic, NicName, Pick, PoolError, Refusal, Request, SpecError,
    SubnetBook, SubnetSpec, Unusable,
};
pub use cidr::Cidr;
pub use count::Count;
pub use family::Family;
pub use mac::Mac;
pub use pair::{AddrPair, CidrPair};
pub use parse::{ParseError, ParseErrorKind, SHOWN};
pub use range::{AddrRange, RangeError};
pub use ranges::Ranges;
pub use set::AddrSet;
pub use sets::AddrSets;
