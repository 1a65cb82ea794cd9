//! What waits for a connection, and how it gets to its socket.

use super::{Connection, Life};
use crate::outgoing::Outgoing;
use crate::outlet::Flushed;
use crate::send_queue::SendQueue;
use bytes::Bytes;
use chat_domain::{ConversationId, Pos};
use chat_protocol::Failure;
use chat_protocol::realtime::{CloseCode, EventName};
use serde::Serialize;
use std::future::poll_fn;
use std::task::{Context, Poll};

/// What is large waits until no more than this is left to be sent, in bytes.
pub(crate) const LOW_WATER: usize = 64 * 1024;

impl Connection {
    /// What waits to be sent, in bytes.
    pub fn queued_bytes(&self) -> usize {
        self.queue.borrow().bytes()
    }

    /// Lets bytes out, `first` before all others: the answer to the handshake. Until then everything waits in the
    /// queue.
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

    /// Queues a frame; nothing is written before [`Self::flush`]. A queue that is over its bound and cannot be flushed
    /// ends the connection. One frame alone may be larger than the bound.
    pub fn push(&self, frame: Bytes) {
        if self.life.get() != Life::Open {
            return;
        }
        if self.is_over_bound(frame.len()) {
            self.held.set(false);
            self.flush();
            if self.is_over_bound(frame.len()) {
                self.queue.borrow_mut().drop_unsent();
                self.close(CloseCode::TooSlow);
                return;
            }
        }
        self.queue.borrow_mut().push(frame);
    }

    /// Writes a piece at once where nothing waits before it, so that it costs nothing but the write; what the socket
    /// does not take waits like everything else.
    pub(crate) fn write_through(&self, piece: &Bytes) {
        let is_free = self.life.get() == Life::Open
            && !(self.corked.get() || self.blocked.get() || self.held.get())
            && self.is_flushed();
        let Some(socket) = self.socket().filter(|_| is_free) else {
            self.push(piece.clone());
            self.flush();
            return;
        };
        let written = socket.try_write(piece);
        self.taken.set(self.taken.get() || written > 0);
        if written < piece.len() {
            let mut queue = self.queue.borrow_mut();
            queue.push(piece.clone());
            queue.advance(written);
            drop(queue);
            self.flush();
        }
    }

    /// From now on what is queued is not written before [`Self::release`]: the connection's task goes through frames
    /// that came together, and their answers leave together. The task releases it whenever it waits for anything.
    pub fn hold(&self) {
        self.held.set(true);
    }

    /// Writes what was queued since [`Self::hold`]; `false` where there was nothing.
    pub fn release(&self) -> bool {
        let has_waited = self.held.replace(false) && !self.is_flushed();
        if has_waited {
            self.flush();
        }
        has_waited
    }

    fn is_over_bound(&self, more: usize) -> bool {
        let queue = self.queue.borrow();
        !queue.is_empty() && queue.bytes() + more > self.settings.queue_bytes
    }

    /// Queues one event for this connection alone, and writes it as far as the socket takes it.
    pub fn send_event<T: Serialize>(&self, event: EventName<T>, data: &T) {
        self.send(&self.format().gateway.event(event, data));
    }

    /// The same of an acknowledgement: the command of this id has been done.
    pub fn send_ack<T: Serialize>(&self, id: &str, data: &T) {
        self.send(&self.format().gateway.ack(id, data));
    }

    /// The same of an acknowledgement that says nothing but that.
    pub fn send_empty_ack(&self, id: &str) {
        self.send(&self.format().gateway.empty_ack(id));
    }

    /// The same of an error: the command of this id, or some command, has failed.
    pub fn send_error(&self, id: Option<&str>, failure: &Failure) {
        self.send(&self.format().gateway.error(id, failure));
    }

    fn send(&self, text: &str) {
        self.push(self.format().frame(text));
        self.flush();
    }

    pub(crate) fn push_resumed(
        &self,
        positions: impl IntoIterator<Item = (ConversationId, Pos)>,
        limited: impl IntoIterator<Item = ConversationId>,
    ) {
        let format = self.format();
        self.push(format.frame(&format.gateway.resumed(positions, limited)));
    }

    /// Queues what the connection is told of an event; `false` where its dialect does not tell of it.
    pub(crate) fn push_event(&self, event: &Outgoing) -> bool {
        let frame = event.frame(self.format(), self.user.get());
        let is_told = frame.is_some();
        if let Some(frame) = frame {
            self.push(frame);
        }
        is_told
    }

    /// Writes what waits, as far as the socket takes it at once; the rest is written by the connection's task.
    pub fn flush(&self) {
        if self.corked.get() || self.blocked.get() || self.held.get() {
            return;
        }
        match self.outlet() {
            Some(outlet) => {
                let before = self.queued_bytes();
                let flushed = outlet.flush(&mut self.queue.borrow_mut());
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
            None => {
                if let Some(body) = self.body.borrow_mut().take() {
                    body.wake();
                }
            }
        }
    }

    /// For the connection's task, first thing whenever it runs: keeps its waker, and writes on where the socket was
    /// full.
    pub fn poll_write(&self, context: &mut Context<'_>) {
        {
            let mut task = self.task.borrow_mut();
            if !task.as_ref().is_some_and(|known| known.will_wake(context.waker())) {
                *task = Some(context.waker().clone());
            }
        }
        let Some(outlet) = self.outlet() else { return };
        while self.blocked.get() && self.life.get() != Life::Gone {
            if outlet.poll_writable(context).is_pending() {
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

    /// What still waits, for a session that goes on without this connection.
    pub fn take_queue(&self) -> SendQueue {
        self.queue.take()
    }

    /// Whether the peer took anything since this was asked before, or nothing waits for it.
    pub(crate) fn has_taken(&self) -> bool {
        self.taken.replace(false) || self.is_flushed()
    }

    /// Waits until little is left to be sent: there is room for something large. `false` where the connection comes to
    /// its end instead. Its own task writes meanwhile, and polls this again.
    pub async fn drained(&self) -> bool {
        poll_fn(|_| match self.life() {
            Life::Open if self.queued_bytes() <= LOW_WATER => Poll::Ready(true),
            Life::Open => Poll::Pending,
            Life::Closing | Life::Gone => Poll::Ready(false),
        })
        .await
    }

    /// Whether everything has been handed to the socket.
    pub fn is_flushed(&self) -> bool {
        self.queue.borrow().is_empty()
    }
}
