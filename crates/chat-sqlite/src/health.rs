//! Whether the disk accepts writes. Normally the calls show it. If nothing was written for a while, a probe writes one
//! small row. After a failure, the probe writes as much as the largest usual call, since a small row may fit on an
//! almost full disk.

use crate::fault::{READ_ONLY, Stored};
use crate::statement::cached_statement;
use crate::{OpenError, SqliteStore, connection};
use chat_domain::StoreError;
use diesel::prelude::*;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// An older commit says nothing about the disk's present state. Each probe costs one disk write.
const COMMIT_COUNTS_FOR: Duration = Duration::from_secs(5);

cached_statement!(
    /// Changes a row, so that the commit has something to write.
    Probe {}
    "UPDATE write_probe SET writes = writes + 1 WHERE id = 1"
);

cached_statement!(
    /// Changes as many pages as the largest usual call (64 KiB): random content is always written completely.
    LargeProbe {}
    "UPDATE write_probe SET writes = writes + 1, ballast = randomblob(65536) WHERE id = 1"
);

/// The results of the newest writes.
#[derive(Debug, Default)]
pub(crate) struct WriteHealth {
    has_failed: AtomicBool,
    committed_at: Mutex<Option<Instant>>,
    commits: AtomicU64,
    committed_calls: AtomicU64,
    failures: AtomicU64,
}

impl WriteHealth {
    /// Records a committed transaction of this many calls. It does not cancel a failure, since it may have written
    /// nothing.
    pub(crate) fn note_commit(&self, calls: usize) {
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.committed_calls.fetch_add(calls as u64, Ordering::Relaxed);
        *self.committed_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Records that the machine failed. Logged when it begins.
    pub(crate) fn note_failure(&self, error: &dyn std::fmt::Display) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        if !self.has_failed.swap(true, Ordering::AcqRel) {
            tracing::error!(%error, "the database does not accept writes; calls are rolled back");
        }
    }

    /// The numbers of commits, of calls in them, and of failures.
    pub(crate) fn counts(&self) -> (u64, u64, u64) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (read(&self.commits), read(&self.committed_calls), read(&self.failures))
    }

    fn note_probe(&self) {
        self.has_failed.store(false, Ordering::Release);
    }

    fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Acquire)
    }

    fn has_committed_lately(&self) -> bool {
        let committed_at = *self.committed_at.lock().unwrap_or_else(PoisonError::into_inner);
        committed_at.is_some_and(|at| at.elapsed() < COMMIT_COUNTS_FOR)
    }
}

impl SqliteStore {
    /// Whether the database accepts writes, from the newest write or a probe.
    pub async fn check_writes(&self) -> Result<(), StoreError> {
        let health = self.health();
        if !health.has_failed() && health.has_committed_lately() {
            return Ok(());
        }
        let is_large = health.has_failed();
        match self.write(move |connection| probe(connection, is_large)).await {
            // Calls wait because there are many writes.
            Err(StoreError::Overloaded) if !health.has_failed() => Ok(()),
            Err(error) => {
                health.note_failure(&error);
                Err(error)
            }
            Ok(()) if is_large => {
                health.note_probe();
                Ok(())
            }
            // A call may have failed meanwhile: the next probe is a large one.
            Ok(()) if health.has_failed() => Err(StoreError::Unavailable("another write failed meanwhile".into())),
            Ok(()) => Ok(()),
        }
    }
}

fn probe(connection: &mut SqliteConnection, is_large: bool) -> Stored<()> {
    if is_large {
        (LargeProbe {}).execute(connection)?;
    } else {
        (Probe {}).execute(connection)?;
    }
    Ok(())
}

/// Before the server starts to serve: refuses a file that may not be written at all. A disk that is only full for now
/// is recorded, and checked again later.
pub(crate) fn probe_at_start(
    path: &str,
    connection: &mut SqliteConnection,
    health: &WriteHealth,
) -> Result<(), OpenError> {
    match connection.immediate_transaction(|connection| (Probe {}).execute(connection)) {
        Ok(_) => Ok(()),
        Err(error) if error.to_string() == READ_ONLY => Err(connection::refused(path, error)),
        Err(error) => {
            health.note_failure(&error);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SqliteConfig;
    use diesel::connection::SimpleConnection;

    #[test]
    fn a_file_that_may_not_be_written_is_refused_and_a_full_disk_is_noted() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = SqliteConfig::at(folder.path().join("chat.db"));
        let path = connection::prepare_file(&config.path).expect("a file");
        let mut writing = connection::open_writer(&path, &config).expect("a connection");
        connection::migrate(&mut writing).expect("a schema");
        let health = WriteHealth::default();
        probe_at_start(&path, &mut writing, &health).expect("well");
        assert!(!health.has_failed());

        writing.batch_execute("PRAGMA query_only = ON").expect("set");
        let refused = probe_at_start(&path, &mut writing, &health);
        assert!(matches!(refused, Err(OpenError::Database { .. })), "{refused:?}");

        let mut other = connection::open_writer(&path, &config).expect("a connection");
        other.batch_execute("PRAGMA query_only = OFF; BEGIN IMMEDIATE").expect("the lock");
        writing.batch_execute("PRAGMA query_only = OFF; PRAGMA busy_timeout = 1").expect("set");
        probe_at_start(&path, &mut writing, &health).expect("a passing fault does not stop the start");
        assert!(health.has_failed());
    }
}
