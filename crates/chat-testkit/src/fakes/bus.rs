use super::lock;
use chat_domain::{Change, Envelope, EventBus, Wakeup};
use std::sync::Mutex;

/// A bus that keeps the published envelopes, in order.
#[derive(Debug, Default)]
pub struct RecordingBus(Mutex<Vec<Envelope>>);

impl RecordingBus {
    /// Returns what was published since the last call.
    pub fn take(&self) -> Vec<Envelope> {
        std::mem::take(&mut *lock(&self.0))
    }
}

impl EventBus for RecordingBus {
    fn publish(&self, envelope: Envelope) {
        lock(&self.0).push(envelope);
    }

    fn publish_changes(&self, changes: Vec<Change>) -> Wakeup {
        lock(&self.0).extend(changes.into_iter().map(Envelope::change));
        Wakeup::default()
    }
}
