//! Backups of the database file, and their restoration.
//!
//! A backup is made by `VACUUM INTO`: one read transaction, so that it is one state of the database, which delays no
//! writer and needs no access to `SQLite`'s interface in C. Unlike its online backup, it does not start again when
//! another process writes, and leaves out unused space. Meanwhile the write-ahead log cannot be truncated.

use crate::claim::LOCK;
use crate::connection::{self, NEW_PAGE_BYTES, prepare_file};
use crate::fault::{Fault, LOCKED};
use crate::{Claim, OpenError, SqliteConfig, SqliteStore, epoch};
use chat_domain::{BoxError, Epoch};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, chown};
use std::path::{Path, PathBuf};
use thiserror::Error;
use uuid::Uuid;

/// The extension of a backup that is being made. A process that was killed leaves it behind.
const UNFINISHED: &str = "unfinished";

/// The extension of a database that is being restored, beside the present one.
const RESTORING: &str = "restoring";

/// Why a backup could not be made or restored. The database and the backup are unchanged.
#[derive(Debug, Error)]
pub enum BackupError {
    /// A backup does not replace a file.
    #[error("{0} exists already: choose another name")]
    Exists(PathBuf),
    /// A file or folder cannot be created, written or replaced.
    #[error("cannot write {path}")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The file cannot be read as a database, or the copy cannot be written.
    #[error("cannot copy the database {path}")]
    Copy {
        /// The file that was to be copied.
        path: PathBuf,
        /// `SQLite`'s error.
        #[source]
        source: BoxError,
    },
    /// The file does not exist, or is no database of this server.
    #[error("{0} is not a database of chat-server")]
    NotOurs(PathBuf),
    /// Another process, such as `sqlite3` or a backup, has the database open.
    #[error("another process has the database {0} open: end it first")]
    Busy(PathBuf),
    /// The present database cannot be read, so that its log cannot be written into it.
    #[error(
        "the present database {path} cannot be read: move it, and the files beside it whose names begin with its name, \
         to another place, and run the command again"
    )]
    Damaged {
        /// The present database.
        path: PathBuf,
        /// `SQLite`'s error.
        #[source]
        source: BoxError,
    },
    /// Another server uses the database, or the backup is of a newer release.
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl SqliteStore {
    /// Copies the existing database into a new file, readable by its owner only, also while a server uses it. The file
    /// appears when it is complete and on disk. Blocks meanwhile.
    pub fn backup(database: &Path, copy: &Path) -> Result<(), BackupError> {
        if copy.exists() {
            return Err(BackupError::Exists(copy.to_owned()));
        }
        let unfinished = beside(copy, &format!("{}.{UNFINISHED}", Uuid::now_v7()));
        let made = copy_into(database, &unfinished).and_then(|()| publish(&unfinished, copy));
        if made.is_err() {
            // The first error is reported.
            let _ = fs::remove_file(&unfinished);
        }
        made
    }

    /// Replaces the database by a copy of a backup, migrates it, and begins a new epoch. At any moment the file is the
    /// old or the new database, whole. Refuses while a server uses the database. Blocks meanwhile.
    pub fn restore(backup: &Path, database: &Path) -> Result<Epoch, BackupError> {
        check_is_ours(backup)?;
        let _claim = claim(database)?;
        let database = PathBuf::from(prepare_file(database)?);
        let next = beside(&database, RESTORING);
        for leftover in [next.clone(), beside(&next, "-journal")] {
            remove_leftover(&leftover)?;
        }
        let restored = copy_into(backup, &next).and_then(|()| {
            let epoch = renew(&next)?;
            give_owner_of(&database, &next)?;
            make_one_file(&database)?;
            replace(&next, &database)?;
            Ok(epoch)
        });
        if restored.is_err() {
            let _ = fs::remove_file(&next);
        }
        restored
    }
}

/// The path with this text appended to its name.
fn beside(path: &Path, extension: &str) -> PathBuf {
    let dot = if extension.starts_with('-') { "" } else { "." };
    let mut name = path.as_os_str().to_owned();
    name.push(format!("{dot}{extension}"));
    name.into()
}

fn file_error(path: &Path) -> impl FnOnce(io::Error) -> BackupError + '_ {
    |source| BackupError::File { path: path.to_owned(), source }
}

fn copy_error(path: &Path) -> impl Fn(BoxError) -> BackupError + '_ {
    |source| BackupError::Copy { path: path.to_owned(), source }
}

/// Copies a database into a new file, and writes it to disk.
fn copy_into(from: &Path, to: &Path) -> Result<(), BackupError> {
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(to).map_err(file_error(to))?;
    let fail = copy_error(from);
    let mut connection = connect(from).map_err(&fail)?;
    let whole = path_text(to)?;
    let copied = diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(whole).execute(&mut connection);
    copied.map_err(|error| fail(error.into()))?;
    file.sync_all().map_err(file_error(to))
}

