//! The contract of the stores, on a throw-away server.

use chat_postgres::{PostgresConfig, PostgresStore};
use chat_testkit::servers::Postgres;
use chat_testkit::stores::Stores;
use std::sync::Arc;

async fn stores() -> Stores {
    let migrate = async |url: String| drop(PostgresStore::migrate(&url).await.expect("a migrated database"));
    let url = Postgres::shared().create_migrated_database(migrate).await;
    let store = PostgresStore::open(&PostgresConfig::at(url)).await.expect("a store");
    Stores::of(Arc::new(store), ())
}

chat_testkit::store_contract!(stores);
