//! Does the API server model answer as kube-apiserver does?
//!
//! In: stories (sequences of requests) and a server, the model behind HTTP or a real one, reached through the same client.
//! Out: what the server answered, with UIDs, times, versions and names of namespaces masked; differences as text.
//! Guarantees: each story has a namespace of its own, so stories do not meet; what a real server answered is kept in
//! `golden/` and holds the model to it where there is no real server.

mod answer;
mod chosen;
mod client;
mod difference;
pub mod golden;
pub mod managed;
mod mask;
pub mod random;
mod run;
mod step;
pub mod stories;

pub use answer::{Answer, Transcript};
pub use chosen::chosen;
pub use client::{Reply, Target};
pub use difference::{Difference, differences};
pub use mask::Mask;
pub use run::{install, run};
pub use step::{Body, Step, Story, Until};
