//! A client of the real server binary. It starts the process in its own folder on a free port, and uses REST and
//! WebSocket like an integrator. It does not know the server's internals, and never sleeps for a fixed time: every wait
//! ends with the awaited event, or fails at [`DEADLINE`].
//!
//! These are test helpers: an unexpected result panics and shows what was received.
#![allow(clippy::missing_panics_doc)]

pub mod cluster;

mod person;
mod rest;
mod server;
mod socket;

pub use person::Person;
pub use rest::{Reply, Request, Rest};
pub use server::{Server, Setup, kill_and_wait};
pub use socket::{Closed, Refused, Socket};

use std::time::Duration;

/// The longest wait before a test fails: far more than needed, for busy machines.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// How often to check a condition that cannot be awaited, such as a line in a file.
const POLL: Duration = Duration::from_millis(20);

/// Checks again and again until the check returns a value, for a state that cannot be awaited, such as a line in a
/// file. Returns `None` at [`DEADLINE`].
pub async fn polled<T>(mut check: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let polling = async {
        loop {
            if let Some(value) = check().await {
                return value;
            }
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::time::timeout(DEADLINE, polling).await.ok()
}
