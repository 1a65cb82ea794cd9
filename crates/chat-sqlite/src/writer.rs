use crate::fault::{is_of_machine, undone};
use crate::health::WriteHealth;
use crate::queue::{Job, Parcel, Verdict};
use crate::statement::cached_statement;
use chat_domain::{BoxError, SinkSlot, StoreError};
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
                self.committed(batch);
                batch.drain(..).for_each(Job::answer);
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
            (BeginJob {}).execute(connection)?;
            match job.run(connection) {
                Verdict::Keep => {}
                Verdict::Stop => return Err(Lost::ToMachine(number)),
                Verdict::Undo => {
                    // Fails if a conflict has already ended the whole transaction.
                    (UndoJob {}).execute(connection)?;
                }
            }
            (KeepJob {}).execute(connection)?;
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
                if is_kept {
                    self.committed(std::slice::from_ref(&job));
                }
                job.answer();
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
    fn committed(&self, batch: &[Box<dyn Job>]) {
        self.health.note_commit(batch.len());
        let mut changes = Vec::with_capacity(batch.len());
        batch.iter().for_each(|job| job.add_changes(&mut changes));
        self.sink.committed(changes);
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

    /// Queues these calls, then runs them as one batch. Returns which of them succeeded, and the numbers that were
    /// written.
    async fn serve_together(bodies: Vec<Body>) -> (Vec<bool>, Vec<i64>) {
        serve_noting(bodies, Arc::default()).await
    }

    async fn serve_noting(bodies: Vec<Body>, health: Arc<WriteHealth>) -> (Vec<bool>, Vec<i64>) {
        let folder = tempfile::tempdir().expect("a folder");
        let config = SqliteConfig::at(folder.path().join("chat.db"));
        let path = prepare_file(&config.path).expect("a file");
        let mut connection = open_writer(&path, &config).expect("a connection");
        migrate(&mut connection).expect("a schema");
        connection.batch_execute("CREATE TABLE written (number BIGINT NOT NULL)").expect("a table");

        let (sender, parcels) = sync_channel(16);
        let queue = std::sync::Arc::new(Queue::new(sender, 16));
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
        Writer { connection, health, sink: Arc::default() }.serve(&mut batch);
        let mut succeeded = Vec::new();
        for call in calls {
            succeeded.push(call.await.expect("an answer"));
        }
        let mut reader = open_reader(&path, &config).expect("a connection");
        assert!(reader.batch_execute("DELETE FROM written").is_err(), "a reader rejects writes");
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
            // Only the commit finds out.
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
            sql("INSERT INTO written VALUES (2); INSERT OR ROLLBACK INTO written VALUES (NULL)"),
            sql("INSERT INTO written VALUES (3)"),
        ]);
        assert_eq!(outcome.await, (vec![true, false, true], vec![1, 3]));
    }

    #[tokio::test]
    async fn a_database_that_is_full_undoes_the_whole_batch_and_takes_it_again_later() {
        let outcome = serve_together(vec![
            sql("INSERT INTO written VALUES (1)"),
            sql("PRAGMA max_page_count = 1; CREATE TABLE big (body BLOB); INSERT INTO big VALUES (zeroblob(4000000))"),
            sql("INSERT INTO written VALUES (3)"),
        ]);
        assert_eq!(outcome.await, (vec![false, false, false], vec![]));
    }

    #[tokio::test]
    async fn a_disk_that_fills_up_while_calls_run_singly_is_noted() {
        let health = Arc::<WriteHealth>::default();
        let mut runs = 0;
        let outcome = serve_noting(
            vec![
                sql("PRAGMA defer_foreign_keys = ON; INSERT INTO credentials VALUES (randomblob(16), 'of nobody', 0)"),
                Box::new(move |connection| {
                    runs += 1;
                    let fill = "PRAGMA max_page_count = 1; CREATE TABLE big (body BLOB);
                                INSERT INTO big VALUES (zeroblob(4000000))";
                    Ok(connection.batch_execute(if runs == 1 { "INSERT INTO written VALUES (1)" } else { fill })?)
                }),
            ],
            health.clone(),
        );
        assert_eq!(outcome.await, (vec![false, false], vec![]));
        let (_, _, failures) = health.counts();
        assert_eq!(failures, 1);
    }
}
