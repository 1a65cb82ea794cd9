use super::FanOut;
use chat_domain::conversations::Joined;
use chat_domain::{ChangeRange, Pos, StoreError};

/// How many joiners one reading takes at most.
const PAGE: u32 = 10_000;

impl FanOut {
    /// Looks for users here whose coming into a conversation was lost on the way. A conversation that somebody here
    /// takes part in already needs no look: there it is a hole like any other, and so is whatever takes somebody out.
    pub(super) async fn check_joiners(&self) -> Result<(), StoreError> {
        // One look at a time; the next continues where the last page that was looked at ended.
        let mut after = self.joined.lock().await;
        loop {
            let page = self.store.list_joined(after.as_ref(), PAGE).await?;
            let mut found = Vec::new();
            for joined in &page.items {
                if self.check_joiner(joined).await? {
                    found.push(joined.conversation_id);
                }
            }
            // What followed the joining was lost with it.
            self.check_tails_of(&found).await?;
            *after = Some(page.cursor);
            if page.items.len() < PAGE as usize {
                return Ok(());
            }
        }
    }

    /// Whether it was news.
    async fn check_joiner(&self, joined: &Joined) -> Result<bool, StoreError> {
        let id = joined.conversation_id;
        if !self.users.is_here(joined.user_id) || self.has_lane(id) {
            return Ok(false);
        }
        let before = Pos::new(joined.pos.get().saturating_sub(1));
        let range = ChangeRange { conversation_id: id, after: before, up_to: joined.pos };
        for change in self.store.list_changes(&[range], 1).await? {
            self.stats.found_joiners.add(1);
            self.accept_change(change);
        }
        Ok(true)
    }
}
