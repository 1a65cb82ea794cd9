//! Migrates databases of earlier versions.

use chat_domain::conversations::{ConversationStore as _, MAX_PUSHED_PARTICIPANTS};
use chat_postgres::{PostgresConfig, PostgresStore};
use chat_testkit::servers::Postgres;
use chat_testkit::stores::{Scene, Stores};
use std::sync::Arc;

const BEFORE_CONSENT: &str = include_str!("../../../migrations/postgres/2026-02-04-000000_consent/down.sql");
const BEFORE_RECORDS: &str = include_str!("../../../migrations/postgres/2026-03-01-000000_change_records/down.sql");

/// The schema of the previous release, and the versions of its parts in diesel's table.
const RELEASE_BEFORE: [(&str, &str); 3] = [
    ("20260101000000", include_str!("../../../migrations/postgres/2026-01-01-000000_chat/up.sql")),
    ("20260102000000", include_str!("../../../migrations/postgres/2026-01-02-000000_joining/up.sql")),
    ("20260103000000", include_str!("../../../migrations/postgres/2026-01-03-000000_groups/up.sql")),
];

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
    let sql = format!("{BEFORE_CONSENT} DELETE FROM __diesel_schema_migrations WHERE version LIKE '20260204%';");
    server.psql("test_0", &sql);

    let (scene, store) = open(&url).await;
    let told =
        async |user| store.list_presence_audience(user, MAX_PUSHED_PARTICIPANTS, 10).await.expect("conversations");
    assert_eq!((told(bob).await, told(eve).await), (vec![talk], Vec::new()));
    scene.say(direct, ann, "who are you?").await;
    assert_eq!(told(eve).await, [direct]);
    let code = scene.overview(group, ann).await.details.conversation.invite_code.expect("a code");
    scene.join(code, bob).await.expect("the old schema did not store who removed the user");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_the_previous_release_get_their_effect_and_read_back_as_before() {
    let server = Postgres::start();
    let url = server.create_database();
    let (scene, store) = open(&url).await;
    let log = scene.changing_group().await;
    store.close().await;
    let effects = "SELECT string_agg(coalesce(effect, 'NULL'), ' ' ORDER BY conversation_id, pos) \
                   FROM conversation_changes";
    let stored = server.psql("test_0", effects);
    let delete = "DELETE FROM __diesel_schema_migrations WHERE version LIKE '20260301%'";
    server.psql("test_0", &format!("{BEFORE_RECORDS} {delete};"));

    let (scene, store) = open(&url).await;
    assert_eq!(server.psql("test_0", effects), stored);
    assert_eq!(scene.all_changes(log[0].conversation_id).await, log);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_gives_way_to_transactions_of_nodes_that_serve_and_is_repeated() {
    let server = Postgres::start();
    let url = server.create_database();
    server.psql(
        "test_0",
        "CREATE TABLE __diesel_schema_migrations (
             version VARCHAR(50) PRIMARY KEY, run_on TIMESTAMP NOT NULL DEFAULT now())",
    );
    for (version, sql) in RELEASE_BEFORE {
        server.psql("test_0", &format!("{sql}; INSERT INTO __diesel_schema_migrations VALUES ('{version}')"));
    }
    // A send of the previous release: it locks its conversation, and then reads users.
    let mut send = server.begin("test_0", "SELECT 1 FROM conversations");
    let migrating = tokio::spawn(async move { PostgresStore::migrate(&url).await });
    let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'
                 AND relation = 'conversations'::regclass";
    while server.psql("test_0", waits) == "0" {
        assert!(!migrating.is_finished(), "the migration did not wait");
    }
    // The migration has locked users and waits for conversations, so the two wait for each other.
    send.run("SELECT 1 FROM users");
    let others = server.psql("test_0", "SET statement_timeout = '10s'; SELECT count(*) FROM conversations");
    assert_eq!(others, "0", "queries behind the migration run while it waits");
    assert!(!migrating.is_finished(), "the transaction is still open");
    send.commit();
    let applied = migrating.await.expect("no panic").expect("migrated");
    assert!(applied.contains(&"20260201000000".to_owned()) && applied.contains(&"20260203000001".to_owned()));
}
