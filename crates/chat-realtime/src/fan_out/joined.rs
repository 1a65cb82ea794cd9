use super::FanOut;
use chat_domain::conversations::Joined;
use chat_domain::{ChangeRange, Pos, StoreError};

/// The maximum number of joins that one reading returns.
const PAGE: u32 = 10_000;

impl FanOut {
    /// Looks for connected users whose join the bus has lost. Conversations that already have members on this node are
    /// not checked: there a lost join, like a lost removal, is a gap like any other.
    pub(super) async fn check_joiners(&self) -> Result<(), StoreError> {
        // One check at a time; the next continues after the last page read.
        let mut after = self.joined.lock().await;
        loop {
            let page = self.store.list_joined(after.as_ref(), PAGE).await?;
            let mut found = Vec::new();
            for joined in &page.items {
                if self.check_joiner(joined).await? {
                    found.push(joined.conversation_id);
                }
            }
            // The changes after the join were lost with it.
            self.check_tails_of(&found).await?;
            *after = Some(page.cursor);
            if page.items.len() < PAGE as usize {
                return Ok(());
            }
        }
    }

    /// Returns whether the join was unknown.
    async fn check_joiner(&self, joined: &Joined) -> Result<bool, StoreError> {
        let id = joined.conversation_id;
        if !self.users.is_here(joined.user_id) || self.has_lane(id) {
            return Ok(false);
        }
        let before = Pos::new(joined.pos.get().saturating_sub(1));
        let range = ChangeRange { conversation_id: id, after: before, up_to: joined.pos };
        let changes = self.store.list_changes(&[range], 1).await?;
        self.stats.found_joiners.add(changes.len() as u64);
        drop(self.accept_changes(changes));
        Ok(true)
    }
}
