use std::time::Duration;

/// An instant, in microseconds since 1970-01-01T00:00:00Z, which both databases store exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Creates an instant from microseconds since the epoch.
    pub const fn from_unix_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Returns the microseconds since the epoch.
    pub const fn as_unix_micros(self) -> i64 {
        self.0
    }

    /// Returns the whole seconds since the epoch, as in JWT claims.
    pub const fn as_unix_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Returns the instant later by this duration; saturates.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// Returns the instant earlier by this duration; saturates.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// Returns the duration since `earlier`; zero if this is not later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// The source of the time; a port, so that tests can set it.
pub trait Clock: Send + Sync {
    /// Returns the current time.
    fn now(&self) -> Timestamp;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn going_forth_and_back_ends_where_it_began(
            micros in -1_000_000_000_000_i64..4_000_000_000_000_000, millis in 0_u64..10_000_000
        ) {
            let start = Timestamp::from_unix_micros(micros);
            let step = Duration::from_millis(millis);
            prop_assert_eq!(start.plus(step).minus(step), start);
            prop_assert_eq!(start.plus(step).since(start), step);
            prop_assert_eq!(start.since(start.plus(step)), Duration::ZERO);
        }
    }

    #[test]
    fn arithmetic_saturates_instead_of_overflowing() {
        assert_eq!(Timestamp::from_unix_micros(i64::MAX).plus(Duration::MAX).as_unix_micros(), i64::MAX);
        assert_eq!(Timestamp::from_unix_micros(i64::MIN).minus(Duration::MAX).as_unix_micros(), i64::MIN);
        assert_eq!(Timestamp::from_unix_micros(-1).as_unix_seconds(), -1);
    }
}
