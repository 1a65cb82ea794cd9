//! What the nodes of a cluster share beside the database, on Redis: the bus between them, presence, typing and rate
//! limits.
//!
//! **Owns** all of our keys, channels and scripts in Redis. **Must never know** SQL, HTTP or sockets; of our crates it
//! imports the domain and the packets of `chat-protocol`. Nothing durable is here: Redis may be emptied, killed or
//! unreachable at any time, which costs presence for a moment, never a message.
//!
//! | port of the domain | adapter | without Redis |
//! | --- | --- | --- |
//! | [`EventBus`] | [`RedisBus`] | local connections get events; other nodes read what they missed from the store |
//! | [`PresenceRegistry`], [`PresenceUpkeep`] | [`RedisPresence`] | the users connected to this node |
//! | [`WritableFeatures`] | [`Releases`] | the features that every live node knew when Redis last answered |
//! | [`TypingRegistry`] | [`RedisTyping`] | the users typing on this node |
//! | [`RateLimiter`] | [`RedisRateLimiter`] | the counts of this node |
//!
//! [`EventBus`]: chat_domain::EventBus
//! [`PresenceRegistry`]: chat_domain::presence::PresenceRegistry
//! [`PresenceUpkeep`]: chat_domain::presence::PresenceUpkeep
//! [`WritableFeatures`]: chat_domain::changes::WritableFeatures
//! [`TypingRegistry`]: chat_domain::typing::TypingRegistry
//! [`RateLimiter`]: chat_domain::rate_limits::RateLimiter
//!
//! [`RedisLandmarks`] is no port: the server that starts reads it to notice a restored database, and starts without it.
//!
//! So no port here fails a use case because Redis is unreachable, and none waits for it. A [`Redis`] knows at any time
//! whether it is reachable, answers from the node's own state if it is not, and keeps reconnecting. The first command
//! to a dead server waits for at most [`RedisSettings::command_timeout`]; later commands do not wait.
//!
//! **Keys** start with [`RedisSettings::key_prefix`]. All keys of one script have the same `{hash tag}`, so that a
//! Redis cluster keeps them together. Scripts use the server's time, never a node's. They are in `.lua` files beside
//! the Rust code that calls them.
//!
//! **To share something new**: add a port in the domain that states what holds over several nodes, a clause for it in
//! `chat_testkit::nodes`, and an adapter here that also answers without Redis.

mod bus;
mod fault;
mod landmarks;
mod link;
mod presence;
mod rate_limits;
mod redis_handle;
mod releases;
mod settings;
mod throttle;
mod typing;
mod url;

pub use bus::{BusHooks, BusStats, RedisBus};
pub use landmarks::RedisLandmarks;
pub use presence::RedisPresence;
pub use rate_limits::RedisRateLimiter;
pub use redis_handle::Redis;
pub use releases::{Knowledge, Releases};
pub use settings::RedisSettings;
pub use typing::RedisTyping;
pub use url::{InvalidRedisUrl, RedisUrl};

/// The example of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
