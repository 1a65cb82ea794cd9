use crate::wire::FrameQuota;
use std::time::Duration;

/// The longest message or payload of a client, in bytes, as announced in the open packet.
pub const MAX_PAYLOAD: usize = 1_000_000;

/// The most packets per payload that python-engineio accepts; it drops further ones.
pub const PACKETS_PER_POLL: usize = 16;

/// The most packets in a client's payload. [`MAX_PAYLOAD`] bytes could contain a third of a million, each of which
/// costs the worker thread time.
pub const PACKETS_PER_PAYLOAD: usize = 16_384;

/// A POST is answered when at most this many bytes wait for the caller: the backpressure on polling clients.
pub const INBOX_LOW_WATER: usize = 64 * 1024;

/// The most binary attachments of one Socket.IO packet.
pub const ATTACHMENTS_PER_PACKET: usize = 10;

/// The most arguments of one event or acknowledgement, without the event's name.
pub const ARGUMENTS_PER_PACKET: usize = 64;

/// The most namespaces that one session may be connected to at once.
pub const NAMESPACES_PER_SESSION: usize = 16;

/// The longest name of a namespace, in bytes.
pub const NAMESPACE_BYTES: usize = 256;

/// How many bytes of pongs, errors and other protocol answers may wait for one client. A client beyond this is not
/// reading.
pub const CONTROL_BYTES: usize = 64 * 1024;

/// The timers and limits of a server.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The time between two pings.
    pub ping_interval: Duration,
    /// How long a client may take to answer a ping.
    pub ping_timeout: Duration,
    /// How long a session may last without a connection to a namespace.
    pub connect_timeout: Duration,
    /// How long a WebSocket may take to take over a polling session.
    pub upgrade_timeout: Duration,
    /// How long the payload of a request may take to arrive.
    pub payload_timeout: Duration,
    /// How long a closed session waits for its client to receive the last data.
    pub close_timeout: Duration,
    /// The longest message or payload of a client, in bytes; also the total of a packet's attachments.
    pub max_payload: usize,
    /// The most packets in the response to one poll.
    pub packets_per_poll: usize,
    /// The most packets in one payload of a client.
    pub packets_per_payload: usize,
    /// The most attachments of one packet.
    pub attachments_per_packet: usize,
    /// The most sessions of this server.
    pub sessions: usize,
    /// The most sessions of one address that are not connected to a namespace yet.
    pub strangers_per_address: usize,
    /// The frames and packets of one session that are not events in a connected namespace. A session beyond this ends.
    pub frame_quota: FrameQuota,
    /// The close code of a WebSocket whose client sends too much of anything (RFC 6455 §7.4.2).
    pub overload_code: u16,
}

impl Default for Settings {
    /// The defaults of the protocol's own server, with limits where it has none.
    fn default() -> Self {
        Self {
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(45),
            upgrade_timeout: Duration::from_secs(10),
            payload_timeout: Duration::from_secs(30),
            close_timeout: Duration::from_secs(10),
            max_payload: MAX_PAYLOAD,
            packets_per_poll: PACKETS_PER_POLL,
            packets_per_payload: PACKETS_PER_PAYLOAD,
            attachments_per_packet: ATTACHMENTS_PER_PACKET,
            sessions: 100_000,
            strangers_per_address: 1_000,
            frame_quota: FrameQuota::default(),
            overload_code: 1008,
        }
    }
}
