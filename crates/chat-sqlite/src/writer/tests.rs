use super::*;
use crate::SqliteConfig;
use crate::connection::{migrate, open_reader, open_writer, prepare_file};
use crate::fault::Fault;
use crate::queue::Queue;
use chat_domain::columns::UnreadableColumn;
use chat_domain::{
    ActionError, Change, ChangeKind, CommittedSink, ConversationId, InvalidValue, Pos, Refusal, StoreError, Timestamp,
    UserId,
};
use diesel::connection::SimpleConnection;
use diesel::sql_types::BigInt;
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, Weak};
use uuid::Uuid;

type Body = Box<dyn FnMut(&mut SqliteConnection) -> Result<Vec<Change>, ActionError> + Send>;

fn sql(text: &'static str) -> Body {
    Box::new(move |connection| {
        connection.batch_execute(text).map_err(Fault::from)?;
        Ok(Vec::new())
    })
}

/// Like [`sql`], for a call that makes the change with this `pos`.
fn changing(pos: u64, text: &'static str) -> Body {
    Box::new(move |connection| {
        connection.batch_execute(text).map_err(Fault::from)?;
        let (conversation_id, user_id) = (ConversationId::new(Uuid::nil()), UserId::new(Uuid::nil()));
        let kind = ChangeKind::ParticipantRemoved { user_id };
        Ok(vec![Change { conversation_id, pos: Pos::new(pos), at: Timestamp::default(), kind }])
    })
}

/// The `pos` of what was committed, by commit.
#[derive(Default)]
struct Committed(Mutex<Vec<Vec<u64>>>);

