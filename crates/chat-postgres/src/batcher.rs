//! Group reads, the twin of group commit: calls of one kind that wait together share one query.
//!
//! A call names keys. It goes out at once where fewer than [`MAX_RUNNING`] batches are under way, and else waits in a
//! list: whoever finishes a batch takes what has gathered meanwhile. So nothing waits for company, and the more calls
//! there are, the more of them a query answers. What several ask for is asked once.
//!
//! - *A call sees all that was committed before it was made*: a batch is taken from the list before its query begins.
//! - *Batches are nobody's*: tasks of the store's runtime run them. A caller that goes away hurts nobody.
//! - *A batch that fails because of one call is halved* until that call is alone, and the others have their answers. A
//!   server that is gone or slow is everybody's trouble, and each is told at once.
//! - *Everything is bounded*: who waits, for how long, and what a query costs; see [`Limits`].

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

/// How many batches of a kind are under way at most: while the database works on one, the other is sent, or read.
pub(crate) const MAX_RUNNING: usize = 2;

/// Finds the values of these keys, each given once, by a bounded number of statements. A key without a value is left
/// out.
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
    /// For batches on the runtime that this is called from.
    pub(crate) fn new(
        limits: Limits<K>,
        load: impl Fn(Vec<K>) -> BoxFuture<'static, Result<HashMap<K, V>, StoreError>> + Send + Sync + 'static,
    ) -> Self {
        let shared = Shared { queue: Queue::new(limits), load: Box::new(load), counters: Counters::default() };
        Self { shared: Arc::new(shared), runtime: Handle::current() }
    }

    /// The values of these keys, in the order of the keys; those without one are passed over.
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

/// Runs one batch after the other until nothing waits.
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
        // Only the end of the runtime stops a runner early, and another could not be started: nobody is to wait for it.
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
                    tracing::warn!(error, calls = calls.len(), "a shared query failed and is halved");
                    parts.push(calls.split_off(calls.len() / 2));
                    parts.push(calls);
                }
                Err(error) => {
                    let last = calls.pop();
                    // What passes by itself would meet the other parts, too.
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

/// The same for another caller; what it came from is left as words.
fn copy(error: &StoreError) -> StoreError {
    let words = || BoxError::from(error.source().map_or_else(|| error.to_string(), ToString::to_string));
    match error {
        StoreError::Unavailable(_) => StoreError::Unavailable(words()),
        StoreError::Overloaded => StoreError::Overloaded,
        StoreError::TooManyCalls => StoreError::TooManyCalls,
        StoreError::Failed(_) => StoreError::Failed(words()),
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable(BoxError::from("the store is closed"))
}
