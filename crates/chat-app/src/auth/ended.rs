use super::Auth;
use chat_domain::{SessionId, StoreError, Timestamp};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

/// Each reading looks this far behind the one before it: commits that took a while, and other nodes' clocks.
const OVERLAP: Duration = Duration::from_secs(10);

/// The longest that a token may be good for after its session has ended, beyond its lifetime: leeway, clocks that
/// disagree, and a refresh that overlaps the end.
const MARGIN: Duration = Duration::from_mins(1);

/// The sessions that ended lately, as far as this node knows: whoever holds a token of one of them is turned away. No
/// larger than what ends within the lifetime of an access token.
#[derive(Default)]
pub(crate) struct EndedSessions(RwLock<Known>);

#[derive(Default)]
struct Known {
    ended: HashMap<SessionId, Timestamp>,
    read_at: Option<Timestamp>,
}

impl EndedSessions {
    /// Notes a session; `true` where it was not known.
    pub(crate) fn note(&self, session: SessionId, at: Timestamp) -> bool {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match known.ended.entry(session) {
            Entry::Occupied(_) => false,
            Entry::Vacant(entry) => {
                entry.insert(at);
                true
            }
        }
    }

    pub(crate) fn contains(&self, session: SessionId) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).ended.contains_key(&session)
    }

    fn read_at(&self) -> Option<Timestamp> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).read_at
    }

    /// Everything up to `at` is known; what ended before `forget_before` is of no interest any more.
    fn was_read(&self, at: Timestamp, forget_before: Timestamp) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.read_at = Some(at);
        known.ended.retain(|_, ended_at| *ended_at >= forget_before);
    }
}

impl Auth {
    /// Learns which sessions ended, here or on other nodes, since it last did, and closes the sockets of those that are
    /// news. Called every half second, and once before the first request.
    pub async fn refresh_ended_sessions(&self) -> Result<(), StoreError> {
        let now = self.0.now();
        let of_interest = now.minus(self.ended_are_kept_for());
        let since = self.0.ended.read_at().map_or(of_interest, |read_at| read_at.minus(OVERLAP).max(of_interest));
        for session in self.0.sessions.list_ended_since(since).await? {
            if self.0.ended.note(session.id, session.ended_at) {
                self.0.live_connections.close_session(session.id);
            }
        }
        self.0.ended.was_read(now, of_interest);
        Ok(())
    }

    /// How long after its end a session may still have tokens about.
    pub(super) fn ended_are_kept_for(&self) -> Duration {
        self.0.settings.access_token_lifetime + MARGIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_news_once_and_forgotten_in_time() {
        let (ended, at) = (EndedSessions::default(), Timestamp::from_unix_micros(1_000));
        let session = SessionId::new(uuid::Uuid::from_u128(1));
        assert!(!ended.contains(session));
        assert!(ended.note(session, at));
        assert!(!ended.note(session, at));
        ended.was_read(at.plus(OVERLAP), at);
        assert!(ended.contains(session), "still of interest");
        assert_eq!(ended.read_at(), Some(at.plus(OVERLAP)));
        ended.was_read(at.plus(OVERLAP), at.plus(Duration::from_micros(1)));
        assert!(!ended.contains(session));
    }
}
