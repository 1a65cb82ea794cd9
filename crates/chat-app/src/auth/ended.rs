use super::Auth;
use chat_domain::{CommitCursor, SessionId, StoreError};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

/// How long a token may be good beyond its lifetime: leeway, and a refresh that overlaps the end of its session.
pub(super) const MARGIN: Duration = Duration::from_mins(1);

/// How far two clocks may differ: of the node that issues a token, of the one that ends its session, and of one that
/// checks it.
const CLOCKS_DIFFER_BY: Duration = Duration::from_mins(10);

/// The sessions that ended lately, as far as this node knows: their tokens are refused. No larger than what ends
/// while a token is good.
#[derive(Default)]
pub(crate) struct EndedSessions(RwLock<Known>);

#[derive(Default)]
struct Known {
    /// When this node learned of it, by the monotonic clock: no step of a clock makes a node forget.
    ended: HashMap<SessionId, Instant>,
    /// What was read so far; `None` to read everything that is kept.
    read: Option<CommitCursor>,
}

impl EndedSessions {
    /// Notes a session; `true` where it was not known.
    pub(crate) fn note(&self, session: SessionId, at: Instant) -> bool {
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

    /// Takes the cursor: a reading that fails leaves none, and the next reads everything that is kept.
    fn take_cursor(&self) -> Option<CommitCursor> {
        self.0.write().unwrap_or_else(PoisonError::into_inner).read.take()
    }

    /// Everything before the cursor is known; what was noted longer ago than this is forgotten.
    fn was_read(&self, cursor: CommitCursor, now: Instant, kept_for: Duration) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.read = Some(cursor);
        known.ended.retain(|_, noted| now.saturating_duration_since(*noted) < kept_for);
    }
}

impl Auth {
    /// Learns which sessions ended, here or on other nodes, since it last did, and closes the sockets of those that are
    /// news. Called every half second, and once before the first request.
    pub async fn refresh_ended_sessions(&self) -> Result<(), StoreError> {
        // After a failure everything is read anew: the database that answers now may be a replica that took over,
        // which has other commits than the one that the cursor is of.
        let after = self.0.ended.take_cursor();
        let ended = self.0.store.sessions().list_ended(after.as_ref()).await?;
        let now = Instant::now();
        for session in ended.items {
            if self.0.ended.note(session.id, now) {
                self.0.live_connections.close_session(session.id);
            }
        }
        self.0.ended.was_read(ended.cursor, now, self.ended_are_kept_for());
        Ok(())
    }

    /// How long after its end a session may still have tokens about.
    pub(super) fn ended_are_kept_for(&self) -> Duration {
        self.0.settings.access_token_lifetime + MARGIN + CLOCKS_DIFFER_BY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_news_once_and_forgotten_in_time() {
        let (ended, at, kept_for) = (EndedSessions::default(), Instant::now(), Duration::from_mins(26));
        let session = SessionId::new(uuid::Uuid::from_u128(1));
        let cursor = CommitCursor::new("7");
        assert!(!ended.contains(session));
        assert!(ended.note(session, at));
        assert!(!ended.note(session, at));
        ended.was_read(cursor.clone(), at + kept_for.saturating_sub(Duration::from_micros(1)), kept_for);
        assert!(ended.contains(session), "still of interest");
        assert_eq!(ended.take_cursor(), Some(cursor.clone()));
        assert_eq!(ended.take_cursor(), None, "a reading that fails is followed by one of everything");
        ended.was_read(cursor, at + kept_for, kept_for);
        assert!(!ended.contains(session));
    }
}
