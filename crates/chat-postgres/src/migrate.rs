use crate::check::check;
use crate::connect::Connector;
use crate::fault::lost_to_locks;
use crate::{OpenError, PostgresConfig, keys, start};
use chat_domain::BoxError;
use diesel::connection::SimpleConnection as _;
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::pg::Pg;
use diesel::sql_types::{BigInt, Bool, Text};
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::thread;
use std::time::Duration;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// The key of the lock that nodes take before they read the schema: any number that nothing else on this server uses.
const LOCK: i64 = 0x63_68_61_74_6d_69_67;

/// How long a statement of a migration waits for a lock. Meanwhile every query on the table waits behind it, so this is
/// short; it is longer than the server's `deadlock_timeout` (1 s), after which an autovacuum gives way.
const LOCK_TIMEOUT: &str = "SET lock_timeout = '2s'";

/// Building an index concurrently waits for older transactions, and no other query waits for it meanwhile.
const NO_LOCK_TIMEOUT: &str = "SET lock_timeout = 0";

/// Removes the incomplete indexes that failed attempts to build them concurrently left.
const DROP_INCOMPLETE: &str = "
    DO $$
    DECLARE
        found REGCLASS;
    BEGIN
        FOR found IN SELECT indexrelid FROM pg_index WHERE NOT indisvalid
                     AND indrelid = to_regclass('conversation_changes')
        LOOP
            EXECUTE 'DROP INDEX ' || found;
        END LOOP;
    END
    $$";

/// How often a migration is tried while transactions of serving nodes block it.
const MAX_ATTEMPTS: u32 = 30;

/// The pause between two attempts, so that queries waiting behind the migration can run.
const PAUSE: Duration = Duration::from_millis(500);

/// The pause between two questions whether it is this node's turn to migrate.
const TURN_PAUSE: Duration = Duration::from_millis(100);

/// Checks the server and migrates the schema. Nodes that start at once do so one after the other. The lock ends with
/// the connection.
pub(crate) async fn migrate(connector: &Connector, config: &PostgresConfig) -> Result<Vec<String>, OpenError> {
    let mut connection = start::wait_for(config.start_timeout, || connector.connect_patiently()).await?;
    check(&mut connection, config).await?;
    // Diesel's migrations need a blocking connection; they run on a thread that may block.
    let running = tokio::task::spawn_blocking(move || run(connection));
    let (mut connection, applied) = running.await.map_err(|error| OpenError::Migration(error.into()))??;
    keys::renew(&mut connection).await.map_err(|fault| OpenError::Migration(fault.into()))?;
    Ok(applied)
}

/// Whether any migration has run in this database.
pub(crate) async fn has_schema(connector: &Connector, config: &PostgresConfig) -> Result<bool, OpenError> {
    use diesel_async::RunQueryDsl;
    let mut connection = start::wait_for(config.start_timeout, || connector.connect_patiently()).await?;
    let found = diesel::sql_query("SELECT to_regclass('conversations') IS NOT NULL AS exists");
    let found: Exists =
        found.get_result(&mut connection).await.map_err(|error| OpenError::Unreachable(error.into()))?;
    Ok(found.exists)
}

fn run(connection: AsyncPgConnection) -> Result<(AsyncPgConnection, Vec<String>), OpenError> {
    let mut connection: AsyncConnectionWrapper<AsyncPgConnection> = connection.into();
    take_turn(&mut connection).map_err(|error| OpenError::Migration(error.into()))?;
    let known = newest_known().map_err(OpenError::Migration)?;
    if let Some(needed) = floor(&mut connection).map_err(|error| OpenError::Migration(error.into()))?
        && needed > known
    {
        return Err(OpenError::TooOld { known, needed });
    }
    let applied = run_pending(&mut connection).map_err(OpenError::Migration)?;
    connection.batch_execute(NO_LOCK_TIMEOUT).map_err(|error| OpenError::Migration(error.into()))?;
    Ok((connection.into_inner(), applied))
}

fn run_pending(connection: &mut AsyncConnectionWrapper<AsyncPgConnection>) -> Result<Vec<String>, BoxError> {
    let (mut applied, mut attempts) = (Vec::new(), 0);
    while let Some(next) = connection.pending_migrations(MIGRATIONS)?.first() {
        match try_migration(connection, &**next) {
            Ok(version) => {
                applied.push(version.to_string());
                attempts = 0;
            }
            Err(error) if attempts + 1 < MAX_ATTEMPTS && lost_to_locks(&error.to_string()) => {
                attempts += 1;
                tracing::warn!(%error, "a migration could not get a lock while nodes are serving; retrying");
                thread::sleep(PAUSE);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(applied)
}

fn try_migration(
    connection: &mut AsyncConnectionWrapper<AsyncPgConnection>,
    migration: &dyn Migration<Pg>,
) -> Result<MigrationVersion<'static>, BoxError> {
    connection.batch_execute(LOCK_TIMEOUT)?;
    connection.batch_execute(DROP_INCOMPLETE)?;
    if !migration.metadata().run_in_transaction() {
        connection.batch_execute(NO_LOCK_TIMEOUT)?;
    }
    connection.run_migration(migration)
}

/// Waits without a limit for the nodes that started before this one. It asks again and again: a statement that waits
/// for the lock is a transaction, and building an index concurrently waits for all transactions.
fn take_turn(connection: &mut AsyncConnectionWrapper<AsyncPgConnection>) -> diesel::QueryResult<()> {
    use diesel::RunQueryDsl;
    let ask = || diesel::sql_query("SELECT pg_try_advisory_lock($1) AS exists").bind::<BigInt, _>(LOCK);
    while !ask().get_result::<Exists>(connection)?.exists {
        thread::sleep(TURN_PAUSE);
    }
    Ok(())
}

/// The version of this release's newest migration. Versions are dates, compared as text.
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

/// The oldest version that the database requires; `None` if no release has set one.
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
