//! Engine.IO v4 and Socket.IO v5 over actix, as a protocol library. Socket.IO clients in any language can connect.
//!
//! **Owns** the packets of the two protocols, both transports and the upgrade between them, heartbeats, limits,
//! refusals, namespaces. **Must never know** what the events mean. It imports none of our crates.
//!
//! # How to use it
//!
//! 1. Implement [`Application`], which decides which clients may connect and what happens with an opened [`Session`]:
//!    usually a local task.
//! 2. Give a [`Server`] its requests from two sides: polling requests through a service in an actix `App`
//!    ([`Server::polling`]), and WebSockets through [`Server::upgrade`], with the TCP stream from
//!    `HttpService::upgrade`. Set `h1_allow_half_closed(false)` on that `HttpService`; otherwise an abandoned poll is
//!    noticed only when a ping is not answered.
//! 3. In the task, make a [`Peer`] from the session and ask it for one item after the other. It reads the next item
//!    only when asked, which keeps a client's events in order and is the backpressure. `examples/echo.rs` shows all of
//!    it.
//!
//! # Sending
//!
//! The caller owns the data that waits to be sent: an [`Outbox`] of frames, which [`packets`] makes once for all
//! receivers. Any code on the session's thread may append to it and call [`Session::flush`]; on a WebSocket that is one
//! write to the socket, without another task. If the client accepts no more, the session's task waits
//! ([`Session::poll_writable`]). Pings and other packets of the protocol go first.
//!
//! # Threads
//!
//! A session lives on the worker thread that received its opening request. Its [`Sid`] names that thread, and requests
//! that arrive on another are passed there. Only the list of threads and the counts of sessions are locked. With
//! several nodes, a polling client must reach the same node each time (sticky sessions by cookie or by the query's
//! `sid`); a client that uses only WebSockets need not.

mod engine;
mod server;
mod session;
mod settings;
mod socket;
mod wire;

/// The opening handshake of a WebSocket, and its bytes split into messages, for a server that also has WebSockets of
/// another protocol.
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
