use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A pause during which a slow service is not asked. When it ends, one caller asks; the others do so after that caller
/// has an answer.
#[derive(Debug)]
pub(super) struct Pause {
    began: Instant,
    length: Duration,
    /// Its end in milliseconds since `began`; 0 if there is no pause.
    until: AtomicU64,
}

impl Pause {
    /// Not started yet.
    pub(super) fn new(length: Duration) -> Self {
        Self { began: Instant::now(), length, until: AtomicU64::new(0) }
    }

    /// Whether the caller must do without an answer. The first caller after the end may ask, and prolongs the pause for
    /// all others.
    pub(super) fn holds(&self) -> bool {
        let until = self.until.load(Ordering::Relaxed);
        if until == 0 {
            return false;
        }
        let is_up = millis(self.began.elapsed()) >= until;
        !(is_up && self.until.compare_exchange(until, self.due(), Ordering::Relaxed, Ordering::Relaxed).is_ok())
    }

    /// Starts the pause: the service was too slow.
    pub(super) fn begin(&self) {
        self.until.store(self.due(), Ordering::Relaxed);
    }

    /// Ends the pause: the service has answered.
    pub(super) fn end(&self) {
        if self.until.load(Ordering::Relaxed) != 0 {
            self.until.store(0, Ordering::Relaxed);
        }
    }

    fn due(&self) -> u64 {
        millis(self.began.elapsed() + self.length).max(1)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_too_slow_is_not_asked_for_a_while() {
        let pause = Pause::new(Duration::from_hours(1));
        assert!(!pause.holds());
        pause.begin();
        assert!(pause.holds() && pause.holds());
        pause.end();
        assert!(!pause.holds());
    }

    #[test]
    fn when_the_time_is_up_one_asks_and_the_others_wait_for_its_answer() {
        let pause = Pause::new(Duration::from_hours(1));
        pause.until.store(1, Ordering::Relaxed);
        while millis(pause.began.elapsed()) < 1 {
            std::thread::yield_now();
        }
        assert_eq!([pause.holds(), pause.holds(), pause.holds()], [false, true, true]);
        pause.end();
        assert!(!pause.holds());
    }
}
