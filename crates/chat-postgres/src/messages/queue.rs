//! The sends that wait for a writer, by conversation.

use chat_domain::ConversationId;
use std::collections::{HashMap, VecDeque};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// A bounded queue whose takers never hold the same conversation at once. Two transactions on one conversation would
/// wait for each other, disk writes included, so the sends of a conversation wait here until its current batch is done.
/// Within a conversation they are taken in order; conversations take turns.
pub(super) struct Queue<T> {
    limit: usize,
    state: Mutex<State<T>>,
    /// Notified when an item can be taken, and when the queue is closed.
    news: Notify,
}

struct State<T> {
    /// The lines of all conversations that wait or are taken.
    lines: HashMap<ConversationId, Line<T>>,
    /// The conversations that wait and are not taken, in the order of their turns.
    ready: VecDeque<ConversationId>,
    waiting: usize,
    is_closed: bool,
}

struct Line<T> {
    items: VecDeque<T>,
    is_taken: bool,
}

/// Why an item was not queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    Full,
    Closed,
}

/// The items of one taker. No other taker gets items of these conversations until this is dropped.
pub(super) struct Taken<T> {
    pub(super) items: Vec<T>,
    conversations: Vec<ConversationId>,
    queue: Arc<Queue<T>>,
}

impl<T> Queue<T> {
    /// Creates a queue for at most `limit` waiting items.
    pub(super) fn new(limit: usize) -> Self {
        let state = State { lines: HashMap::new(), ready: VecDeque::new(), waiting: 0, is_closed: false };
        Self { limit, state: Mutex::new(state), news: Notify::new() }
    }

    pub(super) const fn limit(&self) -> usize {
        self.limit
    }

    /// The number of waiting items.
    pub(super) fn waiting(&self) -> usize {
        self.state().waiting
    }

    pub(super) fn push(&self, conversation: ConversationId, item: T) -> Result<(), Refused> {
        let mut state = self.state();
        if state.is_closed {
            return Err(Refused::Closed);
        }
        if state.waiting >= self.limit {
            return Err(Refused::Full);
        }
        state.waiting += 1;
        let line = state.lines.entry(conversation).or_insert_with(|| Line { items: VecDeque::new(), is_taken: false });
        let is_ready = line.items.is_empty() && !line.is_taken;
        line.items.push_back(item);
        if is_ready {
            state.ready.push_back(conversation);
            drop(state);
            self.news.notify_one();
        }
        Ok(())
    }

    /// Rejects new items. Waiting items can still be taken.
    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.news.notify_waiters();
    }

    /// Takes up to `most` waiting items of conversations that no other taker holds. Waits until there is one. Returns
    /// `None` when the queue is closed and no item is left for this taker: items of a taken conversation go to its
    /// holder.
    pub(super) async fn take(self: &Arc<Self>, most: usize) -> Option<Taken<T>> {
        loop {
            let mut news = pin!(self.news.notified());
            // From here on every notification is received.
            news.as_mut().enable();
            if let Some(taken) = self.try_take(most) {
                return Some(taken);
            }
            if self.state().is_closed {
                return None;
            }
            news.await;
        }
    }

    fn try_take(self: &Arc<Self>, most: usize) -> Option<Taken<T>> {
        let (mut items, mut conversations) = (Vec::new(), Vec::new());
        let mut state = self.state();
        let State { lines, ready, waiting, .. } = &mut *state;
        while items.len() < most
            && let Some(id) = ready.pop_front()
        {
            let Some(line) = lines.get_mut(&id) else { continue };
            let count = line.items.len().min(most - items.len());
            items.extend(line.items.drain(..count));
            line.is_taken = true;
            conversations.push(id);
        }
        *waiting -= items.len();
        let is_more = !ready.is_empty();
        drop(state);
        if is_more {
            self.news.notify_one();
        }
        (!items.is_empty()).then(|| Taken { items, conversations, queue: self.clone() })
    }

    fn release(&self, conversations: &[ConversationId]) {
        let mut state = self.state();
        let State { lines, ready, .. } = &mut *state;
        for id in conversations {
            match lines.get_mut(id) {
                Some(line) if !line.items.is_empty() => {
                    line.is_taken = false;
                    ready.push_back(*id);
                }
                _ => {
                    lines.remove(id);
                }
            }
        }
        let is_more = !ready.is_empty();
        drop(state);
        if is_more {
            self.news.notify_one();
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        // Nothing here panics between two changes that belong together.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Drop for Taken<T> {
    fn drop(&mut self) {
        self.queue.release(&self.conversations);
    }
}

#[cfg(test)]
mod tests;
