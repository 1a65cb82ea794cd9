use super::lock;
use chat_domain::{Clock, Timestamp};
use std::sync::Mutex;
use std::time::Duration;

/// A clock that stands still until it is advanced.
#[derive(Debug)]
pub struct FakeClock(Mutex<Timestamp>);

impl Default for FakeClock {
    /// 2027-01-15T08:00:00Z.
    fn default() -> Self {
        Self(Mutex::new(Timestamp::from_unix_micros(1_800_000_000_000_000)))
    }
}

impl FakeClock {
    /// Advances the clock.
    pub fn advance(&self, by: Duration) {
        let mut now = lock(&self.0);
        *now = now.plus(by);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        *lock(&self.0)
    }
}
