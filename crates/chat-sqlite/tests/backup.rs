//! Backups and their restoration, on files.

use chat_domain::EpochStore as _;
use chat_sqlite::{BackupError, Claim, OpenError, SqliteConfig, SqliteStore};
use chat_testkit::stores::{Scene, Stores};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;
use std::collections::BTreeSet;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

/// How many users write while a backup is made.
const WRITERS: usize = 4;

struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn database(&self) -> PathBuf {
        self.path("chat.db")
    }

    fn open(&self) -> (SqliteStore, Scene) {
        open(&self.database())
    }

    fn names(&self) -> BTreeSet<String> {
        let entries = std::fs::read_dir(self.folder.path()).expect("a folder");
        entries.map(|entry| entry.expect("a file").file_name().to_string_lossy().into_owned()).collect()
    }

    /// A database with one message, which is closed.
    async fn with_a_message(text: &str) -> Self {
        let place = Self::new();
        let (store, scene) = place.open();
        let [ann, bob] = scene.users_named(["ann", "bob"]).await;
        let direct = scene.direct(ann, bob).await;
        scene.say(direct, ann, text).await;
        drop(scene);
        store.close();
        place
    }

    fn texts(&self) -> Vec<String> {
        #[derive(QueryableByName)]
        struct Message {
            #[diesel(sql_type = Text)]
            body: String,
        }
        let found = diesel::sql_query("SELECT body FROM messages ORDER BY body").load::<Message>(&mut beside(self));
        found.expect("messages").into_iter().map(|message| message.body).collect()
    }
}

fn open(path: &Path) -> (SqliteStore, Scene) {
    let store = SqliteStore::open(&SqliteConfig::at(path)).expect("a store");
    let scene = Scene::new(Stores::of(Arc::new(store.clone()), ()));
    (store, scene)
}

fn beside(place: &Place) -> SqliteConnection {
    SqliteConnection::establish(&place.database().display().to_string()).expect("a connection")
}

