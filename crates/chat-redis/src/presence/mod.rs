mod here;
mod scripts;
mod upkeep;

use crate::fault::RedisFault;
use crate::{Redis, Releases};
use async_trait::async_trait;
use chat_domain::presence::{PresenceError, PresenceRegistry, PresenceStatus};
use chat_domain::{ConnectionId, NodeId, UserId};
use here::{Choice, Here};
use scripts::{Moved, Scripts};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use tokio::sync::{Mutex, MutexGuard, Notify, RwLock, RwLockReadGuard};
use upkeep::Upkeep;

/// The number of locks that users share: operations on one user run in order.
const LOCKS: usize = 256;

/// The users who are online, on all nodes.
///
/// Each node keeps its own connections in memory and tells Redis only of a user's first and last connection. A *lease*
/// per node, renewed by [`PresenceUpkeep`](chat_domain::presence::PresenceUpkeep), covers all of its users: when it
/// ends, any other node removes them. While Redis is unreachable, a node answers from its own connections. When Redis
/// is back, the node writes all its users again and reports the changes that it could not report meanwhile. The methods
/// never fail.
pub struct RedisPresence {
    redis: Redis,
    scripts: Scripts,
    here: Here,
    /// Held for reading while one user is changed, for writing while the whole node is written again.
    whole: RwLock<()>,
    locks: Vec<Mutex<()>>,
    /// Whether Redis may lack something that this node knows.
    is_astray: AtomicBool,
    wake: Notify,
    upkeep: Mutex<Upkeep>,
    releases: Arc<Releases>,
}

impl RedisPresence {
    /// The presence of this node. Runs nothing by itself: see
    /// [`PresenceUpkeep`](chat_domain::presence::PresenceUpkeep).
    pub fn new(redis: &Redis, node: NodeId) -> Self {
        Self::of_release(redis, node, Arc::default())
    }

    /// Like [`Self::new`], for a node that knows what `releases` says. Its lease states that, and `releases` learns
    /// from the other leases what their nodes know.
    pub fn of_release(redis: &Redis, node: NodeId, releases: Arc<Releases>) -> Self {
        Self {
            redis: redis.clone(),
            scripts: Scripts::new(redis.clone(), node, releases.own().to_text()),
            here: Here::default(),
            whole: RwLock::new(()),
            locks: (0..LOCKS).map(|_| Mutex::new(())).collect(),
            is_astray: AtomicBool::new(false),
            wake: Notify::new(),
            upkeep: Mutex::new(Upkeep::new(redis.settings().presence_lease)),
            releases,
        }
    }

    async fn lock(&self, user: UserId) -> (RwLockReadGuard<'_, ()>, MutexGuard<'_, ()>) {
        let index = usize::from(user.as_uuid().as_bytes()[15]) % LOCKS;
        (self.whole.read().await, self.locks[index].lock().await)
    }

    /// Redis lacks something that this node knows; the next upkeep writes it.
    fn go_astray(&self) {
        self.is_astray.store(true, Ordering::Release);
    }

    /// The node's lease was lost; an upkeep runs at once.
    fn lease_was_lost(&self) {
        self.go_astray();
        self.wake.notify_one();
    }

    /// Whether a user came online or went offline, from Redis' answer; `true` if Redis cannot be reached.
    fn has_moved(&self, user: UserId, answer: Result<Moved, RedisFault>) -> bool {
        match answer {
            Ok(moved) => {
                if !moved.had_lease {
                    self.lease_was_lost();
                }
                moved.changed.first() == Some(&true)
            }
            Err(fault) => {
                self.alone(&fault, user, true);
                true
            }
        }
    }

    fn alone(&self, fault: &RedisFault, user: UserId, has_changed: bool) {
        self.redis.note(fault, "cannot write presence");
        self.go_astray();
        if has_changed {
            self.here.leave_untold([user]);
        }
    }
}

/// Marks presence as inconsistent if the caller stops in the middle: Redis may or may not have received the command.
struct Unfinished<'a>(Option<&'a RedisPresence>);

impl Unfinished<'_> {
    fn finish(mut self) {
        self.0 = None;
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Some(presence) = self.0 {
            presence.lease_was_lost();
        }
    }
}

/// Parses a stored choice: a time and a status.
fn chosen(text: &str) -> Option<PresenceStatus> {
    let (_, status) = text.split_once(' ')?;
    PresenceStatus::parse_choice(status).ok()
}

#[async_trait]
impl PresenceRegistry for RedisPresence {
    async fn connect(&self, user: UserId, connection: ConnectionId) -> Result<Option<PresenceStatus>, PresenceError> {
        let _order = self.lock(user).await;
        if !self.here.connect(user, connection) {
            return Ok(None);
        }
        let unfinished = Unfinished(Some(self));
        let came_online = self.has_moved(user, self.scripts.enter(&[user]).await);
        unfinished.finish();
        Ok(came_online.then(|| self.here.status(user)))
    }

    async fn disconnect(&self, user: UserId, connection: ConnectionId) -> Result<bool, PresenceError> {
        let _order = self.lock(user).await;
        if !self.here.disconnect(user, connection) {
            return Ok(false);
        }
        let unfinished = Unfinished(Some(self));
        let went_offline = self.has_moved(user, self.scripts.leave(&[user]).await);
        unfinished.finish();
        Ok(went_offline)
    }

    async fn choose(&self, user: UserId, status: PresenceStatus) -> Result<bool, PresenceError> {
        if !status.is_online() {
            return Ok(false);
        }
        let _order = self.lock(user).await;
        let choice = Choice { status, at: Instant::now() };
        let changed_here = self.here.choose(user, choice);
        let unfinished = Unfinished(Some(self));
        let has_changed = match self.scripts.choose(&[(user, choice)]).await.map(|answers| answers.first().copied()) {
            Ok(Some(Some(has_changed))) => has_changed,
            Ok(_) => {
                // Redis says offline. If the user is connected here nevertheless, Redis has lost this node.
                if changed_here.is_some() {
                    self.lease_was_lost();
                }
                changed_here.unwrap_or(false)
            }
            Err(fault) => {
                let has_changed = changed_here.unwrap_or(false);
                self.alone(&fault, user, has_changed);
                has_changed
            }
        };
        unfinished.finish();
        Ok(has_changed)
    }

    async fn statuses(&self, users: &[UserId]) -> Result<Vec<PresenceStatus>, PresenceError> {
        let known = self.known_statuses(users).await;
        Ok(known.unwrap_or_else(|_| users.iter().map(|user| self.here.status(*user)).collect()))
    }

    async fn known_statuses(&self, users: &[UserId]) -> Result<Vec<PresenceStatus>, PresenceError> {
        let statuses = self.scripts.statuses(users).await.map_err(|fault| {
            self.redis.note(&fault, "cannot read presence");
            PresenceError(fault.into())
        })?;
        // A user with a connection here is online, whatever Redis has lost.
        let known = statuses.into_iter().zip(users);
        Ok(known.map(|(status, user)| if status.is_online() { status } else { self.here.status(*user) }).collect())
    }

    async fn list_online(&self) -> Result<Vec<UserId>, PresenceError> {
        match self.scripts.online().await {
            Ok(mut online) => {
                if self.is_astray.load(Ordering::Acquire) {
                    online.extend(self.here.users());
                }
                Ok(online.into_iter().collect())
            }
            Err(fault) => {
                self.redis.note(&fault, "cannot list the users online");
                Ok(self.here.users())
            }
        }
    }
}
