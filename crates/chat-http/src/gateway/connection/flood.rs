use chat_domain::Timestamp;
use chat_domain::rate_limits::{Bucket, Quota};
use std::time::Duration;

/// A client that is refused this often ...
const MAX_REFUSALS: u32 = 100;

/// ... within this time, without waiting as told, is closed (4009).
const REFUSAL_WINDOW: Duration = Duration::from_mins(1);

/// How often one connection was refused recently.
#[derive(Debug)]
pub(super) struct Flood {
    refusals: Option<Bucket>,
    /// The client was told to wait until then.
    told: Option<Timestamp>,
}

impl Flood {
    pub(super) const fn new() -> Self {
        Self { refusals: None, told: None }
    }

    /// Counts a refusal, which tells the client to wait for `pause`. Returns whether the limit is reached. A client
    /// that has waited as told, and is refused again since another connection of its user was faster, is not counted.
    pub(super) fn is_too_much(&mut self, now: Timestamp, pause: Option<Duration>) -> bool {
        let has_waited = self.told.is_some_and(|until| until <= now);
        self.told = pause.map(|pause| now.plus(pause));
        if has_waited {
            return false;
        }
        let bucket = self.refusals.get_or_insert(Bucket::full(now));
        let verdict = bucket.take(Quota::new(MAX_REFUSALS, REFUSAL_WINDOW), 1, now);
        !verdict.is_allowed || verdict.remaining == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_millis(20);

    #[test]
    fn who_goes_on_is_closed_and_who_slows_down_is_not() {
        for pause in [None, Some(PAUSE)] {
            let (mut flood, now) = (Flood::new(), Timestamp::default());
            let refusals = (1..=2 * MAX_REFUSALS).find(|_| flood.is_too_much(now, pause));
            assert_eq!(refusals, Some(MAX_REFUSALS));
        }
        let (mut patient, mut now) = (Flood::new(), Timestamp::default());
        for _ in 0..10 * MAX_REFUSALS {
            assert!(!patient.is_too_much(now, None));
            now = now.plus(REFUSAL_WINDOW / MAX_REFUSALS);
        }
    }

    #[test]
    fn who_waits_as_told_is_never_closed() {
        let (mut flood, mut now) = (Flood::new(), Timestamp::default());
        for _ in 0..10 * MAX_REFUSALS {
            assert!(!flood.is_too_much(now, Some(PAUSE)));
            now = now.plus(PAUSE);
        }
        let refusals = (1..=2 * MAX_REFUSALS).find(|_| flood.is_too_much(now, Some(PAUSE)));
        assert!(
            refusals.is_some_and(|refusals| refusals <= MAX_REFUSALS + 1),
            "patience is not saved up: {refusals:?}"
        );
    }
}
