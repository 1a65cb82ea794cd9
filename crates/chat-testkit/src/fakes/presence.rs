use super::{ToldToFail, lock};
use async_trait::async_trait;
use chat_domain::presence::{PresenceError, PresenceRegistry, PresenceStatus};
use chat_domain::{ConnectionId, UserId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

/// Presence in a map.
#[derive(Debug, Default)]
pub struct FakePresence(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    broken: bool,
    users: BTreeMap<UserId, (PresenceStatus, BTreeSet<ConnectionId>)>,
}

impl FakePresence {
    /// Sets whether all following calls fail.
    pub fn set_broken(&self, broken: bool) {
        lock(&self.0).broken = broken;
    }

    fn state(&self) -> Result<MutexGuard<'_, State>, PresenceError> {
        let state = lock(&self.0);
        if state.broken { Err(PresenceError(ToldToFail.into())) } else { Ok(state) }
    }
}

#[async_trait]
impl PresenceRegistry for FakePresence {
    async fn connect(&self, user: UserId, connection: ConnectionId) -> Result<Option<PresenceStatus>, PresenceError> {
        let mut state = self.state()?;
        let is_new = !state.users.contains_key(&user);
        let (status, connections) =
            state.users.entry(user).or_insert_with(|| (PresenceStatus::Online, BTreeSet::new()));
        connections.insert(connection);
        Ok(is_new.then_some(*status))
    }

    async fn disconnect(&self, user: UserId, connection: ConnectionId) -> Result<bool, PresenceError> {
        let mut state = self.state()?;
        let Some((_, connections)) = state.users.get_mut(&user) else { return Ok(false) };
        let was_last = connections.remove(&connection) && connections.is_empty();
        if was_last {
            state.users.remove(&user);
        }
        Ok(was_last)
    }

    async fn choose(&self, user: UserId, chosen: PresenceStatus) -> Result<bool, PresenceError> {
        let mut state = self.state()?;
        let Some((status, _)) = state.users.get_mut(&user) else { return Ok(false) };
        Ok(std::mem::replace(status, chosen) != chosen)
    }

    async fn statuses(&self, users: &[UserId]) -> Result<Vec<PresenceStatus>, PresenceError> {
        let state = self.state()?;
        Ok(users
            .iter()
            .map(|user| state.users.get(user).map_or(PresenceStatus::Offline, |(status, _)| *status))
            .collect())
    }

    async fn list_online(&self) -> Result<Vec<UserId>, PresenceError> {
        Ok(self.state()?.users.keys().copied().collect())
    }
}
