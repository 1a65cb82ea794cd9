mod connections;
mod expected;
mod joined;
mod lane;
mod needs;
mod recent;
mod repair;
mod users;

use crate::outgoing::Outgoing;
use crate::worker::{Post, Wakes, Worker};
use crate::{RealtimeSettings, RealtimeStats};
use chat_domain::presence::{PresenceAudience, PresenceRegistry};
use chat_domain::{
    Audience, Change, CommitCursor, ConversationId, Envelope, Event, Pos, RealtimeStore, StoreError, Turn, TurnLimits,
    Turns, UserId, Wakeup,
};
use expected::Expectation;
use lane::Lane;
use recent::{Passed, Recent};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use users::Users;

/// The presence registry, and the users to whom presence is visible.
pub(crate) type ShownPresence = (Arc<dyn PresenceRegistry>, PresenceAudience);

/// The number of locks over which the conversations are spread.
const SHARDS: usize = 64;

/// This node's part of delivery: takes envelopes from the bus, puts each conversation's changes in the order of `pos`,
/// fills gaps from the change log, and posts one message per worker thread and event.
pub struct FanOut {
    this: Weak<Self>,
    settings: Arc<RealtimeSettings>,
    store: Arc<dyn RealtimeStore>,
    presence: OnceLock<ShownPresence>,
    runtime: Handle,
    hasher: RandomState,
    shards: Vec<Mutex<Shard>>,
    users: Users,
    workers: Mutex<Vec<Worker>>,
    connections: AtomicUsize,
    is_draining: AtomicBool,
    left: Notify,
    hurry: Notify,
    attaching: Turns,
    stats: Arc<RealtimeStats>,
    /// The cursor up to which joins are known.
    joined: tokio::sync::Mutex<Option<CommitCursor>>,
}

#[derive(Debug, Default)]
struct Shard {
    lanes: HashMap<ConversationId, Lane>,
    recent: Recent,
    /// The changes being stored, per conversation with any.
    expected: HashMap<ConversationId, Expectation>,
}

/// Where a worker starts when it asks for a conversation's changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tracked {
    /// All later changes will be posted to it.
    After(Pos),
    /// A change was posted to it that it has not handled yet: handle it, then ask again.
    InFlight,
}

