//! The promises of this store alone: its file, its settings, its queues.

use chat_domain::StoreError;
use chat_domain::messages::{Appended, Draft, HistoryRequest};
use chat_domain::{ActionError, ConversationId, PageLimit, Refusal, Seq, UserId};
use chat_sqlite::{Claim, OpenError, SqliteConfig, SqliteStore};
use chat_testkit::stores::{Scene, Stores};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::TempDir;

fn config(folder: &TempDir) -> SqliteConfig {
    SqliteConfig::at(folder.path().join("data").join("chat.db"))
}

fn scene_of(store: &SqliteStore) -> Scene {
    Scene::new(Stores::of(Arc::new(store.clone()), ()))
}

/// Opens a second connection, as another process would.
fn beside(path: &Path) -> SqliteConnection {
    let mut connection = SqliteConnection::establish(&path.display().to_string()).expect("a connection");
    connection.batch_execute("PRAGMA busy_timeout = 5000").expect("a timeout");
    connection
}

async fn pair(scene: &Scene) -> (ConversationId, UserId, UserId) {
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    (scene.direct(ann, bob).await, ann, bob)
}

type Sends = Vec<tokio::task::JoinHandle<Result<Appended, ActionError>>>;

/// Starts these sends. When it returns, each is queued or rejected: a task of this single-threaded runtime reaches the
/// queue before another task runs.
async fn send_all(scene: &Scene, drafts: Vec<Draft>) -> Sends {
    let started = Arc::new(AtomicUsize::new(0));
    let send = |draft| {
        let (scene, started) = (scene.clone(), started.clone());
        tokio::spawn(async move {
            started.fetch_add(1, Ordering::Relaxed);
            scene.messages.append(draft).await
        })
    };
    let sends: Sends = drafts.into_iter().map(send).collect();
    while started.load(Ordering::Relaxed) < sends.len() {
        tokio::task::yield_now().await;
    }
    sends
}

async fn outcomes(sends: Sends) -> Vec<Result<Appended, ActionError>> {
    let mut outcomes = Vec::with_capacity(sends.len());
    for send in sends {
        outcomes.push(send.await.expect("an answer"));
    }
    outcomes
}

#[tokio::test]
async fn everything_is_there_after_reopening() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = config(&folder);
    let store = SqliteStore::open(&config).expect("a store");
    let scene = scene_of(&store);
    let (direct, ann, bob) = pair(&scene).await;
    scene.say_many(direct, ann, 20).await;
    scene.read_up_to(direct, bob, 7).await;
    let request = HistoryRequest::Latest(PageLimit::parse(100).expect("a limit"));
    let before = (
        scene.messages.history(direct, bob, request).await.expect("a history"),
        scene.overview(direct, bob).await,
        scene.all_changes(direct).await,
    );
    drop((scene, store));
    assert!(!config.path.with_extension("db-wal").exists(), "the log was copied into the database");

    let store = SqliteStore::open(&config).expect("a store");
    let scene = scene_of(&store);
    let after = (
        scene.messages.history(direct, bob, request).await.expect("a history"),
        scene.overview(direct, bob).await,
        scene.all_changes(direct).await,
    );
    assert_eq!(before, after);
    assert_eq!(scene.say(direct, ann, "again").await.seq, Seq::new(21));
}

#[tokio::test]
async fn a_read_sees_what_was_answered_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(&config(&folder)).expect("a store");
    let scene = scene_of(&store);
    let (direct, ann, bob) = pair(&scene).await;
    for number in 1..=200 {
        scene.say(direct, ann, "hello").await;
        assert_eq!(scene.overview(direct, bob).await.unread_count(), number);
    }
}

#[test]
fn the_files_and_their_folder_are_for_their_owner_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = config(&folder);
    let store = SqliteStore::open(&config).expect("a store");
    let mode = |path: &Path| std::fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode(config.path.parent().expect("a folder")), 0o700);
    assert_eq!(mode(&config.path), 0o600);
    assert_eq!(mode(&config.path.with_extension("db-wal")), 0o600);
    store.close();
}