impl CommittedSink for Committed {
    fn committed(&self, changes: Vec<Change>) -> Wakeup {
        let positions = changes.iter().map(|change| change.pos.get()).collect();
        self.0.lock().expect("a lock").push(positions);
        Wakeup::default()
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Queues these calls, then runs them as one batch. Returns which of them succeeded, and the numbers that were
/// written.
async fn serve_together(bodies: Vec<Body>) -> (Vec<bool>, Vec<i64>) {
    serve_noting(bodies, Arc::default(), Arc::default()).await
}

/// Serves these calls, and returns the commits that were published.
async fn published_of(bodies: Vec<Body>) -> Vec<Vec<u64>> {
    let (committed, sink) = (Arc::<Committed>::default(), Arc::<SinkSlot>::default());
    let weak: Weak<Committed> = Arc::downgrade(&committed);
    sink.set(weak);
    serve_noting(bodies, Arc::default(), sink).await;
    std::mem::take(&mut *committed.0.lock().expect("a lock"))
}

async fn serve_noting(bodies: Vec<Body>, health: Arc<WriteHealth>, sink: Arc<SinkSlot>) -> (Vec<bool>, Vec<i64>) {
    serve(Writes::Anytime, bodies, health, sink).await
}

async fn serve(
    writes: Writes,
    bodies: Vec<Body>,
    health: Arc<WriteHealth>,
    sink: Arc<SinkSlot>,
) -> (Vec<bool>, Vec<i64>) {
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
            tokio::spawn(async move { queue.call_changing::<_, _, ActionError, _>(writes, body).await.is_ok() })
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
    Writer { connection, health, sink }.serve(&mut batch);
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

/// Serves these calls, which write only when they can no longer be refused.
async fn serve_decided(bodies: Vec<Body>) -> (Vec<bool>, Vec<i64>, Vec<Vec<u64>>) {
    let (committed, sink) = (Arc::<Committed>::default(), Arc::<SinkSlot>::default());
    let weak: Weak<Committed> = Arc::downgrade(&committed);
    sink.set(weak);
    let (succeeded, rows) = serve(Writes::Decided, bodies, Arc::default(), sink).await;
    let published = std::mem::take(&mut *committed.0.lock().expect("a lock"));
    (succeeded, rows, published)
}

#[tokio::test]
async fn a_call_without_a_savepoint_that_is_refused_or_cannot_read_a_row_leaves_the_others_in_their_commit() {
    let unreadable = || UnreadableColumn { column: "body", fault: InvalidValue::Empty };
    let outcome = serve_decided(vec![
        changing(1, "INSERT INTO written VALUES (1)"),
        Box::new(|_| Err(Refusal::NotAParticipant.into())),
        Box::new(move |_| Err(Fault::from(unreadable()).into())),
        changing(2, "INSERT INTO written VALUES (2)"),
    ]);
    assert_eq!(outcome.await, (vec![true, false, false, true], vec![1, 2], vec![vec![1, 2]]));
}

#[tokio::test]
async fn a_call_without_a_savepoint_that_fails_or_panics_leaves_no_trace_and_the_others_run_singly() {
    let outcome = serve_decided(vec![
        changing(1, "INSERT INTO written VALUES (1)"),
        changing(2, "INSERT INTO written VALUES (2); INSERT INTO written VALUES (NULL)"),
        changing(3, "INSERT INTO written VALUES (3)"),
        Box::new(|connection| {
            connection.batch_execute("INSERT INTO written VALUES (4)").map_err(Fault::from)?;
            panic!("a defect")
        }),
        changing(5, "INSERT INTO written VALUES (5)"),
    ]);
    let published = vec![vec![1], vec![3], vec![5]];
    assert_eq!(outcome.await, (vec![true, false, true, false, true], vec![1, 3, 5], published));
}

#[tokio::test]
async fn a_call_that_panics_hurts_nobody_else() {
    let outcome = serve_together(vec![
        sql("INSERT INTO written VALUES (1)"),
        Box::new(|connection| {
            connection.batch_execute("INSERT INTO written VALUES (2)").map_err(Fault::from)?;
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
                let text = if runs == 1 { "INSERT INTO written VALUES (1)" } else { fill };
                connection.batch_execute(text).map_err(Fault::from)?;
                Ok(Vec::new())
            }),
        ],
        health.clone(),
        Arc::default(),
    );
    assert_eq!(outcome.await, (vec![false, false], vec![]));
    let (_, _, failures) = health.counts();
    assert_eq!(failures, 1);
}

#[tokio::test]
async fn the_changes_of_a_commit_are_published_together_without_those_that_were_undone() {
    let published = published_of(vec![
        changing(1, "INSERT INTO written VALUES (1)"),
        sql("INSERT INTO written VALUES (2)"),
        changing(2, "INSERT INTO written VALUES (3); INSERT INTO written VALUES (NULL)"),
        changing(3, "INSERT INTO written VALUES (4)"),
    ]);
    assert_eq!(published.await, [[1, 3]]);
}

#[tokio::test]
async fn calls_that_run_singly_after_a_failed_commit_are_published_once_each() {
    let published = published_of(vec![
        changing(1, "INSERT INTO written VALUES (1)"),
        // Only the commit finds out.
        changing(2, "PRAGMA defer_foreign_keys = ON; INSERT INTO credentials VALUES (randomblob(16), 'of nobody', 0)"),
        sql("INSERT INTO written VALUES (2)"),
        changing(3, "INSERT INTO written VALUES (3)"),
    ]);
    assert_eq!(published.await, [[1], [3]]);
}

#[tokio::test]
async fn a_commit_that_the_disk_refuses_is_not_published() {
    let published = published_of(vec![
        changing(1, "INSERT INTO written VALUES (1)"),
        sql("PRAGMA max_page_count = 1; CREATE TABLE big (body BLOB); INSERT INTO big VALUES (zeroblob(4000000))"),
    ]);
    assert_eq!(published.await, Vec::<Vec<u64>>::new());
}

#[tokio::test]
async fn the_receivers_are_woken_when_the_calls_are_answered() {
    type Log = Arc<Mutex<Vec<&'static str>>>;
    struct Noting(Log);
    impl Drop for Noting {
        fn drop(&mut self) {
            self.0.lock().expect("a lock").push("woken");
        }
    }
    struct Late(Log);
    impl CommittedSink for Late {
        fn committed(&self, _: Vec<Change>) -> Wakeup {
            self.0.lock().expect("a lock").push("published");
            Wakeup::when_dropped(Noting(Arc::clone(&self.0)))
        }
    }
    struct Answered(Log, Body, Vec<Change>);
    impl Job for Answered {
        fn writes(&self) -> Writes {
            Writes::Anytime
        }

        fn run(&mut self, connection: &mut SqliteConnection) -> Verdict {
            self.2 = (self.1)(connection).expect("written");
            Verdict::Keep
        }

        fn add_changes(&self, to: &mut Vec<Change>) {
            to.extend_from_slice(&self.2);
        }

        fn answer(self: Box<Self>) {
            self.0.lock().expect("a lock").push("answered");
        }

        fn fail(self: Box<Self>, error: StoreError) {
            panic!("{error}");
        }
    }
    let log = Log::default();
    let (late, sink) = (Arc::new(Late(Arc::clone(&log))), Arc::<SinkSlot>::default());
    let weak: Weak<Late> = Arc::downgrade(&late);
    sink.set(weak);
    let folder = tempfile::tempdir().expect("a folder");
    let config = SqliteConfig::at(folder.path().join("chat.db"));
    let path = prepare_file(&config.path).expect("a file");
    let connection = open_writer(&path, &config).expect("a connection");
    let call = |pos, text| -> Box<dyn Job> { Box::new(Answered(Arc::clone(&log), changing(pos, text), Vec::new())) };
    let mut batch = vec![call(1, "CREATE TABLE one (number)"), call(2, "CREATE TABLE two (number)")];
    Writer { connection, health: Arc::default(), sink }.serve(&mut batch);
    assert_eq!(*log.lock().expect("a lock"), ["published", "answered", "answered", "woken"]);
}

#[tokio::test]
async fn a_sink_that_panics_takes_no_call_with_it() {
    struct Broken;
    impl CommittedSink for Broken {
        fn committed(&self, _: Vec<Change>) -> Wakeup {
            panic!("a defect")
        }
    }
    let (broken, sink) = (Arc::new(Broken), Arc::<SinkSlot>::default());
    let weak: Weak<Broken> = Arc::downgrade(&broken);
    sink.set(weak);
    let calls = vec![changing(1, "INSERT INTO written VALUES (1)"), sql("INSERT INTO written VALUES (2)")];
    assert_eq!(serve_noting(calls, Arc::default(), sink).await, (vec![true, true], vec![1, 2]));
}
