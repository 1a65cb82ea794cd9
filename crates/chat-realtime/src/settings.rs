use chat_domain::Epoch;
use chat_domain::messages::MessageLimit;
use std::time::Duration;
use uuid::Uuid;

/// The database's epoch, and all limits and timers of realtime delivery on one node. `Default` has the values of the
/// contract (§1 and §5), and a constant epoch, for a database that never loses a change.
#[derive(Debug, Clone)]
pub struct RealtimeSettings {
    /// The epoch of the database: see [`EpochStore`](chat_domain::EpochStore).
    pub epoch: Epoch,
    /// The maximum size of one connection's send queue, in bytes. A connection over it is a slow reader (close code
    /// 4008).
    pub queue_bytes: usize,
    /// The number of missed changes that are read at once for a connection: these are in memory together.
    pub missed_at_once: u64,
    /// The maximum number of events that wait for one worker thread. Over it, its connections are closed to reconnect
    /// and resume (close code 1011).
    pub inbox_events: usize,
    /// The maximum number of sockets on this node, signed in or not.
    pub max_connections: usize,
    /// The maximum number of sockets of one user on this node.
    pub max_connections_per_user: usize,
    /// The server pings a connection that has sent nothing for this long.
    pub heartbeat_interval: Duration,
    /// How long the client may take to answer a ping (close code 4004).
    pub heartbeat_timeout: Duration,
    /// How long a socket may stay open without signing in (close code 4001).
    pub auth_timeout: Duration,
    /// How long delivery waits for an announced `resume` frame.
    pub resume_timeout: Duration,
    /// The maximum number of connections that read from the store at once while they attach. If more connect at the
    /// same time, they wait for their turn.
    pub attaching_at_once: usize,
    /// The maximum number of these that belong to one user.
    pub attaching_per_user: usize,
    /// How long a socket stays open after its Close frame, so that the peer can receive it and reply.
    pub close_linger: Duration,
    /// How long the node waits for a gap in a conversation's order to fill by itself before it reads the missing
    /// changes from the store: two writers often overtake each other.
    pub hole_patience: Duration,
    /// The pause before the next reading of the store, after one that failed or found a gap still open. It doubles each
    /// time, up to 5 s.
    pub repair_pause: Duration,
    /// How many consecutive readings may find a gap still open before later changes are delivered without it.
    pub repair_tries: u32,
    /// How often the node compares the conversations of its connected users with the store.
    pub tail_check_interval: Duration,
    /// How long moved positions are batched, so that reading a hundred messages is one event.
    pub receipts_gathering: Duration,
    /// The number of connections on one thread from which a conversation counts as large: writing to all of them once
    /// more costs more than a short wait.
    pub large_conversation: usize,
    /// The maximum time that messages of a large conversation wait while others are being stored there, to be sent
    /// together. Timers may be up to a millisecond late.
    pub burst_patience: Duration,
    /// The time span over which clients of a draining node are told to reconnect, each at a different moment.
    pub drain_spread: Duration,
}

/// The number of the longest messages that fit into a send queue, if messages may be longer than by default.
const LONGEST_MESSAGES_PER_QUEUE: usize = 16;

/// The maximum size of a message's event without its text, in bytes.
const EVENT_BYTES: usize = 16 * 1024;

impl RealtimeSettings {
    /// Adapts the bounds on memory to the longest message: a queue holds several such messages, so that a client which
    /// reads steadily is no slow reader, and fewer of them are read at once.
    #[must_use]
    pub fn for_messages(self, limit: MessageLimit) -> Self {
        let longest = limit.max_bytes() + EVENT_BYTES;
        let times = u64::from(limit.get().div_ceil(MessageLimit::DEFAULT.get()));
        Self {
            queue_bytes: self.queue_bytes.max(LONGEST_MESSAGES_PER_QUEUE * longest),
            missed_at_once: (self.missed_at_once / times).max(1),
            ..self
        }
    }
}

impl Default for RealtimeSettings {
    fn default() -> Self {
        Self {
            epoch: Epoch::new(Uuid::nil()),
            queue_bytes: 1024 * 1024,
            missed_at_once: 100,
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
            large_conversation: 20,
            burst_patience: Duration::from_millis(1),
            drain_spread: Duration::from_secs(5),
        }
    }
}
