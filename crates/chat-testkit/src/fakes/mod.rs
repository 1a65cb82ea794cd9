//! Fakes of the ports for tests of use cases. They need no server, and tests can read what they recorded.

mod bus;
mod clock;
mod connections;
mod hasher;
mod linked_bus;
mod presence;
mod sink;
mod typing;

pub use bus::RecordingBus;
pub use clock::FakeClock;
pub use connections::RecordingConnections;
pub use hasher::FastHasher;
pub use linked_bus::LinkedBus;
pub use presence::FakePresence;
pub use sink::RecordingSink;
pub use typing::FakeTyping;

use std::sync::{Mutex, MutexGuard, PoisonError};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The error of a fake that a test has set to fail.
#[derive(Debug)]
struct ToldToFail;

impl std::fmt::Display for ToldToFail {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the test set this fake to fail")
    }
}

impl std::error::Error for ToldToFail {}
