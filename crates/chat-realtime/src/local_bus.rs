use crate::FanOut;
use async_trait::async_trait;
use chat_domain::receipts::{Positions, PositionsMoved};
use chat_domain::{Audience, ConversationId, Envelope, Event, EventBus, UserId};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// So many moves of positions are gathered at most; then they go out before their time.
const MAX_GATHERED: usize = 10_000;

/// The bus of a single node: whatever is published goes to this node's connections. Positions that move are gathered for up to
/// [`crate::RealtimeSettings::receipts_gathering`], the latest of each participant counts (contract §4).
#[derive(Debug)]
pub struct LocalBus {
    fan_out: Arc<FanOut>,
    gathered: Arc<Gathered>,
}

type Gathered = Mutex<HashMap<(ConversationId, UserId), Envelope>>;

fn lock(gathered: &Gathered) -> MutexGuard<'_, HashMap<(ConversationId, UserId), Envelope>> {
    gathered.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Adds a report of one participant's positions to an earlier one; they may have overtaken each other. Whoever joined again starts anew.
/// Of the messages that they cover, the newest that was read counts, else the newest that was delivered.
fn take_later(known: &mut PositionsMoved, news: PositionsMoved) {
    let (before, after) = (known.positions, news.positions);
    match before.joined.cmp(&after.joined) {
        Ordering::Less => *known = news,
        Ordering::Greater => {}
        Ordering::Equal => {
            if (after.read, after.delivered) >= (before.read, before.delivered) {
                known.covers = news.covers.or(known.covers.take());
            }
            known.positions = Positions {
                joined: before.joined,
                delivered: before.delivered.max(after.delivered),
                read: before.read.max(after.read),
            };
        }
    }
}

impl LocalBus {
    /// A bus to this fan-out.
    pub fn new(fan_out: Arc<FanOut>) -> Self {
        Self { fan_out, gathered: Arc::default() }
    }

    fn gather(&self, moved: PositionsMoved, audience: Audience, except: Option<UserId>) {
        let mut gathered = lock(&self.gathered);
        let is_first = gathered.is_empty();
        match gathered.entry((moved.conversation_id, moved.user_id)) {
            Entry::Occupied(mut known) => {
                let known = known.get_mut();
                if let Event::PositionsMoved(before) = &mut known.event {
                    take_later(before, moved);
                }
                (known.audience, known.except) = (audience, except);
            }
            Entry::Vacant(free) => {
                free.insert(Envelope { audience, except, event: Event::PositionsMoved(moved) });
            }
        }
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

async fn release_after(patience: Duration, fan_out: Weak<FanOut>, gathered: Weak<Gathered>) {
    tokio::time::sleep(patience).await;
    if let (Some(fan_out), Some(gathered)) = (fan_out.upgrade(), gathered.upgrade()) {
        release(&fan_out, &gathered);
    }
}

fn release(fan_out: &FanOut, gathered: &Gathered) {
    let envelopes = std::mem::take(&mut *lock(gathered));
    for envelope in envelopes.into_values() {
        fan_out.accept(envelope);
    }
}

#[async_trait]
impl EventBus for LocalBus {
    async fn publish(&self, envelope: Envelope) {
        match envelope.event {
            Event::PositionsMoved(moved) => self.gather(moved, envelope.audience, envelope.except),
            _ => self.fan_out.accept(envelope),
        }
    }
}
