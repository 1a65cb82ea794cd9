//! The realtime connection (contract §4): one piece of code, whatever carries its bytes.
//!
//! `drive.rs` is the life of one connection, a small task on the worker thread that owns it: it listens, and runs one
//! command after the other (`session.rs`, `dispatch.rs`). While a command is under way nothing is read, which is the
//! backpressure on whoever sends; events, heartbeats and a socket that was full go on meanwhile. Writing is the hub's,
//! in `chat-realtime`.
//!
//! What carries the bytes is an `drive::Inlet` to hear by, an outlet that the hub writes to, and a `sign_in::Door`
//! where the client comes in:
//! - `websocket.rs`: frames on our own socket (`super::upgrade`);
//! - `in_app.rs`: the same inside of an `App`, for a service that mounts our routes in one of its own;
//! - `socketio.rs`: a namespace of a session of Socket.IO (`super::socketio`), which may outlive the connection.
//!
//! What a client asks for is the same in every dialect (`dispatch.rs`); how it is answered follows the dialect of the
//! connection (`answers.rs`).
//!
//! **To add a command**: its row in `chat-protocol`, its arm in `dispatch.rs`, and, where it has something to say, an
//! [`answers::Outcome`].
//! **To add a gateway**: a file with those three, and its frames in `chat-protocol`.

mod answers;
mod attaching;
mod close;
mod dispatch;
mod drive;
mod farewell;
mod flood;
mod greeting;
mod in_app;
mod restraint;
mod session;
mod sign_in;
mod socketio;
mod source;
mod websocket;

pub(crate) use greeting::{BEARER_PROTOCOL, Credentials, Greeting, ResumeAsked, offers_bearer};
pub(crate) use in_app::{no_handshake, open_in_app, refuse_in_app};
pub(crate) use sign_in::authenticate;
pub(crate) use socketio::{Origin, drive_session};
pub(crate) use websocket::{Opened, drive};

use crate::HttpState;
use chat_realtime::Hub;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// The longest message, in bytes, whether in one frame or in many (contract §1).
pub(crate) const MAX_MESSAGE_BYTES: usize = 1_000_000;

/// What all connections of a worker thread share.
pub(crate) struct Realtime {
    pub(crate) state: HttpState,
    pub(crate) hub: Rc<Hub>,
}

thread_local! {
    static SHARED: RefCell<Vec<Rc<Realtime>>> = const { RefCell::new(Vec::new()) };
}

impl Realtime {
    /// The one of this thread and this server.
    pub(crate) fn of_this_thread(state: &HttpState) -> Rc<Self> {
        SHARED.with_borrow_mut(|shared| {
            let is_ours = |known: &&Rc<Self>| Arc::ptr_eq(&known.state.fan_out, &state.fan_out);
            if let Some(known) = shared.iter().find(is_ours) {
                return Rc::clone(known);
            }
            // A thread that serves one server after another, as tests do, forgets the earlier ones.
            shared.retain(|known| Rc::strong_count(known) > 1);
            let made = Rc::new(Self { state: state.clone(), hub: Hub::of_this_thread(&state.fan_out) });
            shared.push(Rc::clone(&made));
            made
        })
    }
}
