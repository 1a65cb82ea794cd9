use super::reader::Reader;
use chat_postgres::PostgresConfig;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

const POOL_SIZES: RangeInclusive<usize> = 1..=1_000;
const WRITERS: RangeInclusive<usize> = 1..=64;
const QUEUES: RangeInclusive<usize> = 1..=1_000_000;
const TIMEOUTS: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_mins(10);

/// The folder for the secrets that development makes, if the database is not a file.
const FOLDER_WITHOUT_FILE: &str = "data";

/// The database, and how many calls may wait for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Database {
    /// `SQLite`.
    File(DatabaseFile),
    /// `PostgreSQL`.
    Server(PostgresConfig),
}

impl Database {
    /// The folder for the files that the server keeps beside its database.
    pub(crate) fn folder(&self) -> &Path {
        match self {
            Self::File(file) => file.folder(),
            Self::Server(_) => Path::new(FOLDER_WITHOUT_FILE),
        }
    }
}

/// Reads and checks the settings of both databases, whichever is used.
pub(super) fn read(reader: &mut Reader<'_>) -> Option<Database> {
    let pool_size = reader.number("DATABASE_POOL_SIZE", &POOL_SIZES);
    let pool_queue = reader.number("DATABASE_POOL_QUEUE", &QUEUES);
    let writers = reader.number("DATABASE_WRITERS", &WRITERS);
    let write_queue = reader.number("DATABASE_WRITE_QUEUE", &QUEUES);
    let wait_timeout = reader.duration("DATABASE_WAIT_TIMEOUT", TIMEOUTS);
    let connect_timeout = reader.duration("DATABASE_CONNECT_TIMEOUT", TIMEOUTS);
    let statement_timeout = reader.duration("DATABASE_STATEMENT_TIMEOUT", TIMEOUTS);
    let start_timeout = reader.duration("DATABASE_START_TIMEOUT", TIMEOUTS);
    let url = reader.text("DATABASE_URL");
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    if !matches!(scheme.as_deref(), Some("postgres" | "postgresql")) {
        return match DatabaseFile::parse(url) {
            Ok(file) => Some(Database::File(file)),
            Err((problem, remedy)) => {
                reader.fault("DATABASE_URL", problem, remedy);
                None
            }
        };
    }
    let config = PostgresConfig {
        pool_size: pool_size?,
        pool_queue: pool_queue?,
        wait_timeout: wait_timeout?,
        writers: writers?,
        write_queue: write_queue?,
        connect_timeout: connect_timeout?,
        statement_timeout: statement_timeout?,
        start_timeout: start_timeout?,
        ..PostgresConfig::at(url)
    };
    match config.check_address() {
        Ok(()) => Some(Database::Server(config)),
        Err(fault) => {
            let remedy = "write it like postgres://user:password@db.example.com:5432/chat?sslmode=verify-full";
            reader.fault("DATABASE_URL", format!("is not valid ({fault})"), remedy);
            None
        }
    }
}

/// The file of the embedded database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DatabaseFile(PathBuf);

impl DatabaseFile {
    /// Reads `sqlite://relative/path` or `sqlite:///absolute/path`. The error is the problem and its remedy.
    pub(crate) fn parse(url: &str) -> Result<Self, (&'static str, &'static str)> {
        const REMEDY: &str = "set it to sqlite:// and a path, such as sqlite://data/chat.db, or to \
            postgres://user:password@host/database";
        let Some((scheme, path)) = url.split_once("://") else {
            return Err(("is not a database URL", REMEDY));
        };
        match scheme.to_ascii_lowercase().as_str() {
            "sqlite" => {}
            _ => return Err(("names a database that this server does not support", REMEDY)),
        }
        if path.contains(['?', '#']) {
            return Err(("has options after the path: no options are supported", REMEDY));
        }
        let file = Path::new(path);
        if file.file_name().is_none() || path.ends_with('/') || path == ":memory:" {
            return Err(("names no file", REMEDY));
        }
        Ok(Self(file.to_owned()))
    }

    /// The path of the file.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The folder of the file, where the server keeps other files too.
    pub(crate) fn folder(&self) -> &Path {
        match self.0.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_be_relative_or_absolute() {
        let relative = DatabaseFile::parse("sqlite://data/chat.db").expect("a file");
        assert_eq!((relative.path(), relative.folder()), (Path::new("data/chat.db"), Path::new("data")));
        let absolute = DatabaseFile::parse("sqlite:///var/lib/chat.db").expect("a file");
        assert_eq!((absolute.path(), absolute.folder()), (Path::new("/var/lib/chat.db"), Path::new("/var/lib")));
        assert_eq!(DatabaseFile::parse("sqlite://chat.db").expect("a file").folder(), Path::new("."));
    }

    #[test]
    fn what_this_build_does_not_have_is_refused_by_name() {
        assert!(DatabaseFile::parse("mongodb://h/db").is_err_and(|(problem, _)| problem.contains("does not support")));
        for wrong in [
            "",
            "data/chat.db",
            "mysql://x",
            "sqlite://",
            "sqlite:///",
            "sqlite://data/",
            "sqlite://:memory:",
            "sqlite://a?mode=rwc",
        ] {
            assert!(DatabaseFile::parse(wrong).is_err(), "{wrong}");
        }
    }
}
