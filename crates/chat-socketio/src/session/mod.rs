//! One client of Engine.IO, on the worker thread that is its home: whichever transport carries it, messages come out
//! here and frames go in.

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

/// What a flush came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flushed {
    /// Nothing is left.
    All,
    /// The client takes no more for now: [`Session::poll_writable`] tells when it does again.
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

/// One session. It belongs to one thread, and is shared there between a task of the caller's, which asks for messages
/// and waits for a client that takes no more, and whoever has something to send.
///
/// What waits to be sent is the caller's own ([`Outbox`]) and is offered with each flush; the session itself keeps no
/// more than pings and answers of the protocol. What the client says is read only when the caller asks for it: that is
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
    /// While it is a stranger's.
    allowance: RefCell<Allowance>,
    ending: Cell<Option<Ending>>,
    /// The caller has asked for a message, and there was none.
    is_listening: Cell<bool>,
    /// The caller knows that there will be no more messages.
    is_heard_out: Cell<bool>,
    /// More is to be sent than the client took when it was offered last.
    is_blocked: Cell<bool>,
    /// The client has taken something since time was looked at last.
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

    /// Its name, which is a credential too: not for logs, and not what other clients know this one by.
    pub const fn sid(&self) -> Sid {
        self.sid
    }

    /// Why it has ended; `None` while it has not.
    pub fn ending(&self) -> Option<Ending> {
        self.ending.get()
    }

    /// Whether a websocket carries it now.
    pub fn is_websocket(&self) -> bool {
        matches!(*self.transport.borrow(), Transport::Socket(_))
    }

    /// What the server promised its clients.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The client is of use: it is not closed for not being, and does not count among the strangers of its address any
    /// more.
    pub fn establish(&self) {
        self.place.establish();
        self.allowance.borrow_mut().give_back();
        self.heart.set_connect_due(None);
    }

    /// The client has to be of use again within the connect timeout, and counts among the strangers of its address
    /// until then. Where that has no room for another stranger the session ends.
    pub fn expect_connect(&self) {
        if !self.place.return_to_stranger() {
            return self.end(Ending::NoRoom);
        }
        self.heart.set_connect_due(Some(Instant::now() + self.settings.connect_timeout));
    }

    /// Hands the client as much of `outbox` as it takes at once. Where more is left, the task that waits for this
    /// session has to be woken ([`Self::wake`]) unless it is the one that calls.
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
            // What it has asked for before it left is to be done all the same; the answers find nobody.
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

    /// Charges `cost` frames that no other limit counts; where the client has none left its session ends, and the
    /// answer is `false`.
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

    /// Ready when a flush may get further than the last one did, or the session has ended.
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

    /// Hands over all of `outbox`, waiting where the client takes no more; ready when nothing is left, or the session
    /// has ended.
    pub fn poll_flush(&self, outbox: &mut (impl Outbox + ?Sized), context: &mut Context<'_>) -> Poll<()> {
        self.keep_waker(context);
        while self.flush(outbox) == Flushed::Blocked {
            ready!(self.poll_writable(context));
        }
        Poll::Ready(())
    }

    /// Runs something of the caller's while the client goes on being written to.
    pub async fn flush_while<T>(&self, outbox: &RefCell<impl Outbox>, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|context| {
            let _ = self.poll_flush(&mut *outbox.borrow_mut(), context);
            work.as_mut().poll(context)
        })
        .await
    }

    /// The next message of the client, in order; `None` when there will be none, which [`Self::ending`] explains.
    pub fn poll_next(&self, context: &mut Context<'_>) -> Poll<Option<Message>> {
        self.keep_waker(context);
        self.poll_control(context);
        let message = self.poll_message(context);
        // The answers to all that was heard now, in one write.
        self.poll_control(context);
        self.is_listening.set(message.is_pending());
        message
    }

    /// The same, while what waits in `outbox` goes out.
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

    /// Ends the session of a client that broke the protocol in what its messages say.
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
