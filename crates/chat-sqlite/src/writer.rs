use crate::fault::{is_of_machine, undone};
use crate::health::WriteHealth;
use crate::queue::{Job, Parcel, Verdict, Writes};
use crate::statement::cached_statement;
use chat_domain::{BoxError, SinkSlot, StoreError, Wakeup};
use diesel::prelude::*;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

/// The most calls in one commit; bounds the wait of the first one.
pub(crate) const MAX_BATCH: usize = 512;

cached_statement!(
    /// Takes the write lock at once: a transaction that reads first could not write after another one did.
    BeginWriting {}
    "BEGIN IMMEDIATE"
);
cached_statement!(
    /// Commits a transaction. Its writes are on disk when this returns.
    Commit {}
    "COMMIT"
);
cached_statement!(
    /// Rolls back a transaction.
    Rollback {}
    "ROLLBACK"
);
cached_statement!(BeginJob {} "SAVEPOINT job");
cached_statement!(KeepJob {} "RELEASE job");
cached_statement!(UndoJob {} "ROLLBACK TO job");

/// The only connection that writes, with what its commits are told to.
pub(crate) struct Writer {
    pub(crate) connection: SqliteConnection,
    pub(crate) health: Arc<WriteHealth>,
    pub(crate) sink: Arc<SinkSlot>,
}

impl Writer {
    /// Runs writing calls until it is told to stop. All waiting calls go into one transaction, and none is answered
    /// before the commit.
    pub(crate) fn run(mut self, parcels: &Receiver<Parcel>) {
        let mut batch = Vec::with_capacity(MAX_BATCH);
        let mut stopping = false;
        while !stopping {
            match parcels.recv() {
                Ok(Parcel::Job(job)) => batch.push(job),
                Ok(Parcel::Stop) | Err(_) => return,
            }
            while batch.len() < MAX_BATCH && !stopping {
                match parcels.try_recv() {
                    Ok(Parcel::Job(job)) => batch.push(job),
                    Ok(Parcel::Stop) => stopping = true,
                    Err(_) => break,
                }
            }
            self.serve(&mut batch);
        }
    }

    fn serve(&mut self, batch: &mut Vec<Box<dyn Job>>) {
        if let Err(error) = (BeginWriting {}).execute(&mut self.connection) {
            // Another process holds the lock for longer than the timeout: each single call would wait as long again.
            self.health.note_failure(&error);
            for job in batch.drain(..) {
                job.fail(StoreError::Unavailable(error.to_string().into()));
            }
            return;
        }
        match self.run_together(batch) {
            Ok(()) => {
                let wakeup = self.committed(batch);
                batch.drain(..).for_each(Job::answer);
                drop(wakeup);
            }
            Err(Lost::ToMachine(stopped)) => {
                self.undo();
                self.health.note_failure(&no_writes());
                for (number, job) in batch.drain(..).enumerate() {
                    if number == stopped { job.answer() } else { job.fail(no_writes()) }
                }
            }
            Err(Lost::Whole(error)) if is_of_machine(&error) => {
                self.undo();
                self.health.note_failure(&error);
                batch.drain(..).for_each(|job| job.fail(undone(&error)));
            }
            Err(Lost::ToCall(call)) => {
                self.undo();
                tracing::warn!(
                    call,
                    calls = batch.len(),
                    "a call failed in a shared commit; running its calls one by one"
                );
                batch.drain(..).for_each(|job| self.run_alone(job));
            }
            Err(Lost::Whole(error)) => {
                self.undo();
                tracing::warn!(%error, calls = batch.len(), "a shared commit failed; running its calls one by one");
                batch.drain(..).for_each(|job| self.run_alone(job));
            }
        }
    }

    /// An error means that the transaction as a whole failed, not that one of the calls was refused.
    fn run_together(&mut self, batch: &mut [Box<dyn Job>]) -> Result<(), Lost> {
        let connection = &mut self.connection;
        for (number, job) in batch.iter_mut().enumerate() {
            let has_savepoint = job.writes() == Writes::Anytime;
            if has_savepoint {
                (BeginJob {}).execute(connection)?;
            }
            match job.run(connection) {
                Verdict::Keep => {}
                Verdict::Stop => return Err(Lost::ToMachine(number)),
                Verdict::Undo if has_savepoint => {
                    // Fails if a conflict has already ended the whole transaction.
                    (UndoJob {}).execute(connection)?;
                }
                Verdict::Undo => return Err(Lost::ToCall(number)),
            }
            if has_savepoint {
                (KeepJob {}).execute(connection)?;
            }
        }
        (Commit {}).execute(connection)?;
        Ok(())
    }

    fn run_alone(&mut self, mut job: Box<dyn Job>) {
        let committed =
            (BeginWriting {}).execute(&mut self.connection).and_then(|_| match job.run(&mut self.connection) {
                Verdict::Keep => (Commit {}).execute(&mut self.connection).map(|_| true),
                verdict @ (Verdict::Undo | Verdict::Stop) => {
                    self.undo();
                    if verdict == Verdict::Stop {
                        self.health.note_failure(&no_writes());
                    }
                    Ok(false)
                }
            });
        match committed {
            Ok(is_kept) => {
                let wakeup = is_kept.then(|| self.committed(std::slice::from_ref(&job)));
                job.answer();
                drop(wakeup);
            }
            Err(error) => {
                self.undo();
                if is_of_machine(&error) {
                    self.health.note_failure(&error);
                } else {
                    tracing::error!(%error, "the commit failed");
                }
                job.fail(undone(&error));
            }
        }
    }

    /// Publishes what was committed, before any of the calls is answered.
    fn committed(&self, batch: &[Box<dyn Job>]) -> Wakeup {
        self.health.note_commit(batch.len());
        let mut changes = Vec::with_capacity(batch.len());
        for job in batch {
            job.add_changes(&mut changes);
        }
        self.sink.committed(changes)
    }

    /// Fails if there is no transaction any more; then there is nothing to roll back.
    fn undo(&mut self) {
        let _ = (Rollback {}).execute(&mut self.connection);
    }
}

/// Why a transaction failed with all its calls.
enum Lost {
    /// The machine failed during this call. Trying the others would not help.
    ToMachine(usize),
    /// This call failed, and cannot be undone alone.
    ToCall(usize),
    /// The transaction as a whole failed, perhaps because of one of the calls.
    Whole(diesel::result::Error),
}

impl From<diesel::result::Error> for Lost {
    fn from(error: diesel::result::Error) -> Self {
        Self::Whole(error)
    }
}

fn no_writes() -> StoreError {
    StoreError::Unavailable(BoxError::from("the database does not accept writes"))
}

#[cfg(test)]
mod tests;
