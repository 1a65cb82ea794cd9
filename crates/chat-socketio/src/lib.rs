//! Engine.IO v4 and Socket.IO v5 over actix, as a protocol library: clients of any language connect with what they
//! have.
//!
//! **What it owns**: the two protocols' packets, both transports and the upgrade between them, heartbeats, limits,
//! refusals, namespaces. **What it must never know**: what the events mean. It imports none of our crates.
//!
//! # How it is used
//!
//! 1. An [`Application`] says who may come in, and what becomes of a [`Session`] that was opened: as a rule a local
//!    task.
//! 2. A [`Server`] takes its requests from two sides: those who poll through a service in an actix `App`
//!    ([`Server::polling`]), and websockets through
//!    [`Server::upgrade`], with the TCP stream that `HttpService::upgrade` has got. The server's `HttpService` must be
//!    told `h1_allow_half_closed(false)`, or polls that were given up are noticed only when a ping goes unanswered.
//! 3. The task makes a [`Peer`] of its session and asks it for one thing after the other: the next is read only when it
//!    asks, which keeps a client's events
//!    in order and is the backpressure. `examples/fixture.rs` is all of it.
//!
//! # What waits to be sent
//!
//! belongs to the caller: an [`Outbox`] of frames, made once by [`packets`] and shared by all receivers. Anybody on the
//! session's thread may append to it and [`Session::flush`]; on a websocket that is one write to the socket, without a
//! task in between. Where the client takes no more, the session's task waits ([`Session::poll_writable`]). Pings and
//! other packets of the protocol go before it.
//!
//! # Threads
//!
//! A session lives on the worker thread that its opening request came in on, and its [`Sid`] names that thread:
//! requests that come in on another are taken there. Nothing is locked but the list of threads and the counts of
//! sessions. On several nodes a client that polls has to come back to the same node (sticky sessions by cookie or by
//! the query's `sid`); one that uses websockets only does not.

mod engine;
mod server;
mod session;
mod settings;
mod socket;
mod wire;

/// The opening handshake of a WebSocket, and its bytes cut into messages: for a server that carries websockets of
/// another protocol beside.
pub mod websocket {
    pub use crate::wire::{
        Allowance, Breach, FREE_FRAGMENT_BYTES, FrameBudget, FrameQuota, HandshakeFault, Incoming, LARGE_STRANGERS,
        Reader, STRANGER_BYTES, verify_handshake, yield_to_others,
    };
}

pub use engine::{Fault, InvalidPacket, Packet, Payload, Refusal, Sid};
pub use server::{Application, Handshake, Opening, Polling, Server, Upgrade};
pub use session::{Ending, Flushed, Message, Outbox, Queue, Session};
pub use settings::{
    ARGUMENTS_PER_PACKET, ATTACHMENTS_PER_PACKET, CONTROL_BYTES, INBOX_LOW_WATER, MAX_PAYLOAD, NAMESPACE_BYTES,
    NAMESPACES_PER_SESSION, PACKETS_PER_PAYLOAD, PACKETS_PER_POLL, Settings,
};
pub use socket::{Event, Incoming, InvalidSocketPacket, Peer, SocketPacket, packets, placeholder};

/// The example of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
