use crate::fault::MayBeOfMachine;
use crate::health::{WriteHealth, probe_at_start};
use crate::queue::{Parcel, Queue, Writes};
use crate::writer::Writer;
use crate::{OpenError, SqliteConfig, connection, readers};
use chat_domain::{Committable, CommittedSink, Committing, SinkSlot, StoreError};
use diesel::SqliteConnection;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::{self, JoinHandle};

/// Every store port, on one `SQLite` file. Cheap to clone. The threads end with the last clone or with
/// [`SqliteStore::close`].
#[derive(Clone)]
pub struct SqliteStore {
    threads: Arc<Threads>,
}

pub(crate) struct Threads {
    /// The database file.
    pub(crate) path: String,
    pub(crate) writer: Queue,
    pub(crate) readers: Queue,
    reader_count: usize,
    pub(crate) health: Arc<WriteHealth>,
    sink: Arc<SinkSlot>,
    handles: Mutex<Handles>,
}

#[derive(Default)]
struct Handles {
    writer: Option<JoinHandle<()>>,
    readers: Vec<JoinHandle<()>>,
}

impl SqliteStore {
    /// Opens the database, creates it if it does not exist, migrates its schema and starts its threads. Blocks
    /// meanwhile.
    pub fn open(config: &SqliteConfig) -> Result<Self, OpenError> {
        let path = connection::prepare_file(&config.path)?;
        let mut writing = connection::open_writer(&path, config)?;
        for migration in connection::migrate(&mut writing)? {
            tracing::info!(migration, "migrated the database");
        }
        let health = Arc::new(WriteHealth::default());
        probe_at_start(&path, &mut writing, &health)?;
        let reader_count = config.readers.max(1);
        let reading: Vec<_> =
            (0..reader_count).map(|_| connection::open_reader(&path, config)).collect::<Result<_, _>>()?;

        let (write_limit, read_limit) = (config.write_queue.max(1), config.read_queue.max(1));
        let (write_sender, writes) = sync_channel(write_limit);
        let (read_sender, reads) = sync_channel(read_limit);
        let store = Self {
            threads: Arc::new(Threads {
                writer: Queue::new(write_sender, write_limit),
                readers: Queue::new(read_sender, read_limit),
                path,
                reader_count,
                health,
                sink: Arc::default(),
                handles: Mutex::default(),
            }),
        };
        store.threads.start(writing, writes, reading, reads)?;
        Ok(store)
    }

    /// Migrates the schema of the database at this path, creating it if it does not exist. Returns the names of the
    /// migrations that ran.
    pub fn migrate(path: impl AsRef<Path>) -> Result<Vec<String>, OpenError> {
        let config = SqliteConfig::at(path.as_ref());
        let path = connection::prepare_file(&config.path)?;
        connection::migrate(&mut connection::open_writer(&path, &config)?)
    }

    pub(crate) fn threads(&self) -> &Threads {
        &self.threads
    }

    pub(crate) fn health(&self) -> &WriteHealth {
        &self.threads.health
    }

    /// Runs the queued calls, then ends the threads. Later calls get `Unavailable`. Blocks meanwhile. Dropping the last
    /// clone does the same.
    pub fn close(&self) {
        self.threads.close();
    }

    /// Runs a closure on the writer's thread, in a transaction that it may share with other calls, and returns after
    /// the commit. A closure that fails changes nothing. It may run twice, the first time rolled back.
    pub(crate) async fn write<T, A, E>(
        &self,
        body: impl FnMut(&mut SqliteConnection) -> Result<T, A> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        A: Into<E> + MayBeOfMachine,
        E: From<StoreError> + Send + 'static,
    {
        self.threads.writer.call(body).await
    }

    /// Like [`Self::write`], for a call that makes durable changes. The sink gets them after the commit, before any
    /// call of this commit returns.
    pub(crate) async fn change<T, A, E>(
        &self,
        body: impl FnMut(&mut SqliteConnection) -> Result<T, A> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Committable + Send + 'static,
        A: Into<E> + MayBeOfMachine,
        E: From<StoreError> + Send + 'static,
    {
        self.threads.writer.call_changing(Writes::Anytime, body).await
    }

    /// Runs a closure on a connection that sees one state of the database, including everything committed before the
    /// call.
    pub(crate) async fn read<T, A, E>(
        &self,
        body: impl FnMut(&mut SqliteConnection) -> Result<T, A> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        A: Into<E> + MayBeOfMachine,
        E: From<StoreError> + Send + 'static,
    {
        self.threads.readers.call(body).await
    }
}

impl Committing for SqliteStore {
    fn publish_to(&self, sink: Weak<dyn CommittedSink>) {
        self.threads.sink.set(sink);
    }
}

impl Threads {
    fn start(
        &self,
        writing: SqliteConnection,
        writes: Receiver<Parcel>,
        reading: Vec<SqliteConnection>,
        reads: Receiver<Parcel>,
    ) -> Result<(), OpenError> {
        let spawn = |name: String, body: Box<dyn FnOnce() + Send>| {
            thread::Builder::new().name(name).spawn(body).map_err(OpenError::Thread)
        };
        let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        let thread = Writer { connection: writing, health: self.health.clone(), sink: self.sink.clone() };
        handles.writer = Some(spawn("sqlite-writer".into(), Box::new(move || thread.run(&writes)))?);
        let reads = Arc::new(Mutex::new(reads));
        for (number, connection) in reading.into_iter().enumerate() {
            let reads = reads.clone();
            let body = Box::new(move || readers::run(connection, &reads));
            handles.readers.push(spawn(format!("sqlite-reader-{number}"), body)?);
        }
        Ok(())
    }

    fn close(&self) {
        let handles = std::mem::take(&mut *self.handles.lock().unwrap_or_else(PoisonError::into_inner));
        if !handles.readers.is_empty() {
            (0..self.reader_count).for_each(|_| self.readers.stop());
        }
        // The writer's connection closes last: SQLite then copies the log into the database and removes it.
        for handle in handles.readers {
            join(handle);
        }
        if let Some(handle) = handles.writer {
            self.writer.stop();
            join(handle);
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.close();
    }
}

fn join(handle: JoinHandle<()>) {
    if handle.join().is_err() {
        tracing::error!("a database thread panicked");
    }
}
