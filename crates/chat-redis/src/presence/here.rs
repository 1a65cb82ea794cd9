use chat_domain::presence::PresenceStatus;
use chat_domain::{ConnectionId, UserId};
use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// The most users whose unreported changes are remembered.
const MAX_UNTOLD: usize = 10_000;

/// The users connected to this node. The node answers from these while Redis is unreachable, and writes them again when
/// it is back.
#[derive(Debug, Default)]
pub(super) struct Here {
    users: Mutex<BTreeMap<UserId, Entry>>,
    /// Users whose presence changed here and whose change could not be reported to the other nodes.
    untold: Mutex<HashSet<UserId>>,
}

#[derive(Debug, Default)]
struct Entry {
    connections: HashSet<ConnectionId>,
    chosen: Option<Choice>,
}

/// A status, and the time when the user chose it on this node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Choice {
    pub(super) status: PresenceStatus,
    pub(super) at: Instant,
}

impl Entry {
    fn status(&self) -> PresenceStatus {
        self.chosen.map_or(PresenceStatus::Online, |choice| choice.status)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Here {
    /// Whether it is the user's first connection on this node.
    pub(super) fn connect(&self, user: UserId, connection: ConnectionId) -> bool {
        let mut users = lock(&self.users);
        let entry = users.entry(user).or_default();
        let is_first = entry.connections.is_empty();
        entry.connections.insert(connection);
        is_first
    }

    /// Whether it was the user's last connection on this node.
    pub(super) fn disconnect(&self, user: UserId, connection: ConnectionId) -> bool {
        let mut users = lock(&self.users);
        let Some(entry) = users.get_mut(&user) else { return false };
        let was_last = entry.connections.remove(&connection) && entry.connections.is_empty();
        if was_last {
            users.remove(&user);
        }
        was_last
    }

    /// Whether the status changed, as far as this node knows; `None` for a user who is not connected here.
    pub(super) fn choose(&self, user: UserId, choice: Choice) -> Option<bool> {
        let mut users = lock(&self.users);
        let entry = users.get_mut(&user)?;
        let before = entry.status();
        entry.chosen = Some(choice);
        Some(before != choice.status)
    }

    pub(super) fn status(&self, user: UserId) -> PresenceStatus {
        lock(&self.users).get(&user).map_or(PresenceStatus::Offline, Entry::status)
    }

    /// The users connected here, in order.
    pub(super) fn users(&self) -> Vec<UserId> {
        lock(&self.users).keys().copied().collect()
    }

    /// The users who chose a status here.
    pub(super) fn choices(&self) -> Vec<(UserId, Choice)> {
        lock(&self.users).iter().filter_map(|(user, entry)| Some((*user, entry.chosen?))).collect()
    }

    pub(super) fn leave_untold(&self, users: impl IntoIterator<Item = UserId>) {
        let mut untold = lock(&self.untold);
        for user in users {
            if untold.len() < MAX_UNTOLD {
                untold.insert(user);
            }
        }
    }

    pub(super) fn take_untold(&self) -> HashSet<UserId> {
        std::mem::take(&mut *lock(&self.untold))
    }
}