impl FanOut {
    /// Creates a fan-out without background tasks; see [`Self::spawn_upkeep`]. Repairs run on `runtime`.
    pub fn new(settings: RealtimeSettings, store: Arc<dyn RealtimeStore>, runtime: Handle) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            this: this.clone(),
            attaching: Turns::new(TurnLimits {
                at_once: settings.attaching_at_once,
                per_user: settings.attaching_per_user,
                waiting_per_user: settings.max_connections_per_user,
            }),
            settings: Arc::new(settings),
            store,
            presence: OnceLock::new(),
            runtime,
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            users: Users::new(),
            workers: Mutex::default(),
            connections: AtomicUsize::new(0),
            is_draining: AtomicBool::new(false),
            left: Notify::new(),
            hurry: Notify::new(),
            stats: Arc::default(),
            joined: tokio::sync::Mutex::new(None),
        })
    }

    /// Sends the presence of their contacts to new connections from now on (`presence:state`). Without this call, they
    /// receive none.
    pub fn show_presence(&self, registry: Arc<dyn PresenceRegistry>, audience: PresenceAudience) {
        // Later calls change nothing.
        let _ = self.presence.set((registry, audience));
    }

    pub(crate) fn presence(&self) -> Option<&ShownPresence> {
        self.presence.get()
    }

    /// The limits and timers.
    pub const fn settings(&self) -> &Arc<RealtimeSettings> {
        &self.settings
    }

    /// The counters.
    pub const fn stats(&self) -> &Arc<RealtimeStats> {
        &self.stats
    }

    pub(crate) fn store(&self) -> &dyn RealtimeStore {
        &*self.store
    }

    /// Waits for a connection's turn to read its initial state from the store. Users take turns.
    pub(crate) async fn turn_to_attach(&self, user: UserId) -> Turn {
        // The number of a user's connections is bounded.
        self.attaching.take_another(user).await
    }

    /// Waits for the same turn for a call without a connection. Refused if too many of the user's calls wait: nothing
    /// else bounds their number.
    pub(crate) async fn turn_to_catch_up(&self, user: UserId) -> Result<Turn, StoreError> {
        self.attaching.take(user).await
    }

    pub(crate) const fn runtime(&self) -> &Handle {
        &self.runtime
    }

    fn shard(&self, conversation: ConversationId) -> MutexGuard<'_, Shard> {
        let hash = self.hasher.hash_one(conversation);
        let index = usize::try_from(hash % SHARDS as u64).unwrap_or(0);
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Delivers an event to its audience among the connections of this node. Returns at once.
    pub fn accept(&self, envelope: Envelope) {
        match &envelope.event {
            Event::Change(_) => {
                if let Event::Change(change) = envelope.event {
                    drop(self.accept_changes(vec![change]));
                }
            }
            _ => self.pass_on(envelope),
        }
    }

    fn pass_on(&self, envelope: Envelope) {
        let mut workers: Vec<Worker> = Vec::new();
        let mut add = |worker: &Worker| {
            if !workers.contains(worker) {
                workers.push(worker.clone());
            }
        };
        match &envelope.audience {
            Audience::Conversation(id) | Audience::Window(id) => self.for_each_worker_of(*id, &mut add),
            Audience::Conversations(ids) => ids.iter().for_each(|id| self.for_each_worker_of(*id, &mut add)),
            Audience::User(user) => self.users.for_each_worker(*user, &mut add),
            Audience::Everyone => self.lock_workers().iter().for_each(&mut add),
        }
        if !workers.is_empty() {
            let event = Arc::new(Outgoing::new(envelope));
            for worker in workers {
                worker.post(Post::Deliver(Arc::clone(&event)));
            }
        }
    }

    fn for_each_worker_of(&self, conversation: ConversationId, visit: impl FnMut(&Worker)) {
        if let Some(lane) = self.shard(conversation).lanes.get(&conversation) {
            lane.workers().for_each(visit);
        }
    }

    /// Delivers the durable changes of one commit, in its order, each to the connections of its conversation's members.
    /// Returns at once. Each worker that has nothing else to take is woken when the returned value is dropped.
    pub fn accept_changes(&self, changes: Vec<Change>) -> Wakeup {
        let mut wakes = Wakes::default();
        for change in changes {
            self.accept_change(change, &mut wakes);
        }
        Wakeup::when_dropped(wakes)
    }

    fn accept_change(&self, change: Change, wakes: &mut Wakes) {
        let id = change.conversation_id;
        let mut shard = self.shard(id);
        if !shard.lanes.contains_key(&id) {
            if !change.kind.effect().joiners().iter().any(|user| self.users.is_here(*user)) {
                shard.recent.note(id, Passed { delivered: Pos::ZERO, known: change.pos });
                return;
            }
            // No connection on this node takes part: earlier changes do not concern them. Later changes may have
            // overtaken this one, or, if they were delivered, this one is old.
            let passed = shard.recent.take(id);
            let before = Pos::new(change.pos.get().saturating_sub(1));
            shard.lanes.insert(id, Lane::new(before.max(passed.delivered), passed.known));
        }
        let was_last_expected = Self::has_come(&mut shard, id);
        if let Some(lane) = shard.lanes.get_mut(&id) {
            lane.accept(change);
            if was_last_expected {
                lane.workers().for_each(|worker| wakes.add_gathering(worker));
            }
        }
        self.settle(&mut shard, id, wakes);
    }

    /// Posts the ready changes, starts the repair of gaps, and drops a lane that no worker tracks.
    fn settle(&self, shard: &mut Shard, id: ConversationId, wakes: &mut Wakes) {
        let Some(lane) = shard.lanes.get_mut(&id) else { return };
        while let Some(change) = lane.next_ready() {
            for user in change.kind.effect().joiners() {
                self.users.for_each_worker(*user, |worker| lane.add(worker));
            }
            let pos = change.pos;
            self.stats.changes.add(1);
            if change.kind.is_unknown() {
                self.stats.unknown_changes.add(1);
            }
            let event = Arc::new(Outgoing::new(Envelope::change(change)));
            lane.post_change(pos, |worker| worker.put(Post::Deliver(Arc::clone(&event)), wakes));
        }
        // A change in a gap, or held behind it, may add a user of this node: the gap is filled before the lane is
        // dropped.
        let has_hole = lane.hole().is_some();
        if lane.is_idle() && !has_hole {
            let passed = Passed { delivered: lane.delivered(), known: lane.known() };
            shard.lanes.remove(&id);
            shard.recent.note(id, passed);
        } else if has_hole && !lane.is_repairing {
            lane.is_repairing = true;
            self.spawn_repair(id);
        }
    }

    /// Posts the conversation's changes to this worker from now on. `seen` is the newest change that the caller knows
    /// to be stored.
    pub(crate) fn track(&self, id: ConversationId, seen: Pos, worker: &Worker) -> Tracked {
        let mut wakes = Wakes::default();
        let mut shard = self.shard(id);
        if !shard.lanes.contains_key(&id) {
            let passed = shard.recent.take(id);
            shard.lanes.insert(id, Lane::new(seen.max(passed.delivered), passed.known));
        }
        let mut tracked = Tracked::InFlight;
        if let Some(lane) = shard.lanes.get_mut(&id).filter(|lane| !lane.tracks(worker)) {
            lane.hear_of(seen);
            lane.add(worker);
            tracked = Tracked::After(lane.delivered());
        }
        self.settle(&mut shard, id, &mut wakes);
        tracked
    }

    /// Stops posting the conversation to this worker, which has handled everything up to `seen`.
    pub(crate) fn untrack(&self, id: ConversationId, worker: &Worker, seen: Pos) {
        let mut wakes = Wakes::default();
        let mut shard = self.shard(id);
        if let Some(lane) = shard.lanes.get_mut(&id) {
            lane.remove(worker, seen);
        }
        self.settle(&mut shard, id, &mut wakes);
    }

    pub(crate) const fn users(&self) -> &Users {
        &self.users
    }

    fn lock_workers(&self) -> MutexGuard<'_, Vec<Worker>> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add_worker(&self, worker: &Worker) {
        let mut workers = self.lock_workers();
        workers.retain(|worker| !worker.is_closed());
        workers.push(worker.clone());
    }

    fn post_to_all(&self, post: &Post) {
        for worker in self.lock_workers().iter() {
            worker.post(post.clone());
        }
    }
}

impl std::fmt::Debug for FanOut {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("FanOut").field("connections", &self.connection_count()).finish_non_exhaustive()
    }
}
