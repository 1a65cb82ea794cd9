/// Why a socket was closed (contract §4; the numbers below 4000 are RFC 6455 §7.4.1).
///
/// Every code from 4000 on, other than 4003, means: come back and resume, after 4001 and 4002 with a renewed token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum CloseCode {
    /// The client said goodbye and nothing more.
    Normal = 1000,
    /// A frame that breaks RFC 6455: unmasked, reserved bits, a fragment out of order.
    ProtocolViolation = 1002,
    /// A binary message; only text is understood.
    UnsupportedData = 1003,
    /// Text that is not UTF-8.
    InvalidText = 1007,
    /// A message over the limit.
    TooBig = 1009,
    /// Our fault, or the database is not there; the same may work later.
    Internal = 1011,
    /// A frame that is not ours to understand.
    ProtocolError = 4000,
    /// No token in time, or one that is not valid.
    AuthenticationFailed = 4001,
    /// The token's time is over and no fresh one came.
    TokenExpired = 4002,
    /// The session was ended: signed out, or the account is gone.
    Revoked = 4003,
    /// Nothing was heard from the client, not even an answer to a ping.
    HeartbeatMissed = 4004,
    /// More was waiting for the client than it took.
    TooSlow = 4008,
    /// Too many frames, or too many connections of this user.
    RateLimited = 4009,
    /// This server stops; another one, or its successor, is there.
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

    /// The number on the wire.
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// What goes along with the number, for people.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Normal => "",
            Self::ProtocolViolation => "protocol violation",
            Self::UnsupportedData => "only text messages are understood",
            Self::InvalidText => "text must be UTF-8",
            Self::TooBig => "message too big",
            Self::Internal => "internal error",
            Self::ProtocolError => "protocol error",
            Self::AuthenticationFailed => "authentication failed",
            Self::TokenExpired => "token expired",
            Self::Revoked => "session ended",
            Self::HeartbeatMissed => "heartbeat missed",
            Self::TooSlow => "too slow a reader",
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
