//! Notices at start that the database has lost changes: it was restored, but still has its old epoch, in which clients
//! hold positions beyond its newest changes.
//!
//! The server remembers the newest change that it knows, its *landmark*, outside the database: in Redis, or in a file
//! beside the database. It notes it every ten seconds and when it stops, so a send costs no write. It cannot notice the
//! loss of changes that were made after the last note, before the process was killed; and nothing if the landmark was
//! lost or restored with the database.

use crate::config::{Config, Database};
use crate::store::Store;
use anyhow::{Context as _, bail};
use chat_domain::{Change, ConversationId, Envelope, Epoch, EventBus, Expected, Landmark, RealtimeStore, Wakeup};
use chat_redis::{Redis, RedisLandmarks};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// How long a node that starts waits for Redis, to read the landmark. It serves without Redis too.
const REDIS_PATIENCE: Duration = Duration::from_secs(2);

/// The newest change that this server knows, and the place where it is noted.
pub(crate) struct Landmarks {
    epoch: Epoch,
    place: Place,
    known: Mutex<Known>,
    ended: Notify,
}

#[derive(Debug, Default, Clone, Copy)]
struct Known {
    newest: Option<Landmark>,
    is_noted: bool,
}

/// There is one note for each epoch, so that a backup of an earlier epoch is noticed too.
enum Place {
    File(PathBuf),
    Redis(Box<RedisLandmarks>),
}

impl Landmarks {
    /// The landmark of this epoch of the database.
    pub(crate) fn new(config: &Config, redis: Option<&Redis>, epoch: Epoch) -> Arc<Self> {
        let place = match redis {
            Some(redis) => Place::Redis(Box::new(RedisLandmarks::new(redis))),
            None => Place::File(file(&config.database, epoch)),
        };
        Arc::new(Self { epoch, place, known: Mutex::default(), ended: Notify::new() })
    }

    /// Fails if the database lacks the change that was noted last.
    pub(crate) async fn check(&self, log: &dyn RealtimeStore) -> anyhow::Result<()> {
        let Some(landmark) = self.noted().await else { return Ok(()) };
        if landmark.is_in(log).await.context("cannot read the changes of the database (DATABASE_URL)")? {
            return Ok(());
        }
        bail!(
            "the database has lost changes that a server had stored: it was replaced by a backup. Clients would hide \
             new messages. Stop all servers of this database and run `chat-server epoch new`, so that clients read \
             their conversations again; then start the server"
        )
    }

    async fn noted(&self) -> Option<Landmark> {
        match &self.place {
            Place::File(path) => std::fs::read_to_string(path).ok().and_then(|text| Landmark::from_text(&text)),
            Place::Redis(landmarks) => {
                if tokio::time::timeout(REDIS_PATIENCE, landmarks.connected()).await.is_err() {
                    tracing::warn!("redis is not reachable: cannot check whether the database was restored");
                    return None;
                }
                landmarks.find(self.epoch).await
            }
        }
    }

    /// Notes the newest change, if it is not noted yet. Best effort.
    pub(crate) async fn note(&self) {
        let Known { newest: Some(landmark), is_noted: false } = *self.known() else { return };
        let noted = match &self.place {
            Place::File(path) => write(path, landmark).is_ok(),
            Place::Redis(landmarks) => landmarks.note(self.epoch, landmark).await,
        };
        let mut known = self.known();
        known.is_noted = noted && known.newest == Some(landmark);
    }

    /// Notices that another epoch has begun. That of a file cannot end while a server has the right to serve it.
    pub(crate) async fn check_epoch(&self, store: &Store) {
        if let Store::Server(..) = store
            && store.epochs().epoch().await.is_ok_and(|epoch| epoch != self.epoch)
        {
            self.ended.notify_one();
        }
    }

    /// Returns when another epoch has begun: what this server knows of its conversations is void.
    pub(crate) async fn epoch_ended(&self) {
        self.ended.notified().await;
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn see(&self, changes: &[Change]) {
        let Some(latest) = changes.iter().map(Landmark::of).max_by_key(Landmark::at) else { return };
        let mut known = self.known();
        // A repeated send publishes an old message again.
        if known.newest.is_none_or(|newest| newest.at() < latest.at()) {
            *known = Known { newest: Some(latest), is_noted: false };
        }
    }

    /// The bus, on which this sees every change that this server commits.
    pub(crate) fn watching(self: &Arc<Self>, bus: Arc<dyn EventBus>) -> Arc<dyn EventBus> {
        Arc::new(Watched { bus, landmarks: self.clone() })
    }
}

fn file(database: &Database, epoch: Epoch) -> PathBuf {
    let name = match database {
        Database::File(file) => file.path().file_name().unwrap_or_default().to_string_lossy().into_owned(),
        Database::Server(_) => "postgres".to_owned(),
    };
    database.folder().join(format!("{name}.epoch-{epoch}"))
}

/// Replaces the file as a whole. It need not survive a loss of power.
fn write(path: &Path, landmark: Landmark) -> std::io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    std::fs::write(&new, landmark.to_text())?;
    std::fs::rename(new, path)
}

struct Watched {
    bus: Arc<dyn EventBus>,
    landmarks: Arc<Landmarks>,
}

impl EventBus for Watched {
    fn publish(&self, envelope: Envelope) {
        self.bus.publish(envelope);
    }

    fn publish_changes(&self, changes: Vec<Change>) -> Wakeup {
        self.landmarks.see(&changes);
        self.bus.publish_changes(changes)
    }

    fn expect(&self, conversation: ConversationId) -> Expected {
        self.bus.expect(conversation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_note_replaces_no_other_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let (note, backup) = (folder.path().join("chat.db.epoch-1"), folder.path().join("chat.db.new"));
        fs::write(&backup, "an operator's backup").expect("written");
        let text = format!("{} 3 5", uuid::Uuid::from_u128(7));
        write(&note, Landmark::from_text(&text).expect("a landmark")).expect("noted");
        assert_eq!(fs::read_to_string(&note).expect("the note"), text);
        assert_eq!(fs::read_to_string(&backup).expect("the backup"), "an operator's backup");
        assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 2);
    }
}
