use crate::{SqliteConfig, keys};
use chat_domain::BoxError;
use diesel::connection::SimpleConnection;
use diesel::migration::MigrationSource;
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::{Integer, Text};
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error as ThisError;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// The writer's page cache, in KiB: tree roots, and pages that are written often.
const WRITER_CACHE_KIB: u32 = 16 * 1_024;

/// Each reader's page cache, in KiB. Other pages are in the system's cache, at the cost of a system call; a larger
/// cache would exist once per reader.
const READER_CACHE_KIB: u32 = 4 * 1_024;

/// The size of the pages of a new database, in bytes. A commit writes every page that it changed to the log, and a send
/// changes a few bytes of several. An existing database keeps its size; `SQLite`'s default was 4,096.
pub(crate) const NEW_PAGE_BYTES: u32 = 2_048;

/// The size of the pages in the write-ahead log at which a commit copies them into the database, in bytes. A page that
/// changes often is copied once.
const CHECKPOINT_BYTES: i32 = 16 * 1_024 * 1_024;

/// The size to which the log is truncated after it was copied, in bytes.
const LOG_BYTES_KEPT: u32 = 64 * 1_024 * 1_024;

/// Why the database could not be opened.
#[derive(Debug, ThisError)]
pub enum OpenError {
    /// The file or its folder cannot be created or opened.
    #[error("cannot create or open {path}")]
    File {
        /// The database file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// `SQLite` needs a path in UTF-8.
    #[error("the path {0:?} is not valid UTF-8")]
    Path(PathBuf),
    /// `SQLite` cannot open the file: not a database, locked for too long, no permission.
    #[error("cannot open the database {path}")]
    Database {
        /// The database file.
        path: PathBuf,
        /// `SQLite`'s error.
        #[source]
        source: BoxError,
    },
    /// A migration failed; the database is unchanged.
    #[error("cannot migrate the database")]
    Migration(#[source] BoxError),
    /// A setting required for durability or the order of names could not be set, as on some network file systems.
    #[error("the database has {setting}={found}, but {wanted} is required")]
    Setting {
        /// The name of the pragma.
        setting: &'static str,
        /// The required value.
        wanted: &'static str,
        /// The actual value.
        found: String,
    },
    /// Another process is serving this database.
    #[error(
        "another chat-server (process {process}) is serving the database {path}: \
         stop it, or set another DATABASE_URL"
    )]
    InUse {
        /// The database file.
        path: PathBuf,
        /// The process's id, which it wrote to the lock file.
        process: String,
    },
    /// The file has several names (hard links). A server that opens it by another name would have its own lock and log,
    /// and the two servers would destroy the database.
    #[error(
        "the database {path} is one file with {links} names (hard links): a server that opens another of them would \
         destroy the database. Remove the other names, or copy the file"
    )]
    HardLinks {
        /// The database file.
        path: PathBuf,
        /// The number of its names.
        links: u64,
    },
    /// A newer release has changed the database in a way that this release does not support.
    #[error(
        "this chat-server is too old for the database: it knows schema version {known}, but the database requires \
         {needed} or later. Run a newer chat-server, or restore a backup"
    )]
    TooOld {
        /// The newest schema version that this release knows.
        known: String,
        /// The oldest schema version that the database requires.
        needed: String,
    },
    /// A thread could not be started.
    #[error("cannot start a thread for the database")]
    Thread(#[source] io::Error),
}

/// Creates the file and its folder if they do not exist, readable by their owner only. Returns the absolute path as
/// text: a relative or unusual name could be read as a URI.
pub(crate) fn prepare_file(path: &Path) -> Result<String, OpenError> {
    let fail = |source| OpenError::File { path: path.to_owned(), source };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(fail)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(fail(error)),
        Ok(_) | Err(_) => {}
    }
    let whole = path.canonicalize().map_err(fail)?;
    whole.into_os_string().into_string().map_err(|path| OpenError::Path(path.into()))
}

