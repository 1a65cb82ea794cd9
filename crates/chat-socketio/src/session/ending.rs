/// Why a session has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The caller has closed it.
    Server,
    /// The client has closed it.
    Client,
    /// The connection was lost, or the client abandoned a poll.
    TransportLost,
    /// The client has not answered a ping.
    PingTimeout,
    /// The client has not connected to a namespace in time.
    ConnectTimeout,
    /// The client has broken the protocol.
    Violation,
    /// A message was longer than the announced maximum.
    TooLarge,
    /// The client does not read the answers of the protocol: pongs, errors.
    TooSlow,
    /// The client sends more frames and packets that are not events than the settings allow.
    Flooding,
    /// A client that is not connected to a namespace sends a long message while too many others do.
    NoRoom,
}

impl Ending {
    /// The close code of a WebSocket (RFC 6455 §7.4.1); `None` if the caller chooses it. `overload` is the caller's
    /// code for clients that send too much.
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
