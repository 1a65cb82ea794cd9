/// Why a session has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The caller has closed it.
    Server,
    /// The client has said goodbye.
    Client,
    /// The connection broke, or a poll was given up.
    TransportLost,
    /// The client has not answered a ping.
    PingTimeout,
    /// The client has not connected to a namespace in time.
    ConnectTimeout,
    /// The client has broken the protocol.
    Violation,
    /// A message was longer than was announced.
    TooLarge,
    /// The client does not take what it asked for: pongs, errors.
    TooSlow,
    /// The client sends more frames and packets that are no events than the settings allow.
    Flooding,
    /// A message of a client that is not connected to a namespace is long, and too many others are sending one.
    NoRoom,
}

impl Ending {
    /// With which code a websocket is closed (RFC 6455 §7.4.1); `None` where the caller chooses. `overload` is the
    /// caller's for clients that send too much.
    pub(super) const fn close_code(self, overload: u16) -> Option<u16> {
        match self {
            Self::Server => None,
            Self::Client | Self::TransportLost | Self::PingTimeout | Self::ConnectTimeout => Some(1000),
            Self::Violation => Some(1002),
            Self::TooLarge => Some(1009),
            Self::TooSlow => Some(1008),
            Self::Flooding | Self::NoRoom => Some(overload),
        }
    }
}