/// A connection that may write, with the settings required for durability.
pub(crate) fn open_writer(path: &str, config: &SqliteConfig) -> Result<SqliteConnection, OpenError> {
    let mut connection = open(path, config.busy_timeout, WRITER_CACHE_KIB)?;
    assert_settings(path, &mut connection)?;
    Ok(connection)
}

/// A connection that rejects writes.
pub(crate) fn open_reader(path: &str, config: &SqliteConfig) -> Result<SqliteConnection, OpenError> {
    let mut connection = open(path, config.busy_timeout, READER_CACHE_KIB)?;
    connection.batch_execute("PRAGMA query_only = ON").map_err(|error| refused(path, error))?;
    Ok(connection)
}

/// Migrates the schema. Two processes that start at once do so one after the other.
pub(crate) fn migrate(connection: &mut SqliteConnection) -> Result<Vec<String>, OpenError> {
    connection
        .immediate_transaction(|connection| {
            check_floor(connection)?;
            let applied = connection.run_pending_migrations(MIGRATIONS).map_err(MigrationFailure::Migration)?;
            Ok(applied.iter().map(ToString::to_string).collect())
        })
        .map_err(|failure| match failure {
            MigrationFailure::Migration(error) => OpenError::Migration(error),
            MigrationFailure::TooOld { known, needed } => OpenError::TooOld { known, needed },
            MigrationFailure::Transaction(error) => OpenError::Migration(error.into()),
        })
        .and_then(|applied| {
            keys::renew(connection).map_err(|fault| OpenError::Migration(fault.into()))?;
            Ok(applied)
        })
}

#[derive(QueryableByName)]
struct Floor {
    #[diesel(sql_type = Text)]
    version: String,
}

/// Refuses a database that requires a newer release. Versions are dates, compared as text.
fn check_floor(connection: &mut SqliteConnection) -> Result<(), MigrationFailure> {
    let migrations = MigrationSource::<Sqlite>::migrations(&MIGRATIONS).map_err(MigrationFailure::Migration)?;
    let known = migrations.iter().map(|migration| migration.name().version().to_string()).max().unwrap_or_default();
    let floor = diesel::sql_query("SELECT version FROM schema_floor WHERE id = 1").get_result::<Floor>(connection);
    match floor.optional() {
        Ok(Some(Floor { version: needed })) if needed > known => Err(MigrationFailure::TooOld { known, needed }),
        // A database without a required version.
        Err(Error::DatabaseError(_, told)) if told.message() == "no such table: schema_floor" => Ok(()),
        floor => Ok(floor.map(drop)?),
    }
}

enum MigrationFailure {
    Migration(BoxError),
    TooOld { known: String, needed: String },
    Transaction(Error),
}

impl From<Error> for MigrationFailure {
    fn from(error: Error) -> Self {
        Self::Transaction(error)
    }
}

pub(crate) fn refused(path: &str, source: impl Into<BoxError>) -> OpenError {
    OpenError::Database { path: path.into(), source: source.into() }
}

fn open(path: &str, busy_timeout: Duration, cache_kib: u32) -> Result<SqliteConnection, OpenError> {
    let mut connection = SqliteConnection::establish(path).map_err(|error| refused(path, error))?;
    // The timeout comes first: switching to WAL may have to wait for another process.
    let settings = format!(
        "PRAGMA busy_timeout = {};
         PRAGMA page_size = {NEW_PAGE_BYTES};
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA trusted_schema = OFF;
         PRAGMA cache_size = -{cache_kib};
         PRAGMA journal_size_limit = {LOG_BYTES_KEPT};",
        busy_timeout.as_millis(),
    );
    connection.batch_execute(&settings).map_err(|error| refused(path, error))?;
    set_checkpoint(&mut connection).map_err(|error| refused(path, error))?;
    Ok(connection)
}

#[derive(QueryableByName)]
struct Pages {
    #[diesel(sql_type = Integer)]
    page_size: i32,
}

/// The size of the database's pages, in bytes.
fn page_size(connection: &mut SqliteConnection) -> QueryResult<i32> {
    let pages: Pages = diesel::sql_query("PRAGMA page_size").get_result(connection)?;
    Ok(pages.page_size)
}

