//! What one HTTP connection may do to the others of its thread: requests that are pipelined on it take turns with them, its bytes are read a little at
//! a time, and requests that no other limit counts have a budget ([`crate::HttpSettings::request_quota`]). A connection that has used it up is
//! closed after the answer.
//!
//! The same for sockets is in `crate::connection` (frames) and in `chat-socketio` (packets).

mod paced;
mod regulate;

pub(crate) use paced::Paced;
pub(crate) use regulate::regulate;

use chat_socketio::websocket::{FrameBudget, FrameQuota};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Context, Waker};
use std::time::Instant;

/// How much is read of what follows a request while it is answered, in bytes.
const BYTES_AHEAD: usize = 16 * 1024;

/// How much of its connection's budget a refusal costs. With the default quota that makes 20 a second and 200 at once.
pub const REFUSAL_COST: u32 = 5;

/// What is known of one HTTP connection, by its stream and by the service that answers its requests.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    budget: FrameBudget,
    has_had_turn: Cell<bool>,
    is_closing: Cell<bool>,
    /// While a request is answered: how much may be read meanwhile, in bytes.
    ahead: Cell<Option<usize>>,
    /// The connection's task, where reading waits for the answer.
    waiting: RefCell<Option<Waker>>,
}

impl Traffic {
    /// A request is being answered, whose body has this length. Reading goes on meanwhile: for its body, and to notice that the client hangs up; but not
    /// so far that the dispatcher's buffer is full, since it runs all the time then.
    fn begin(self: &Rc<Self>, body: usize) -> UnderWay {
        self.ahead.set(Some(body.saturating_add(BYTES_AHEAD)));
        UnderWay(Rc::clone(self))
    }

    /// Whether so much may have been read since the request that is answered now.
    fn may_read(&self, ahead: usize) -> bool {
        self.ahead.get().is_none_or(|most| ahead < most)
    }

    fn is_under_way(&self) -> bool {
        self.ahead.get().is_some()
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
            self.is_closing.set(true);
        }
        fits
    }

    /// Whether no more requests are answered here.
    fn is_closing(&self) -> bool {
        self.is_closing.get()
    }
}

/// A request that is being answered, until it is dropped.
struct UnderWay(Rc<Traffic>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.ahead.set(None);
        self.0.read_on();
    }
}
