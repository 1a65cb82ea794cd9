use crate::FanOut;
use crate::gathered::Gathered;
use chat_domain::receipts::PositionsMoved;
use chat_domain::{Audience, Change, ConversationId, Envelope, Event, EventBus, Expected, UserId, Wakeup};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// The maximum number of batched moves. Beyond it, they are published before their time.
const MAX_GATHERED: usize = 10_000;

/// The bus of a single node: it delivers published events to this node's connections. It batches moved positions for up
/// to [`crate::RealtimeSettings::receipts_gathering`] and keeps the latest of each participant (contract §4).
#[derive(Debug)]
pub struct LocalBus {
    fan_out: Arc<FanOut>,
    gathered: Arc<Mutex<Gathered>>,
}

fn lock(gathered: &Mutex<Gathered>) -> MutexGuard<'_, Gathered> {
    gathered.lock().unwrap_or_else(PoisonError::into_inner)
}

impl LocalBus {
    /// Creates a bus that delivers to this fan-out.
    pub fn new(fan_out: Arc<FanOut>) -> Self {
        Self { fan_out, gathered: Arc::default() }
    }

    fn gather(&self, moved: PositionsMoved, audience: Audience, except: Option<UserId>) {
        let mut gathered = lock(&self.gathered);
        let is_first = gathered.len() == 0;
        gathered.add(moved, audience, except);
        let is_full = gathered.len() >= MAX_GATHERED;
        drop(gathered);
        if is_full {
            release(&self.fan_out, &self.gathered);
        } else if is_first {
            let (fan_out, gathered) = (Arc::downgrade(&self.fan_out), Arc::downgrade(&self.gathered));
            let patience = self.fan_out.settings().receipts_gathering;
            self.fan_out.runtime().spawn(release_after(patience, fan_out, gathered));
        }
    }
}

async fn release_after(patience: Duration, fan_out: Weak<FanOut>, gathered: Weak<Mutex<Gathered>>) {
    tokio::time::sleep(patience).await;
    if let (Some(fan_out), Some(gathered)) = (fan_out.upgrade(), gathered.upgrade()) {
        release(&fan_out, &gathered);
    }
}

fn release(fan_out: &FanOut, gathered: &Mutex<Gathered>) {
    let released = std::mem::take(&mut *lock(gathered));
    for envelope in released.into_envelopes() {
        fan_out.accept(envelope);
    }
}

impl EventBus for LocalBus {
    fn publish(&self, envelope: Envelope) {
        match envelope.event {
            Event::PositionsMoved(moved) => self.gather(moved, envelope.audience, envelope.except),
            _ => self.fan_out.accept(envelope),
        }
    }

    fn publish_changes(&self, changes: Vec<Change>) -> Wakeup {
        self.fan_out.accept_changes(changes)
    }

    fn expect(&self, conversation: ConversationId) -> Expected {
        self.fan_out.expect(conversation)
    }
}
