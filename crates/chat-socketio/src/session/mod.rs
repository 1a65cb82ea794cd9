//! One Engine.IO client, on its home worker thread: on either transport, its messages come out here and frames go in.

mod ending;
mod finish;
mod heart;
mod inbox;
mod life;
mod listen;
mod outbox;
mod polling;
mod requests;

pub use ending::Ending;
pub use inbox::Message;
pub use outbox::{Outbox, Queue};
pub(crate) use polling::{Leave, PollId, PostId, Reply};

use crate::Settings;
use crate::engine::Sid;
use crate::server::{Place, Worker};
use crate::settings::CONTROL_BYTES;
use crate::wire::{Allowance, FrameBudget, Wire, Written};
use bytes::Bytes;
use heart::Heart;
use inbox::Inbox;
use polling::Polling;
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Weak;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Instant;

/// The result of a flush.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flushed {
    /// Everything was sent.
    All,
    /// The client accepts no more for now; [`Session::poll_writable`] reports when it does again.
    Blocked,
    /// The session has ended.
    Ended,
}

#[derive(Debug)]
enum Transport {
    Polling(Polling),
    Socket(Wire),
    Gone,
}

/// One session. It belongs to one thread. There it is shared between a task of the caller, which reads messages and
/// waits for a slow client, and all code that sends to the client.
///
/// The caller owns the data that waits to be sent ([`Outbox`]) and passes it to each flush. The session itself keeps
/// only pings and other answers of the protocol. It reads the client only when the caller asks for a message, which is
/// the backpressure.
#[derive(Debug)]
pub struct Session {
    sid: Sid,
    settings: Arc<Settings>,
    worker: Weak<Worker>,
    place: Place,
    transport: RefCell<Transport>,
    control: RefCell<Queue>,
    inbox: RefCell<Inbox>,
    task: RefCell<Option<Waker>>,
    heart: Heart,
    budget: FrameBudget,
    /// Used while the client is not connected to a namespace.
    allowance: RefCell<Allowance>,
    ending: Cell<Option<Ending>>,
    /// Whether the caller waits for a message.
    is_listening: Cell<bool>,
    /// Whether the caller knows that there will be no more messages.
    is_heard_out: Cell<bool>,
    /// Whether the client accepted less than was offered last.
    is_blocked: Cell<bool>,
    /// Whether the client has accepted data since the last check of the timers.
    has_taken: Cell<bool>,
}

impl Session {
    pub(crate) fn polling(sid: Sid, settings: &Arc<Settings>, worker: Weak<Worker>, place: Place) -> Self {
        Self::new(sid, settings, worker, place, Transport::Polling(Polling::default()))
    }

    pub(crate) fn socket(
        sid: Sid,
        settings: &Arc<Settings>,
        worker: Weak<Worker>,
        place: Place,
        wire: Wire,
        first: Bytes,
    ) -> Self {
        let session = Self::new(sid, settings, worker, place, Transport::Socket(wire));
        session.push_control(first);
        session
    }

    fn new(sid: Sid, settings: &Arc<Settings>, worker: Weak<Worker>, place: Place, transport: Transport) -> Self {
        Self {
            sid,
            settings: Arc::clone(settings),
            worker,
            place,
            transport: RefCell::new(transport),
            control: RefCell::new(Queue::new(CONTROL_BYTES)),
            inbox: RefCell::default(),
            task: RefCell::default(),
            heart: Heart::new(settings, Instant::now()),
            budget: FrameBudget::new(),
            allowance: RefCell::default(),
            ending: Cell::new(None),
            is_listening: Cell::new(false),
            is_heard_out: Cell::new(false),
            is_blocked: Cell::new(false),
            has_taken: Cell::new(false),
        }
    }

    /// The session id. It is a credential: do not log it, and do not show it to other clients.
    pub const fn sid(&self) -> Sid {
        self.sid
    }

    /// Why the session has ended; `None` while it has not.
    pub fn ending(&self) -> Option<Ending> {
        self.ending.get()
    }

    /// Whether the session is on a WebSocket now.
    pub fn is_websocket(&self) -> bool {
        matches!(*self.transport.borrow(), Transport::Socket(_))
    }

    /// The server's settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Exempts the client from the connect timeout, and stops counting it among the strangers of its address.
    pub fn establish(&self) {
        self.place.establish();
        self.allowance.borrow_mut().give_back();
        self.heart.set_connect_due(None);
    }

    /// Starts the connect timeout again, and counts the client among the strangers of its address until it connects.
    /// The session ends if its address has reached the limit of strangers.
    pub fn expect_connect(&self) {
        if !self.place.return_to_stranger() {
            return self.end(Ending::NoRoom);
        }
        self.heart.set_connect_due(Some(Instant::now() + self.settings.connect_timeout));
    }

