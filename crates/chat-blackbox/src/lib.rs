//! A client for the real server binary, from the outside: it starts the process in a folder of its own on a free port,
//! and talks REST and WebSocket to it as an integrator would. Nothing here knows the server's insides, and nothing
//! sleeps and hopes: every wait ends with what it waits for, or fails at [`DEADLINE`].
//!
//! These are helpers of tests: what should not happen panics and says what came instead.
#![allow(clippy::missing_panics_doc)]

pub mod cluster;

mod person;
mod rest;
mod server;
mod socket;

pub use person::Person;
pub use rest::{Reply, Request, Rest};
pub use server::{Server, Setup};
pub use socket::{Closed, Refused, Socket};

use std::time::Duration;

/// How long anything may take before the test gives up. Far above what it should take, for busy machines.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// How often a condition is looked at that cannot be awaited, such as a line in a file.
const POLL: Duration = Duration::from_millis(20);
