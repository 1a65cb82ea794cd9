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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SqliteConfig;
    use crate::connection::{migrate, open_reader, open_writer, prepare_file};
    use crate::fault::Fault;
    use crate::queue::Queue;
    use chat_domain::StoreError;
    use diesel::connection::SimpleConnection;
    use diesel::sql_types::BigInt;
    use std::sync::mpsc::sync_channel;

    type Body = Box<dyn FnMut(&mut SqliteConnection) -> Result<(), Fault> + Send>;

    fn sql(text: &'static str) -> Body {
        Box::new(move |connection| Ok(connection.batch_execute(text)?))
    }

    #[derive(QueryableByName)]
    struct Number {
        #[diesel(sql_type = BigInt)]
        number: i64,
    }

    /// Queues these calls, then serves them as one batch. Returns which of them succeeded, and how often each
    /// wrote what it wrote.
    async fn serve_together(bodies: Vec<Body>) -> (Vec<bool>, Vec<i64>) {
        let folder = tempfile::tempdir().expect("a folder");
        let config = SqliteConfig::at(folder.path().join("chat.db"));
        let path = prepare_file(&config.path).expect("a file");
        let mut connection = open_writer(&path, &config).expect("a connection");
        migrate(&mut connection).expect("a schema");
        connection.batch_execute("CREATE TABLE written (number BIGINT NOT NULL)").expect("a table");

        let (sender, parcels) = sync_channel(16);
        let queue = std::sync::Arc::new(Queue::new(sender));
        let calls: Vec<_> = bodies
            .into_iter()
            .map(|body| {
                let queue = queue.clone();
                tokio::spawn(async move { queue.call::<_, _, StoreError, _>(body).await.is_ok() })
            })
            .collect();
        let mut batch = Vec::new();
        while batch.len() < calls.len() {
            tokio::task::yield_now().await;
            batch.extend(parcels.try_iter().filter_map(|parcel| match parcel {
                Parcel::Job(job) => Some(job),
                Parcel::Stop => None,
            }));
        }
        serve(&mut connection, &mut batch);
        let mut succeeded = Vec::new();
        for call in calls {
            succeeded.push(call.await.expect("an answer"));
        }
        let mut reader = open_reader(&path, &config).expect("a connection");
        assert!(reader.batch_execute("DELETE FROM written").is_err(), "a reader refuses to write");
        let rows: Vec<Number> =
            diesel::sql_query("SELECT number FROM written ORDER BY number").load(&mut reader).expect("rows");
        (succeeded, rows.into_iter().map(|row| row.number).collect())
    }

    #[tokio::test]
    async fn a_call_that_fails_after_writing_leaves_no_trace() {
        let outcome = serve_together(vec![
            sql("INSERT INTO written VALUES (1)"),
            sql("INSERT INTO written VALUES (2); INSERT INTO written VALUES (NULL)"),
            sql("INSERT INTO written VALUES (3)"),
        ]);
        assert_eq!(outcome.await, (vec![true, false, true], vec![1, 3]));
    }

    #[tokio::test]
    async fn a_call_that_panics_hurts_nobody_else() {
        let outcome = serve_together(vec![
            sql("INSERT INTO written VALUES (1)"),
            Box::new(|connection| {
                connection.batch_execute("INSERT INTO written VALUES (2)")?;
                panic!("a defect")
            }),
            sql("INSERT INTO written VALUES (3)"),
        ]);
        assert_eq!(outcome.await, (vec![true, false, true], vec![1, 3]));
    }

    #[tokio::test]
    async fn where_the_shared_commit_fails_the_calls_run_singly() {
        let outcome = serve_together(vec![
            sql("INSERT INTO written VALUES (1)"),
            // Found out by the commit alone.
            sql("PRAGMA defer_foreign_keys = ON; INSERT INTO written VALUES (2);
                 INSERT INTO credentials VALUES (randomblob(16), 'of nobody', 0)"),
            sql("INSERT INTO written VALUES (3)"),
        ]);
        assert_eq!(outcome.await, (vec![true, false, true], vec![1, 3]));
    }

    #[tokio::test]
    async fn where_the_transaction_is_lost_on_the_way_the_calls_run_singly() {
        let outcome = serve_together(vec![
            sql("INSERT INTO written VALUES (1)"),
            // What a full disk does, too.
            sql("INSERT INTO written VALUES (2); INSERT OR ROLLBACK INTO written VALUES (NULL)"),
            sql("INSERT INTO written VALUES (3)"),
        ]);
        assert_eq!(outcome.await, (vec![true, false, true], vec![1, 3]));
    }
}
