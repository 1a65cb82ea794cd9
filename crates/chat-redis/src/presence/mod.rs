mod here;
mod scripts;
mod upkeep;

use crate::Redis;
use crate::fault::RedisFault;
use async_trait::async_trait;
use chat_domain::presence::{PresenceError, PresenceRegistry, PresenceStatus};
use chat_domain::{ConnectionId, NodeId, UserId};
use here::{Choice, Here};
use scripts::{Moved, Scripts};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use tokio::sync::{Mutex, MutexGuard, Notify, RwLock, RwLockReadGuard};
use upkeep::Upkeep;

/// Users are spread over so many locks: what concerns one of them happens in order.
const LOCKS: usize = 256;

/// Who is connected, over all nodes.
///
/// Each node keeps its own connections in memory and tells Redis only of a user's first and last here. A *lease* per
/// node, renewed by [`PresenceUpkeep`](chat_domain::presence::PresenceUpkeep), vouches for all of its users: where it
/// ends, any other node takes them out. Where Redis is away, a node answers from its own connections; when it is back,
/// the node writes itself anew and has told what could not be told meanwhile. The methods never fail.
pub struct RedisPresence {
    redis: Redis,
    scripts: Scripts,
    here: Here,
    /// Read by whatever concerns one user, written to while the whole node is written anew.
    whole: RwLock<()>,
    locks: Vec<Mutex<()>>,
    /// Redis may not know what this node knows.
    is_astray: AtomicBool,
    wake: Notify,
    upkeep: Mutex<Upkeep>,
}

impl RedisPresence {
    /// Of this node. Nothing runs by itself: see [`PresenceUpkeep`](chat_domain::presence::PresenceUpkeep).
    pub fn new(redis: &Redis, node: NodeId) -> Self {
        Self {
            redis: redis.clone(),
            scripts: Scripts::new(redis.clone(), node),
            here: Here::default(),
            whole: RwLock::new(()),
            locks: (0..LOCKS).map(|_| Mutex::new(())).collect(),
            is_astray: AtomicBool::new(false),
            wake: Notify::new(),
            upkeep: Mutex::new(Upkeep::new(redis.settings().presence_lease)),
        }
    }

    async fn lock(&self, user: UserId) -> (RwLockReadGuard<'_, ()>, MutexGuard<'_, ()>) {
        let index = usize::from(user.as_uuid().as_bytes()[15]) % LOCKS;
        (self.whole.read().await, self.locks[index].lock().await)
    }

    /// Redis does not know what this node knows; the next upkeep mends it.
    fn go_astray(&self) {
        self.is_astray.store(true, Ordering::Release);
    }

    /// The same, and at once.
    fn lease_was_lost(&self) {
        self.go_astray();
        self.wake.notify_one();
    }

    /// Whether a user came or went, by what Redis answers; yes where it cannot be asked.
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
        self.redis.note(fault, "presence could not be written");
        self.go_astray();
        if has_changed {
            self.here.leave_untold([user]);
        }
    }
}

/// Should the caller give up in the middle, nobody knows whether Redis heard of it.
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

/// Reads what the script for choices keeps: a time and a status.
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
                // Offline, says Redis. Where the user is here all the same, it has lost this node.
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
        let statuses = match self.scripts.statuses(users).await {
            Ok(statuses) => statuses,
            Err(fault) => {
                self.redis.note(&fault, "presence could not be read");
                vec![PresenceStatus::Offline; users.len()]
            }
        };
        // Whoever is connected here is online, whatever Redis has forgotten.
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
                self.redis.note(&fault, "presence could not be listed");
                Ok(self.here.users())
            }
        }
    }
}
