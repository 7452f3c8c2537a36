//! The address manager on a cluster: the async shell around `engine::manage`.
//!
//! In: a connection, [`Config`]. Out: watches become inputs of the engine, its commands become calls, answers become inputs;
//! health, readiness and metrics over HTTP. Guarantees: it decides nothing about addresses; every call has a deadline; an
//! answer that did not come is told as unknown, never as a refusal; after SIGTERM nothing new begins, and what is on its
//! way is waited for. Correctness does not rest on the lease: it saves work.

mod audits;
mod config;
mod decision;
mod duration;
mod executor;
mod http;
mod lease;
mod manager;
mod metrics;
mod pace;
mod reflector;
pub mod rights;
mod source;

pub use config::{Config, ConfigError, LogFormat, LogLevel};
pub use duration::duration;
pub use manager::{RunError, run};
