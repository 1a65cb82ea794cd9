use crate::{OpenError, connection};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The extension of the file beside the database that the server locks. The file stays when the server ends; the lock
/// does not.
pub(crate) const LOCK: &str = "lock";

/// The right to serve a database. One process has it at a time, and the system releases it when that process ends in
/// any way. It does not prevent opening the database: operators' commands run while a server does.
#[derive(Debug)]
pub struct Claim {
    _locked: File,
}

impl Claim {
    /// Takes the right for the database at this path; the error names the process that has it. Creates the file and its
    /// folder if they do not exist. Refuses a file with several names (hard links), since each name would have its own
    /// lock.
    pub fn take(path: &Path) -> Result<Self, OpenError> {
        // Symbolic links to one database use the same lock.
        let database = connection::prepare_file(path)?;
        let named = std::fs::metadata(&database);
        let links = named.map_err(|source| OpenError::File { path: database.clone().into(), source })?.nlink();
        if links > 1 {
            return Err(OpenError::HardLinks { path: database.into(), links });
        }
        let path = PathBuf::from(format!("{database}.{LOCK}"));
        let fail = |source| OpenError::File { path: path.clone(), source };
        let mut options = OpenOptions::new();
        let mut file =
            options.read(true).write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(fail)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Only for the error message: the process may be gone, or run in another container.
                let _ = file.read_to_string(&mut holder);
                return Err(OpenError::InUse { path: database.into(), process: holder.trim().to_owned() });
            }
            Err(TryLockError::Error(error)) => return Err(fail(error)),
        }
        // On a full disk the file stays empty, but the lock still holds.
        let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self { _locked: file })
    }
}
