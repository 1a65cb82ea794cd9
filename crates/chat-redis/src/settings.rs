use crate::RedisUrl;
use std::time::Duration;

/// The address of Redis, and the limits of its use.
#[derive(Debug, Clone)]
pub struct RedisSettings {
    /// The address.
    pub url: RedisUrl,
    /// The prefix of every key and channel; clusters with different prefixes do not see each other.
    pub key_prefix: String,
    /// The longest wait for a command; after that, Redis counts as unreachable.
    pub command_timeout: Duration,
    /// The longest attempt to connect.
    pub connect_timeout: Duration,
    /// The longest pause between two attempts to connect; the first is a twentieth of it.
    pub max_reconnect_delay: Duration,
    /// How often an idle connection is pinged, to notice one that is dead.
    pub ping_interval: Duration,
    /// The number of connections for slow work (long lists, taking over the users of a dead node), in addition to the
    /// three for everything else.
    pub pool_size: usize,
    /// How many bytes of packets may wait to be published; further packets are dropped.
    pub publish_queue_bytes: u32,
    /// How many bytes of received packets may wait to be delivered; further packets are dropped, and a gap is reported.
    pub receive_queue_bytes: u32,
    /// How long a node may be silent before the others consider it dead (`PRESENCE_LEASE`); a lease is renewed three
    /// times in this time.
    pub presence_lease: Duration,
}

impl RedisSettings {
    /// The default settings for this address.
    pub fn new(url: RedisUrl) -> Self {
        Self {
            url,
            key_prefix: "chat".to_owned(),
            command_timeout: Duration::from_millis(500),
            connect_timeout: Duration::from_secs(2),
            max_reconnect_delay: Duration::from_secs(2),
            ping_interval: Duration::from_secs(5),
            pool_size: 4,
            publish_queue_bytes: 16 * 1024 * 1024,
            receive_queue_bytes: 32 * 1024 * 1024,
            presence_lease: Duration::from_secs(30),
        }
    }
}
