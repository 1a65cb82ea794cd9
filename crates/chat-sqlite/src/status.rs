//! The state of the store, for metrics.

use crate::SqliteStore;

/// The calls, commits and files of the store. Counters start when the store is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SqliteStatus {
    /// Calls to the writer.
    pub writes: CallStatus,
    /// Calls to the readers.
    pub reads: CallStatus,
    /// Committed transactions.
    pub commits: u64,
    /// Writing calls in these transactions; divided by `commits`, the mean size of a batch.
    pub committed_calls: u64,
    /// Failed writes: a full disk, or a lock that another process holds.
    pub failures: u64,
    /// Size of the database file, in bytes.
    pub file_bytes: u64,
    /// Size of the write-ahead log, in bytes.
    pub log_bytes: u64,
}

/// Calls of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallStatus {
    /// How many wait or run.
    pub under_way: usize,
    /// How many may wait.
    pub limit: usize,
}

impl SqliteStore {
    /// The present state of the store. Reads the sizes of two files.
    pub fn status(&self) -> SqliteStatus {
        let threads = self.threads();
        let (commits, committed_calls, failures) = threads.health.counts();
        let length = |path: &str| std::fs::metadata(path).map_or(0, |file| file.len());
        SqliteStatus {
            writes: threads.writer.status(),
            reads: threads.readers.status(),
            commits,
            committed_calls,
            failures,
            file_bytes: length(&threads.path),
            log_bytes: length(&format!("{}-wal", threads.path)),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{SqliteConfig, SqliteStore};

    #[tokio::test]
    async fn commits_and_files_are_counted() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = SqliteStore::open(&SqliteConfig::at(folder.path().join("chat.db"))).expect("a store");
        let before = store.status();
        store.check_writes().await.expect("a probe");
        let after = store.status();
        assert_eq!(
            (after.commits, after.committed_calls, after.failures),
            (before.commits + 1, before.committed_calls + 1, 0)
        );
        assert!(after.file_bytes > 0 && after.log_bytes > 0, "{after:?}");
        assert_eq!((after.writes.under_way, after.reads.under_way), (0, 0));
        assert!(after.writes.limit > 0 && after.reads.limit > 0);
    }
}
