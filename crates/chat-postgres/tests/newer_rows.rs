//! Reads rows that a later release or the previous one has written.

use chat_postgres::{PostgresConfig, PostgresStore};
use chat_testkit::servers::Postgres;
use chat_testkit::stores::Stores;
use chat_testkit::stores::newer_rows::{Newer, Unreadable};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_unknown_kinds_are_read_with_their_effect_and_are_no_error() {
    let server = Postgres::start();
    let url = server.create_database();
    let store = Arc::new(PostgresStore::open(&PostgresConfig::at(url)).await.expect("a store"));
    let newer = Newer::prepare(Stores::of(store, ())).await;
    let statements = newer.statements(
        |id| format!("'{id}'"),
        |users| {
            let ids: Vec<_> = users.iter().map(ToString::to_string).collect();
            format!("'{{{}}}'", ids.join(","))
        },
    );
    for statement in statements {
        server.psql("test_0", &statement);
    }
    newer.assert_read().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_cannot_be_read_are_unknown_or_left_out_and_do_not_stop_the_others() {
    let server = Postgres::start();
    let url = server.create_database();
    let store = Arc::new(PostgresStore::open(&PostgresConfig::at(url)).await.expect("a store"));
    let unreadable = Unreadable::prepare(Stores::of(store, ())).await;
    server.psql("test_0", "ALTER TABLE participants DROP CONSTRAINT participants_role_check");
    for statement in unreadable.statements(|id| format!("'{id}'")) {
        server.psql("test_0", &statement);
    }
    unreadable.assert_read().await;
}
