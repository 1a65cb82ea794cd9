//! Migrates databases of earlier versions.

use chat_domain::conversations::MAX_PUSHED_PARTICIPANTS;
use chat_sqlite::{SqliteConfig, SqliteStore};
use chat_testkit::stores::{Scene, Stores};
use diesel::SqliteConnection;
use diesel::connection::{Connection as _, SimpleConnection as _};
use std::sync::Arc;

const BEFORE_CONSENT: &str = include_str!("../../../migrations/sqlite/2026-02-04-000000_consent/down.sql");
const BEFORE_RECORDS: &str = include_str!("../../../migrations/sqlite/2026-03-01-000000_change_records/down.sql");

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
    let sql = format!("{BEFORE_RECORDS} DELETE FROM __diesel_schema_migrations WHERE version LIKE '20260301%';");
    beside.batch_execute(&sql).expect("a database of the previous release");

    let store = SqliteStore::open(&SqliteConfig::at(&path)).expect("a store");
    let scene = Scene::new(Stores::of(Arc::new(store), folder));
    assert_eq!(scene.all_changes(log[0].conversation_id).await, log);
}
