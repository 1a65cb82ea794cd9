//! The queue of calls that wait to share a query.

use super::MAX_RUNNING;
use chat_domain::StoreError;
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// The most calls that share a query; bounds how long the first of them waits while results are handed out.
pub(super) const MAX_CALLS: usize = 1_024;

/// The limits of the queue and of a query.
#[derive(Clone, Copy)]
pub(crate) struct Limits<K> {
    /// How many calls may wait.
    pub(crate) waiting: usize,
    /// How long a call waits before it gets `Overloaded`.
    pub(crate) patience: Duration,
    /// The most that a key can cost, such as the number of its rows.
    pub(crate) weight: fn(&K) -> usize,
    /// The most that the keys of a query may cost together. A call that costs more has a query of its own.
    pub(crate) max_weight: usize,
}

/// A waiting call.
pub(super) struct Call<K, V> {
    pub(super) keys: Vec<K>,
    pub(super) queued_at: Instant,
    pub(super) reply: oneshot::Sender<Result<Part<K, V>, StoreError>>,
}

/// The results of a batch, with the keys of one call.
pub(super) struct Part<K, V> {
    pub(super) keys: Vec<K>,
    pub(super) values: Arc<HashMap<K, V>>,
}

impl<K, V> Call<K, V> {
    pub(super) fn answer(self, values: Result<Arc<HashMap<K, V>>, StoreError>) {
        // The caller may be gone.
        let _ = self.reply.send(values.map(|values| Part { keys: self.keys, values }));
    }
}

/// Why a call may not wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    Full,
    Closed,
}

/// A bounded queue of calls, and the number of runners that take from it.
pub(super) struct Queue<K, V> {
    limits: Limits<K>,
    state: Mutex<State<K, V>>,
}

struct State<K, V> {
    waiting: VecDeque<Call<K, V>>,
    runners: usize,
    is_closed: bool,
}

impl<K, V> Queue<K, V> {
    pub(super) fn new(limits: Limits<K>) -> Self {
        let state = State { waiting: VecDeque::new(), runners: 0, is_closed: false };
        Self { limits, state: Mutex::new(state) }
    }

    /// The number of waiting calls.
    pub(super) fn waiting(&self) -> usize {
        self.state().waiting.len()
    }

    /// Queues a call. Returns whether the caller must start another runner, which is already counted.
    pub(super) fn push(&self, call: Call<K, V>) -> Result<bool, Refused> {
        let mut state = self.state();
        if state.is_closed {
            return Err(Refused::Closed);
        }
        if state.waiting.len() >= self.limits.waiting {
            return Err(Refused::Full);
        }
        state.waiting.push_back(call);
        let is_free = state.runners < MAX_RUNNING;
        state.runners += usize::from(is_free);
        Ok(is_free)
    }

    /// Ends all waiting and later calls with an error.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        drop(waiting);
    }

    fn state(&self) -> MutexGuard<'_, State<K, V>> {
        // Nothing here panics between two changes that belong together.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Copy + Eq + Hash, V> Queue<K, V> {
    /// Takes the calls of one query, the oldest first. When the cost limit is reached, waiting calls for the same keys
    /// still join. `None` if no call waits: the runner then ends. Calls that waited too long get an error; calls whose
    /// caller is gone are dropped.
    pub(super) fn take(&self) -> Option<Vec<Call<K, V>>> {
        let mut state = self.state();
        if state.waiting.is_empty() {
            state.runners -= 1;
            return None;
        }
        let (mut taken, mut late, mut passed) = (Vec::new(), Vec::new(), VecDeque::new());
        let mut load = Bounded { keys: HashSet::new(), weight: 0, limits: self.limits };
        while taken.len() < MAX_CALLS
            && let Some(call) = state.waiting.pop_front()
        {
            if call.reply.is_closed() {
                continue;
            }
            if call.queued_at.elapsed() > self.limits.patience {
                late.push(call);
            } else if load.admits(&call.keys) {
                taken.push(call);
            } else {
                passed.push_back(call);
            }
        }
        passed.append(&mut state.waiting);
        state.waiting = passed;
        drop(state);
        for call in late {
            call.answer(Err(StoreError::Overloaded));
        }
        Some(taken)
    }
}

/// The keys of a query so far.
struct Bounded<K> {
    keys: HashSet<K>,
    weight: usize,
    limits: Limits<K>,
}

impl<K: Copy + Eq + Hash> Bounded<K> {
    /// Adds these keys if the cost limit allows it.
    fn admits(&mut self, keys: &[K]) -> bool {
        let is_first = self.keys.is_empty();
        let mut weight = self.weight;
        for key in keys.iter().filter(|key| !self.keys.contains(key)) {
            weight = weight.saturating_add((self.limits.weight)(key));
            if weight > self.limits.max_weight && !is_first {
                return false;
            }
        }
        self.weight = weight;
        self.keys.extend(keys);
        true
    }
}
