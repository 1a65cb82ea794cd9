//! A clock that follows the database server's clock.

use chat_domain::{Clock, Timestamp};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// A larger change is a step: monotonic clocks drift only milliseconds between two measurements.
const NOTEWORTHY: Duration = Duration::from_secs(1);

/// The clock of a node that shares a database with others. All nodes use the database server's clock, so no node's own
/// clock decides when a token or a session ends. Between two measurements the time advances by the machine's monotonic
/// clock, which does not step.
#[derive(Debug)]
pub(crate) struct DatabaseClock {
    began: Instant,
    /// The time at `began`, in microseconds since the epoch.
    epoch: AtomicI64,
}

impl DatabaseClock {
    /// Starts from the answer of a database that was asked at `asked` and answered just now.
    pub(crate) fn measured(answer: Timestamp, asked: Instant) -> Self {
        let half = asked.elapsed() / 2;
        Self { began: asked, epoch: AtomicI64::new(answer.minus(half).as_unix_micros()) }
    }

    /// Applies another answer. An answer gives the time at some moment between question and arrival; a difference
    /// within that interval is ignored.
    pub(crate) fn correct(&self, answer: Timestamp, asked: Instant) {
        let answered = Instant::now();
        let (earliest, latest) = (self.at(asked), self.at(answered));
        if answer >= earliest && answer <= latest {
            return;
        }
        let half = answered.duration_since(asked) / 2;
        let epoch = answer.minus(half).minus(asked.saturating_duration_since(self.began));
        let before = self.epoch.swap(epoch.as_unix_micros(), Ordering::Relaxed);
        let step = Duration::from_micros(before.abs_diff(epoch.as_unix_micros()));
        if step > NOTEWORTHY {
            tracing::warn!(?step, "the database server's clock moved: it was set, or another server took over");
        }
    }

    fn at(&self, instant: Instant) -> Timestamp {
        let epoch = Timestamp::from_unix_micros(self.epoch.load(Ordering::Relaxed));
        epoch.plus(instant.saturating_duration_since(self.began))
    }
}

impl Clock for DatabaseClock {
    fn now(&self) -> Timestamp {
        self.at(Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: Timestamp = Timestamp::from_unix_micros(1_800_000_000_000_000);
    /// Times are whole microseconds.
    const ROUNDING: Duration = Duration::from_micros(5);
    const HOUR: Duration = Duration::from_hours(1);

    #[test]
    fn it_shows_the_time_of_the_database_and_goes_on() {
        let asked = Instant::now();
        let clock = DatabaseClock::measured(ANSWER, asked);
        let shown = clock.now();
        let way = asked.elapsed() + ROUNDING;
        assert!(shown.since(ANSWER) <= way && ANSWER.since(shown) <= way);
        assert_eq!(clock.at(asked + HOUR).since(clock.at(asked)), HOUR);
    }

    #[test]
    fn an_answer_that_may_be_what_it_shows_changes_nothing() {
        let asked = Instant::now();
        let clock = DatabaseClock::measured(ANSWER, asked);
        let before = clock.at(asked);
        clock.correct(clock.now(), asked);
        assert_eq!(clock.at(asked), before);
    }

    #[test]
    fn it_follows_the_database_wherever_its_clock_steps() {
        let asked = Instant::now();
        let clock = DatabaseClock::measured(ANSWER, asked);
        for answer in [ANSWER.plus(HOUR), ANSWER.minus(HOUR)] {
            let asked = Instant::now();
            clock.correct(answer, asked);
            let (shown, way) = (clock.now(), asked.elapsed() + ROUNDING);
            assert!(shown.since(answer) <= way && answer.since(shown) <= way, "{shown:?} after {way:?}");
        }
    }
}
