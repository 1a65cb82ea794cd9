use super::FanOut;
use chat_domain::conversations::Joined;
use chat_domain::{ChangeRange, Pos, StoreError, Timestamp};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How far back the first look goes, and how far each overlaps the one before: the clocks of nodes differ, and a transaction is committed a
/// while after its time was taken.
const OVERLAP: Duration = Duration::from_secs(30);

/// How many joiners one reading takes at most.
const PAGE: u32 = 10_000;

/// From when on joiners have not been looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct JoinedSince(Timestamp);

impl JoinedSince {
    pub(super) fn now() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(Timestamp::from_unix_micros(i64::try_from(now.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl FanOut {
    /// Looks for users here whose coming into a conversation was lost on the way. A conversation that somebody here takes part in
    /// already needs no look: there it is a hole like any other, and so is whatever takes somebody out.
    pub(super) async fn check_joiners(&self) -> Result<(), StoreError> {
        // One look at a time; the next begins where the last that succeeded did.
        let mut since = self.joined.lock().await;
        let began = JoinedSince::now();
        let mut from = since.0.minus(OVERLAP);
        let mut found = Vec::new();
        loop {
            let page = self.conversations.list_joined(from, PAGE).await?;
            for joined in &page {
                if self.check_joiner(joined).await? {
                    found.push(joined.conversation_id);
                }
            }
            match page.last() {
                Some(last) if page.len() >= PAGE as usize => {
                    // Never the same page again, even where all of it joined in one instant.
                    from = last.at.max(from.plus(Duration::from_micros(1)));
                }
                _ => break,
            }
        }
        // What followed the joining was lost with it.
        self.check_tails_of(&found).await?;
        *since = began;
        Ok(())
    }

    /// Whether it was news.
    async fn check_joiner(&self, joined: &Joined) -> Result<bool, StoreError> {
        let id = joined.conversation_id;
        if !self.users.is_here(joined.user_id) || self.has_lane(id) {
            return Ok(false);
        }
        let before = Pos::new(joined.pos.get().saturating_sub(1));
        let range = ChangeRange { conversation_id: id, after: before, up_to: joined.pos };
        for change in self.changes.list_changes(&[range], 1).await? {
            self.stats.found_joiners.add(1);
            self.accept_change(change);
        }
        Ok(true)
    }
}
