use crate::attach::Attaching;
use crate::hub::Tick;
use crate::outgoing::{Format, Outgoing};
use crate::owned_socket::{Flushed, OwnedSocket};
use crate::send_queue::SendQueue;
use crate::{RealtimeSettings, frames};
use bytes::Bytes;
use chat_domain::{ConnectionId, ConversationId, Pos, SessionId, UserId};
use chat_protocol::realtime::CloseCode;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// Where a connection's bytes go.
#[derive(Debug)]
pub enum Sink {
    /// Written by whoever queued them, as far as the socket takes them.
    Socket(OwnedSocket),
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

/// One socket of this worker thread: its send queue and all that the hub must know of it. Belongs to one thread and is shared
/// there between the hub, which pushes and flushes, and the connection's own task, which reads, and waits for a socket that
/// would block.
///
/// Kept small on purpose: while nothing is under way it owns no buffer, no timer and no channel.
#[derive(Debug)]
pub struct Connection {
    id: ConnectionId,
    format: Format,
    sink: Sink,
    settings: Arc<RealtimeSettings>,
    queue: RefCell<SendQueue>,
    corked: Cell<bool>,
    blocked: Cell<bool>,
    taken: Cell<bool>,
    life: Cell<Life>,
    closed_by: Cell<Option<CloseCode>>,
    leave_when_idle: Cell<bool>,
    reading: Cell<bool>,
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
    pub(crate) floors: RefCell<Vec<(ConversationId, Pos)>>,
    pub(crate) attaching: RefCell<Option<Box<Attaching>>>,
    windows: RefCell<Vec<ConversationId>>,
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
            format,
            sink,
            settings,
            queue: RefCell::default(),
            corked: Cell::new(true),
            blocked: Cell::new(false),
            taken: Cell::new(false),
            life: Cell::new(Life::Open),
            closed_by: Cell::new(None),
            leave_when_idle: Cell::new(false),
            reading: Cell::new(true),
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
    pub const fn format(&self) -> Format {
        self.format
    }

