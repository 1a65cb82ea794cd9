use crate::Settings;
use std::cell::Cell;
use std::time::{Duration, Instant};

/// The lateness up to which a timer counts as punctual: the next interval starts when the timer was due.
const SLACK: Duration = Duration::from_millis(50);

/// The timers of one session: the next ping or its answer, and the time by which the client must connect to a
/// namespace.
#[derive(Debug)]
pub(super) struct Heart {
    interval: Duration,
    timeout: Duration,
    ping_due: Cell<Instant>,
    /// When the ping's answer is due; `None` while none is expected.
    answer_due: Cell<Option<Instant>>,
    connect_due: Cell<Option<Instant>>,
}

/// What a session has to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    Ping,
    /// End the session: the ping was not answered.
    Dead,
    /// End the session: the client has not connected to a namespace in time.
    Useless,
}

impl Heart {
    pub(super) fn new(settings: &Settings, now: Instant) -> Self {
        Self {
            interval: settings.ping_interval,
            timeout: settings.ping_timeout,
            ping_due: Cell::new(now + settings.ping_interval),
            answer_due: Cell::new(None),
            connect_due: Cell::new(Some(now + settings.connect_timeout)),
        }
    }

    /// Records a sign of life. The next ping keeps its time, since clients notice a missing ping.
    pub(super) fn heard(&self) {
        self.answer_due.set(None);
    }

    pub(super) fn set_connect_due(&self, due: Option<Instant>) {
        self.connect_due.set(due);
    }

    /// What is due now. A client is not dead while the caller is not reading it.
    pub(super) fn beat(&self, now: Instant, is_listening: bool) -> Due {
        if self.connect_due.get().is_some_and(|due| due <= now) {
            return Due::Useless;
        }
        match self.answer_due.get() {
            Some(due) if due <= now && is_listening => Due::Dead,
            Some(due) if due <= now => {
                self.answer_due.set(Some(now + self.timeout));
                Due::Nothing
            }
            None if self.ping_due.get() <= now => {
                let due = self.ping_due.get();
                let sent = if now - due <= SLACK { due } else { now };
                self.ping_due.set(sent + self.interval);
                self.answer_due.set(Some(sent + self.timeout));
                Due::Ping
            }
            _ => Due::Nothing,
        }
    }

    /// Whether a sign of life would now be too late.
    pub(super) fn is_dead(&self, now: Instant) -> bool {
        self.answer_due.get().is_some_and(|due| due <= now)
    }

    /// When to check again.
    pub(super) fn next(&self) -> Instant {
        let beat = self.answer_due.get().unwrap_or_else(|| self.ping_due.get());
        self.connect_due.get().map_or(beat, |due| due.min(beat))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pings_keep_their_interval_and_silence_is_noticed_when_somebody_listens() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let heart = Heart::new(&Settings::default(), start);
        heart.set_connect_due(None);
        assert_eq!(heart.next(), start + 25 * second);
        assert_eq!(heart.beat(start + 24 * second, true), Due::Nothing);
        assert_eq!(heart.beat(start + 25 * second, true), Due::Ping);
        assert_eq!(heart.next(), start + 45 * second);
        heart.heard();
        assert_eq!(heart.next(), start + 50 * second);
        assert_eq!(heart.beat(start + 50 * second, true), Due::Ping);
        assert_eq!(heart.beat(start + 70 * second, false), Due::Nothing);
        assert_eq!(heart.next(), start + 90 * second);
        assert_eq!(heart.beat(start + 90 * second, true), Due::Dead);
    }

    #[test]
    fn a_session_has_to_be_of_use_in_time() {
        let start = Instant::now();
        let settings = Settings { connect_timeout: Duration::from_secs(1), ..Settings::default() };
        let heart = Heart::new(&settings, start);
        assert_eq!(heart.next(), start + Duration::from_secs(1));
        assert_eq!(heart.beat(heart.next(), true), Due::Useless);
    }
}
