use std::time::Duration;

/// Every bound and every timer of realtime on one node. `Default` is the contract (§1 and §5).
#[derive(Debug, Clone)]
pub struct RealtimeSettings {
    /// What may wait for one connection, in bytes; beyond, it is too slow a reader (close code 4008).
    pub queue_bytes: usize,
    /// How many sockets this node holds, signed in or not.
    pub max_connections: usize,
    /// How many sockets one user holds on this node.
    pub max_connections_per_user: usize,
    /// A connection that says nothing for this long is asked whether it lives.
    pub heartbeat_interval: Duration,
    /// How long it may take to answer (close code 4004).
    pub heartbeat_timeout: Duration,
    /// How long a socket may stay without signing in (close code 4001).
    pub auth_timeout: Duration,
    /// How long delivery is held for a `resume` frame that was announced.
    pub resume_timeout: Duration,
    /// How long a socket is kept after its Close frame, for the peer to take it and answer.
    pub close_linger: Duration,
    /// How long a hole in a conversation's order may fill by itself before it is read from the store: two writers often overtake each
    /// other.
    pub hole_patience: Duration,
    /// How often the conversations that somebody here takes part in are compared with the store.
    pub tail_check_interval: Duration,
    /// How long positions that move are gathered, so that reading a hundred messages is one event.
    pub receipts_gathering: Duration,
    /// Clients of a node that drains are told to come back at different moments within this span.
    pub drain_spread: Duration,
}

impl Default for RealtimeSettings {
    fn default() -> Self {
        Self {
            queue_bytes: 1024 * 1024,
            max_connections: 100_000,
            max_connections_per_user: 20,
            heartbeat_interval: Duration::from_secs(25),
            heartbeat_timeout: Duration::from_secs(20),
            auth_timeout: Duration::from_secs(10),
            resume_timeout: Duration::from_secs(10),
            close_linger: Duration::from_secs(5),
            hole_patience: Duration::from_millis(20),
            tail_check_interval: Duration::from_secs(5),
            receipts_gathering: Duration::from_millis(250),
            drain_spread: Duration::from_secs(5),
        }
    }
}
