//! Migrates databases of earlier versions.

use chat_domain::conversations::MAX_PUSHED_PARTICIPANTS;
use chat_domain::{ChangeRange, Pos};
use chat_sqlite::{SqliteConfig, SqliteStore};
use chat_testkit::stores::{Scene, Stores};
use diesel::SqliteConnection;
use diesel::connection::{Connection as _, SimpleConnection as _};
use std::sync::Arc;

const BEFORE_CONSENT: &str = include_str!("../../../migrations/sqlite/2026-02-04-000000_consent/down.sql");
const BEFORE_RECORDS: &str = include_str!("../../../migrations/sqlite/2026-03-01-000000_change_records/down.sql");
const BEFORE_PLACES: &str = include_str!("../../../migrations/sqlite/2026-03-02-000000_messages_before/down.sql");

#[tokio::test]
async fn those_who_talked_to_each_other_before_consent_was_asked_for_have_given_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("chat.db");
    let store = SqliteStore::open(&SqliteConfig::at(&path)).expect("a store");
    let scene = Scene::new(Stores::of(Arc::new(store.clone()), ()));
    let [ann, bob, eve] = scene.users_named(["ann", "bob", "eve"]).await;
    let talk = scene.talk(ann, bob).await;
    let direct = scene.direct(eve, ann).await;
    scene.say(direct, eve, "hey").await;
    let group = scene.group(ann, &[bob]).await;
    scene.remove(group, ann, bob).await;
    drop(scene);
    store.close();
    let mut beside = SqliteConnection::establish(&path.display().to_string()).expect("a connection");
    let sql = format!("{BEFORE_CONSENT} DELETE FROM __diesel_schema_migrations WHERE version = '20260204000000';");
    beside.batch_execute(&sql).expect("a database of that version");

    let store = SqliteStore::open(&SqliteConfig::at(&path)).expect("a store");
    let scene = Scene::new(Stores::of(Arc::new(store), folder));
    let told = async |user| {
        scene.conversations.list_presence_audience(user, MAX_PUSHED_PARTICIPANTS, 10).await.expect("conversations")
    };
    assert_eq!((told(bob).await, told(eve).await), (vec![talk], Vec::new()));
    scene.say(direct, ann, "who are you?").await;
    assert_eq!(told(eve).await, [direct]);
    let code = scene.overview(group, ann).await.details.conversation.invite_code.expect("a code");
    scene.join(code, bob).await.expect("the old schema did not store who removed the user");
}

#[tokio::test]
async fn changes_of_the_previous_release_get_their_effect_and_read_back_as_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("chat.db");
    let store = SqliteStore::open(&SqliteConfig::at(&path)).expect("a store");
    let scene = Scene::new(Stores::of(Arc::new(store.clone()), ()));
    let log = scene.changing_group().await;
    drop(scene);
    store.close();
    let mut beside = SqliteConnection::establish(&path.display().to_string()).expect("a connection");
    let versions = "('20260301000000', '20260302000000')";
    let delete = format!("DELETE FROM __diesel_schema_migrations WHERE version IN {versions}");
    let sql = format!("{BEFORE_PLACES} {BEFORE_RECORDS} {delete};");
    beside.batch_execute(&sql).expect("a database of the previous release");

    let store = SqliteStore::open(&SqliteConfig::at(&path)).expect("a store");
    let scene = Scene::new(Stores::of(Arc::new(store), folder));
    assert_eq!(scene.all_changes(log[0].conversation_id).await, log);
}

#[tokio::test]
async fn messages_of_the_previous_release_are_found_by_their_pos_before_and_after_a_rollback() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("chat.db");
    let open = || SqliteStore::open(&SqliteConfig::at(&path)).expect("a store");
    let store = open();
    let scene = Scene::new(Stores::of(Arc::new(store.clone()), ()));
    let [ann, bob, cid] = scene.users_named(["ann", "bob", "cid"]).await;
    let group = scene.group(ann, &[bob]).await;
    scene.say_many(group, bob, 3).await;
    scene.add(group, ann, cid).await;
    scene.say_many(group, cid, 2).await;
    let silent = scene.group(ann, &[bob]).await;
    let before = scene.all_changes(group).await;
    drop(scene);
    store.close();
    let mut beside = SqliteConnection::establish(&path.display().to_string()).expect("a connection");
    let sql = format!("{BEFORE_PLACES} DELETE FROM __diesel_schema_migrations WHERE version = '20260302000000';");
    beside.batch_execute(&sql).expect("a database of the previous release");

    let store = open();
    let scene = Scene::new(Stores::of(Arc::new(store.clone()), ()));
    assert_eq!(scene.all_changes(group).await, before);
    assert_eq!(scene.all_changes(silent).await.len(), 1);
    // The previous release writes a message, a record without the new column, and a message.
    let statements = "
        INSERT INTO messages (conversation_id, seq, id, pos, sender_id, body, created_at, updated_at)
        SELECT id, last_seq + 1, randomblob(16), last_pos + 1, created_by, 'of then', updated_at, updated_at
        FROM conversations WHERE last_seq > 0;
        UPDATE conversations SET last_seq = last_seq + 1, last_pos = last_pos + 1 WHERE last_seq > 0;";
    let record = "
        UPDATE conversations SET last_pos = last_pos + 1 WHERE last_seq > 0;
        INSERT INTO conversation_changes (conversation_id, pos, kind, at, user_id, role, effect)
        SELECT id, last_pos, 'updated', updated_at, NULL, NULL, 'none' FROM conversations WHERE last_seq > 0;";
    beside.batch_execute(&format!("{statements} {record} {statements}")).expect("rows of the previous release");
    scene.say(group, ann, "back again").await;
    scene.assert_numbered_without_gaps(group, ann).await;
    for after in 0..=11 {
        let range = ChangeRange { conversation_id: group, after: Pos::new(after), up_to: Pos::new(after + 2) };
        let found = scene.changes.list_changes(&[range], u32::MAX).await.expect("changes");
        let positions: Vec<_> = found.iter().map(|change| change.pos.get()).collect();
        assert_eq!(positions, (after + 1..=11.min(after + 2)).collect::<Vec<_>>());
    }
}
