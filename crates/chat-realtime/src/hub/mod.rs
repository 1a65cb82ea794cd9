mod deliver;
mod index;
mod messages;
mod timers;
mod wheel;

pub(crate) use index::Index;
pub(crate) use wheel::Tick;

use crate::connection::{Connection, Life, Sink};
use crate::outgoing::Format;
use crate::worker::{InboxWaker, Post, Worker};
use crate::{FanOut, QueueStats, attach::Attaching};
use chat_domain::{ConnectionId, ConversationId, Pos, SessionId, UserId};
use messages::{Run, Then};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use thiserror::Error;
use tokio::time::Instant;
use uuid::Uuid;
use wheel::Wheel;

thread_local! {
    /// The hubs of this thread: one per fan-out. A server has one fan-out.
    static HUBS: RefCell<Vec<Weak<Hub>>> = const { RefCell::new(Vec::new()) };
}

/// The user has the maximum number of connections on this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("this user has too many connections")]
pub struct TooManyConnections;

/// The connections of one worker thread, and an index of them. Synchronous: it never waits for a socket.
pub struct Hub {
    fan_out: Arc<FanOut>,
    worker: Worker,
    index: RefCell<Index>,
    wheel: RefCell<Wheel<Weak<Connection>>>,
    touched: RefCell<Vec<Rc<Connection>>>,
    /// Deliveries since the last update of the stats.
    delivered: Cell<u64>,
    started: Instant,
}

impl Hub {
    /// Returns the hub of this thread, and starts it if there is none. Call it inside a runtime that runs local tasks
    /// on this thread.
    pub fn of_this_thread(fan_out: &Arc<FanOut>) -> Rc<Self> {
        HUBS.with_borrow_mut(|hubs| {
            hubs.retain(|hub| hub.strong_count() > 0);
            let known = hubs.iter().filter_map(Weak::upgrade).find(|hub| Arc::ptr_eq(&hub.fan_out, fan_out));
            known.unwrap_or_else(|| {
                let hub = Self::start(Arc::clone(fan_out));
                hubs.push(Rc::downgrade(&hub));
                hub
            })
        })
    }

    fn start(fan_out: Arc<FanOut>) -> Rc<Self> {
        let worker = Worker::new(fan_out.settings().inbox_events);
        fan_out.add_worker(&worker);
        let hub = Rc::new(Self {
            fan_out,
            worker: worker.clone(),
            index: RefCell::default(),
            wheel: RefCell::new(Wheel::new()),
            touched: RefCell::default(),
            delivered: Cell::default(),
            started: Instant::now(),
        });
        tokio::task::spawn_local(run(Rc::clone(&hub), worker));
        hub
    }

    /// A waker for one task of this thread that goes through this hub's inbox: the hub wakes the task after it has
    /// handled the events that were posted before. Other threads wake the thread once for both.
    pub fn inbox_waker(&self) -> InboxWaker {
        InboxWaker::new(&self.worker)
    }

    /// The fan-out of this node.
    pub const fn fan_out(&self) -> &Arc<FanOut> {
        &self.fan_out
    }

    /// Adds a new socket of this thread: not signed in, its output held back, with a deadline for signing in.
    pub fn connect(&self, sink: Sink, format: Format) -> Rc<Connection> {
        let settings = self.fan_out.settings();
        let id = ConnectionId::new(Uuid::now_v7());
        let connection = Rc::new(Connection::new(id, format, sink, Arc::clone(settings)));
        self.index.borrow_mut().insert(&connection);
        connection.deadlines.heard.set(self.now());
        connection.deadlines.sign_in.set(self.at(settings.auth_timeout));
        self.arm(&connection);
        if self.fan_out.is_draining() {
            connection.ask_to_leave();
        }
        connection
    }

