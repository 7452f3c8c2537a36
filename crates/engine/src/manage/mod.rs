//! Managing addresses: one step from what is observed to what is to be done.
//!
//! In: [`Input`]s: objects seen and gone, kinds listed, agents, outcomes of commands; and the time. Out: [`Command`]s for
//! an executor that makes no choices. Guarantees: pure and deterministic; the claim of an address is created before
//! anything else is written about it and deleted after everything else; nothing is released without a [`Proof`], and
//! every delete carries UID and resourceVersion; nothing is chosen or released before every kind has been listed once; an
//! answer that did not come counts as "perhaps". Work per input grows with the logarithm of what is held.

mod agents;
mod answer;
mod books;
mod bug;
mod call;
mod census;
mod claims;
mod command;
mod cooldown;
mod engine;
mod event;
mod fate;
mod flight;
mod gateways;
mod hearsay;
mod holders;
mod id;
mod input;
mod keep;
mod lending;
mod made_mac;
mod migration;
mod multi;
mod namespaces;
mod observe;
mod observe_claim;
mod observe_subnet;
mod pools;
mod project;
mod release;
mod rival;
mod rule;
mod rules;
mod same_mac;
mod serve;
mod settle;
mod standby;
mod state;
mod subnet_rules;
mod taken;
mod waiting;
mod want;
mod write;

pub use bug::Bug;
pub use call::{Call, Verb};
pub use census::{Census, Standing};
pub use claims::Claim;
pub use command::{Action, Command, CommandId, NewClaim, NewIp, Turn};
pub use engine::Engine;
pub use event::NewEvent;
pub use fate::{Fate, Proof};
pub use id::{ClaimKey, HolderId, HolderName, NicId, Title};
pub use input::{Input, Outcome, Tenure};
pub use rival::Left;
pub use state::{GatewaySettings, NEEDED, OPTIONAL, PrimaryNetwork, Settings, Wires, WithoutAgent};
pub use want::{Ask, AskMac, Class, Want};
pub use write::{Form, Write};
