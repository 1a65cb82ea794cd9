use crate::check::check;
use crate::connect::Connector;
use crate::{OpenError, PostgresConfig, keys, start};
use chat_domain::BoxError;
use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel::sql_types::{BigInt, Bool, Text};
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// Names the lock that nodes take before they look at the schema: any number, as long as nobody else on this server
/// uses it.
const LOCK: i64 = 0x63_68_61_74_6d_69_67;

/// Checks the server and brings the schema up to date; nodes that start at once do it one after the other. The lock ends
/// with the connection.
pub(crate) async fn migrate(connector: &Connector, config: &PostgresConfig) -> Result<Vec<String>, OpenError> {
    let mut connection = start::wait_for(config.start_timeout, || connector.connect_patiently()).await?;
    check(&mut connection, config).await?;
    // Diesel's migrations are made for connections that block; they run on a thread that may.
    let running = tokio::task::spawn_blocking(move || run(connection));
    let (mut connection, applied) = running.await.map_err(|error| OpenError::Migration(error.into()))??;
    keys::renew(&mut connection).await.map_err(|fault| OpenError::Migration(fault.into()))?;
    Ok(applied)
}

fn run(connection: AsyncPgConnection) -> Result<(AsyncPgConnection, Vec<String>), OpenError> {
    use diesel::RunQueryDsl;
    let mut connection: AsyncConnectionWrapper<AsyncPgConnection> = connection.into();
    let locked = diesel::sql_query("SELECT pg_advisory_lock($1)").bind::<BigInt, _>(LOCK).execute(&mut connection);
    locked.map_err(|error| OpenError::Migration(error.into()))?;
    let known = newest_known().map_err(OpenError::Migration)?;
    if let Some(needed) = floor(&mut connection).map_err(|error| OpenError::Migration(error.into()))?
        && needed > known
    {
        return Err(OpenError::TooOld { known, needed });
    }
    let applied = connection.run_pending_migrations(MIGRATIONS).map_err(OpenError::Migration)?;
    let applied = applied.iter().map(ToString::to_string).collect();
    Ok((connection.into_inner(), applied))
}

/// The version of the newest migration of this release. Versions are dates, and are compared as text.
fn newest_known() -> Result<String, BoxError> {
    let migrations = MigrationSource::<Pg>::migrations(&MIGRATIONS)?;
    Ok(migrations.iter().map(|migration| migration.name().version().to_string()).max().unwrap_or_default())
}

#[derive(diesel::QueryableByName)]
struct Exists {
    #[diesel(sql_type = Bool)]
    exists: bool,
}

#[derive(diesel::QueryableByName)]
struct Floor {
    #[diesel(sql_type = Text)]
    version: String,
}

/// The oldest version that the database asks for; `None` where no release has said so yet.
fn floor(connection: &mut AsyncConnectionWrapper<AsyncPgConnection>) -> diesel::QueryResult<Option<String>> {
    use diesel::{OptionalExtension, RunQueryDsl};
    let found: Exists =
        diesel::sql_query("SELECT to_regclass('schema_floor') IS NOT NULL AS exists").get_result(connection)?;
    if !found.exists {
        return Ok(None);
    }
    let floor = diesel::sql_query("SELECT version FROM schema_floor").get_result::<Floor>(connection).optional()?;
    Ok(floor.map(|floor| floor.version))
}
