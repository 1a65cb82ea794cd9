//! The queue of sends and the tasks that empty it: group commit.

use super::batch::{BatchFault, store};
use super::failure::Failure;
use super::plan::Outcome;
use super::queue::{Queue, Refused};
use crate::PostgresConfig;
use crate::connect::Connector;
use crate::database::MAX_REPEATS;
use crate::fault::Trouble;
use crate::status::SendStatus;
use chat_domain::messages::{Appended, Draft};
use chat_domain::{ActionError, BoxError, Committable as _, SinkSlot, StoreError, Wakeup};
use diesel_async::pooled_connection::PoolableConnection;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

/// The most sends in one commit. It bounds how long the first of them waits, and the memory of a statement.
const MAX_BATCH: usize = 512;

/// `PostgreSQL` keeps the plan of a prepared statement until the tables are analysed. A plan made while they were
/// nearly empty may read a whole conversation to find a key. So a writer discards its plans after this many batches,
/// then each time that number has grown by [`REPLAN_FACTOR`].
const FIRST_REPLAN: u64 = 128;

const REPLAN_FACTOR: u64 = 8;

/// The writers, behind their bounded queue.
pub(crate) struct Writers {
    queue: Arc<Queue<Send>>,
    tasks: SyncMutex<Vec<JoinHandle<()>>>,
    counters: Arc<Counters>,
}

#[derive(Default)]
struct Counters {
    taken: AtomicU64,
    batches: AtomicU64,
    failed_batches: AtomicU64,
}

struct Send {
    draft: Draft,
    queued_at: Instant,
    reply: oneshot::Sender<Outcome>,
}

impl Writers {
    /// Starts the writers on the current runtime. They connect when they get their first send.
    pub(crate) fn start(
        connector: &Connector,
        config: &PostgresConfig,
        call_timeout: Duration,
        sink: &Arc<SinkSlot>,
    ) -> Self {
        let queue = Arc::new(Queue::new(config.write_queue.max(1)));
        let counters = Arc::new(Counters::default());
        let pattern = Arc::new(Writer {
            queue: queue.clone(),
            connector: connector.clone(),
            connection: None,
            wait_timeout: config.wait_timeout,
            call_timeout,
            counters: counters.clone(),
            sink: sink.clone(),
            batches: 0,
            replan_at: FIRST_REPLAN,
        });
        let writer = move || pattern.another();
        let tasks = (0..config.writers.max(1)).map(|_| tokio::spawn(keep_running(writer.clone()))).collect();
        Self { queue, tasks: SyncMutex::new(tasks), counters }
    }

    /// Stores a message, and returns after its commit.
    pub(crate) async fn append(&self, draft: Draft) -> Result<Appended, ActionError> {
        let (reply, outcome) = oneshot::channel();
        let conversation = draft.conversation_id;
        self.queue.push(conversation, Send { draft, queued_at: Instant::now(), reply }).map_err(
            |refused| match refused {
                Refused::Full => StoreError::Overloaded,
                Refused::Closed => closed(),
            },
        )?;
        outcome.await.unwrap_or_else(|_| Err(closed().into()))
    }

    pub(crate) fn status(&self) -> SendStatus {
        SendStatus {
            queued: self.queue.waiting(),
            limit: self.queue.limit(),
            taken: self.counters.taken.load(Ordering::Relaxed),
            batches: self.counters.batches.load(Ordering::Relaxed),
            failed_batches: self.counters.failed_batches.load(Ordering::Relaxed),
        }
    }

    /// Waits until the writers have stored the queued sends and ended.
    pub(crate) async fn close(&self) {
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        self.queue.close();
        for task in tasks {
            if task.await.is_err() {
                tracing::error!("a database writer was cancelled");
            }
        }
    }
}

impl Drop for Writers {
    fn drop(&mut self) {
        self.queue.close();
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable(BoxError::from("the store is closed"))
}

/// Restarts a writer that panics, so that a defect shown by one batch does not stop all others.
async fn keep_running(writer: impl Fn() -> Writer) {
    while let Err(error) = tokio::spawn(writer().run()).await {
        if error.is_cancelled() {
            return;
        }
        tracing::error!("a database writer panicked; starting another one");
    }
}

/// The outcomes of a batch that is stored and published; the workers are woken when the second is dropped.
type Committed = (Vec<Outcome>, Wakeup);

struct Writer {
    queue: Arc<Queue<Send>>,
    connector: Connector,
    connection: Option<AsyncPgConnection>,
    wait_timeout: Duration,
    call_timeout: Duration,
    counters: Arc<Counters>,
    sink: Arc<SinkSlot>,
    batches: u64,
    /// The number of batches after which plans are made anew.
    replan_at: u64,
}

impl Writer {
    fn another(&self) -> Self {
        Self {
            queue: self.queue.clone(),
            connector: self.connector.clone(),
            connection: None,
            wait_timeout: self.wait_timeout,
            call_timeout: self.call_timeout,
            counters: self.counters.clone(),
            sink: self.sink.clone(),
            batches: 0,
            replan_at: FIRST_REPLAN,
        }
    }

    async fn run(mut self) {
        while let Some(mut taken) = self.queue.take(MAX_BATCH).await {
            let mut sends = Vec::with_capacity(taken.items.len());
            for send in taken.items.drain(..) {
                if send.queued_at.elapsed() > self.wait_timeout {
                    send.answer(Err(StoreError::Overloaded.into()));
                } else {
                    sends.push(send);
                }
            }
            self.serve(sends).await;
            // From now on another writer may take these conversations.
            drop(taken);
        }
    }

