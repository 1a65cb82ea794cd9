//! Databases of earlier versions are brought up to date.

use chat_domain::conversations::{ConversationStore as _, MAX_PUSHED_PARTICIPANTS};
use chat_postgres::{PostgresConfig, PostgresStore};
use chat_testkit::servers::Postgres;
use chat_testkit::stores::{Scene, Stores};
use std::sync::Arc;

const BEFORE_CONSENT: &str = include_str!("../../../migrations/postgres/2026-02-04-000000_consent/down.sql");

async fn open(url: &str) -> (Scene, Arc<PostgresStore>) {
    let store = Arc::new(PostgresStore::open(&PostgresConfig::at(url)).await.expect("a store"));
    (Scene::new(Stores::of(store.clone(), ())), store)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_talked_to_each_other_before_consent_was_asked_for_have_given_it() {
    let server = Postgres::start();
    let url = server.create_database();
    let (scene, store) = open(&url).await;
    let [ann, bob, eve] = scene.users_named(["ann", "bob", "eve"]).await;
    let talk = scene.talk(ann, bob).await;
    let direct = scene.direct(eve, ann).await;
    scene.say(direct, eve, "hey").await;
    let group = scene.group(ann, &[bob]).await;
    scene.remove(group, ann, bob).await;
    store.close().await;
    let sql = format!("{BEFORE_CONSENT} DELETE FROM __diesel_schema_migrations WHERE version = '20260204000000';");
    server.psql("test_0", &sql);

    let (scene, store) = open(&url).await;
    let told =
        async |user| store.list_presence_audience(user, MAX_PUSHED_PARTICIPANTS, 10).await.expect("conversations");
    assert_eq!((told(bob).await, told(eve).await), (vec![talk], Vec::new()));
    scene.say(direct, ann, "who are you?").await;
    assert_eq!(told(eve).await, [direct]);
    let code = scene.overview(group, ann).await.details.conversation.invite_code.expect("a code");
    scene.join(code, bob).await.expect("who removed whom was not known then");
}
