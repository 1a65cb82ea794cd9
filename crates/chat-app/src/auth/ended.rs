use super::Auth;
use chat_domain::{CommitCursor, SessionId, StoreError};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

/// How long a token may be valid beyond its lifetime: leeway, and a refresh that overlaps the end of its session.
pub(super) const MARGIN: Duration = Duration::from_mins(1);

/// The largest difference of the clocks of the nodes that issue a token, end its session and check it.
const CLOCKS_DIFFER_BY: Duration = Duration::from_mins(10);

/// The recently ended sessions that this node knows; their tokens are rejected. Its size is bounded by the sessions
/// that end within a token's lifetime.
#[derive(Default)]
pub(crate) struct EndedSessions(RwLock<Known>);

#[derive(Default)]
struct Known {
    /// When this node learned of it, by the monotonic clock, which no clock step can change.
    ended: HashMap<SessionId, Instant>,
    /// How far the ends were read; `None` to read all that are kept.
    read: Option<CommitCursor>,
}

impl EndedSessions {
    /// Adds a session; `true` if it is new.
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

    /// Takes the cursor, so that after a failed read the next one reads everything that is kept.
    fn take_cursor(&self) -> Option<CommitCursor> {
        self.0.write().unwrap_or_else(PoisonError::into_inner).read.take()
    }

    /// Stores the cursor up to which everything is known, and forgets older entries.
    fn was_read(&self, cursor: CommitCursor, now: Instant, kept_for: Duration) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.read = Some(cursor);
        known.ended.retain(|_, noted| now.saturating_duration_since(*noted) < kept_for);
    }
}

impl Auth {
    /// Reads the sessions that have ended since the last call, here or on other nodes, and closes the sockets of new
    /// ones. Called every half second, and once before the first request.
    pub async fn refresh_ended_sessions(&self) -> Result<(), StoreError> {
        // After a failure everything is read again: the database may now be a replica that took over, whose commits
        // differ from those of the cursor.
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

    /// How long after its end a session may still have valid tokens.
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
        assert!(ended.contains(session), "the entry is kept");
        assert_eq!(ended.take_cursor(), Some(cursor.clone()));
        assert_eq!(ended.take_cursor(), None, "after a failed read the next one reads everything");
        ended.was_read(cursor, at + kept_for, kept_for);
        assert!(!ended.contains(session));
    }
}
