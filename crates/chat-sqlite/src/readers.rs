use crate::queue::Parcel;
use crate::statement::cached_statement;
use crate::writer::{Commit, Rollback};
use chat_domain::StoreError;
use diesel::prelude::*;
use std::sync::mpsc::Receiver;
use std::sync::{Mutex, PoisonError};

cached_statement!(
    /// All following queries see one state of the database.
    BeginReading {}
    "BEGIN DEFERRED"
);

/// Runs reading calls until it is told to stop. Several threads share one queue.
pub(crate) fn run(mut connection: SqliteConnection, parcels: &Mutex<Receiver<Parcel>>) {
    loop {
        let parcel = parcels.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Parcel::Job(mut job)) = parcel else { return };
        if let Err(error) = (BeginReading {}).execute(&mut connection) {
            tracing::error!(%error, "cannot begin a transaction");
            job.fail(StoreError::Unavailable(Box::new(error)));
            continue;
        }
        job.run(&mut connection);
        if (Commit {}).execute(&mut connection).is_err() {
            // Nothing was written, so the result is valid; the connection is reset for the next call.
            let _ = (Rollback {}).execute(&mut connection);
        }
        job.answer();
    }
}