#[test]
fn migrating_is_done_once_and_names_what_it_did() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = config(&folder);
    assert!(!SqliteStore::migrate(&config.path).expect("migrated").is_empty());
    assert_eq!(SqliteStore::migrate(&config.path).expect("migrated"), Vec::<String>::new());
    SqliteStore::open(&config).expect("a store").close();
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notes.txt");
    let text = "not a database, ".repeat(100);
    std::fs::write(&path, &text).expect("a file");
    let refused = SqliteStore::open(&SqliteConfig::at(&path)).map(drop);
    assert!(matches!(refused, Err(OpenError::Database { .. })), "{refused:?}");
    assert_eq!(std::fs::read_to_string(&path).expect("a file"), text);
    let refused = SqliteStore::open(&SqliteConfig::at(path.join("below"))).map(drop);
    assert!(matches!(refused, Err(OpenError::File { .. })), "{refused:?}");
}

#[tokio::test]
async fn odd_names_of_files_are_names_of_files() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["file:chat.db?mode=memory", "ünï cödé.db", ":memory:", "100%.db"] {
        let path = folder.path().join(name);
        SqliteStore::open(&SqliteConfig::at(&path)).expect("a store").close();
        assert!(std::fs::metadata(&path).expect("a file").len() > 0, "{name}");
    }
}

#[tokio::test]
async fn one_bad_call_does_not_spoil_the_others_of_its_batch() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = config(&folder);
    let store = SqliteStore::open(&config).expect("a store");
    let scene = scene_of(&store);
    let (direct, ann, _) = pair(&scene).await;
    let eve = scene.user("eve").await;
    let first = scene.say(direct, ann, "first").await;
    // While another process holds the lock, all following sends wait for one commit.
    let mut other = beside(&config.path);
    other.batch_execute("BEGIN IMMEDIATE").expect("the lock");
    let mut drafts: Vec<_> = (0..40).map(|number| scene.draft(direct, ann, &format!("message {number}"))).collect();
    // A duplicate id fails in the middle of its statements, an unknown sender before the first.
    drafts[10].id = first.id;
    drafts[20].sender = eve;
    let sends = send_all(&scene, drafts).await;
    other.batch_execute("ROLLBACK").expect("the lock is free");
    let outcomes = outcomes(sends).await;
    assert!(matches!(outcomes[10], Err(ActionError::Store(StoreError::Failed(_)))), "{:?}", outcomes[10]);
    assert!(matches!(outcomes[20], Err(ActionError::Refused(Refusal::NotAParticipant))), "{:?}", outcomes[20]);
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 38);
    scene.assert_numbered_without_gaps(direct, ann).await;
    assert_eq!(scene.overview(direct, ann).await.details.conversation.last_seq, Seq::new(39));
}

#[tokio::test]
async fn a_full_queue_answers_overloaded_and_loses_nothing_it_took() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = SqliteConfig { write_queue: 8, ..config(&folder) };
    let store = SqliteStore::open(&config).expect("a store");
    let scene = scene_of(&store);
    let (direct, ann, _) = pair(&scene).await;
    let mut other = beside(&config.path);
    other.batch_execute("BEGIN IMMEDIATE").expect("the lock");
    let sends = send_all(&scene, (0..2_000).map(|_| scene.draft(direct, ann, "hello")).collect()).await;
    other.batch_execute("ROLLBACK").expect("the lock is free");
    let outcomes = outcomes(sends).await;
    let overloaded = |outcome: &&Result<_, _>| matches!(outcome, Err(ActionError::Store(StoreError::Overloaded)));
    let (refused, stored) =
        (outcomes.iter().filter(overloaded).count(), outcomes.iter().filter(|one| one.is_ok()).count());
    assert!(refused > 1_000 && stored >= 8, "{refused} refused, {stored} stored");
    assert_eq!(refused + stored, 2_000);
    assert_eq!(scene.overview(direct, ann).await.details.conversation.last_seq.get(), stored as u64);
    scene.say(direct, ann, "and again").await;
}

#[tokio::test]
async fn a_database_that_stays_locked_is_unavailable_for_the_moment() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = SqliteConfig { busy_timeout: Duration::from_millis(20), ..config(&folder) };
    let store = SqliteStore::open(&config).expect("a store");
    let scene = scene_of(&store);
    let (direct, ann, bob) = pair(&scene).await;
    let mut other = beside(&config.path);
    other.batch_execute("BEGIN IMMEDIATE").expect("the lock");
    let refused = scene.messages.append(scene.draft(direct, ann, "hello")).await;
    assert!(matches!(refused, Err(ActionError::Store(StoreError::Unavailable(_)))), "{refused:?}");
    assert_eq!(scene.overview(direct, bob).await.unread_count(), 0, "reads still work");
    other.batch_execute("ROLLBACK").expect("the lock is free");
    assert_eq!(scene.say(direct, ann, "hello").await.seq, Seq::new(1));
}