    /// The first step of attaching: from now on the connection misses no change of this user's memberships. Events for
    /// it are held back until [`Self::attach`] has finished.
    ///
    /// # Errors
    ///
    /// The user has the maximum number of connections on this node.
    pub fn sign_in(
        &self,
        connection: &Rc<Connection>,
        user: UserId,
        session: SessionId,
    ) -> Result<(), TooManyConnections> {
        let most = self.fan_out.settings().max_connections_per_user;
        if !self.fan_out.users().add(user, &self.worker, most) {
            return Err(TooManyConnections);
        }
        connection.deadlines.sign_in.set(0);
        connection.user.set(Some(user));
        connection.session.set(Some(session));
        *connection.attaching.borrow_mut() = Some(Box::new(Attaching::new(user)));
        self.index.borrow_mut().sign_in(connection, user, session);
        Ok(())
    }

    /// Notes a fresh token of the same user, which may belong to another session.
    pub fn renew(&self, connection: &Rc<Connection>, session: SessionId) {
        let before = connection.session.replace(Some(session)).filter(|before| *before != session);
        if let Some(before) = before {
            self.index.borrow_mut().change_session(connection, before, session);
        }
    }

    /// Removes the connection and everything that waits for it. A second call has no effect.
    pub fn disconnect(&self, connection: &Rc<Connection>) {
        let emptied = self.index.borrow_mut().remove(connection);
        for (id, seen) in emptied {
            self.fan_out.untrack(id, &self.worker, seen);
        }
        connection.session.set(None);
        if connection.closed_by() == Some(chat_protocol::realtime::CloseCode::TooSlow) {
            self.fan_out.stats().slow_readers.add(1);
        }
        if let Some(user) = connection.user.take() {
            self.fan_out.users().remove(user, &self.worker);
        }
        *connection.attaching.borrow_mut() = None;
    }

    fn queue_stats(&self) -> QueueStats {
        let mut stats = QueueStats::default();
        for connection in &self.index.borrow().connections {
            stats.count(connection.queued_bytes() as u64);
        }
        stats
    }

    /// The number of connections of this thread.
    pub fn connection_count(&self) -> usize {
        self.index.borrow().connections.len()
    }

    /// Adds the connection to the conversation, which is known to be stored up to `seen`. Returns where its live events
    /// begin: after the later of `seen` and the last change delivered on this thread. The connection must not be a
    /// member yet: this is not checked, since attaching joins thousands of conversations.
    pub(crate) fn join(&self, connection: &Rc<Connection>, id: ConversationId, seen: Pos) -> Pos {
        let delivered = loop {
            if connection.user.get().is_none() {
                // The connection was closed while other events were taken in.
                return seen;
            }
            let known = self.index.borrow().rooms.get(&id).map(|room| room.delivered);
            match known {
                Some(delivered) => break delivered,
                None => match self.fan_out.track(id, seen, &self.worker) {
                    crate::fan_out::Tracked::After(delivered) => break delivered,
                    // All posted events are in the inbox by now. If they were not taken in first, a membership change
                    // among them would be lost.
                    crate::fan_out::Tracked::InFlight => {
                        self.take_in();
                        self.flush_touched(|_| true);
                    }
                },
            }
        };
        self.index.borrow_mut().join(connection, id, delivered);
        if seen > delivered {
            connection.floors.borrow_mut().insert(id, seen);
        }
        delivered.max(seen)
    }

    pub(crate) fn leave(&self, connection: &Rc<Connection>, id: ConversationId) {
        let emptied = self.index.borrow_mut().leave(connection, id);
        if let Some(seen) = emptied {
            self.fan_out.untrack(id, &self.worker, seen);
        }
    }

