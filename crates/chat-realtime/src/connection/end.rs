//! How a connection ends.

use super::{Connection, Life};
use crate::frames;
use bytes::Bytes;
use chat_protocol::realtime::CloseCode;

impl Connection {
    /// Says goodbye: what is queued goes out, a Close frame after it, and nothing later. Only the first call counts.
    /// Where a session carries the connection, its owner says goodbye in its own way.
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
        if !self.is_within_a_session() {
            self.queue.borrow_mut().push(last);
        }
        self.release();
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
}
