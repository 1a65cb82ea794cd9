use crate::CallStatus;
use crate::fault::MayBeOfMachine;
use chat_domain::{BoxError, Change, Committable, StoreError};
use diesel::SqliteConnection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};
use tokio::sync::oneshot;

/// One port call, to be run by a thread that has a connection.
pub(crate) trait Job: Send {
    /// When the call writes.
    fn writes(&self) -> Writes;

    /// Runs the call and keeps its result. Returns whether its writes are kept. May run again after a rollback.
    fn run(&mut self, connection: &mut SqliteConnection) -> Verdict;

    /// Adds the durable changes that the kept result names.
    fn add_changes(&self, to: &mut Vec<Change>);

    /// Sends the result to the caller, if it still waits.
    fn answer(self: Box<Self>);

    /// Sends this error to the caller instead of a result.
    fn fail(self: Box<Self>, error: StoreError);
}

/// When a call writes: decides how it is undone if it shares its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writes {
    /// At any time. It runs in a savepoint, and is undone alone.
    Anytime,
    /// Only after it has read everything and can no longer be refused, so that a refused call has nothing to undo. If a
    /// statement fails, the whole transaction is undone, and its calls run one by one. It needs no savepoint, which
    /// would copy each page before the call's first change of it.
    Decided,
}

/// What happens to a job's writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Keep,
    Undo,
    /// Roll back, and stop: the machine does not accept writes now.
    Stop,
}

pub(crate) enum Parcel {
    Job(Box<dyn Job>),
    Stop,
}

/// The bounded queue to one or several threads.
pub(crate) struct Queue {
    sender: SyncSender<Parcel>,
    limit: usize,
    under_way: AtomicUsize,
}

/// Counts one call until its caller has the result or is gone.
struct UnderWay<'a>(&'a AtomicUsize);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Queue {
    /// A queue over a channel for this many calls.
    pub(crate) const fn new(sender: SyncSender<Parcel>, limit: usize) -> Self {
        Self { sender, limit, under_way: AtomicUsize::new(0) }
    }

    pub(crate) fn status(&self) -> CallStatus {
        CallStatus { under_way: self.under_way.load(Ordering::Relaxed), limit: self.limit }
    }

    /// Runs a closure on a thread and waits for its result. The closure runs to its end even if the caller stops
    /// waiting.
    pub(crate) async fn call<T, A, E, F>(&self, body: F) -> Result<T, E>
    where
        F: FnMut(&mut SqliteConnection) -> Result<T, A> + Send + 'static,
        T: Send + 'static,
        A: Into<E> + MayBeOfMachine,
        E: From<StoreError> + Send + 'static,
    {
        self.run(Writes::Anytime, body, |_, _| {}).await
    }

    /// Like [`Self::call`], for a call that makes durable changes.
    pub(crate) async fn call_changing<T, A, E, F>(&self, writes: Writes, body: F) -> Result<T, E>
    where
        F: FnMut(&mut SqliteConnection) -> Result<T, A> + Send + 'static,
        T: Committable + Send + 'static,
        A: Into<E> + MayBeOfMachine,
        E: From<StoreError> + Send + 'static,
    {
        self.run(writes, body, T::add_changes).await
    }

    async fn run<T, A, E, F>(&self, writes: Writes, mut body: F, add_changes: fn(&T, &mut Vec<Change>)) -> Result<T, E>
    where
        F: FnMut(&mut SqliteConnection) -> Result<T, A> + Send + 'static,
        T: Send + 'static,
        A: Into<E> + MayBeOfMachine,
        E: From<StoreError> + Send + 'static,
    {
        let (reply, outcome) = oneshot::channel();
        let body = move |connection: &mut SqliteConnection| {
            body(connection).map_err(|error| {
                let verdict = match writes {
                    _ if error.is_of_machine() => Verdict::Stop,
                    // There is nothing to undo.
                    Writes::Decided if error.precedes_writes() => Verdict::Keep,
                    Writes::Anytime | Writes::Decided => Verdict::Undo,
                };
                (verdict, error.into())
            })
        };
        let job = Call { writes, body, outcome: None, add_changes, reply };
        self.sender.try_send(Parcel::Job(Box::new(job))).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Overloaded,
            TrySendError::Disconnected(_) => closed(),
        })?;
        self.under_way.fetch_add(1, Ordering::Relaxed);
        let _under_way = UnderWay(&self.under_way);
        outcome.await.unwrap_or_else(|_| Err(closed().into()))
    }

    /// Tells one thread to end after the calls queued before.
    pub(crate) fn stop(&self) {
        // If no thread receives any more, there is nothing to stop.
        let _ = self.sender.send(Parcel::Stop);
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable(BoxError::from("the store is closed"))
}

struct Call<F, T, E> {
    writes: Writes,
    body: F,
    outcome: Option<Result<T, E>>,
    add_changes: fn(&T, &mut Vec<Change>),
    reply: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Job for Call<F, T, E>
where
    F: FnMut(&mut SqliteConnection) -> Result<T, (Verdict, E)> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn writes(&self) -> Writes {
        self.writes
    }

    fn run(&mut self, connection: &mut SqliteConnection) -> Verdict {
        // A panic in one call must not end the thread that serves all calls; its writes are rolled back.
        let panicked = || StoreError::Failed(BoxError::from("a call to the store panicked"));
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.body)(connection)))
            .unwrap_or_else(|_| Err((Verdict::Undo, panicked().into())));
        let (verdict, outcome) = match outcome {
            Ok(value) => (Verdict::Keep, Ok(value)),
            Err((verdict, error)) => (verdict, Err(error)),
        };
        self.outcome = Some(outcome);
        verdict
    }

    fn add_changes(&self, to: &mut Vec<Change>) {
        if let Some(Ok(value)) = &self.outcome {
            (self.add_changes)(value, to);
        }
    }

    fn answer(self: Box<Self>) {
        if let Some(outcome) = self.outcome {
            // The caller may be gone; the work stays done.
            let _ = self.reply.send(outcome);
        }
    }

    fn fail(self: Box<Self>, error: StoreError) {
        let _ = self.reply.send(Err(error.into()));
    }
}
