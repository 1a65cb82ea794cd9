use std::path::PathBuf;
use std::time::Duration;

/// Where the database is, and how much may wait for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteConfig {
    /// The database file; it and its folder are made where they are missing, readable by their owner alone.
    pub path: PathBuf,
    /// How many reads run at once, each on a thread and a connection of its own. At least one.
    pub readers: usize,
    /// How many writing calls may wait; one more is answered with `Overloaded`. At least one.
    pub write_queue: usize,
    /// How many reading calls may wait; one more is answered with `Overloaded`. At least one.
    pub read_queue: usize,
    /// How long to wait for another process that has the database locked.
    pub busy_timeout: Duration,
}

impl SqliteConfig {
    /// Reads at once, by default.
    pub const DEFAULT_READERS: usize = 4;
    /// Waiting writes, by default: at ten thousand a second and more, under half a second.
    pub const DEFAULT_WRITE_QUEUE: usize = 4_096;
    /// Waiting reads, by default.
    pub const DEFAULT_READ_QUEUE: usize = 4_096;
    /// Waiting for another process, by default.
    pub const DEFAULT_BUSY_TIMEOUT: Duration = Duration::from_secs(5);

    /// The defaults, for the database at this path.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            readers: Self::DEFAULT_READERS,
            write_queue: Self::DEFAULT_WRITE_QUEUE,
            read_queue: Self::DEFAULT_READ_QUEUE,
            busy_timeout: Self::DEFAULT_BUSY_TIMEOUT,
        }
    }
}
