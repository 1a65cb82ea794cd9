use chat_domain::Timestamp;
use chat_domain::rate_limits::{Bucket, Quota};
use std::time::Duration;

/// A client that is refused this often ...
const MAX_REFUSALS: u32 = 100;

/// ... within this time is closed (4009) ...
const REFUSAL_WINDOW: Duration = Duration::from_mins(1);

/// ... where each accepted frame makes up for this many refusals: a client that waits as told is accepted after each
/// refusal, so it is never closed, however much it has to send.
const FORGIVEN: u32 = 2;

/// How often one connection was refused recently.
#[derive(Debug)]
pub(super) struct Flood(Option<Bucket>);

impl Flood {
    pub(super) const fn new() -> Self {
        Self(None)
    }

    /// Counts a refusal. Returns whether the limit is reached.
    pub(super) fn is_too_much(&mut self, now: Timestamp) -> bool {
        let bucket = self.0.get_or_insert(Bucket::full(now));
        let verdict = bucket.take(Quota::new(MAX_REFUSALS, REFUSAL_WINDOW), 1, now);
        !verdict.is_allowed || verdict.remaining == 0
    }

    /// Counts an accepted frame.
    pub(super) fn forgive(&mut self, now: impl FnOnce() -> Timestamp) {
        if let Some(bucket) = &mut self.0 {
            bucket.give_back(Quota::new(MAX_REFUSALS, REFUSAL_WINDOW), FORGIVEN, now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_goes_on_is_closed_and_who_slows_down_is_not() {
        let (mut flood, mut now) = (Flood::new(), Timestamp::default());
        let refusals = (1..=2 * MAX_REFUSALS).find(|_| flood.is_too_much(now));
        assert_eq!(refusals, Some(MAX_REFUSALS));
        let mut patient = Flood::new();
        for _ in 0..10 * MAX_REFUSALS {
            assert!(!patient.is_too_much(now));
            now = now.plus(REFUSAL_WINDOW / MAX_REFUSALS);
        }
    }

    #[test]
    fn who_is_accepted_after_each_refusal_is_never_closed() {
        let (mut flood, now) = (Flood::new(), Timestamp::default());
        for _ in 0..10 * MAX_REFUSALS {
            assert!(!flood.is_too_much(now));
            flood.forgive(|| now);
        }
        for _ in 0..MAX_REFUSALS / FORGIVEN {
            flood.forgive(|| now);
        }
        let refusals = (1..=2 * MAX_REFUSALS).find(|_| flood.is_too_much(now));
        assert_eq!(refusals, Some(MAX_REFUSALS), "accepted frames are not saved up");
    }
}
