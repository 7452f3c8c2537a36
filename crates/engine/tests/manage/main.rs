//! The managing engine, step by step: what a simulation reaches only by a rare order of events, or not at all.
#![allow(clippy::unwrap_used)]

mod asking;
mod families;
mod lending;
mod lists;
mod lost;
mod macs;
mod queueing;
mod resting;
mod rival;
mod rules;
mod saying;
mod single;
mod stage;
mod standby;
mod subnets;
mod telling;
mod two_leaders;
mod unreadable;
