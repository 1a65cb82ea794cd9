use super::lock;
use chat_domain::{Change, ChangeKind, CommittedSink, MessageId, Wakeup};
use std::sync::Mutex;

/// A sink that keeps what was committed, by commit, in order.
#[derive(Debug, Default)]
pub struct RecordingSink(Mutex<Vec<Vec<Change>>>);

impl RecordingSink {
    /// Returns the commits since the last call, each with its changes.
    pub fn take(&self) -> Vec<Vec<Change>> {
        std::mem::take(&mut *lock(&self.0))
    }

    /// Whether the commits since the last [`Self::take`] contain this message.
    pub fn has_message(&self, id: MessageId) -> bool {
        let is_it = |change: &Change| matches!(&change.kind, ChangeKind::MessageSent(message) if message.id == id);
        lock(&self.0).iter().flatten().any(is_it)
    }
}

impl CommittedSink for RecordingSink {
    fn committed(&self, changes: Vec<Change>) -> Wakeup {
        lock(&self.0).push(changes);
        Wakeup::default()
    }
}
