use chat_domain::ErrorCode;

/// Why a socket was closed (contract §4; the numbers below 4000 are those of RFC 6455 §7.4.1).
///
/// After every code from 4000 on except 4003, a client should reconnect and resume; after 4001 and 4002 with a new
/// token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum CloseCode {
    /// The client closed the connection.
    Normal = 1000,
    /// A frame that breaks RFC 6455: unmasked, reserved bits, a fragment out of order.
    ProtocolViolation = 1002,
    /// A binary message. Only text is supported.
    UnsupportedData = 1003,
    /// Text that is not UTF-8.
    InvalidText = 1007,
    /// A message longer than the limit.
    TooBig = 1009,
    /// An internal error, or the database is unavailable. A retry may succeed.
    Internal = 1011,
    /// A frame that is not valid in this protocol.
    ProtocolError = 4000,
    /// The client sent no token in time, or one that was refused. The reason says which.
    AuthenticationFailed = 4001,
    /// The token expired and the client sent no new one.
    TokenExpired = 4002,
    /// The session has ended: the user signed out, or the account was deleted.
    Revoked = 4003,
    /// The client sent nothing in time, not even a pong.
    HeartbeatMissed = 4004,
    /// The client read too slowly, and its send queue was full.
    TooSlow = 4008,
    /// Too many frames, or too many connections of the user.
    RateLimited = 4009,
    /// This server is stopping. Another one, or its successor, is available.
    Restarting = 4012,
}

impl CloseCode {
    /// Every code, by number.
    pub const ALL: &'static [Self] = &[
        Self::Normal,
        Self::ProtocolViolation,
        Self::UnsupportedData,
        Self::InvalidText,
        Self::TooBig,
        Self::Internal,
        Self::ProtocolError,
        Self::AuthenticationFailed,
        Self::TokenExpired,
        Self::Revoked,
        Self::HeartbeatMissed,
        Self::TooSlow,
        Self::RateLimited,
        Self::Restarting,
    ];

    /// Returns the number on the wire.
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// Returns the reason that is sent with the number: an error code from 4001 to 4003, where a refused token may
    /// have a more precise one; otherwise a text for people.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Normal => "",
            Self::ProtocolViolation => "protocol violation",
            Self::UnsupportedData => "only text messages are supported",
            Self::InvalidText => "text must be UTF-8",
            Self::TooBig => "message too big",
            Self::Internal => "internal error",
            Self::ProtocolError => "protocol error",
            Self::AuthenticationFailed => ErrorCode::Unauthenticated.as_str(),
            Self::TokenExpired => ErrorCode::TokenExpired.as_str(),
            Self::Revoked => ErrorCode::SessionRevoked.as_str(),
            Self::HeartbeatMissed => "heartbeat missed",
            Self::TooSlow => "client reads too slowly",
            Self::RateLimited => "rate limited",
            Self::Restarting => "server restarting",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_contract_and_each_is_one_codes() {
        let numbers: Vec<_> = CloseCode::ALL.iter().map(|code| code.number()).collect();
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
        assert_eq!(numbers[6..], [4000, 4001, 4002, 4003, 4004, 4008, 4009, 4012]);
        assert!(CloseCode::ALL.iter().all(|code| code.reason().len() <= 123));
    }
}