/// The setting counts pages.
fn set_checkpoint(connection: &mut SqliteConnection) -> QueryResult<()> {
    let pages = CHECKPOINT_BYTES / page_size(connection)?.max(1);
    connection.batch_execute(&format!("PRAGMA wal_autocheckpoint = {pages}"))
}

#[derive(QueryableByName)]
struct Durability {
    #[diesel(sql_type = Text)]
    journal_mode: String,
    #[diesel(sql_type = Integer)]
    synchronous: i32,
    #[diesel(sql_type = Integer)]
    foreign_keys: i32,
    #[diesel(sql_type = Text)]
    encoding: String,
}

fn assert_settings(path: &str, connection: &mut SqliteConnection) -> Result<(), OpenError> {
    let found: Durability = diesel::sql_query(
        "SELECT journal_mode, synchronous, foreign_keys, encoding
         FROM pragma_journal_mode, pragma_synchronous, pragma_foreign_keys, pragma_encoding",
    )
    .get_result(connection)
    .map_err(|error| refused(path, error))?;
    let hold = |setting, wanted: &'static str, found: String| {
        if found == wanted { Ok(()) } else { Err(OpenError::Setting { setting, wanted, found }) }
    };
    hold("journal_mode", "wal", found.journal_mode)?;
    hold("synchronous", "2", found.synchronous.to_string())?;
    hold("foreign_keys", "1", found.foreign_keys.to_string())?;
    // Keys are compared and ordered by the bytes of this encoding.
    hold("encoding", "UTF-8", found.encoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(QueryableByName)]
    struct Checkpoint {
        #[diesel(sql_type = Integer)]
        wal_autocheckpoint: i32,
    }

    #[test]
    fn new_databases_have_small_pages_existing_ones_keep_theirs_and_their_logs_have_one_size() {
        let folder = tempfile::tempdir().expect("a folder");
        let sizes_of = |name: &str| {
            let config = SqliteConfig::at(folder.path().join(name));
            let path = prepare_file(&config.path).expect("a file");
            let mut connection = open_writer(&path, &config).expect("a connection");
            migrate(&mut connection).expect("a schema");
            let at: Checkpoint =
                diesel::sql_query("PRAGMA wal_autocheckpoint").get_result(&mut connection).expect("a number of pages");
            (page_size(&mut connection).expect("a size"), at.wal_autocheckpoint)
        };
        let old = folder.path().join("old.db").display().to_string();
        let mut before = SqliteConnection::establish(&old).expect("a connection");
        before.batch_execute("PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; VACUUM").expect("an old database");
        drop(before);
        assert_eq!((sizes_of("new.db"), sizes_of("old.db")), ((2_048, 8_192), (4_096, 4_096)));
    }

    #[test]
    fn the_writer_keeps_what_it_commits_through_a_loss_of_power() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = SqliteConfig::at(folder.path().join("chat.db"));
        let path = prepare_file(&config.path).expect("a file");
        let mut connection = open_writer(&path, &config).expect("a connection");
        assert!(assert_settings(&path, &mut connection).is_ok());
        for (pragma, expected) in [("synchronous = NORMAL", "synchronous"), ("foreign_keys = OFF", "foreign_keys")] {
            let mut connection = open_writer(&path, &config).expect("a connection");
            connection.batch_execute(&format!("PRAGMA {pragma}")).expect("set");
            match assert_settings(&path, &mut connection) {
                Err(OpenError::Setting { setting, .. }) => assert_eq!(setting, expected),
                other => panic!("{other:?}"),
            }
        }
        drop(connection);
        let mut connection = open_writer(&path, &config).expect("a connection");
        connection.batch_execute("PRAGMA journal_mode = DELETE").expect("set");
        let found = assert_settings(&path, &mut connection);
        assert!(matches!(found, Err(OpenError::Setting { setting: "journal_mode", .. })), "{found:?}");
    }
}
