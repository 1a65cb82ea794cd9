//! A node without sockets: hubs of one thread, connections with pulled bytes, and a store in memory.

pub(crate) use crate::store::{Happening, Store, after, is_member};
use bytes::Bytes;
use chat_domain::*;
use chat_protocol::realtime::{Dialect, Resume};
use chat_realtime::{
    Connection, FanOut, Flushed, Format, Hub, Outlet, RealtimeSettings, Replay, SendQueue, Sink, TooManyConnections,
};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::task::{LocalSet, yield_now};
use uuid::Uuid;

pub(crate) fn conversation(number: u128) -> ConversationId {
    ConversationId::new(Uuid::from_u128(0xC000 + number))
}

pub(crate) fn user(number: u128) -> UserId {
    UserId::new(Uuid::from_u128(number))
}

pub(crate) fn session(number: u128) -> SessionId {
    SessionId::new(Uuid::from_u128(number))
}

/// The destination of the clients' bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sinks {
    /// The client pulls frames.
    Pulled,
    /// The hub writes to a stream.
    Streams,
}

pub(crate) struct House {
    sinks: Sinks,
    pub(crate) store: Arc<Store>,
    pub(crate) fan_out: Arc<FanOut>,
    pub(crate) hub: Rc<Hub>,
}

pub(crate) fn settings() -> RealtimeSettings {
    RealtimeSettings {
        hole_patience: Duration::from_millis(1),
        receipts_gathering: Duration::from_millis(5),
        ..RealtimeSettings::default()
    }
}

impl House {
    pub(crate) fn with(settings: RealtimeSettings) -> Self {
        Self::of(Sinks::Pulled, settings)
    }

    pub(crate) fn of(sinks: Sinks, settings: RealtimeSettings) -> Self {
        let store = Arc::new(Store::default());
        let fan_out = FanOut::new(settings, store.clone(), tokio::runtime::Handle::current());
        let hub = Hub::of_this_thread(&fan_out);
        Self { sinks, store, fan_out, hub }
    }

    /// Commits a change and publishes it.
    pub(crate) fn happens(&self, id: ConversationId, happening: Happening) -> u64 {
        let change = self.store.commit(id, happening);
        let pos = change.pos.get();
        self.publish(change);
        pos
    }

    pub(crate) fn publish(&self, change: Change) {
        self.fan_out.accept(Envelope::change(change));
    }

    /// Returns a connection that is signed in and attached, after its replay.
    pub(crate) async fn arrive(&self, user: UserId, resume: Option<Resume>) -> Client {
        let client = self.sign_in(user).expect("room");
        client.attach(&self.hub, resume.as_ref()).await;
        client
    }

    /// The same in the other dialect.
    pub(crate) async fn arrive_in(&self, dialect: Dialect, user: UserId, resume: Option<Resume>) -> Client {
        let client = self.sign_in(user).expect("room");
        client.connection.speak(dialect);
        client.attach(&self.hub, resume.as_ref()).await;
        client
    }

    pub(crate) fn sign_in(&self, user: UserId) -> Result<Client, TooManyConnections> {
        let client = match self.sinks {
            Sinks::Pulled => Client::listening(self.hub.connect(Sink::Pulled, Format::default())),
            Sinks::Streams => Client::of_a_stream(&self.hub),
        };
        let number = user.as_uuid().as_u128();
        self.hub.sign_in(&client.connection, user, session(number)).map(|()| client)
    }
}

/// A connection whose client reads without delay.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) connection: Rc<Connection>,
    frames: Rc<RefCell<Vec<Bytes>>>,
}

impl Client {
    pub(crate) fn listening(connection: Rc<Connection>) -> Self {
        let frames = Rc::new(RefCell::new(Vec::new()));
        let (source, sink) = (Rc::clone(&connection), Rc::clone(&frames));
        tokio::task::spawn_local(async move {
            while let Some(frame) = poll_fn(|context| source.poll_pull(context)).await {
                sink.borrow_mut().push(frame);
            }
        });
        Self { connection, frames }
    }

    fn of_a_stream(hub: &Hub) -> Self {
        let frames: Rc<RefCell<Vec<Bytes>>> = Rc::default();
        let stream = Stream(Rc::clone(&frames));
        let connection = hub.connect(Sink::Session(Box::new(stream)), Format::default());
        Self { connection, frames }
    }