    /// Sends as much of `outbox` as the client accepts at once. If something is left, the task that waits for this
    /// session has to be woken ([`Self::wake`]), unless it is the caller.
    pub fn flush(&self, outbox: &mut (impl Outbox + ?Sized)) -> Flushed {
        let control = &mut *self.control.borrow_mut();
        let written = match &mut *self.transport.borrow_mut() {
            Transport::Socket(_) if self.ending.get().is_some() => return Flushed::Ended,
            Transport::Socket(wire) => {
                let written = wire.write(control, outbox);
                self.note_taken(wire.has_written());
                written
            }
            Transport::Polling(polling) => {
                let is_taken =
                    polling.answer(control, outbox, self.settings.packets_per_poll, self.settings.max_payload);
                self.note_taken(is_taken);
                if outbox.is_empty() { Written::All } else { Written::Blocked }
            }
            // Commands that arrived before the client left are still carried out; their answers are dropped.
            Transport::Gone if self.ending.get() == Some(Ending::Client) && !self.is_heard_out.get() => {
                while outbox.pop().is_some() {}
                Written::All
            }
            Transport::Gone => return Flushed::Ended,
        };
        self.is_blocked.set(written == Written::Blocked);
        match written {
            Written::All => Flushed::All,
            Written::Blocked => Flushed::Blocked,
            Written::Broken => {
                self.lose();
                Flushed::Ended
            }
        }
    }

    /// Charges `cost` frames that no other limit counts. If the client has too few left, ends the session and returns
    /// `false`.
    pub fn charge(&self, cost: u32) -> bool {
        let fits = self.budget.take(cost, self.settings.frame_quota, Instant::now());
        if !fits {
            self.end(Ending::Flooding);
        }
        fits
    }

    fn note_taken(&self, is_taken: bool) {
        self.has_taken.set(self.has_taken.get() || is_taken);
    }

    /// Ready when a flush may send more than the last one did, or the session has ended.
    pub fn poll_writable(&self, context: &mut Context<'_>) -> Poll<()> {
        self.keep_waker(context);
        if self.ending.get().is_some() {
            return Poll::Ready(());
        }
        match &*self.transport.borrow() {
            Transport::Socket(wire) => wire.poll_writable(context),
            Transport::Polling(polling) if !polling.has_poll() => Poll::Pending,
            Transport::Polling(_) | Transport::Gone => Poll::Ready(()),
        }
    }

    /// Sends all of `outbox`, waiting for a slow client. Ready when nothing is left, or the session has ended.
    pub fn poll_flush(&self, outbox: &mut (impl Outbox + ?Sized), context: &mut Context<'_>) -> Poll<()> {
        self.keep_waker(context);
        while self.flush(outbox) == Flushed::Blocked {
            ready!(self.poll_writable(context));
        }
        Poll::Ready(())
    }

    /// Runs the caller's `work` while the client is still being written to.
    pub async fn flush_while<T>(&self, outbox: &RefCell<impl Outbox>, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|context| {
            let _ = self.poll_flush(&mut *outbox.borrow_mut(), context);
            work.as_mut().poll(context)
        })
        .await
    }

    /// The client's next message, in order; `None` when there will be no more, for the reason in [`Self::ending`].
    pub fn poll_next(&self, context: &mut Context<'_>) -> Poll<Option<Message>> {
        self.keep_waker(context);
        self.poll_control(context);
        let message = self.poll_message(context);
        // Sends the answers to everything read now, in one write.
        self.poll_control(context);
        self.is_listening.set(message.is_pending());
        message
    }

    /// Like [`Self::poll_next`], and sends what waits in `outbox` meanwhile.
    pub async fn next(&self, outbox: &RefCell<impl Outbox>) -> Option<Message> {
        poll_fn(|context| {
            let _ = self.poll_flush(&mut *outbox.borrow_mut(), context);
            self.poll_next(context)
        })
        .await
    }

    /// Wakes the task that last waited for this session.
    pub fn wake(&self) {
        if let Some(task) = self.task.borrow().as_ref() {
            task.wake_by_ref();
        }
    }

    /// Ends the session of a client whose messages break the protocol.
    pub fn condemn(&self) {
        self.end(Ending::Violation);
    }

    fn keep_waker(&self, context: &Context<'_>) {
        let mut task = self.task.borrow_mut();
        if !task.as_ref().is_some_and(|known| known.will_wake(context.waker())) {
            *task = Some(context.waker().clone());
        }
    }
}
