use async_trait::async_trait;
use chat_domain::presence::{PresenceError, PresenceRegistry, PresenceStatus};
use chat_domain::{ConnectionId, UserId};
use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
struct Entry {
    connections: HashSet<ConnectionId>,
    chosen: Option<PresenceStatus>,
}

impl Entry {
    fn status(&self) -> PresenceStatus {
        self.chosen.unwrap_or(PresenceStatus::Online)
    }
}

/// The users who are connected to this node, in memory.
#[derive(Debug, Default)]
pub struct InProcessPresence {
    users: Mutex<BTreeMap<UserId, Entry>>,
}

impl InProcessPresence {
    /// Creates an empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<UserId, Entry>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl PresenceRegistry for InProcessPresence {
    async fn connect(&self, user: UserId, connection: ConnectionId) -> Result<Option<PresenceStatus>, PresenceError> {
        let mut users = self.lock();
        let entry = users.entry(user).or_default();
        let was_offline = entry.connections.is_empty();
        entry.connections.insert(connection);
        Ok(was_offline.then(|| entry.status()))
    }

    async fn disconnect(&self, user: UserId, connection: ConnectionId) -> Result<bool, PresenceError> {
        let mut users = self.lock();
        let Some(entry) = users.get_mut(&user) else { return Ok(false) };
        let was_last = entry.connections.remove(&connection) && entry.connections.is_empty();
        if was_last {
            users.remove(&user);
        }
        Ok(was_last)
    }

    async fn choose(&self, user: UserId, status: PresenceStatus) -> Result<bool, PresenceError> {
        let mut users = self.lock();
        let Some(entry) = users.get_mut(&user).filter(|_| status.is_online()) else { return Ok(false) };
        let changed = entry.status() != status;
        entry.chosen = Some(status);
        Ok(changed)
    }

    async fn statuses(&self, users: &[UserId]) -> Result<Vec<PresenceStatus>, PresenceError> {
        let known = self.lock();
        Ok(users.iter().map(|user| known.get(user).map_or(PresenceStatus::Offline, Entry::status)).collect())
    }

    async fn list_online(&self) -> Result<Vec<UserId>, PresenceError> {
        Ok(self.lock().keys().copied().collect())
    }
}
