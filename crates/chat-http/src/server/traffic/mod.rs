//! What one HTTP connection may do to the others of its thread: requests that are pipelined on it take turns with them,
//! its bytes are read a little at a time, and requests that no other limit counts have a budget
//! ([`crate::HttpSettings::request_quota`]). A connection that has used it up is closed after the answer, and so is one
//! that has not sent the whole body of a request when it is answered.
//!
//! The same for sockets is in `crate::gateway` (frames) and in `chat-socketio` (packets).

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

/// How much is read of what follows a request while it is answered, in bytes.
const BYTES_AHEAD: u64 = 16 * 1024;

/// How much of its connection's budget a refusal costs. With the default quota that makes 20 a second and 200 at once.
pub const REFUSAL_COST: u32 = 5;

/// What is known of one HTTP connection, by its stream and by the service that answers its requests.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    budget: FrameBudget,
    has_had_turn: Cell<bool>,
    is_closing: Cell<bool>,
    was_charged: Cell<bool>,
    /// How much has been read, in bytes.
    read: Cell<u64>,
    /// Where requests end that have been read whole and are not being answered yet.
    ends: RefCell<VecDeque<u64>>,
    /// While a request is answered: how far may be read meanwhile.
    limit: Cell<Option<u64>>,
    /// Not all of the body of the last request that was begun has been read.
    is_body_open: Cell<bool>,
    /// The connection's task, where reading waits for the answer.
    waiting: RefCell<Option<Waker>>,
}

impl Traffic {
    /// A request is being answered, of whose body at most `most_body` bytes are read. Reading goes on meanwhile: for
    /// its body, and to notice that the client hangs up; but not so far behind the body that the dispatcher's buffer
    /// is full, since it runs all the time then.
    fn begin(self: &Rc<Self>, most_body: u64) -> UnderWay {
        let end = self.ends.borrow_mut().pop_front();
        self.is_body_open.set(end.is_none());
        self.limit.set(Some(end.map_or(self.read.get() + most_body, |end| end + BYTES_AHEAD)));
        UnderWay(Rc::clone(self))
    }

    /// More has been read; returns how much had been before, in bytes.
    pub(crate) fn note_read(&self, length: usize) -> u64 {
        self.read.replace(self.read.get() + length as u64)
    }

    /// A request has been read whole, and ends after so many bytes of the connection.
    pub(crate) fn note_end(&self, end: u64) {
        if !self.is_body_open.replace(false) {
            self.ends.borrow_mut().push_back(end);
        } else if self.is_under_way() {
            self.limit.set(Some(end + BYTES_AHEAD));
        }
    }

    /// Whether more may be read now.
    fn may_read(&self) -> bool {
        self.limit.get().is_none_or(|limit| self.read.get() < limit && !self.is_closing())
    }

    fn is_under_way(&self) -> bool {
        self.limit.get().is_some()
    }

    fn is_body_open(&self) -> bool {
        self.is_body_open.get()
    }

    /// Reading waits for the answer.
    fn wait(&self, context: &Context<'_>) {
        *self.waiting.borrow_mut() = Some(context.waker().clone());
    }

    fn read_on(&self) {
        if let Some(waiting) = self.waiting.borrow_mut().take() {
            waiting.wake();
        }
    }

    /// The connection's task runs again.
    fn begin_turn(&self) {
        self.has_had_turn.set(false);
    }

    /// Whether one more request may be answered before the other tasks of the thread have had their turn.
    fn take_turn(&self) -> bool {
        !self.has_had_turn.replace(true)
    }

    /// Charges a request; `false` where the connection is to be closed after its answer.
    fn charge(&self, cost: u32, quota: FrameQuota) -> bool {
        let fits = cost == 0 || self.budget.take(cost, quota, Instant::now());
        if !fits {
            self.close();
        }
        fits
    }

    /// Whether none of the connection's requests had been charged before; only once.
    fn is_first_charge(&self) -> bool {
        !self.was_charged.replace(true)
    }

    /// No more requests are answered here: the connection ends with the answer under way.
    fn close(&self) {
        self.is_closing.set(true);
    }

    /// Whether no more requests are answered here.
    fn is_closing(&self) -> bool {
        self.is_closing.get()
    }
}

/// A request that is being answered, until it is dropped.
#[derive(Debug)]
struct UnderWay(Rc<Traffic>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.limit.set(None);
        self.0.read_on();
    }
}
