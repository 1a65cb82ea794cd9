mod end;
mod output;
mod windows;

pub(crate) use output::LOW_WATER;

use crate::RealtimeSettings;
use crate::attach::Attaching;
use crate::hub::Tick;
use crate::outgoing::Format;
use crate::outlet::Outlet;
use crate::owned_socket::OwnedSocket;
use crate::send_queue::SendQueue;
use chat_domain::{ConnectionId, ConversationId, Pos, SessionId, UserId};
use chat_protocol::realtime::{CloseCode, Dialect};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;

/// Where a connection's bytes go.
#[derive(Debug)]
pub enum Sink {
    /// Written by whoever queued them, as far as the socket takes them.
    Socket(OwnedSocket),
    /// The same, by a session of a protocol around ours that outlives the connection: it looks after heartbeats and
    /// says goodbye itself.
    Session(Box<dyn Outlet>),
    /// Pulled by the body of an HTTP response, or by a poll.
    Pulled,
}

/// How far a connection is from its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Life {
    /// Frames flow.
    Open,
    /// A Close frame is the last that is sent; what the peer still says is of no interest but for its own Close.
    Closing,
    /// The socket is of no more use.
    Gone,
}

/// One socket of this worker thread: its send queue and all that the hub must know of it. Belongs to one thread and is
/// shared there between the hub, which pushes and flushes, and the connection's own task, which reads, and waits for a
/// socket that would block.
///
/// Kept small on purpose: while nothing is under way it owns no buffer, no timer and no channel.
#[derive(Debug)]
pub struct Connection {
    id: ConnectionId,
    format: Cell<Format>,
    sink: Sink,
    settings: Arc<RealtimeSettings>,
    queue: RefCell<SendQueue>,
    corked: Cell<bool>,
    blocked: Cell<bool>,
    /// Its task is going through frames that have come together, and will write their answers together.
    held: Cell<bool>,
    taken: Cell<bool>,
    life: Cell<Life>,
    closed_by: Cell<Option<CloseCode>>,
    leave_when_idle: Cell<bool>,
    reading: Cell<bool>,
    /// It waits for others, and its client for it.
    pub(crate) is_in_line: Cell<bool>,
    task: RefCell<Option<Waker>>,
    body: RefCell<Option<Waker>>,
    pub(crate) user: Cell<Option<UserId>>,
    pub(crate) session: Cell<Option<SessionId>>,
    pub(crate) slot: Cell<usize>,
    pub(crate) touched: Cell<bool>,
    pub(crate) deadlines: Deadlines,
    /// The conversations under which the hub's index has this connection.
    pub(crate) conversations: RefCell<Vec<ConversationId>>,
    /// Below these, what still comes was seen, or replayed, already. Empty but for the moments after attaching.
    pub(crate) floors: RefCell<HashMap<ConversationId, Pos>>,
    pub(crate) attaching: RefCell<Option<Box<Attaching>>>,
    windows: RefCell<windows::Windows>,
}

/// When something is due, in ticks of the worker's wheel; zero for never.
#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    pub(crate) armed: Cell<Tick>,
    pub(crate) sign_in: Cell<Tick>,
    pub(crate) resume: Cell<Tick>,
    pub(crate) token: Cell<Tick>,
    pub(crate) linger: Cell<Tick>,
    pub(crate) heard: Cell<Tick>,
    pub(crate) pinged: Cell<Tick>,
}

impl Connection {
    pub(crate) fn new(id: ConnectionId, format: Format, sink: Sink, settings: Arc<RealtimeSettings>) -> Self {
        Self {
            id,
            format: Cell::new(format),
            sink,
            settings,
            queue: RefCell::default(),
            corked: Cell::new(true),
            blocked: Cell::new(false),
            held: Cell::new(false),
            taken: Cell::new(false),
            life: Cell::new(Life::Open),
            closed_by: Cell::new(None),
            leave_when_idle: Cell::new(false),
            reading: Cell::new(true),
            is_in_line: Cell::new(false),
            task: RefCell::default(),
            body: RefCell::default(),
            user: Cell::new(None),
            session: Cell::new(None),
            slot: Cell::new(0),
            touched: Cell::new(false),
            deadlines: Deadlines::default(),
            conversations: RefCell::default(),
            floors: RefCell::default(),
            attaching: RefCell::default(),
            windows: RefCell::default(),
        }
    }

    /// Its name in the presence registry and in logs.
    pub const fn id(&self) -> ConnectionId {
        self.id
    }

    /// What it is sent.
    pub fn format(&self) -> Format {
        self.format.get()
    }

    /// It is to be sent this dialect from now on. To be called before it attaches: what is held for it meanwhile is
    /// measured in the dialect that it has.
    pub fn speak(&self, dialect: Dialect) {
        self.format.set(Format { dialect, ..self.format() });
    }

    /// Its socket, where it has one of its own.
    pub const fn socket(&self) -> Option<&OwnedSocket> {
        match &self.sink {
            Sink::Socket(socket) => Some(socket),
            Sink::Session(_) | Sink::Pulled => None,
        }
    }

    pub(crate) fn outlet(&self) -> Option<&dyn Outlet> {
        match &self.sink {
            Sink::Socket(socket) => Some(socket),
            Sink::Session(session) => Some(&**session),
            Sink::Pulled => None,
        }
    }

    /// Whether heartbeats and the last frame are another's.
    pub(crate) const fn is_within_a_session(&self) -> bool {
        matches!(self.sink, Sink::Session(_))
    }

    /// How far it is from its end.
    pub fn life(&self) -> Life {
        self.life.get()
    }

    /// Why this side closed it; `None` while it has not.
    pub fn closed_by(&self) -> Option<CloseCode> {
        self.closed_by.get()
    }

    /// Whether it is to close as soon as no command is under way: the server is draining.
    pub fn is_to_leave(&self) -> bool {
        self.leave_when_idle.get()
    }

    /// Whether what the client says is being listened to; not while a command is under way.
    pub fn is_reading(&self) -> bool {
        self.reading.get()
    }

    /// See [`Self::is_reading`].
    pub fn set_reading(&self, reading: bool) {
        self.reading.set(reading);
    }

    /// Whether the announced `resume` frame did not come in time, or none was announced.
    pub fn is_resume_due(&self) -> bool {
        self.deadlines.resume.get() == 0
    }

    /// The announced `resume` frame came.
    pub fn resume_came(&self) {
        self.deadlines.resume.set(0);
    }

    pub(crate) fn ask_to_leave(&self) {
        self.leave_when_idle.set(true);
        self.wake();
    }

    pub(crate) fn wake(&self) {
        if let Some(task) = self.task.borrow().as_ref() {
            task.wake_by_ref();
        }
    }
}

/// Compares connections by identity.
pub(crate) fn is_same(one: &Rc<Connection>, other: &Rc<Connection>) -> bool {
    Rc::ptr_eq(one, other)
}