/// A connection that changes nothing but what it is told to: the file may be a backup.
fn connect(path: &Path) -> Result<SqliteConnection, BoxError> {
    let path = path.canonicalize()?.into_os_string().into_string().map_err(|path| OpenError::Path(path.into()))?;
    let mut connection = SqliteConnection::establish(&path)?;
    let patience = SqliteConfig::DEFAULT_BUSY_TIMEOUT.as_millis();
    connection.batch_execute(&format!(
        "PRAGMA busy_timeout = {patience}; PRAGMA page_size = {NEW_PAGE_BYTES}; PRAGMA trusted_schema = OFF;"
    ))?;
    Ok(connection)
}

fn path_text(path: &Path) -> Result<String, BackupError> {
    let whole = path.canonicalize().map_err(file_error(path))?;
    Ok(whole.into_os_string().into_string().map_err(|path| OpenError::Path(path.into()))?)
}

/// Gives the complete backup its name, unless the name is taken meanwhile.
fn publish(unfinished: &Path, copy: &Path) -> Result<(), BackupError> {
    let fail = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists(copy.to_owned()),
        _ => file_error(copy)(error),
    };
    match fs::hard_link(unfinished, copy) {
        Ok(()) => {
            sync_folder_of(copy)?;
            fs::remove_file(unfinished).map_err(file_error(unfinished))
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(fail(error)),
        // Not every file system has hard links: the name is taken by an empty file for a moment.
        Err(_) => {
            OpenOptions::new().write(true).create_new(true).open(copy).map_err(fail)?;
            replace(unfinished, copy)
        }
    }
}

/// Renames a file, durably.
fn replace(from: &Path, to: &Path) -> Result<(), BackupError> {
    fs::rename(from, to).map_err(file_error(to))?;
    sync_folder_of(to)
}

fn sync_folder_of(path: &Path) -> Result<(), BackupError> {
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(file_error(folder))
}

fn remove_leftover(path: &Path) -> Result<(), BackupError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(file_error(path)(error)),
        _ => Ok(()),
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Refuses a file that is no database of this server, before anything is changed.
fn check_is_ours(path: &Path) -> Result<(), BackupError> {
    if !fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() > 0) {
        return Err(BackupError::NotOurs(path.to_owned()));
    }
    let mut connection = connect(path).map_err(copy_error(path))?;
    let tables = "SELECT count(*) AS count FROM sqlite_schema WHERE type = 'table' \
                  AND name IN ('__diesel_schema_migrations', 'users', 'conversations', 'messages')";
    let found: Count =
        diesel::sql_query(tables).get_result(&mut connection).map_err(|error| copy_error(path)(error.into()))?;
    if found.count == 4 { Ok(()) } else { Err(BackupError::NotOurs(path.to_owned())) }
}

/// Migrates a copy that no other process uses, and begins its new epoch, in the file alone: it has no log yet.
fn renew(path: &Path) -> Result<Epoch, BackupError> {
    let mut connection = connect(path).map_err(copy_error(path))?;
    let settings = "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;";
    connection.batch_execute(settings).map_err(|error| copy_error(path)(error.into()))?;
    connection::migrate(&mut connection)?;
    epoch::begin(&mut connection).map_err(|fault: Fault| copy_error(path)(fault.into()))
}

/// Takes the right for the database. What this creates gets the owner of the nearest folder that exists.
fn claim(database: &Path) -> Result<Claim, BackupError> {
    let whole = std::path::absolute(database).map_err(file_error(database))?;
    let whole = whole.canonicalize().unwrap_or(whole);
    let lock = beside(&whole, LOCK);
    let created: Vec<&Path> = whole.ancestors().chain([lock.as_path()]).filter(|path| !path.exists()).collect();
    let model = whole.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    let claim = Claim::take(database)?;
    for path in created {
        // Only root may, and only root needs to: the files of any other user are the server's own.
        let _ = give_owner_of(model, path);
    }
    Ok(claim)
}

/// A command may run as root: the server must be able to open the restored database.
fn give_owner_of(old: &Path, new: &Path) -> Result<(), BackupError> {
    let owner = |path: &Path| fs::metadata(path).map(|file| (file.uid(), file.gid())).map_err(file_error(path));
    let (wanted, present) = (owner(old)?, owner(new)?);
    if wanted == present {
        return Ok(());
    }
    chown(new, Some(wanted.0), Some(wanted.1)).map_err(file_error(new))
}

/// Writes the database's log into its file and removes it, so that renaming one file replaces the whole database, and
/// the restored one never meets a log of the old. `SQLite` does this only if no other connection exists.
fn make_one_file(path: &Path) -> Result<(), BackupError> {
    let damaged = |source: BoxError| BackupError::Damaged { path: path.to_owned(), source };
    let mut connection = connect(path).map_err(damaged)?;
    match connection.batch_execute("PRAGMA journal_mode = DELETE") {
        Ok(()) => Ok(()),
        Err(error) if error.to_string() == LOCKED => Err(BackupError::Busy(path.to_owned())),
        Err(error) => Err(damaged(error.into())),
    }
}
