//! Realtime delivery in one node: from the bus to the bytes of each connection.
//!
//! ```text
//! LocalBus ─▶ FanOut ─▶ one post per worker ─▶ Hub (one per worker thread) ─▶ Connection ─▶ OwnedSocket
//!   batches     orders by pos,                  indexes connections;           bounded       writes what the
//!   receipts    repairs gaps,                   pushes shared bytes,           send queue    socket accepts at once
//!               encodes once                    then flushes each once
//! ```
//!
//! **Owns** the order of a conversation's events on this node ([`FanOut`]), which of this thread's connections receive
//! them ([`Hub`]), the queue of each connection ([`Connection`]), attaching to the live events without missing or
//! repeating one ([`Hub::attach`]), timers, limits, the drain, and bus, presence and typing of a single node.
//! **Must never know** tokens, use cases, SQL, HTTP or the form of commands. It depends only on the domain and the
//! protocol.
//!
//! Invariants, which tests check:
//! - Each change of a conversation reaches each connection of a member once and in the order of `pos`, even if the bus
//!   loses, repeats or reorders packets. A removed member receives the change that removes them and none after it.
//! - The hub never waits: the connection's own task waits for a socket that would block, and a full queue closes only
//!   its own connection.
//! - An idle connection owns no buffer, no timer and no channel.
//!
//! A `Hub`, its connections and everything that they hold belong to one thread, and are `Rc`. That thread runs a
//! current-thread runtime: sockets rely on no other thread reporting that they are ready. Threads share two things:
//! a worker's inbox, which takes one message per event for any number of connections, and the fan-out's sharded locks,
//! which are held briefly and never across an await.
//!
//! **To add a dialect or a gateway**: a variant of `Dialect` or `Gateway` in `chat-protocol`, and for a gateway its
//! frames in [`Format::frame`] and its [`Outlet`]; each event is still encoded once per format and variant. **To add a
//! bus**: an `EventBus` that passes arriving events to [`FanOut::accept`], this node's own events first. **To add an
//! adapter of presence or typing**: run `chat_testkit::realtime_contract!` on it.

mod admission;
mod attach;
mod connection;
mod fan_out;
pub mod frames;
mod gathered;
mod hub;
mod local_bus;
mod outgoing;
mod outlet;
mod owned_socket;
mod presence;
mod send_queue;
mod settings;
mod stats;
mod typing;
mod worker;

pub use admission::Counted;
pub use attach::{CaughtUp, MAX_CONVERSATIONS, Replay, catch_up};
pub use connection::{Connection, Life, Sink};
pub use fan_out::FanOut;
pub use hub::{Hub, TooManyConnections};
pub use local_bus::LocalBus;
pub use outgoing::{Format, Outgoing};
pub use outlet::{Flushed, Outlet};
pub use owned_socket::OwnedSocket;
pub use presence::InProcessPresence;
pub use send_queue::SendQueue;
pub use settings::RealtimeSettings;
pub use stats::{Counter, QueueStats, RealtimeStats};
pub use typing::InProcessTyping;
pub use worker::InboxWaker;

/// The README's example, compiled and run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
