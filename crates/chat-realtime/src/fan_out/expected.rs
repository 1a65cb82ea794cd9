//! The changes that this node expects soon: a worker with many connections waits briefly for them.

use super::{FanOut, Shard};
use crate::worker::Worker;
use chat_domain::{ConversationId, Expected};
use std::sync::Weak;

/// The changes of a conversation that were announced, by guards that still exist.
#[derive(Debug, Default)]
pub(super) struct Expectation {
    /// Those that have not been published.
    coming: usize,
    /// Those that have been published, whose use case has not had its answer yet.
    published: usize,
}

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
        shard.expected.entry(conversation).or_default().coming += 1;
        Expected::until_dropped(Underway { fan_out: self.this.clone(), conversation })
    }

    pub(crate) fn is_expecting(&self, conversation: ConversationId) -> bool {
        self.shard(conversation).expected.get(&conversation).is_some_and(|expectation| expectation.coming > 0)
    }

    /// Notes that a change of this conversation was published. Returns whether it was the last one that was coming.
    pub(super) fn has_come(shard: &mut Shard, conversation: ConversationId) -> bool {
        let Some(expectation) = shard.expected.get_mut(&conversation).filter(|expectation| expectation.coming > 0)
        else {
            return false;
        };
        expectation.coming -= 1;
        expectation.published += 1;
        expectation.coming == 0
    }

    fn expect_one_less(&self, conversation: ConversationId) {
        let mut shard = self.shard(conversation);
        let Some(expectation) = shard.expected.get_mut(&conversation) else { return };
        let has_failed = expectation.published == 0;
        if has_failed {
            expectation.coming -= 1;
        } else {
            expectation.published -= 1;
        }
        let is_over = expectation.coming == 0;
        if is_over && expectation.published == 0 {
            shard.expected.remove(&conversation);
        }
        if is_over
            && has_failed
            && let Some(lane) = shard.lanes.get(&conversation)
        {
            lane.workers().for_each(Worker::hurry);
        }
    }
}
