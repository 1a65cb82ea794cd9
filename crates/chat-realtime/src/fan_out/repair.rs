use super::FanOut;
use crate::RealtimeSettings;
use crate::worker::Wakes;
use chat_domain::{ChangeRange, ConversationId, Pos, StoreError};
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

/// The maximum number of changes that one reading of the log returns.
const PAGE: u32 = 200;

/// The maximum number of conversations in one reading of the newest `pos`.
const TAILS: usize = 1_000;

/// The longest pause before the store is asked again, after it failed or lacked changes. The pause starts with
/// [`RealtimeSettings::repair_pause`] and doubles each time.
const LAST_RETRY: Duration = Duration::from_secs(5);

impl FanOut {
    pub(super) fn spawn_repair(&self, id: ConversationId) {
        self.runtime.spawn(repair(self.this.clone(), id, Arc::clone(&self.settings)));
    }

    /// Returns the conversation's gap. If there is none, returns `None` and marks the conversation as not being
    /// repaired.
    fn open_hole(&self, id: ConversationId) -> Option<ChangeRange> {
        let mut wakes = Wakes::default();
        let mut shard = self.shard(id);
        let lane = shard.lanes.get_mut(&id)?;
        let hole = lane.hole();
        lane.is_repairing = hole.is_some();
        if hole.is_none() {
            self.settle(&mut shard, id, &mut wakes);
        }
        hole.map(|(after, up_to)| ChangeRange { conversation_id: id, after, up_to })
    }

    /// Reads missing changes. Returns whether the gap became smaller.
    async fn fill(&self, hole: ChangeRange) -> Result<bool, StoreError> {
        let changes = self.store.list_changes(&[hole], PAGE).await?;
        let found = changes.iter().any(|change| change.pos == hole.after.next());
        self.stats.repairs.add(1);
        self.stats.repaired_changes.add(changes.len() as u64);
        drop(self.accept_changes(changes));
        Ok(found)
    }

    /// Gives up changes that the log still lacks after many readings: later ones are delivered without them. Clients
    /// see the gap in `pos`, operators see the metric and the log.
    fn give_up(&self, hole: ChangeRange) {
        self.stats.abandoned_changes.add(hole.up_to.since(hole.after));
        tracing::error!(
            conversation = %hole.conversation_id, after = %hole.after, up_to = %hole.up_to,
            "abandoning changes that the change log lacks"
        );
        let mut wakes = Wakes::default();
        let mut shard = self.shard(hole.conversation_id);
        if let Some(lane) = shard.lanes.get_mut(&hole.conversation_id) {
            lane.skip(hole.up_to);
        }
        self.settle(&mut shard, hole.conversation_id, &mut wakes);
    }

    /// Starts the periodic comparison of this node's positions with the store, for as long as the fan-out exists. It
    /// also finds the loss of the last event before a silence.
    pub fn spawn_upkeep(&self) {
        let (this, interval) = (self.this.clone(), self.settings.tail_check_interval);
        self.runtime.spawn(async move {
            while let Some(fan_out) = this.upgrade() {
                let hurried = tokio::time::timeout(interval, fan_out.hurry.notified()).await.is_ok();
                if let Err(error) = fan_out.check_tails().await {
                    fan_out.stats.failed_tail_checks.add(1);
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "cannot read the newest positions of conversations"
                    );
                    if hurried {
                        // The requested check is still to be done.
                        fan_out.hurry.notify_one();
                        tokio::time::sleep(fan_out.settings.repair_pause * 10).await;
                    }
                }
            }
        });
    }

    /// Requests a comparison with the store at once, because events may have been lost. Returns at once, and may be
    /// called often.
    pub fn check_tails_soon(&self) {
        self.hurry.notify_one();
    }

    /// Compares the newest `pos` of all conversations here with the store, and repairs those that are behind. Then
    /// looks for connected users who were added to a conversation without members on this node.
    pub async fn check_tails(&self) -> Result<(), StoreError> {
        let mut ids = Vec::new();
        for shard in &self.shards {
            ids.extend(shard.lock().unwrap_or_else(PoisonError::into_inner).lanes.keys().copied());
        }
        self.check_tails_of(&ids).await?;
        self.check_joiners().await?;
        self.stats.tail_checks.add(1);
        Ok(())
    }

    pub(super) async fn check_tails_of(&self, ids: &[ConversationId]) -> Result<(), StoreError> {
        for ids in ids.chunks(TAILS) {
            for (id, last) in self.store.list_last_pos(ids).await? {
                self.hear_of(id, last);
            }
        }
        Ok(())
    }

    fn hear_of(&self, id: ConversationId, pos: Pos) {
        let mut wakes = Wakes::default();
        let mut shard = self.shard(id);
        if let Some(lane) = shard.lanes.get_mut(&id) {
            lane.hear_of(pos);
        }
        self.settle(&mut shard, id, &mut wakes);
    }
}

async fn repair(fan_out: Weak<FanOut>, id: ConversationId, settings: Arc<RealtimeSettings>) {
    tokio::time::sleep(settings.hole_patience).await;
    let (mut pause, mut tries) = (settings.repair_pause, 0);
    loop {
        let Some(this) = fan_out.upgrade() else { return };
        let Some(hole) = this.open_hole(id) else { return };
        match this.fill(hole).await {
            Ok(true) => {
                (pause, tries) = (settings.repair_pause, 0);
                continue;
            }
            Ok(false) => {
                tries += 1;
                if tries >= settings.repair_tries {
                    this.give_up(hole);
                    (pause, tries) = (settings.repair_pause, 0);
                    continue;
                }
                tracing::warn!(
                    conversation = %id,
                    after = %hole.after,
                    up_to = %hole.up_to,
                    "the change log lacks changes, trying again"
                );
            }
            // A store that fails will work again: its changes are not given up.
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(conversation = %id, error, "cannot read missed changes, trying again");
            }
        }
        drop(this);
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LAST_RETRY);
    }
}
