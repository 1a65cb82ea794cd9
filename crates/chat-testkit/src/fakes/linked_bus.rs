use super::RecordingBus;
use chat_domain::{Change, Envelope, EventBus, Wakeup};
use std::sync::Arc;

/// The bus of one of several nodes in one process. It delivers what it publishes to its own node first, then to the
/// others.
#[derive(Debug)]
pub struct LinkedBus {
    own: Arc<RecordingBus>,
    others: Vec<Arc<RecordingBus>>,
}

impl LinkedBus {
    /// Creates the bus of a node that receives in `own` and whose peers receive in `others`.
    pub const fn new(own: Arc<RecordingBus>, others: Vec<Arc<RecordingBus>>) -> Self {
        Self { own, others }
    }
}

impl EventBus for LinkedBus {
    fn publish(&self, envelope: Envelope) {
        for other in &self.others {
            other.publish(envelope.clone());
        }
        self.own.publish(envelope);
    }

    fn publish_changes(&self, changes: Vec<Change>) -> Wakeup {
        for other in &self.others {
            drop(other.publish_changes(changes.clone()));
        }
        self.own.publish_changes(changes)
    }
}