    pub(crate) async fn attach(&self, hub: &Hub, resume: Option<&Resume>) {
        let replay = hub.attach(&self.connection, resume).await.expect("attached");
        self.connection.uncork(None);
        run(replay, hub, &self.connection).await;
    }

    /// All events received so far.
    pub(crate) fn events(&self) -> Vec<Value> {
        let frames = self.frames.borrow();
        let texts = frames.iter().filter(|frame| frame[0] == 0x81);
        texts.map(|frame| serde_json::from_slice(payload(frame)).expect("JSON")).collect()
    }

    pub(crate) fn named(&self, name: &str) -> Vec<Value> {
        self.events().into_iter().filter(|event| event["event"] == name).map(|event| event["data"].clone()).collect()
    }

    /// The `pos` of the received changes of one conversation, in order of arrival.
    pub(crate) fn positions(&self, id: ConversationId) -> Vec<u64> {
        let id = id.to_string();
        let of = |data: &Value| (data["conversationId"] == id.as_str()).then(|| data["pos"].as_u64()).flatten();
        self.events().iter().filter_map(|event| of(&event["data"])).collect()
    }

    pub(crate) fn close_code(&self) -> Option<u16> {
        let frames = self.frames.borrow();
        frames.iter().find(|frame| frame[0] == 0x88).map(|frame| u16::from_be_bytes([frame[2], frame[3]]))
    }
}

/// Runs a replay, and the connection's writing meanwhile.
pub(crate) async fn run(replay: Replay, hub: &Hub, connection: &Rc<Connection>) {
    let mut running = pin!(replay.run(hub, connection));
    let run = poll_fn(|context| {
        connection.poll_write(context);
        running.as_mut().poll(context)
    });
    run.await.expect("replayed");
}

/// An outlet that accepts everything, and splits pieces into frames.
#[derive(Debug)]
struct Stream(Rc<RefCell<Vec<Bytes>>>);

impl Outlet for Stream {
    fn flush(&self, queue: &mut SendQueue) -> Flushed {
        while let Some(mut piece) = queue.pop() {
            while !piece.is_empty() {
                let frame = payload(&piece).as_ptr().addr() - piece.as_ptr().addr() + length(&piece);
                self.0.borrow_mut().push(piece.split_to(frame));
            }
        }
        Flushed::All
    }

    fn is_stream(&self) -> bool {
        true
    }

    fn poll_writable(&self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

/// The text of the first frame's payload.
fn length(bytes: &[u8]) -> usize {
    match bytes[1] {
        126 => usize::from(u16::from_be_bytes([bytes[2], bytes[3]])),
        127 => usize::try_from(u64::from_be_bytes(bytes[2..10].try_into().expect("eight"))).expect("a length"),
        short => usize::from(short),
    }
}

fn payload(frame: &[u8]) -> &[u8] {
    match frame[1] {
        126 => &frame[4..],
        127 => &frame[10..],
        _ => &frame[2..],
    }
}

/// The description of a condition that a test waits for.
pub(crate) trait What {
    fn say(&self) -> String;
}

impl What for &str {
    fn say(&self) -> String {
        (*self).to_owned()
    }
}

impl<F: Fn() -> String> What for F {
    fn say(&self) -> String {
        self()
    }
}

/// Runs all ready tasks until `done` holds; fails after a deadline.
pub(crate) async fn until(what: impl What, mut done: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(3);
    while !done() {
        assert!(tokio::time::Instant::now() < deadline, "deadline passed: {}", what.say());
        yield_now().await;
    }
}

/// Lets the hub handle all posts, and the clients pull.
pub(crate) async fn settle() {
    for _ in 0..20 {
        yield_now().await;
    }
}

/// Runs a test on one thread that is both a worker and the main runtime.
pub(crate) fn on_a_worker<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, test)
}

/// Polls once, without waking a task.
pub(crate) fn poll_once<T>(future: &mut (impl Future<Output = T> + Unpin)) -> Poll<T> {
    std::pin::Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// The changes of a log after `from` that a user with a changing membership may see.
pub(crate) fn visible(log: &[Change], user: UserId, from: u64) -> BTreeSet<u64> {
    let mut member = false;
    let mut seen = BTreeSet::new();
    for change in log {
        let before = member;
        member = after(member, change, user);
        if change.pos.get() > from && (before || member) {
            seen.insert(change.pos.get());
        }
    }
    seen
}
