//! The rows that each call writes, counted by triggers beside the store.

use chat_domain::Seq;
use chat_domain::receipts::{AdvancePositions, ReceiptTarget};
use chat_sqlite::{SqliteConfig, SqliteStore};
use chat_testkit::stores::{Scene, Stores};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use std::sync::Arc;

#[derive(QueryableByName)]
struct Write {
    #[diesel(sql_type = Text)]
    to: String,
}

#[tokio::test]
async fn marking_ten_thousand_messages_read_is_one_rows_update() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("chat.db");
    let store = SqliteStore::open(&SqliteConfig::at(&path)).expect("a store");
    let scene = Scene::new(Stores::of(Arc::new(store), folder));
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let direct = scene.direct(ann, bob).await;
    scene.say(direct, ann, "the first").await;

    let mut beside = SqliteConnection::establish(&path.display().to_string()).expect("a connection");
    let messages = "WITH RECURSIVE numbers (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < 10000)
        INSERT INTO messages (conversation_id, seq, id, pos, sender_id, body, created_at, updated_at)
        SELECT m.conversation_id, n, randomblob(16), n + 1, m.sender_id, 'message ' || n, n, n
        FROM numbers CROSS JOIN messages AS m WHERE m.seq = 1;
        UPDATE conversations SET last_seq = 10000, last_pos = 10001;
        CREATE TABLE writes (\"to\" TEXT NOT NULL);";
    let trigger = |table: &str, verb: &str| {
        format!(
            "CREATE TRIGGER {verb}_{table} AFTER {verb} ON {table}
             BEGIN INSERT INTO writes VALUES ('{verb} {table}'); END;"
        )
    };
    let triggers: String = ["messages", "participants", "conversations", "conversation_changes"]
        .iter()
        .flat_map(|table| ["INSERT", "UPDATE", "DELETE"].map(|verb| trigger(table, verb)))
        .collect();
    beside.batch_execute(&format!("PRAGMA busy_timeout = 5000; {messages} {triggers}")).expect("ten thousand messages");
    assert_eq!(scene.overview(direct, bob).await.unread_count(), 10_000);

    let read = AdvancePositions::Read(ReceiptTarget::Latest);
    let advanced = scene.receipts.advance(direct, bob, read).await.expect("advanced");
    assert_eq!((advanced.before.read, advanced.positions.read), (Seq::ZERO, Seq::new(10_000)));
    assert_eq!(scene.overview(direct, bob).await.unread_count(), 0);
    let writes: Vec<Write> = diesel::sql_query("SELECT * FROM writes").load(&mut beside).expect("writes");
    assert_eq!(writes.iter().map(|write| write.to.as_str()).collect::<Vec<_>>(), ["UPDATE participants"]);
}

#[tokio::test]
async fn groups_made_before_there_were_invites_have_one_now() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("chat.db");
    let store = SqliteStore::open(&SqliteConfig::at(&path)).expect("a store");
    let scene = Scene::new(Stores::of(Arc::new(store.clone()), ()));
    let [ann, bob, eve] = scene.users_named(["ann", "bob", "eve"]).await;
    let (one, other, direct) =
        (scene.group(ann, &[bob]).await, scene.group(ann, &[bob]).await, scene.direct(ann, bob).await);
    drop(scene);
    store.close();
    let mut beside = SqliteConnection::establish(&path.display().to_string()).expect("a connection");
    beside
        .batch_execute(&format!(
            "UPDATE conversations SET invite_code = NULL; {}
             DELETE FROM __diesel_schema_migrations WHERE version = '20260103000000';",
            include_str!("../../../migrations/sqlite/2026-01-03-000000_groups/down.sql")
        ))
        .expect("a database of that version");
    let store = SqliteStore::open(&SqliteConfig::at(&path)).expect("a store");
    let scene = Scene::new(Stores::of(Arc::new(store), folder));
    let code = async |id| scene.overview(id, ann).await.details.conversation.invite_code;
    let (first, second) = (code(one).await.expect("a code"), code(other).await.expect("a code"));
    assert!(first != second && code(direct).await.is_none());
    assert_eq!(scene.join(first, eve).await.expect("joined").0.conversation.id, one);
}
