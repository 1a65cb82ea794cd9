//! How a connection ends.

use super::{Connection, Life};
use crate::frames;
use bytes::Bytes;
use chat_protocol::realtime::CloseCode;

impl Connection {
    /// Closes the connection: sends the queued data, then a Close frame, and nothing after it. Later calls have no
    /// effect. If a session carries the connection, the session's owner closes it in its own protocol.
    pub fn close(&self, code: CloseCode) {
        self.close_with(code, code.reason());
    }

    /// Like [`Self::close`], with another reason text.
    pub fn close_with(&self, code: CloseCode, reason: &str) {
        if self.life.get() == Life::Open {
            self.closed_by.set(Some(code));
            self.finish(frames::close(code, reason));
        }
    }

    /// Replies to the peer's Close frame.
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

    /// Marks the connection as gone: nothing can be sent or received any more.
    pub fn abandon(&self) {
        self.life.set(Life::Gone);
        self.wake();
        if let Some(body) = self.body.borrow_mut().take() {
            body.wake();
        }
    }
}