#[tokio::test]
async fn closing_does_what_is_queued_and_refuses_what_comes_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = config(&folder);
    let store = SqliteStore::open(&config).expect("a store");
    let scene = scene_of(&store);
    let (direct, ann, _) = pair(&scene).await;
    let mut other = beside(&config.path);
    other.batch_execute("BEGIN IMMEDIATE").expect("the lock");
    let sends = send_all(&scene, (0..100).map(|_| scene.draft(direct, ann, "hello")).collect()).await;
    other.batch_execute("ROLLBACK").expect("the lock is free");
    store.close();
    let outcomes = outcomes(sends).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    let late = scene.messages.append(scene.draft(direct, ann, "too late")).await;
    assert!(matches!(late, Err(ActionError::Store(StoreError::Unavailable(_)))), "{late:?}");
    let late = scene.conversations.find(direct, ann).await;
    assert!(matches!(late, Err(StoreError::Unavailable(_))), "{late:?}");
    let scene = scene_of(&SqliteStore::open(&config).expect("a store"));
    assert_eq!(scene.overview(direct, ann).await.details.conversation.last_seq, Seq::new(100));
}

#[tokio::test]
async fn text_in_another_encoding_than_utf_8_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("chat.db");
    let mut other = beside(&path);
    other.batch_execute("PRAGMA encoding = 'UTF-16le'; CREATE TABLE notes (body TEXT)").expect("a database");
    drop(other);
    let refused = SqliteStore::open(&SqliteConfig::at(&path)).map(drop);
    assert!(matches!(refused, Err(OpenError::Setting { setting: "encoding", .. })), "{refused:?}");
}

#[test]
fn one_process_at_a_time_serves_a_database_and_commands_work_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = config(&folder);
    let claim = Claim::take(&config.path).expect("the claim is free");
    let store = SqliteStore::open(&config).expect("a store");
    // A second name of the same file.
    let alias = folder.path().join("alias.db");
    std::os::unix::fs::symlink(&config.path, &alias).expect("a link");
    for path in [&config.path, &alias] {
        let refused = Claim::take(path).expect_err("another server holds the claim");
        assert!(matches!(refused, OpenError::InUse { .. }), "{refused:?}");
        assert!(refused.to_string().contains(&std::process::id().to_string()), "{refused}");
    }
    assert_eq!(SqliteStore::migrate(&config.path).expect("migrated"), Vec::<String>::new());
    store.close();
    drop(claim);
    Claim::take(&alias).expect("free again");
}

#[test]
fn a_release_that_the_database_is_too_new_for_does_not_open_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = config(&folder);
    SqliteStore::open(&config).expect("a store").close();
    let next = "INSERT INTO __diesel_schema_migrations (version) VALUES ('99980101000000')";
    beside(&config.path).batch_execute(next).expect("a migration of the next release, which only adds");
    SqliteStore::open(&config).expect("the previous release still works").close();
    let raised = "UPDATE schema_floor SET version = '99980101000000'";
    beside(&config.path).batch_execute(raised).expect("a migration that raises the required version");
    for refused in [SqliteStore::open(&config).map(drop), SqliteStore::migrate(&config.path).map(drop)] {
        let refused = refused.expect_err("too old");
        assert!(matches!(&refused, OpenError::TooOld { needed, .. } if needed == "99980101000000"), "{refused:?}");
    }
}

#[tokio::test]
async fn writes_that_wait_for_a_lock_are_not_taken_for_well() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = SqliteConfig { busy_timeout: Duration::from_millis(20), ..config(&folder) };
    let store = SqliteStore::open(&config).expect("a store");
    assert!(store.check_writes().await.is_ok());
    let mut other = beside(&config.path);
    other.batch_execute("BEGIN IMMEDIATE").expect("the lock");
    let scene = scene_of(&store);
    assert!(scene.users.create(scene.new_user("ann")).await.is_err());
    assert!(matches!(store.check_writes().await, Err(StoreError::Unavailable(_))));
    other.batch_execute("ROLLBACK").expect("the lock is free");
    assert!(store.check_writes().await.is_ok(), "the store recovers by itself");
    scene.user("ann").await;
}
