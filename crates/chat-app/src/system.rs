//! The ports that need only the machine itself.

use chat_domain::{Clock, IdSource, Timestamp};
use std::time::{SystemTime, UNIX_EPOCH};
use uuid::Uuid;

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // A clock before 1970 reads as the epoch.
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::default().plus(since_epoch)
    }
}

/// UUIDs of version 7, each greater than all earlier ones of this process; of version 4, from the operating system's
/// random source, for values that must not be guessed.
#[derive(Debug, Clone, Copy, Default)]
pub struct UuidV7Source;

impl IdSource for UuidV7Source {
    fn next_uuid(&self) -> Uuid {
        Uuid::now_v7()
    }

    fn next_random(&self) -> Uuid {
        Uuid::new_v4()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_clock_is_in_this_century() {
        let year_2024 = Timestamp::from_unix_micros(1_704_067_200_000_000);
        assert!(SystemClock.now() > year_2024);
    }

    #[test]
    fn ids_are_version_seven_and_grow() {
        let ids: Vec<_> = (0..1_000).map(|_| UuidV7Source.next_uuid()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
    }

    #[test]
    fn what_must_not_be_guessed_is_random() {
        let ids: std::collections::HashSet<_> = (0..1_000).map(|_| UuidV7Source.next_random()).collect();
        assert_eq!(ids.len(), 1_000);
        assert!(ids.iter().all(|id| id.get_version_num() == 4));
    }
}
