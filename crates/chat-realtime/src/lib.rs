//! One node of realtime: hubs, send queues, fan-out in order, gap repair, and the presence of a single node.

mod admission;
mod attach;
mod connection;
mod fan_out;
pub mod frames;
mod hub;
mod local_bus;
mod outgoing;
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
pub use outgoing::{Format, Gateway, Outgoing};
pub use owned_socket::OwnedSocket;
pub use presence::InProcessPresence;
pub use settings::RealtimeSettings;
pub use stats::{Counter, QueueStats, RealtimeStats};
pub use typing::InProcessTyping;
