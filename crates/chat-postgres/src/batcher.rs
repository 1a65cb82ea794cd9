//! Group reads, the counterpart of group commit: calls of one kind that wait together share one query.
//!
//! A call names keys. It runs at once if fewer than [`MAX_RUNNING`] batches are running. Otherwise it waits in a queue;
//! when a batch ends, the next one takes everything that waits. So no call waits for company, and the more calls there
//! are, the more of them share a query. A key that several calls ask for is asked once.
//!
//! - *A call sees everything that was committed before it was made*: a batch leaves the queue before its query begins.
//! - *No caller owns a batch*: tasks on the store's runtime run them. A caller that stops waiting affects no other.
//! - *A batch that fails because of one call is halved* until that call is alone, and the others get their results. If
//!   the server is gone or slow, all callers get the error at once.
//! - *Everything is bounded*: the number of waiting calls, their time, and the cost of a query; see [`Limits`].

mod queue;

#[cfg(test)]
mod tests;

use crate::status::BatchStatus;
use chat_domain::{BoxError, StoreError};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
pub(crate) use queue::Limits;
use queue::{Call, Part, Queue, Refused};
use std::collections::{HashMap, HashSet};
use std::error::Error as _;
use std::hash::Hash;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// The most batches of a kind that run at once: while the database works on one, the other is sent or read.
pub(crate) const MAX_RUNNING: usize = 2;

/// Finds the values of these distinct keys with a bounded number of statements. A key without a value is left out.
pub(crate) type Load<K, V> = dyn Fn(Vec<K>) -> BoxFuture<'static, Result<HashMap<K, V>, StoreError>> + Send + Sync;

/// Calls of one kind.
pub(crate) struct Batcher<K, V> {
    shared: Arc<Shared<K, V>>,
    runtime: Handle,
}

struct Shared<K, V> {
    queue: Queue<K, V>,
    load: Box<Load<K, V>>,
    counters: Counters,
}

#[derive(Default)]
struct Counters {
    calls: AtomicU64,
    batches: AtomicU64,
    failed_batches: AtomicU64,
}

impl<K, V> Batcher<K, V>
where
    K: Copy + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Batches that run on the caller's runtime.
    pub(crate) fn new(
        limits: Limits<K>,
        load: impl Fn(Vec<K>) -> BoxFuture<'static, Result<HashMap<K, V>, StoreError>> + Send + Sync + 'static,
    ) -> Self {
        let shared = Shared { queue: Queue::new(limits), load: Box::new(load), counters: Counters::default() };
        Self { shared: Arc::new(shared), runtime: Handle::current() }
    }

    /// The values of these keys, in their order, without the keys that have none.
    pub(crate) async fn call(&self, keys: Vec<K>) -> Result<Vec<V>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let (reply, answer) = oneshot::channel();
        match self.shared.queue.push(Call { keys, queued_at: Instant::now(), reply }) {
            Ok(true) => drop(self.runtime.spawn(Runner::of(self.shared.clone()).run())),
            Ok(false) => {}
            Err(Refused::Full) => return Err(StoreError::Overloaded),
            Err(Refused::Closed) => return Err(closed()),
        }
        let Part { keys, values } = answer.await.unwrap_or_else(|_| Err(closed()))?;
        Ok(keys.iter().filter_map(|key| values.get(key).cloned()).collect())
    }

    pub(crate) fn status(&self) -> BatchStatus {
        let Counters { calls, batches, failed_batches } = &self.shared.counters;
        BatchStatus {
            waiting: self.shared.queue.waiting(),
            calls: calls.load(Ordering::Relaxed),
            batches: batches.load(Ordering::Relaxed),
            failed_batches: failed_batches.load(Ordering::Relaxed),
        }
    }
}

/// Runs one batch after the other until no call waits.
struct Runner<K, V> {
    shared: Arc<Shared<K, V>>,
    is_done: bool,
}

impl<K, V> Runner<K, V> {
    const fn of(shared: Arc<Shared<K, V>>) -> Self {
        Self { shared, is_done: false }
    }
}

impl<K: Copy + Eq + Hash, V> Runner<K, V> {
    async fn run(mut self) {
        while let Some(calls) = self.shared.queue.take() {
            self.shared.serve(calls).await;
        }
        self.is_done = true;
    }
}

impl<K, V> Drop for Runner<K, V> {
    fn drop(&mut self) {
        // Only the end of the runtime stops a runner early, and no other could start: no call must wait for it.
        if !self.is_done {
            self.shared.queue.close();
        }
    }
}

impl<K: Copy + Eq + Hash, V> Shared<K, V> {
    async fn serve(&self, calls: Vec<Call<K, V>>) {
        if calls.is_empty() {
            return;
        }
        self.counters.calls.fetch_add(calls.len() as u64, Ordering::Relaxed);
        let mut parts = vec![calls];
        while let Some(mut calls) = parts.pop() {
            match self.load(&calls).await {
                Ok(values) => {
                    let values = Arc::new(values);
                    for call in calls {
                        call.answer(Ok(values.clone()));
                    }
                }
                Err(StoreError::Failed(error)) if calls.len() > 1 => {
                    tracing::warn!(error, calls = calls.len(), "a shared query failed; retrying its halves");
                    parts.push(calls.split_off(calls.len() / 2));
                    parts.push(calls);
                }
                Err(error) => {
                    let last = calls.pop();
                    // A passing failure would hit the other parts too.
                    let others = if is_passing(&error) { std::mem::take(&mut parts) } else { Vec::new() };
                    for call in others.into_iter().flatten().chain(calls) {
                        call.answer(Err(copy(&error)));
                    }
                    if let Some(call) = last {
                        call.answer(Err(error));
                    }
                }
            }
        }
    }

    async fn load(&self, calls: &[Call<K, V>]) -> Result<HashMap<K, V>, StoreError> {
        self.counters.batches.fetch_add(1, Ordering::Relaxed);
        let keys: HashSet<K> = calls.iter().flat_map(|call| &call.keys).copied().collect();
        let loading = AssertUnwindSafe(async { (self.load)(keys.into_iter().collect()).await });
        let loaded = loading
            .catch_unwind()
            .await
            .unwrap_or_else(|_| Err(StoreError::Failed(BoxError::from("a shared query panicked"))));
        if loaded.is_err() {
            self.counters.failed_batches.fetch_add(1, Ordering::Relaxed);
        }
        loaded
    }
}

const fn is_passing(error: &StoreError) -> bool {
    matches!(error, StoreError::Unavailable(_) | StoreError::Overloaded)
}

/// A copy for another caller; the source is kept as text.
fn copy(error: &StoreError) -> StoreError {
    let words = || BoxError::from(error.source().map_or_else(|| error.to_string(), ToString::to_string));
    match error {
        StoreError::Unavailable(_) => StoreError::Unavailable(words()),
        StoreError::Overloaded => StoreError::Overloaded,
        StoreError::TooManyCalls => StoreError::TooManyCalls,
        StoreError::UpgradePending => StoreError::UpgradePending,
        StoreError::Failed(_) => StoreError::Failed(words()),
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable(BoxError::from("the store is closed"))
}
