//! The contract of the stores, on a throw-away server.

use chat_postgres::{PostgresConfig, PostgresStore};
use chat_testkit::servers::Postgres;
use chat_testkit::stores::Stores;
use std::sync::Arc;
use std::time::Duration;

async fn stores() -> Stores {
    let migrate = async |url: String| drop(PostgresStore::migrate(&url).await.expect("a migrated database"));
    let server = Postgres::of_run();
    let url = server.create_migrated_database(migrate).await;
    let guard = server.guard(&url);
    // Hundreds of concurrent calls wait for each other. On a busy machine that may exceed the default timeouts.
    let patient = Duration::from_mins(1);
    let config = PostgresConfig { wait_timeout: patient, statement_timeout: patient, ..PostgresConfig::at(url) };
    let store = PostgresStore::open(&config).await.expect("a store");
    Stores::of(Arc::new(store), guard)
}

chat_testkit::store_contract!(stores);
