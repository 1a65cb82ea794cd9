//! Reads changes that a later release or the previous one has written.

use chat_sqlite::{SqliteConfig, SqliteStore};
use chat_testkit::stores::Stores;
use chat_testkit::stores::newer_rows::Newer;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use std::sync::Arc;

#[tokio::test]
async fn changes_of_unknown_kinds_are_read_with_their_effect_and_are_no_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = SqliteConfig::at(folder.path().join("chat.db"));
    let store = SqliteStore::open(&config).expect("a store");
    let newer = Newer::prepare(Stores::of(Arc::new(store), folder)).await;
    let mut beside = SqliteConnection::establish(&config.path.display().to_string()).expect("a connection");
    let id = |id: uuid::Uuid| format!("x'{}'", id.simple());
    let statements = newer.statements(id, |users| {
        let digits: String = users.iter().map(|user| user.as_uuid().simple().to_string()).collect();
        format!("x'{digits}'")
    });
    for statement in statements {
        beside.batch_execute(&statement).unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    newer.assert_read().await;
}
