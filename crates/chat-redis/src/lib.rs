//! What the nodes of a cluster share beside the database: the bus between them, presence, typing and rate limits, on
//! Redis.
//!
//! **Owns** every key, channel and script of ours in Redis. **Must never know** SQL, HTTP or sockets; of ours it knows
//! the domain and the packets of `chat-protocol`. Nothing that is durable is here: Redis may be emptied, killed or
//! unreachable at any time, and what is lost by that is presence for a moment, never a message.
//!
//! | port of the domain | adapter | without Redis |
//! | --- | --- | --- |
//! | [`EventBus`] | [`RedisBus`] | local connections are served; other nodes read missed changes from the store |
//! | [`PresenceRegistry`], [`PresenceUpkeep`] | [`RedisPresence`] | the users connected to this node |
//! | [`TypingRegistry`] | [`RedisTyping`] | the users who type on this node |
//! | [`RateLimiter`] | [`RedisRateLimiter`] | the requests counted on this node |
//!
//! [`EventBus`]: chat_domain::EventBus
//! [`PresenceRegistry`]: chat_domain::presence::PresenceRegistry
//! [`PresenceUpkeep`]: chat_domain::presence::PresenceUpkeep
//! [`TypingRegistry`]: chat_domain::typing::TypingRegistry
//! [`RateLimiter`]: chat_domain::rate_limits::RateLimiter
//!
//! So no port here fails a use case because Redis is away, and none waits for it: a [`Redis`] knows at any time whether
//! it is reachable, answers from what the node knows where it is not, and reconnects for ever. The first command that
//! meets a dead server waits for [`RedisSettings::command_timeout`] at most; those after it do not.
//!
//! **Keys** begin with [`RedisSettings::key_prefix`]. What one script touches carries one `{hash tag}`, so that a Redis
//! cluster keeps it together. Time in scripts is the server's own, never a node's. Scripts stand beside the Rust that
//! calls them, in `.lua` files.
//!
//! **To add a shared thing**: a port in the domain that says what holds over several nodes, a clause for it in
//! `chat_testkit::nodes`, and an adapter here that has an answer for the time without Redis.

mod bus;
mod fault;
mod link;
mod presence;
mod rate_limits;
mod redis_handle;
mod settings;
mod throttle;
mod typing;
mod url;

pub use bus::{BusHooks, BusStats, RedisBus};
pub use presence::RedisPresence;
pub use rate_limits::RedisRateLimiter;
pub use redis_handle::Redis;
pub use settings::RedisSettings;
pub use typing::RedisTyping;
pub use url::{InvalidRedisUrl, RedisUrl};

/// The example of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
