//! Reads rows that a later release or the previous one has written.

use chat_sqlite::{SqliteConfig, SqliteStore};
use chat_testkit::stores::Stores;
use chat_testkit::stores::newer_rows::{Newer, Unreadable};
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

#[tokio::test]
async fn rows_that_cannot_be_read_are_unknown_or_left_out_and_do_not_stop_the_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = SqliteConfig::at(folder.path().join("chat.db"));
    let store = SqliteStore::open(&config).expect("a store");
    let unreadable = Unreadable::prepare(Stores::of(Arc::new(store), folder)).await;
    let mut beside = SqliteConnection::establish(&config.path.display().to_string()).expect("a connection");
    beside.batch_execute("PRAGMA ignore_check_constraints = ON").expect("no checks");
    for statement in unreadable.statements(|id| format!("x'{}'", id.simple())) {
        beside.batch_execute(&statement).unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    unreadable.assert_read().await;
}
