use crate::RedisUrl;
use std::time::Duration;

/// Where Redis is, and the bounds of what we do with it.
#[derive(Debug, Clone)]
pub struct RedisSettings {
    /// Where.
    pub url: RedisUrl,
    /// What every key and channel begins with; clusters of different prefix do not see each other.
    pub key_prefix: String,
    /// Longer than this no command is waited for; then Redis counts as unreachable.
    pub command_timeout: Duration,
    /// Longer than this no attempt to connect takes.
    pub connect_timeout: Duration,
    /// The longest pause between two attempts to connect; the first is a twentieth of it.
    pub max_reconnect_delay: Duration,
    /// An idle connection is tried this often, so that one that died in silence is noticed.
    pub ping_interval: Duration,
    /// How many connections there are for slow work (long lists, the legacy of a dead node), apart from the three for
    /// everything else.
    pub pool_size: usize,
    /// How many bytes of packets wait to be published; beyond, packets are dropped.
    pub publish_queue_bytes: u32,
    /// How many bytes of packets wait to be delivered here; beyond, packets are dropped and a gap is reported.
    pub receive_queue_bytes: u32,
    /// How long the others wait for a node that is silent (`PRESENCE_LEASE`); renewed three times as often.
    pub presence_lease: Duration,
}

impl RedisSettings {
    /// The defaults, with this address.
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
