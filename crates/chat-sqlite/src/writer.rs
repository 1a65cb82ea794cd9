use crate::queue::{Job, Parcel, Verdict};
use crate::statement::cached_statement;
use chat_domain::StoreError;
use diesel::prelude::*;
use std::sync::mpsc::Receiver;

/// How many calls share a commit at most; bounds how long the first of them waits.
pub(crate) const MAX_BATCH: usize = 512;

cached_statement!(
    /// Takes the write lock at once: a transaction that reads first could not write after another did.
    BeginWriting {}
    "BEGIN IMMEDIATE"
);
cached_statement!(
    /// Ends a transaction. What it wrote is on the disk when this returns.
    Commit {}
    "COMMIT"
);
cached_statement!(
    /// Undoes a transaction.
    Rollback {}
    "ROLLBACK"
);
cached_statement!(BeginJob {} "SAVEPOINT job");
cached_statement!(KeepJob {} "RELEASE job");
cached_statement!(UndoJob {} "ROLLBACK TO job");

/// Serves writing calls until it is told to stop: everything that waits goes into one transaction, and nobody is
/// answered before it is committed.
pub(crate) fn run(mut connection: SqliteConnection, parcels: &Receiver<Parcel>) {
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
        serve(&mut connection, &mut batch);
    }
}

pub(crate) fn serve(connection: &mut SqliteConnection, batch: &mut Vec<Box<dyn Job>>) {
    if let Err(error) = (BeginWriting {}).execute(connection) {
        // Locked by another process for longer than the timeout: trying one by one would wait as long for each.
        tracing::error!(%error, calls = batch.len(), "the database does not begin a transaction");
        for job in batch.drain(..) {
            job.fail(StoreError::Unavailable(Box::new(describe(&error))));
        }
        return;
    }
    match run_together(connection, batch) {
        Ok(()) => batch.drain(..).for_each(Job::answer),
        Err(error) => {
            undo(connection);
            tracing::warn!(%error, calls = batch.len(), "a shared commit failed; its calls run singly");
            batch.drain(..).for_each(|job| run_alone(connection, job));
        }
    }
}

/// An error here says that the transaction as a whole is lost, not that one of the calls was refused.
fn run_together(connection: &mut SqliteConnection, batch: &mut [Box<dyn Job>]) -> QueryResult<()> {
    for job in batch {
        (BeginJob {}).execute(connection)?;
        if job.run(connection) == Verdict::Undo {
            // Fails where a full disk or the like has ended the whole transaction.
            (UndoJob {}).execute(connection)?;
        }
        (KeepJob {}).execute(connection)?;
    }
    (Commit {}).execute(connection)?;
    Ok(())
}

fn run_alone(connection: &mut SqliteConnection, mut job: Box<dyn Job>) {
    let committed = (BeginWriting {}).execute(connection).and_then(|_| match job.run(connection) {
        Verdict::Keep => (Commit {}).execute(connection),
        Verdict::Undo => {
            undo(connection);
            Ok(0)
        }
    });
    match committed {
        Ok(_) => job.answer(),
        Err(error) => {
            undo(connection);
            tracing::error!(%error, "a commit failed");
            job.fail(StoreError::Failed(Box::new(error)));
        }
    }
}

/// Fails where there is no transaction any more, and then there is nothing to undo.
fn undo(connection: &mut SqliteConnection) {
    let _ = (Rollback {}).execute(connection);
}

/// An error that many callers get, in words.
fn describe(error: &diesel::result::Error) -> std::io::Error {
    std::io::Error::other(error.to_string())
}
