use crate::{OpenError, connection};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The file beside the database that the server locks. It stays when the server ends; the lock does not.
const SUFFIX: &str = ".lock";

/// The right to serve a database: one process has it at a time, and the system takes it back when that process ends,
/// however it ends. It keeps nobody from opening the database: operators' commands work beside a running server.
#[derive(Debug)]
pub struct Claim {
    _locked: File,
}

impl Claim {
    /// Takes it for the database at this path, or says who has it. The file and its folder are made where they are
    /// missing. A file with more than one name (hard links) is refused: each name has a lock of its own.
    pub fn take(path: &Path) -> Result<Self, OpenError> {
        // Symbolic links to one database have one lock.
        let database = connection::prepare_file(path)?;
        let named = std::fs::metadata(&database);
        let links = named.map_err(|source| OpenError::File { path: database.clone().into(), source })?.nlink();
        if links > 1 {
            return Err(OpenError::HardLinks { path: database.into(), links });
        }
        let path = PathBuf::from(format!("{database}{SUFFIX}"));
        let fail = |source| OpenError::File { path: path.clone(), source };
        let mut options = OpenOptions::new();
        let mut file =
            options.read(true).write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(fail)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Only for the message: it may be gone already, or be of another container.
                let _ = file.read_to_string(&mut holder);
                return Err(OpenError::InUse { path: database.into(), process: holder.trim().to_owned() });
            }
            Err(TryLockError::Error(error)) => return Err(fail(error)),
        }
        // On a full disk the file says nothing, and the lock holds all the same.
        let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self { _locked: file })
    }
}
