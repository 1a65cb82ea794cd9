use crate::connect::Connector;
use crate::{OpenError, start};
use chat_domain::BoxError;
use diesel::sql_types::BigInt;
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::time::Duration;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// Names the lock that nodes take before they look at the schema: any number, as long as nobody else on this server
/// uses it.
const LOCK: i64 = 0x63_68_61_74_6d_69_67;

/// Brings the schema up to date; nodes that start at once do it one after the other. The lock ends with the connection.
pub(crate) async fn migrate(connector: &Connector, patience: Duration) -> Result<Vec<String>, OpenError> {
    let connection = start::wait_for(patience, || connector.connect_patiently()).await?;
    // Diesel's migrations are made for connections that block; they run on a thread that may.
    tokio::task::spawn_blocking(move || run(connection))
        .await
        .map_err(|error| OpenError::Migration(error.into()))?
        .map_err(OpenError::Migration)
}

fn run(connection: AsyncPgConnection) -> Result<Vec<String>, BoxError> {
    use diesel::RunQueryDsl;
    let mut connection: AsyncConnectionWrapper<AsyncPgConnection> = connection.into();
    diesel::sql_query("SELECT pg_advisory_lock($1)").bind::<BigInt, _>(LOCK).execute(&mut connection)?;
    let applied = connection.run_pending_migrations(MIGRATIONS)?;
    Ok(applied.iter().map(ToString::to_string).collect())
}
