use crate::wire::FrameQuota;
use std::time::Duration;

/// The longest message or payload of a client, in bytes, as announced in the open packet.
pub const MAX_PAYLOAD: usize = 1_000_000;

/// python-engineio drops what a payload holds beyond this many packets.
pub const PACKETS_PER_POLL: usize = 16;

/// A payload of [`MAX_PAYLOAD`] bytes could hold a third of a million packets; each costs the worker thread a look.
pub const PACKETS_PER_PAYLOAD: usize = 16_384;

/// A POST is answered when no more than this many bytes wait for the caller: the backpressure on those who poll.
pub const INBOX_LOW_WATER: usize = 64 * 1024;

/// Binary attachments of one Socket.IO packet, at most.
pub const ATTACHMENTS_PER_PACKET: usize = 10;

/// Arguments of one event or acknowledgement, at most, without the event's name.
pub const ARGUMENTS_PER_PACKET: usize = 64;

/// Namespaces that one session may be connected to at once.
pub const NAMESPACES_PER_SESSION: usize = 16;

/// The longest name of a namespace, in bytes.
pub const NAMESPACE_BYTES: usize = 256;

/// Pongs, errors and the like that may wait for one client, in bytes. Whoever does not take them is not listening.
pub const CONTROL_BYTES: usize = 64 * 1024;

/// What a server promises and what it puts up with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long after a ping the next one is sent.
    pub ping_interval: Duration,
    /// How long a client may take to answer a ping.
    pub ping_timeout: Duration,
    /// How long a session may go without being connected to a namespace.
    pub connect_timeout: Duration,
    /// How long a websocket may take to take a polling session over.
    pub upgrade_timeout: Duration,
    /// How long the payload of a request may take to arrive.
    pub payload_timeout: Duration,
    /// How long a closed session waits for its client to have taken the last of it.
    pub close_timeout: Duration,
    /// The longest message or payload of a client, in bytes; also the total of a packet's attachments.
    pub max_payload: usize,
    /// Packets in the answer to one poll, at most.
    pub packets_per_poll: usize,
    /// Packets in one payload of a client, at most.
    pub packets_per_payload: usize,
    /// Attachments of one packet, at most.
    pub attachments_per_packet: usize,
    /// Sessions of this server at once, at most.
    pub sessions: usize,
    /// Sessions of one address that are not connected to a namespace yet, at most.
    pub strangers_per_address: usize,
    /// Frames and packets of one session that are no events in a namespace that it is connected to: beyond, it ends.
    pub frame_quota: FrameQuota,
    /// With which code a websocket is closed whose client sends too much of anything (RFC 6455 §7.4.2).
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
