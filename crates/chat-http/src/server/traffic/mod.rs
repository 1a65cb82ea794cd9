//! Limits the effect of one HTTP connection on the others of its thread: its pipelined requests take turns with the
//! other connections, its data is read in small steps, and requests that no rate limit counts have a budget
//! ([`crate::HttpSettings::request_quota`]). A connection is closed after the answer if it has used up its budget, or
//! if it has not sent the whole body of the answered request.
//!
//! The corresponding limits of sockets are in `crate::gateway` (frames) and in `chat-socketio` (packets).

mod answer;
mod paced;
mod regulate;

pub(crate) use paced::Paced;
pub(crate) use regulate::regulate;

use chat_socketio::websocket::{FrameBudget, FrameQuota};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::task::{Context, Waker};
use std::time::Instant;

/// How many bytes after a request are read while it is answered.
const BYTES_AHEAD: u64 = 16 * 1024;

/// The cost of a refused request in the connection's budget. With the default quota this allows 20 a second and 200 at
/// once.
pub const REFUSAL_COST: u32 = 5;

/// The state of one HTTP connection, shared by its stream and by the service that answers its requests.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    budget: FrameBudget,
    has_had_turn: Cell<bool>,
    is_closing: Cell<bool>,
    was_charged: Cell<bool>,
    /// The number of bytes read.
    read: Cell<u64>,
    /// The ends of the requests that have been read completely and are not being answered yet.
    ends: RefCell<VecDeque<u64>>,
    /// While a request is answered: the position up to which data may be read.
    limit: Cell<Option<u64>>,
    /// Whether the body of the last request is incomplete.
    is_body_open: Cell<bool>,
    /// The connection's task, if reading waits for the answer.
    waiting: RefCell<Option<Waker>>,
}

impl Traffic {
    /// Starts a request, of whose body at most `most_body` bytes are read. Reading continues in the meantime, for the
    /// body, and to notice that the client disconnects. It stops before the dispatcher's buffer is full, because the
    /// dispatcher would then run without pause.
    fn begin(self: &Rc<Self>, most_body: u64) -> UnderWay {
        let end = self.ends.borrow_mut().pop_front();
        self.is_body_open.set(end.is_none());
        self.limit.set(Some(end.map_or(self.read.get() + most_body, |end| end + BYTES_AHEAD)));
        UnderWay(Rc::clone(self))
    }

    /// Notes that data was read. Returns how many bytes had been read before.
    pub(crate) fn note_read(&self, length: usize) -> u64 {
        self.read.replace(self.read.get() + length as u64)
    }

    /// Notes that a request was read completely and ends at this byte of the connection.
    pub(crate) fn note_end(&self, end: u64) {
        if !self.is_body_open.replace(false) {
            self.ends.borrow_mut().push_back(end);
        } else if self.is_under_way() {
            self.limit.set(Some(end + BYTES_AHEAD));
        }
    }

    /// Whether more data may be read now.
    fn may_read(&self) -> bool {
        self.limit.get().is_none_or(|limit| self.read.get() < limit && !self.is_closing())
    }

    fn is_under_way(&self) -> bool {
        self.limit.get().is_some()
    }

    fn is_body_open(&self) -> bool {
        self.is_body_open.get()
    }

    /// Stores the task: reading waits for the answer.
    fn wait(&self, context: &Context<'_>) {
        *self.waiting.borrow_mut() = Some(context.waker().clone());
    }

    fn read_on(&self) {
        if let Some(waiting) = self.waiting.borrow_mut().take() {
            waiting.wake();
        }
    }

    /// Notes that the connection's task runs again.
    fn begin_turn(&self) {
        self.has_had_turn.set(false);
    }

    /// Whether one more request may be answered before the other tasks of the thread have their turn.
    fn take_turn(&self) -> bool {
        !self.has_had_turn.replace(true)
    }

    /// Charges a request. Returns `false` if the connection must be closed after its answer.
    fn charge(&self, cost: u32, quota: FrameQuota) -> bool {
        let fits = cost == 0 || self.budget.take(cost, quota, Instant::now());
        if !fits {
            self.close();
        }
        fits
    }

    /// Whether this is the first charge of the connection. Only the first call returns `true`.
    fn is_first_charge(&self) -> bool {
        !self.was_charged.replace(true)
    }

    /// Stops answering requests: the connection ends with the current answer.
    fn close(&self) {
        self.is_closing.set(true);
    }

    /// Whether the connection answers no more requests.
    fn is_closing(&self) -> bool {
        self.is_closing.get()
    }
}

/// A request in progress, until it is dropped.
#[derive(Debug)]
struct UnderWay(Rc<Traffic>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.limit.set(None);
        self.0.read_on();
    }
}
