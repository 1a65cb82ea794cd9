//! What a connection may send: how long its messages may be, how many of them are not commands, and when it is closed
//! for sending too much.

use super::MAX_MESSAGE_BYTES;
use super::client::{Client, Heard, Stage};
use crate::ApiError;
use crate::commands::limit_of;
use crate::limits::Subject;
use chat_domain::ErrorCode;
use chat_protocol::realtime::{CloseCode, Command, InvalidFrame};
use chat_socketio::websocket::Breach;
use std::sync::Arc;

/// After this many messages in succession that are not frames, the connection is closed (4000).
const MAX_PROTOCOL_ERRORS: u16 = 100;

impl Client {
    /// The maximum length, in bytes, of the message that the client has begun.
    pub(super) fn most_bytes(&mut self, announced: u64) -> Result<usize, Breach> {
        if self.is_signed_in() {
            Ok(MAX_MESSAGE_BYTES)
        } else {
            self.allowance.most_bytes(announced, MAX_MESSAGE_BYTES)
        }
    }

    /// Whether the connection was closed because its client kept sending after it was rate limited.
    pub(super) const fn is_flooding(&self) -> bool {
        self.is_flooding
    }

    /// Closes the connection of a client that kept sending after it was rate limited, and charges its address, which
    /// may then open fewer new connections.
    pub(super) fn close_for_flooding(&mut self) {
        let user = match self.stage {
            Stage::Stranger { .. } => None,
            Stage::Waiting(actor) | Stage::Live(actor) => Some(actor.user_id),
        };
        let (connection, address) = (self.connection.id(), self.address);
        tracing::warn!(%connection, user = user.map(tracing::field::display), ?address, "closing connection: flooding");
        self.is_flooding = true;
        self.connection.close(CloseCode::RateLimited);
        self.realtime.state.penalize(address);
    }

    /// Counts a frame against the limits of the user, whether it is a command or not. Ready at once, unless the limits
    /// are counted elsewhere.
    pub(super) fn count(&self, heard: &Heard) -> impl Future<Output = Result<(), ApiError>> + use<> {
        let limits = Arc::clone(&self.realtime.state.limits);
        let counted = match (self.stage, heard) {
            // Strangers have a limit of their own, and the client has to send an announced resume, once.
            (Stage::Stranger { .. }, _) | (Stage::Waiting(_), Ok((_, Command::Resume(_)))) => None,
            (Stage::Waiting(actor) | Stage::Live(actor), heard) => {
                let command = heard.as_ref().ok().map(|(_, command)| command);
                Some((limit_of(command), Subject::User(actor.user_id)))
            }
        };
        async move {
            match counted {
                Some((limit, subject)) => limits.take(limit, subject).await.map(drop),
                None => Ok(()),
            }
        }
    }

    /// Tells the client that a frame is over a limit and was dropped. A client that keeps sending is closed.
    pub(super) fn refuse_as_too_fast(&mut self, id: Option<&str>, error: &ApiError) {
        self.answer_error(id, error);
        let pause = error.failure().retry_after;
        if self.flood.is_too_much(self.realtime.state.clock.now(), pause) {
            self.close_for_flooding();
        }
    }

    /// Counts, before sign-in, every command but the one that signs in: there is no user yet to count it for. A client
    /// that sends many of them is closed.
    pub(super) fn is_idle_talk(&mut self, heard: &Heard) -> bool {
        let is_idle = match heard {
            _ if self.is_signed_in() => false,
            Ok((_, command)) => !matches!(command, Command::Authenticate { .. }),
            // Messages that are not frames have a limit of their own.
            Err((_, fault)) => fault.code != ErrorCode::ProtocolError,
        };
        if is_idle && self.flood.is_too_much(self.realtime.state.clock.now(), None) {
            self.close_for_flooding();
            return true;
        }
        false
    }

    /// Answers a message that is not a command, and closes the connection after too many of them.
    pub(super) fn reject(&mut self, id: Option<&str>, fault: InvalidFrame) {
        if fault.code == ErrorCode::ProtocolError {
            self.protocol_errors += 1;
        }
        self.connection.send_error(id, &fault.into());
        if self.protocol_errors >= MAX_PROTOCOL_ERRORS {
            self.connection.close(CloseCode::ProtocolError);
        }
    }
}
