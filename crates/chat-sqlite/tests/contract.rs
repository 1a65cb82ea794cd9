//! The contract of the stores, on a database file.

use chat_sqlite::{SqliteConfig, SqliteStore};
use chat_testkit::stores::Stores;
use std::sync::Arc;

async fn stores() -> Stores {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(&SqliteConfig::at(folder.path().join("chat.db"))).expect("a store");
    Stores::of(Arc::new(store), folder)
}

chat_testkit::store_contract!(stores);
