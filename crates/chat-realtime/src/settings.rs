use std::time::Duration;

/// Every bound and every timer of realtime on one node. `Default` is the contract (§1 and §5).
#[derive(Debug, Clone)]
pub struct RealtimeSettings {
    /// What may wait for one connection, in bytes; beyond, it is too slow a reader (close code 4008).
    pub queue_bytes: usize,
    /// How many events may wait for one worker thread; beyond, its connections are told to come back and resume (close
    /// code 1011).
    pub inbox_events: usize,
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
    /// So many connections read from the store at once while they come into the flow of events; where all come back at
    /// the same time, the others wait for their turn.
    pub attaching_at_once: usize,
    /// So many of them are connections of one user.
    pub attaching_per_user: usize,
    /// How long a socket is kept after its Close frame, for the peer to take it and answer.
    pub close_linger: Duration,
    /// How long a hole in a conversation's order may fill by itself before it is read from the store: two writers often
    /// overtake each other.
    pub hole_patience: Duration,
    /// How long after a reading of the store that failed, or found a hole still open, the next one follows; it doubles
    /// each time, up to 5 s.
    pub repair_pause: Duration,
    /// How many readings in succession may find a hole still open before what follows is delivered without it.
    pub repair_tries: u32,
    /// How often the conversations that somebody here takes part in are compared with the store.
    pub tail_check_interval: Duration,
    /// How long positions that move are gathered, so that reading a hundred messages is one event.
    pub receipts_gathering: Duration,
    /// A conversation with so many connections on one thread is large: writing to them all takes that thread
    /// milliseconds.
    pub large_conversation: usize,
    /// How long messages that are ready for a large conversation wait at most while others are being stored there, to
    /// go out together. Timers are as much as a millisecond late.
    pub burst_patience: Duration,
    /// Clients of a node that drains are told to come back at different moments within this span.
    pub drain_spread: Duration,
}

impl Default for RealtimeSettings {
    fn default() -> Self {
        Self {
            queue_bytes: 1024 * 1024,
            inbox_events: 65_536,
            max_connections: 100_000,
            max_connections_per_user: 20,
            heartbeat_interval: Duration::from_secs(25),
            heartbeat_timeout: Duration::from_secs(20),
            auth_timeout: Duration::from_secs(10),
            resume_timeout: Duration::from_secs(10),
            attaching_at_once: 256,
            attaching_per_user: 4,
            close_linger: Duration::from_secs(5),
            hole_patience: Duration::from_millis(20),
            repair_pause: Duration::from_millis(100),
            repair_tries: 10,
            tail_check_interval: Duration::from_secs(5),
            receipts_gathering: Duration::from_millis(250),
            large_conversation: 250,
            burst_patience: Duration::from_millis(1),
            drain_spread: Duration::from_secs(5),
        }
    }
}
