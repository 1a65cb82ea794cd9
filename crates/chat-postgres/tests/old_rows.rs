//! Reads rows of the first release, and recomputes their keys.

use chat_postgres::{PostgresConfig, PostgresStore};
use chat_testkit::servers::Postgres;
use chat_testkit::stores::{Stores, old_rows};
use std::sync::Arc;

#[tokio::test]
async fn rows_of_the_first_release_are_read_and_their_keys_computed_anew() {
    let server = Postgres::start();
    let url = server.create_database();
    PostgresStore::migrate(&url).await.expect("a schema");
    let rows = old_rows::statements(|id| format!("'{id}'"), |bytes| format!("'\\x{bytes}'::bytea"));
    server.psql("test_0", &rows.join(";\n"));
    let store = PostgresStore::open(&PostgresConfig::at(&url)).await.expect("a store");
    store.close().await;
    let store = PostgresStore::open(&PostgresConfig::at(url)).await.expect("the same again: nothing is left to do");
    old_rows::assert_read_and_renewed(Stores::of(Arc::new(store), server)).await;
}
