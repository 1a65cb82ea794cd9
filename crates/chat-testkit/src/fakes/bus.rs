use super::lock;
use async_trait::async_trait;
use chat_domain::{Envelope, EventBus};
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

#[async_trait]
impl EventBus for RecordingBus {
    async fn publish(&self, envelope: Envelope) {
        lock(&self.0).push(envelope);
    }
}
