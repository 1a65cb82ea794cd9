//! The realtime connection (contract §4): one implementation for all transports.
//!
//! `drive.rs` is the loop of one connection, a small task on the worker thread that owns it: it reads, and runs one
//! command after the other (`client.rs`, `dispatch.rs`). While a command is running, nothing is read, which is the
//! backpressure on the client; events, heartbeats and the writing of a full socket continue. The hub in `chat-realtime`
//! does the writing. Only consecutive sends overlap (`sends.rs`, `pipeline.rs`): the connection reads on while some are
//! under way, and every other frame waits until they are answered.
//!
//! A transport is a `drive::Inlet` that receives, an outlet to which the hub writes, and a `sign_in::Door` that admits
//! the client:
//! - `websocket.rs`: frames on a socket that the server owns (`super::upgrade`);
//! - `in_app`: the same inside an `App`, for a service that mounts our routes in its own;
//! - `socketio.rs`: a namespace of a Socket.IO session (`super::socketio`), which may outlive the connection.
//!
//! Commands are the same in every dialect (`dispatch.rs`); their answers follow the dialect of the connection
//! (`answers.rs`).
//!
//! **To add a command**: its row in `chat-protocol`, its arm in `dispatch.rs`, and, if it has an answer of its own, an
//! [`answers::Outcome`].
//! **To add a gateway**: a file with those three, and its frames in `chat-protocol`.

mod answers;
mod attaching;
mod client;
mod close;
mod dispatch;
mod drive;
mod farewell;
mod flood;
mod greeting;
mod in_app;
mod pipeline;
mod restraint;
mod sends;
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

/// The maximum size of a message, in bytes, in one frame or in several (contract §1).
pub(crate) const MAX_MESSAGE_BYTES: usize = 1_000_000;

/// The state that all connections of a worker thread share.
pub(crate) struct Realtime {
    pub(crate) state: HttpState,
    pub(crate) hub: Rc<Hub>,
}

thread_local! {
    static SHARED: RefCell<Vec<Rc<Realtime>>> = const { RefCell::new(Vec::new()) };
}

impl Realtime {
    /// Returns the state of this thread and this server.
    pub(crate) fn of_this_thread(state: &HttpState) -> Rc<Self> {
        SHARED.with_borrow_mut(|shared| {
            let is_ours = |known: &&Rc<Self>| Arc::ptr_eq(&known.state.fan_out, &state.fan_out);
            if let Some(known) = shared.iter().find(is_ours) {
                return Rc::clone(known);
            }
            // A thread that serves several servers in turn, as in tests, drops the earlier ones.
            shared.retain(|known| Rc::strong_count(known) > 1);
            let made = Rc::new(Self { state: state.clone(), hub: Hub::of_this_thread(&state.fan_out) });
            shared.push(Rc::clone(&made));
            made
        })
    }
}