    async fn serve(&mut self, sends: Vec<Send>) {
        if sends.is_empty() {
            return;
        }
        self.counters.taken.fetch_add(sends.len() as u64, Ordering::Relaxed);
        let (drafts, replies): (Vec<Draft>, Vec<_>) = sends.into_iter().map(|send| (send.draft, send.reply)).unzip();
        let (outcomes, wakeup) = self.store_all(&drafts).await;
        for (reply, outcome) in replies.into_iter().zip(outcomes) {
            // The caller may be gone; the message stays stored.
            let _ = reply.send(outcome);
        }
        // Now, so that a worker finds the events and the answers at once.
        drop(wakeup);
    }

    /// Stores the sends together, or one by one if that fails because of one of them.
    async fn store_all(&mut self, drafts: &[Draft]) -> Committed {
        match self.store_batch(drafts).await {
            Ok(committed) => committed,
            Err(failure) if failure.concerns_one && drafts.len() > 1 => {
                tracing::warn!(
                    error = %failure.words,
                    sends = drafts.len(),
                    "a shared commit failed; running its sends one by one"
                );
                let mut outcomes = Vec::with_capacity(drafts.len());
                for draft in drafts {
                    outcomes.push(self.store_one(draft).await);
                }
                (outcomes, Wakeup::default())
            }
            Err(failure) => {
                tracing::warn!(error = %failure.words, sends = drafts.len(), "sends were not stored");
                (drafts.iter().map(|_| Err(failure.error().into())).collect(), Wakeup::default())
            }
        }
    }

    async fn store_one(&mut self, draft: &Draft) -> Outcome {
        match self.store_batch(std::slice::from_ref(draft)).await {
            Ok((mut outcomes, _)) => outcomes.pop().unwrap_or_else(|| Err(closed().into())),
            Err(failure) => Err(failure.error().into()),
        }
    }

    /// Runs one transaction. If the connection breaks before the commit, tries once more on a new connection. If the
    /// server aborts the transaction because of another one, repeats it a few times.
    async fn store_batch(&mut self, drafts: &[Draft]) -> Result<Committed, Failure> {
        self.counters.batches.fetch_add(1, Ordering::Relaxed);
        let first = self.try_batch(drafts).await;
        let stored = match first {
            Err(failure) if failure.trouble == Trouble::Conflict => self.repeat_batch(drafts, failure).await,
            Err(failure) if failure.may_repeat => self.try_batch(drafts).await,
            first => first,
        };
        if stored.is_err() {
            self.counters.failed_batches.fetch_add(1, Ordering::Relaxed);
        }
        stored
    }

    async fn repeat_batch(&mut self, drafts: &[Draft], mut failure: Failure) -> Result<Committed, Failure> {
        for _ in 0..MAX_REPEATS {
            failure = match self.try_batch(drafts).await {
                Err(failure) if failure.trouble == Trouble::Conflict => failure,
                stored => return stored,
            };
        }
        Err(failure)
    }

    async fn try_batch(&mut self, drafts: &[Draft]) -> Result<Committed, Failure> {
        // The connection is taken out, so that after a failure or a drop no batch uses it in an unknown state.
        let mut connection = self.connect().await.map_err(|error| Failure::unreachable(&error))?;
        let replans = self.replans();
        let storing = async {
            if replans {
                let discarded = connection.batch_execute("DISCARD PLANS").await;
                discarded.map_err(|error| BatchFault::Undone(error.into()))?;
            }
            store(&mut connection, drafts).await
        };
        match timeout(self.call_timeout, storing).await {
            Ok(Ok(outcomes)) => {
                self.connection = Some(connection);
                let wakeup = self.publish(&outcomes);
                Ok((outcomes, wakeup))
            }
            Ok(Err(fault)) => {
                let failure = Failure::of(&fault);
                // If the server rejected a statement, the transaction is rolled back. Otherwise the connection is
                // dropped, which rolls it back too.
                if failure.is_connected && connection.batch_execute("ROLLBACK").await.is_ok() {
                    self.connection = Some(connection);
                }
                Err(failure)
            }
            Err(_) => Err(Failure::silent()),
        }
    }

    /// Counts a batch. Returns whether the plans of its statements are to be made anew.
    const fn replans(&mut self) -> bool {
        self.batches += 1;
        let replans = self.batches > self.replan_at;
        if replans {
            self.replan_at = self.replan_at.saturating_mul(REPLAN_FACTOR);
        }
        replans
    }

    /// Publishes what was committed, before any of the sends is answered and before another writer may have their
    /// conversations.
    fn publish(&self, outcomes: &[Outcome]) -> Wakeup {
        let mut changes = Vec::with_capacity(outcomes.len());
        for appended in outcomes.iter().flatten() {
            appended.add_changes(&mut changes);
        }
        self.sink.committed(changes)
    }

    async fn connect(&mut self) -> Result<AsyncPgConnection, StoreError> {
        if let Some(mut connection) = self.connection.take()
            && !connection.is_broken()
        {
            return Ok(connection);
        }
        Ok(self.connector.connect().await?)
    }
}

impl Send {
    fn answer(self, outcome: Outcome) {
        let _ = self.reply.send(outcome);
    }
}
