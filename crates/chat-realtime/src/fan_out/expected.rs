//! The changes that this node expects soon: a worker with many connections waits briefly for them.

use super::FanOut;
use crate::worker::Worker;
use chat_domain::{ConversationId, Expected};
use std::sync::Weak;

/// A change that is being stored.
struct Underway {
    fan_out: Weak<FanOut>,
    conversation: ConversationId,
}

impl Drop for Underway {
    fn drop(&mut self) {
        if let Some(fan_out) = self.fan_out.upgrade() {
            fan_out.expect_one_less(self.conversation);
        }
    }
}

impl FanOut {
    /// Counts a change of this conversation as being stored, if a connected user takes part in it.
    pub fn expect(&self, conversation: ConversationId) -> Expected {
        let mut shard = self.shard(conversation);
        if !shard.lanes.contains_key(&conversation) {
            return Expected::default();
        }
        *shard.expected.entry(conversation).or_default() += 1;
        Expected::until_dropped(Underway { fan_out: self.this.clone(), conversation })
    }

    pub(crate) fn is_expecting(&self, conversation: ConversationId) -> bool {
        self.shard(conversation).expected.contains_key(&conversation)
    }

    fn expect_one_less(&self, conversation: ConversationId) {
        let mut shard = self.shard(conversation);
        let Some(count) = shard.expected.get_mut(&conversation) else { return };
        *count -= 1;
        if *count == 0 {
            shard.expected.remove(&conversation);
            if let Some(lane) = shard.lanes.get(&conversation) {
                lane.workers().for_each(Worker::hurry);
            }
        }
    }
}
