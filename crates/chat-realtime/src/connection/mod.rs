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

/// The destination of a connection's bytes.
#[derive(Debug)]
pub enum Sink {
    /// A socket of its own. The code that queues bytes also writes them, as far as the socket accepts them.
    Socket(OwnedSocket),
    /// A session of a surrounding protocol that outlives the connection. It sends heartbeats and closes itself.
    Session(Box<dyn Outlet>),
    /// The body of an HTTP response, or a poll, pulls the bytes.
    Pulled,
}

/// The state of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Life {
    /// Frames are sent and received.
    Open,
    /// A Close frame is the last frame sent. Of the peer's data only its own Close counts.
    Closing,
    /// The socket is closed or lost.
    Gone,
}

/// One socket of this worker thread: its send queue and the state that the hub needs. It belongs to one thread, where
/// the hub and the connection's own task share it: the hub pushes and flushes; the task reads, and waits for a socket
/// that would block.
///
/// It is small on purpose: an idle connection owns no buffer, no timer and no channel.
#[derive(Debug)]
pub struct Connection {
    id: ConnectionId,
    format: Cell<Format>,
    sink: Sink,
    settings: Arc<RealtimeSettings>,
    queue: RefCell<SendQueue>,
    corked: Cell<bool>,
    blocked: Cell<bool>,
    /// The task is handling several received frames, and will write their answers together.
    held: Cell<bool>,
    taken: Cell<bool>,
    /// Answers to the client are on their way through the hub's inbox.
    awaits_answers: Cell<bool>,
    life: Cell<Life>,
    closed_by: Cell<Option<CloseCode>>,
    leave_when_idle: Cell<bool>,
    reading: Cell<bool>,
    /// The connection waits for a turn to attach, and its client waits for it.
    pub(crate) is_in_line: Cell<bool>,
    task: RefCell<Option<Waker>>,
    body: RefCell<Option<Waker>>,
    pub(crate) user: Cell<Option<UserId>>,
    pub(crate) session: Cell<Option<SessionId>>,
    pub(crate) slot: Cell<usize>,
    pub(crate) touched: Cell<bool>,
    pub(crate) deadlines: Deadlines,
    /// The conversations in whose rooms of the hub's index this connection is.
    pub(crate) conversations: RefCell<Vec<ConversationId>>,
    /// Up to these positions the connection already has all changes, seen or replayed. Empty except shortly after
    /// attaching.
    pub(crate) floors: RefCell<HashMap<ConversationId, Pos>>,
    pub(crate) attaching: RefCell<Option<Box<Attaching>>>,
    windows: RefCell<windows::Windows>,
}

/// Deadlines in ticks of the worker's wheel; zero means never.
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
            awaits_answers: Cell::new(false),
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

    /// The id in the presence registry and in logs.
    pub const fn id(&self) -> ConnectionId {
        self.id
    }

    /// The format of its events.
    pub fn format(&self) -> Format {
        self.format.get()
    }

    /// Sets the dialect of its events. Call it before attaching: the size of held events is measured in the current
    /// dialect.
    pub fn speak(&self, dialect: Dialect) {
        self.format.set(Format { dialect, ..self.format() });
    }

    /// Its own socket, if it has one.
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

    /// Whether a surrounding session sends the heartbeats and the last frame.
    pub(crate) const fn is_within_a_session(&self) -> bool {
        matches!(self.sink, Sink::Session(_))
    }

    /// The state of the connection.
    pub fn life(&self) -> Life {
        self.life.get()
    }

    /// The code with which the server closed it; `None` if it has not.
    pub fn closed_by(&self) -> Option<CloseCode> {
        self.closed_by.get()
    }

    /// Whether it must close when no command is running, because the server is draining.
    pub fn is_to_leave(&self) -> bool {
        self.leave_when_idle.get()
    }

    /// Whether the task is reading from the client. It does not read while a command is running.
    pub fn is_reading(&self) -> bool {
        self.reading.get()
    }

    /// Sets [`Self::is_reading`].
    pub fn set_reading(&self, reading: bool) {
        self.reading.set(reading);
    }

    /// Notes whether commands of the client are under way whose task an [`crate::InboxWaker`] wakes. What the hub
    /// delivers meanwhile is written together with their answers, if both arrive together.
    pub fn await_answers(&self, awaits: bool) {
        self.awaits_answers.set(awaits);
    }

    pub(crate) fn awaits_answers(&self) -> bool {
        self.awaits_answers.get()
    }

    /// Whether there is no announced `resume` frame to wait for: none was announced, it arrived, or it is overdue.
    pub fn is_resume_due(&self) -> bool {
        self.deadlines.resume.get() == 0
    }

    /// Notes that the announced `resume` frame has arrived.
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
