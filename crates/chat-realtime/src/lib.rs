//! One node of realtime: from the bus to the bytes of each connection.
//!
//! ```text
//! LocalBus ─▶ FanOut ─▶ one post per worker ─▶ Hub (one per worker thread) ─▶ Connection ─▶ OwnedSocket
//!   gathers     orders by pos,                  who is where; pushes           bounded       writes what the
//!   receipts    repairs holes,                  shared bytes, then             send queue    socket takes at once
//!               encodes once                    flushes each once
//! ```
//!
//! **Owns** the order of a conversation's events on this node ([`FanOut`]), who of this thread's connections gets them
//! ([`Hub`]), what may wait for each ([`Connection`]), coming into the flow without missing or repeating anything
//! ([`Hub::attach`]), timers, caps, the drain, and bus, presence and typing of a single node. **Must never know**
//! tokens, use cases, SQL, HTTP or how commands look; of ours it knows the domain and the protocol.
//!
//! What holds, and is tested:
//! - Each change of a conversation reaches each connection of a member once and in the order of `pos`, whatever the bus
//!   loses, repeats or reorders; who is removed gets the change that removes them and none after it.
//! - The hub never waits: a socket that would block is waited for by its connection's own task, and a queue that is
//!   full ends its connection and nobody else's.
//! - While nothing is under way a connection owns no buffer, no timer and no channel.
//!
//! A `Hub`, its connections and everything they hold belong to one thread, and are `Rc`. Between threads there are two
//! things: a worker's inbox, which takes one message per event however many connections it is for, and the fan-out's
//! sharded locks, which are held for moments and never across an await.
//!
//! **To add a dialect or a gateway**: a variant of `Dialect` or `Gateway` in `chat-protocol`, and for a gateway its
//! frames in [`Format::frame`] and its [`Outlet`]; encoding stays once per event, format and variant. **To add a bus**:
//! an `EventBus` that hands what arrives to [`FanOut::accept`], this node's own events first. **To add an adapter of
//! presence or typing**: run `chat_testkit::realtime_contract!` on it.

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
pub use attach::{MAX_CONVERSATIONS, Replay};
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

/// The example of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
