//! A connection's waiting data, and how it is written to the socket.

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

/// Large data waits until at most this many bytes are left to send.
pub(crate) const LOW_WATER: usize = 64 * 1024;

impl Connection {
    /// The number of bytes that wait to be sent.
    pub fn queued_bytes(&self) -> usize {
        self.queue.borrow().bytes()
    }

    /// Starts sending, with `first` before all other bytes: the answer to the handshake. Until then all data waits in
    /// the queue.
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

    /// Queues a frame; [`Self::flush`] writes it. A queue over its limit that cannot be flushed closes the connection.
    /// A single frame may be larger than the limit.
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

    /// Writes a piece at once if no other data waits, so that it costs only the write. The rest that the socket does
    /// not accept is queued.
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

    /// Holds queued data until [`Self::release`]: the connection's task handles several received frames, and sends
    /// their answers together. The task releases it before it waits for anything.
    pub fn hold(&self) {
        self.held.set(true);
    }

    /// Writes the data queued since [`Self::hold`]. Returns `false` if there was none.
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

    /// Queues an event for this connection only, and writes as much as the socket accepts.
    pub fn send_event<T: Serialize>(&self, event: EventName<T>, data: &T) {
        self.send(&self.format().gateway.event(event, data));
    }

    /// Sends the acknowledgement of the command with this id, with its data.
    pub fn send_ack<T: Serialize>(&self, id: &str, data: &T) {
        self.send(&self.format().gateway.ack(id, data));
    }

    /// Sends the acknowledgement of the command with this id, without data.
    pub fn send_empty_ack(&self, id: &str) {
        self.send(&self.format().gateway.empty_ack(id));
    }

    /// Sends an error: the command with this id has failed, or a command without id.
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
        reset: impl IntoIterator<Item = ConversationId>,
    ) {
        let format = self.format();
        self.push(format.frame(&format.gateway.resumed(self.settings.epoch, positions, limited, reset)));
    }

    /// Queues the event in the connection's format. Returns `false` if its dialect does not have this event.
    pub(crate) fn push_event(&self, event: &Outgoing) -> bool {
        let frame = event.frame(self.format(), self.user.get());
        let is_told = frame.is_some();
        if let Some(frame) = frame {
            self.push(frame);
        }
        is_told
    }

    /// Writes as much waiting data as the socket accepts at once. The connection's task writes the rest.
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

    /// For the connection's task, first in each poll: stores its waker, and continues to write if the socket was full.
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

    /// For the body of a response: returns the next bytes, or `None` at the end.
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

    /// Takes the waiting data, for a session that continues without this connection.
    pub fn take_queue(&self) -> SendQueue {
        self.queue.take()
    }

    /// Whether the peer has accepted any data since the last call, or no data waits for it.
    pub(crate) fn has_taken(&self) -> bool {
        self.taken.replace(false) || self.is_flushed()
    }

    /// Waits until the queue is short enough for large data. Returns `false` if the connection ends first. The
    /// connection's own task writes in the meantime, and polls this future again.
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
