use std::path::PathBuf;
use std::time::Duration;

/// The file of the database, and the limits of its queues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteConfig {
    /// The database file. It and its folder are created if they do not exist, readable by their owner only.
    pub path: PathBuf,
    /// How many reads run at once, each with its own thread and connection. At least 1.
    pub readers: usize,
    /// How many writing calls may wait; further ones get `Overloaded`. At least 1.
    pub write_queue: usize,
    /// How many reading calls may wait; further ones get `Overloaded`. At least 1.
    pub read_queue: usize,
    /// How long to wait for a lock that another process holds.
    pub busy_timeout: Duration,
}

impl SqliteConfig {
    /// The default of `readers`.
    pub const DEFAULT_READERS: usize = 4;
    /// The default of `write_queue`: less than half a second at ten thousand writes per second.
    pub const DEFAULT_WRITE_QUEUE: usize = 4_096;
    /// The default of `read_queue`.
    pub const DEFAULT_READ_QUEUE: usize = 4_096;
    /// The default of `busy_timeout`.
    pub const DEFAULT_BUSY_TIMEOUT: Duration = Duration::from_secs(5);

    /// The default configuration for the database at this path.
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
