//! Reads rows of the first release, and recomputes their keys.

use chat_sqlite::{SqliteConfig, SqliteStore};
use chat_testkit::stores::{Stores, old_rows};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use std::sync::Arc;

#[tokio::test]
async fn rows_of_the_first_release_are_read_and_their_keys_computed_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = SqliteConfig::at(folder.path().join("chat.db"));
    SqliteStore::migrate(&config.path).expect("a schema");
    let mut connection = SqliteConnection::establish(&config.path.display().to_string()).expect("a connection");
    for statement in old_rows::statements(|id| format!("x'{}'", id.simple()), |bytes| format!("x'{bytes}'")) {
        connection.batch_execute(&statement).unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    drop(connection);
    drop(SqliteStore::open(&config).expect("a store"));
    let store = SqliteStore::open(&config).expect("the same store again: nothing is left to do");
    old_rows::assert_read_and_renewed(Stores::of(Arc::new(store), folder)).await;
}