    /// Handles all posted requests, then writes to each connection that they touched. If tasks are woken, the touched
    /// connections that await answers are left for a later [`Self::flush_touched`].
    fn take_in(&self) {
        let mut waiting = self.worker.take();
        let mut run = Run::default();
        for post in waiting.posts.drain(..) {
            match post {
                Post::Deliver(event) => self.take_event(&mut run, event),
                Post::CloseSession(session) => {
                    self.end_run(&mut run, Then::TakeMoreIn);
                    self.close_session(session);
                }
                Post::Measure(answer) => drop(answer.send(self.queue_stats())),
                Post::Leave => self.index.borrow().connections.iter().for_each(|connection| connection.ask_to_leave()),
            }
        }
        self.end_run(&mut run, Then::Nothing);
        if waiting.has_overflowed {
            self.send_everyone_away();
        }
        self.fan_out.stats().deliveries.add(self.delivered.take());
        let wakes_none = waiting.wakes_none();
        self.flush_touched(|connection| wakes_none || !connection.awaits_answers());
        waiting.wake_tasks();
    }

    /// Writes to those of the touched connections that are `ready`.
    fn flush_touched(&self, ready: impl Fn(&Connection) -> bool) {
        // A flush may touch further connections, so the list must not be borrowed meanwhile.
        let mut touched = self.touched.take();
        touched.retain(|connection| {
            let is_ready = ready(connection);
            if is_ready {
                connection.touched.set(false);
                connection.flush();
            }
            !is_ready
        });
        touched.append(&mut self.touched.borrow_mut());
        self.touched.replace(touched);
    }

    /// Writes to the connections that await answers, after the tasks that were woken have run: usually these have
    /// written everything by then.
    async fn flush_behind_answers(&self) {
        if self.touched.borrow().is_empty() {
            return;
        }
        let mut has_yielded = false;
        poll_fn(|context| {
            if std::mem::replace(&mut has_yielded, true) {
                return Poll::Ready(());
            }
            // Behind the woken tasks in the queue of this thread, and before it waits for its sockets.
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        self.flush_touched(|_| true);
    }

    /// Counts events queued for the connection.
    fn note_delivered(&self, connection: &Rc<Connection>, count: u64) {
        self.delivered.update(|delivered| delivered + count);
        self.touch(connection);
    }

    /// Marks the connection to be written to when all requests have been handled.
    fn touch(&self, connection: &Rc<Connection>) {
        if !connection.touched.replace(true) {
            self.touched.borrow_mut().push(Rc::clone(connection));
        }
    }

    /// The inbox was full: events were rejected, and nothing records which. Closes all signed-in connections, so that
    /// they reconnect and resume. Their conversations are empty then, and are tracked again from the next connection
    /// on.
    fn send_everyone_away(&self) {
        self.fan_out.stats().overfull_inboxes.add(1);
        tracing::error!("closing the connections of a worker thread: too many events wait for it");
        let here = self.index.borrow().connections.clone();
        for connection in here.iter().filter(|connection| connection.user.get().is_some()) {
            connection.close(chat_protocol::realtime::CloseCode::Internal);
            self.disconnect(connection);
        }
    }

    fn close_session(&self, session: SessionId) {
        for connection in self.index.borrow().of_session(session) {
            connection.close(chat_protocol::realtime::CloseCode::Revoked);
        }
    }

    /// How long a client of a draining node should wait before it reconnects: different for each connection.
    pub fn retry_after(&self, connection: &Connection) -> Duration {
        let spread = self.fan_out.settings().drain_spread.as_millis().max(1);
        let random = u128::from_be_bytes(connection.id().as_uuid().into_bytes());
        Duration::from_millis(u64::try_from(random % spread).unwrap_or(0))
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.worker.close();
        for connection in self.index.get_mut().connections.drain(..) {
            if connection.life() != Life::Gone {
                connection.abandon();
            }
        }
    }
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Hub").finish_non_exhaustive()
    }
}

async fn run(hub: Rc<Hub>, worker: Worker) {
    let mut timer = tokio::time::interval(wheel::TICK);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = worker.arrived() => {
                hub.gather().await;
                hub.take_in();
                hub.flush_behind_answers().await;
            }
            _ = timer.tick() => hub.tick(),
        }
    }
}