    /// Its socket, where it has one of its own.
    pub const fn socket(&self) -> Option<&OwnedSocket> {
        match &self.sink {
            Sink::Socket(socket) => Some(socket),
            Sink::Pulled => None,
        }
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

    /// What waits to be sent, in bytes.
    pub fn queued_bytes(&self) -> usize {
        self.queue.borrow().bytes()
    }

    /// Lets bytes out, `first` before all others: the answer to the handshake. Until then everything waits in the queue.
    pub fn uncork(&self, first: Option<Bytes>) {
        if self.corked.replace(false) {
            let mut queue = self.queue.borrow_mut();
            let waiting = std::mem::take(&mut *queue);
            if let Some(first) = first {
                queue.push(first);
            }
            let mut waiting = waiting;
            while let Some(frame) = waiting.pop() {
                queue.push(frame);
            }
        }
        self.flush();
    }

    /// Queues a frame; nothing is written before [`Self::flush`]. A queue that is over its bound and cannot be flushed ends the connection. One frame
    /// alone may be larger than the bound.
    pub fn push(&self, frame: Bytes) {
        if self.life.get() != Life::Open {
            return;
        }
        if self.is_over_bound(frame.len()) {
            self.flush();
            if self.is_over_bound(frame.len()) {
                self.queue.borrow_mut().drop_unsent();
                self.close(CloseCode::TooSlow);
                return;
            }
        }
        self.queue.borrow_mut().push(frame);
    }

    fn is_over_bound(&self, more: usize) -> bool {
        let queue = self.queue.borrow();
        !queue.is_empty() && queue.bytes() + more > self.settings.queue_bytes
    }

    /// Queues one event, acknowledgement or error and writes it as far as the socket takes it.
    pub fn send(&self, text: &str) {
        self.push(self.format.frame(text));
        self.flush();
    }

    pub(crate) fn push_event(&self, event: &Outgoing) {
        self.push(event.frame(self.format, self.user.get()));
    }

    /// Writes what waits, as far as the socket takes it at once; the rest is written by the connection's task.
    pub fn flush(&self) {
        if self.corked.get() || self.blocked.get() {
            return;
        }
        match &self.sink {
            Sink::Socket(socket) => {
                let before = self.queued_bytes();
                let flushed = socket.flush(&mut self.queue.borrow_mut());
                self.taken.set(self.taken.get() || self.queued_bytes() < before);
                match flushed {
                    Flushed::All => {}
                    Flushed::Blocked => {
                        self.blocked.set(true);
                        self.wake();
                    }
                    Flushed::Broken => self.abandon(),
                }
            }
            Sink::Pulled => {
                if let Some(body) = self.body.borrow_mut().take() {
                    body.wake();
                }
            }
        }
    }

    /// Says goodbye: what is queued goes out, a Close frame after it, and nothing later. Only the first call counts.
    pub fn close(&self, code: CloseCode) {
        self.close_with(code, code.reason());
    }

    /// The same, with a reason that says more.
    pub fn close_with(&self, code: CloseCode, reason: &str) {
        if self.life.get() == Life::Open {
            self.closed_by.set(Some(code));
            self.finish(frames::close(code, reason));
        }
    }

    /// Answers the peer's own Close.
    pub fn close_in_turn(&self, code: Option<u16>) {
        if self.life.get() == Life::Open {
            self.finish(frames::close_reply(code));
        }
    }

    fn finish(&self, last: Bytes) {
        self.life.set(Life::Closing);
        self.queue.borrow_mut().push(last);
        self.flush();
        self.wake();
    }

    /// Nothing can be sent or heard any more.
    pub fn abandon(&self) {
        self.life.set(Life::Gone);
        self.wake();
        if let Some(body) = self.body.borrow_mut().take() {
            body.wake();
        }
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

    /// For the connection's task, first thing whenever it runs: keeps its waker, and writes on where the socket was full.
    pub fn poll_write(&self, context: &mut Context<'_>) {
        {
            let mut task = self.task.borrow_mut();
            if !task.as_ref().is_some_and(|known| known.will_wake(context.waker())) {
                *task = Some(context.waker().clone());
            }
        }
        let Some(socket) = self.socket() else { return };
        while self.blocked.get() && self.life.get() != Life::Gone {
            if socket.poll_writable(context).is_pending() {
                return;
            }
            self.blocked.set(false);
            self.flush();
        }
    }

    /// For the body of a response: the next bytes; `None` when there will be no more.
    pub fn poll_pull(&self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if !self.corked.get() {
            let pulled = self.queue.borrow_mut().pop();
            if let Some(frame) = pulled {
                self.taken.set(true);
                // The task may be waiting for the queue to drain.
                self.wake();
                return Poll::Ready(Some(frame));
            }
        }
        if self.life.get() == Life::Gone {
            return Poll::Ready(None);
        }
        *self.body.borrow_mut() = Some(context.waker().clone());
        Poll::Pending
    }

    /// Whether the peer took anything since this was asked before, or nothing waits for it.
    pub(crate) fn has_taken(&self) -> bool {
        self.taken.replace(false) || self.is_flushed()
    }

    /// Whether everything has been handed to the socket.
    pub fn is_flushed(&self) -> bool {
        self.queue.borrow().is_empty()
    }

    /// Notes that this connection looks at a conversation; `false` where it does already, or looks at `most` others.
    pub fn open_window(&self, conversation: ConversationId, most: usize) -> bool {
        let mut windows = self.windows.borrow_mut();
        let opens = windows.len() < most && !windows.contains(&conversation);
        if opens {
            windows.push(conversation);
        }
        opens
    }

    /// Notes that it looks away; `false` where it did not look.
    pub fn close_window(&self, conversation: ConversationId) -> bool {
        let mut windows = self.windows.borrow_mut();
        let found = windows.iter().position(|window| *window == conversation);
        found.map(|index| windows.swap_remove(index)).is_some()
    }

    /// Whether it looks at this conversation.
    pub fn has_window(&self, conversation: ConversationId) -> bool {
        self.windows.borrow().contains(&conversation)
    }

    /// Closes every window and says which.
    pub fn take_windows(&self) -> Vec<ConversationId> {
        self.windows.take()
    }
}

/// Compares connections by identity.
pub(crate) fn is_same(one: &Rc<Connection>, other: &Rc<Connection>) -> bool {
    Rc::ptr_eq(one, other)
}