fn assert_is_whole(path: &Path) {
    #[derive(QueryableByName)]
    struct Check {
        #[diesel(sql_type = Text)]
        integrity_check: String,
    }
    let mut connection = SqliteConnection::establish(&path.display().to_string()).expect("a connection");
    let checked: Vec<Check> = diesel::sql_query("PRAGMA integrity_check").load(&mut connection).expect("a check");
    assert_eq!(checked.iter().map(|check| check.integrity_check.as_str()).collect::<Vec<_>>(), ["ok"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_is_made_while_many_write_is_one_state_of_the_database() {
    let place = Place::new();
    let (store, scene) = place.open();
    let epoch = store.epoch().await.expect("an epoch");
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let mut groups = Vec::new();
    for _ in 0..WRITERS {
        groups.push(scene.group(ann, &[bob]).await);
    }
    let is_over = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = groups
        .iter()
        .map(|group| {
            let (scene, is_over, group) = (scene.clone(), is_over.clone(), *group);
            tokio::spawn(async move {
                let mut sent = 0_usize;
                while !is_over.load(Ordering::Acquire) {
                    scene.say(group, ann, "more").await;
                    sent += 1;
                }
                sent
            })
        })
        .collect();
    let mut lengths = Vec::new();
    for number in 0..3 {
        let copy = place.path(&format!("copy-{number}"));
        let (database, made) = (place.database(), copy.clone());
        tokio::task::spawn_blocking(move || SqliteStore::backup(&database, &made))
            .await
            .expect("a task")
            .expect("made");
        assert_is_whole(&copy);
        let other = place.path(&format!("other-{number}.db"));
        let restored = SqliteStore::restore(&copy, &other).expect("restored");
        assert_is_whole(&other);
        let (store, scene) = open(&other);
        assert_ne!(restored, epoch);
        assert_eq!(store.epoch().await.expect("an epoch"), restored);
        let mut length = 0;
        for group in &groups {
            scene.assert_numbered_without_gaps(*group, ann).await;
            length += scene.all_changes(*group).await.len();
        }
        lengths.push(length);
    }
    is_over.store(true, Ordering::Release);
    let mut sent = 0;
    for writer in writers {
        sent += writer.await.expect("a writer");
    }
    assert!(lengths.is_sorted() && lengths[2] > lengths[0], "the writers were not held up: {lengths:?}, {sent} sent");
}

#[tokio::test]
async fn a_backup_replaces_no_file_and_leaves_no_other_behind() {
    let place = Place::with_a_message("hello").await;
    let copy = place.path("copy");
    SqliteStore::backup(&place.database(), &copy).expect("made");
    assert_eq!(std::fs::metadata(&copy).expect("a file").permissions().mode() & 0o777, 0o600);
    let (names, content) = (place.names(), std::fs::read(&copy).expect("a file"));
    assert_eq!(names, ["chat.db", "copy"].map(String::from).into());
    let refused = SqliteStore::backup(&place.database(), &copy);
    assert!(matches!(refused, Err(BackupError::Exists(_))), "{refused:?}");
    let no_folder = SqliteStore::backup(&place.database(), &place.path("none/copy"));
    assert!(matches!(no_folder, Err(BackupError::File { .. })), "{no_folder:?}");
    let no_database = SqliteStore::backup(&copy.with_file_name("none.db"), &place.path("another"));
    assert!(matches!(no_database, Err(BackupError::Copy { .. })), "{no_database:?}");
    assert_eq!((place.names(), std::fs::read(&copy).expect("a file")), (names, content));
}

#[tokio::test]
async fn a_restored_database_replaces_the_present_one_and_its_log() {
    let (old, place) = (Place::with_a_message("of the backup").await, Place::with_a_message("lost").await);
    let copy = old.path("copy");
    SqliteStore::backup(&old.database(), &copy).expect("made");
    let content = std::fs::read(&copy).expect("a file");
    // A killed server leaves its log behind.
    let mut killed = beside(&place);
    killed.batch_execute("PRAGMA journal_mode = WAL; UPDATE messages SET body = 'in the log'").expect("written");
    for file in ["chat.db", "chat.db-wal"] {
        std::fs::copy(place.path(file), place.path(&format!("killed-{file}"))).expect("a copy");
    }
    drop(killed);
    for file in ["chat.db", "chat.db-wal"] {
        std::fs::rename(place.path(&format!("killed-{file}")), place.path(file)).expect("as it was");
    }
    std::fs::write(place.path("chat.db.restoring"), "of a restoration that was killed").expect("written");
    SqliteStore::restore(&copy, &place.database()).expect("restored");
    assert_eq!(place.names(), ["chat.db", "chat.db.lock"].map(String::from).into());
    assert_eq!(place.texts(), ["of the backup"]);
    assert_eq!(std::fs::read(&copy).expect("a file"), content, "the backup stays as it was");
    assert_eq!(std::fs::metadata(place.database()).expect("a file").permissions().mode() & 0o777, 0o600);
    assert_is_whole(&place.database());
}

#[tokio::test]
async fn what_root_restores_without_a_present_database_belongs_to_the_owner_of_the_folder() {
    const SERVER: u32 = 4_321;
    let (old, place) = (Place::with_a_message("of the backup").await, Place::new());
    let copy = old.path("copy");
    SqliteStore::backup(&old.database(), &copy).expect("made");
    // Only root can give the folder to another user; other users restore for themselves.
    let _ = chown(place.folder.path(), Some(SERVER), Some(SERVER));
    let folder = std::fs::metadata(place.folder.path()).expect("a folder");
    SqliteStore::restore(&copy, &place.path("new/data/chat.db")).expect("restored");
    for name in ["new", "new/data", "new/data/chat.db", "new/data/chat.db.lock"] {
        let file = std::fs::metadata(place.path(name)).expect("a file");
        assert_eq!((file.uid(), file.gid()), (folder.uid(), folder.gid()), "{name}");
    }
}

#[tokio::test]
async fn a_backup_of_an_earlier_release_is_migrated() {
    let place = Place::with_a_message("of old").await;
    let before = include_str!("../../../migrations/sqlite/2026-04-03-000000_epoch/down.sql");
    let sql = format!("{before} DELETE FROM __diesel_schema_migrations WHERE version = '20260403000000';");
    beside(&place).batch_execute(&sql).expect("a database of an earlier release");
    let copy = place.path("copy");
    SqliteStore::backup(&place.database(), &copy).expect("made");
    let restored = SqliteStore::restore(&copy, &place.database()).expect("restored");
    assert_eq!(place.open().0.epoch().await.expect("an epoch"), restored);
}

#[tokio::test]
async fn what_cannot_be_restored_changes_nothing() {
    let (old, place) = (Place::with_a_message("of the backup").await, Place::with_a_message("present").await);
    let copy = old.path("copy");
    SqliteStore::backup(&old.database(), &copy).expect("made");
    let try_to_restore = |file: &str| SqliteStore::restore(&old.path(file), &place.database());

    std::fs::write(old.path("empty"), "").expect("written");
    std::fs::write(old.path("text"), "no database ".repeat(1_000)).expect("written");
    let whole = std::fs::read(&copy).expect("a file");
    std::fs::write(old.path("half"), &whole[..whole.len() / 2]).expect("written");
    let mut foreign = SqliteConnection::establish(&old.path("foreign").display().to_string()).expect("a connection");
    foreign.batch_execute("CREATE TABLE messages (id INTEGER)").expect("another program's database");
    for (file, is_ours) in [("none", false), ("empty", false), ("text", true), ("half", true), ("foreign", false)] {
        let refused = try_to_restore(file).expect_err(file);
        assert_eq!(matches!(refused, BackupError::NotOurs(_)), !is_ours, "{file}: {refused:?}");
    }
    let newer = old.path("newer");
    std::fs::copy(&copy, &newer).expect("a copy");
    let mut newer = SqliteConnection::establish(&newer.display().to_string()).expect("a connection");
    newer.batch_execute("UPDATE schema_floor SET version = '99980101000000'").expect("a newer release's");
    let refused = try_to_restore("newer");
    assert!(matches!(refused, Err(BackupError::Open(OpenError::TooOld { .. }))), "{refused:?}");

    let serving = Claim::take(&place.database()).expect("the right to serve");
    let refused = try_to_restore("copy");
    assert!(matches!(refused, Err(BackupError::Open(OpenError::InUse { .. }))), "{refused:?}");
    drop(serving);
    let mut reading = beside(&place);
    reading.batch_execute("PRAGMA journal_mode = WAL; BEGIN; SELECT * FROM messages").expect("a reader");
    let refused = try_to_restore("copy");
    assert!(matches!(refused, Err(BackupError::Busy(_))), "{refused:?}");
    drop(reading);

    assert_eq!(place.texts(), ["present"]);
    assert_eq!(place.names(), ["chat.db", "chat.db.lock"].map(String::from).into());
    try_to_restore("copy").expect("restored");
    assert_eq!(place.texts(), ["of the backup"]);
}

#[tokio::test]
async fn a_present_database_that_cannot_be_read_is_left_for_the_operator_to_move() {
    let place = Place::with_a_message("hello").await;
    let copy = place.path("copy");
    SqliteStore::backup(&place.database(), &copy).expect("made");
    std::fs::write(place.database(), "damaged ".repeat(1_000)).expect("written");
    let refused = SqliteStore::restore(&copy, &place.database());
    assert!(matches!(refused, Err(BackupError::Damaged { .. })), "{refused:?}");
    assert!(std::fs::read(place.database()).expect("a file").starts_with(b"damaged"));
    std::fs::rename(place.database(), place.path("damaged.db")).expect("moved");
    SqliteStore::restore(&copy, &place.database()).expect("restored");
    assert_eq!(place.texts(), ["hello"]);
}
