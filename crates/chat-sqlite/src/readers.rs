use crate::queue::Parcel;
use crate::statement::cached_statement;
use crate::writer::{Commit, Rollback};
use chat_domain::StoreError;
use diesel::prelude::*;
use std::sync::mpsc::Receiver;
use std::sync::{Mutex, PoisonError};

cached_statement!(
    /// What follows sees one state of the database, however many queries it takes.
    BeginReading {}
    "BEGIN DEFERRED"
);

/// Serves reading calls until it is told to stop. Several threads share one queue.
pub(crate) fn run(mut connection: SqliteConnection, parcels: &Mutex<Receiver<Parcel>>) {
    loop {
        let parcel = parcels.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Parcel::Job(mut job)) = parcel else { return };
        if let Err(error) = (BeginReading {}).execute(&mut connection) {
            tracing::error!(%error, "the database does not begin a transaction");
            job.fail(StoreError::Unavailable(Box::new(error)));
            continue;
        }
        job.run(&mut connection);
        if (Commit {}).execute(&mut connection).is_err() {
            // Nothing was written: the outcome holds, and the connection is made ready for the next.
            let _ = (Rollback {}).execute(&mut connection);
        }
        job.answer();
    }
}
