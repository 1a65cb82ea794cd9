//! What waits for the writers, by conversation.

use chat_domain::ConversationId;
use std::collections::{HashMap, VecDeque};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// A bounded queue whose takers never have the same conversation at once: two transactions that want the row of one
/// wait for each other, disk included, so what comes for a conversation waits here until its last batch is done. Within
/// a conversation, first come, first served; among conversations, each has its turn.
pub(super) struct Queue<T> {
    limit: usize,
    state: Mutex<State<T>>,
    /// Something can be taken, or the end has come.
    news: Notify,
}

struct State<T> {
    /// Of the conversations that wait or are taken.
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

/// Why something may not wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    Full,
    Closed,
}

/// What one taker has; nobody else gets anything of the same conversations until this is dropped.
pub(super) struct Taken<T> {
    pub(super) items: Vec<T>,
    conversations: Vec<ConversationId>,
    queue: Arc<Queue<T>>,
}

impl<T> Queue<T> {
    /// Lets so many wait.
    pub(super) fn new(limit: usize) -> Self {
        let state = State { lines: HashMap::new(), ready: VecDeque::new(), waiting: 0, is_closed: false };
        Self { limit, state: Mutex::new(state), news: Notify::new() }
    }

    pub(super) const fn limit(&self) -> usize {
        self.limit
    }

    /// How many wait.
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

    /// Lets nothing more in. What waits is still taken.
    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.news.notify_waiters();
    }

    /// All that waits, up to so many, of conversations that nobody has. Waits until there is something; `None` once the
    /// queue is closed and nothing is left for this taker: what comes behind something taken is its taker's.
    pub(super) async fn take(self: &Arc<Self>, most: usize) -> Option<Taken<T>> {
        loop {
            let mut news = pin!(self.news.notified());
            // From here on nothing passes unnoticed.
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
        // Nothing in here panics between two changes that belong together.
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
