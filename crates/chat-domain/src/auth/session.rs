use super::RefreshTokenHash;
use crate::text::unicode::{is_bidi_control, is_visible};
use crate::{SessionId, Timestamp, UserId};
use std::time::Duration;

/// How long a spent refresh token still yields its successor, while that is unused (contract §3).
pub const REFRESH_GRACE: Duration = Duration::from_mins(1);

/// The maximum number of sessions of one account. One more ends the session used longest ago.
pub const MAX_SESSIONS_PER_USER: usize = 100;

/// The client of a session, for the list of devices. Best effort, limited in size, and only for display.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientInfo {
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
    /// The peer's address.
    pub ip: Option<String>,
}

impl ClientInfo {
    /// The maximum length of a stored user agent, in characters.
    pub const MAX_USER_AGENT_CHARS: usize = 256;

    /// Removes control characters and characters that reorder text, and cuts the user agent to its limit.
    pub fn new(user_agent: Option<&str>, ip: Option<String>) -> Self {
        let user_agent = user_agent
            .map(|text| {
                let kept = text.chars().filter(|c| !c.is_control() && !is_bidi_control(*c));
                kept.take(Self::MAX_USER_AGENT_CHARS).collect::<String>()
            })
            .filter(|text| text.chars().any(is_visible));
        Self { user_agent, ip }
    }
}

/// A session that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The session's id, the `sid` of its access tokens.
    pub id: SessionId,
    /// The user's id.
    pub user_id: UserId,
    /// The client that last used it.
    pub client: ClientInfo,
    /// When the user signed in.
    pub created_at: Timestamp,
    /// When its token was last refreshed.
    pub last_used_at: Timestamp,
    /// When its refresh token expires.
    pub expires_at: Timestamp,
}

/// A session to be stored.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The session as it will be listed.
    pub session: Session,
    /// The hash of its first refresh token.
    pub token_hash: RefreshTokenHash,
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// The user signed out, on this device or on all devices.
    SignedOut,
    /// A spent refresh token was used again.
    TokenReused,
    /// The password was changed on another device.
    PasswordChanged,
    /// The account was deleted.
    AccountDeleted,
    /// The user had too many sessions.
    Displaced,
}

/// A session that ended recently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedSession {
    /// The session's id.
    pub id: SessionId,
    /// The user's id.
    pub user_id: UserId,
    /// When it ended.
    pub ended_at: Timestamp,
}

/// A presented refresh token, with its possible successor.
#[derive(Debug, Clone)]
pub struct RotateSession {
    /// The session named by the token.
    pub session_id: SessionId,
    /// The hash of the presented token.
    pub presented: RefreshTokenHash,
    /// The hash of the successor.
    pub successor: RefreshTokenHash,
    /// The client that presented it.
    pub client: ClientInfo,
    /// When it was presented.
    pub at: Timestamp,
    /// When the successor expires.
    pub expires_at: Timestamp,
}

/// The result of presenting a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RotateOutcome {
    /// The successor is valid: since now, or since a moment ago.
    Rotated(Session),
    /// The token was already spent: this call ended the session.
    Reused(EndedSession),
    /// There is no such session, or it ended or expired.
    Unknown,
}

/// The decision about a presented token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// Spend it: the successor replaces it.
    Spend,
    /// It was spent recently and its successor is unused: return the same successor again.
    Repeat,
    /// Any other token ends the session.
    Revoke,
}

/// The rule of token rotation. `current` is the token that the session accepts, `previous` the one that it accepted
/// before, until `rotated_at`. While `previous` is the presented token, its successor is unused.
pub fn rotation(
    presented: &RefreshTokenHash,
    successor: &RefreshTokenHash,
    current: &RefreshTokenHash,
    previous: Option<(&RefreshTokenHash, Timestamp)>,
    now: Timestamp,
) -> Rotation {
    if presented == current {
        return Rotation::Spend;
    }
    match previous {
        Some((previous, rotated_at))
            if previous == presented && successor == current && now.since(rotated_at) <= REFRESH_GRACE =>
        {
            Rotation::Repeat
        }
        _ => Rotation::Revoke,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(byte: u8) -> RefreshTokenHash {
        RefreshTokenHash::new([byte; 32])
    }

    #[test]
    fn a_token_is_spent_once_and_repeats_for_a_minute() {
        let spent = Timestamp::from_unix_micros(0);
        let within = spent.plus(REFRESH_GRACE);
        let after = spent.plus(REFRESH_GRACE + Duration::from_micros(1));
        assert_eq!(rotation(&hash(1), &hash(2), &hash(1), None, spent), Rotation::Spend);
        assert_eq!(rotation(&hash(1), &hash(2), &hash(2), Some((&hash(1), spent)), within), Rotation::Repeat);
        assert_eq!(rotation(&hash(1), &hash(2), &hash(2), Some((&hash(1), spent)), after), Rotation::Revoke);
    }

    #[test]
    fn once_the_successor_is_used_the_old_token_ends_the_family() {
        let spent = Timestamp::from_unix_micros(0);
        assert_eq!(rotation(&hash(1), &hash(2), &hash(3), Some((&hash(2), spent)), spent), Rotation::Revoke);
        assert_eq!(rotation(&hash(9), &hash(8), &hash(2), Some((&hash(1), spent)), spent), Rotation::Revoke);
        assert_eq!(rotation(&hash(9), &hash(8), &hash(2), None, spent), Rotation::Revoke);
    }

    #[test]
    fn client_info_is_bounded_and_printable() {
        let client = ClientInfo::new(Some(&format!("a\u{7}b{}", "x".repeat(999))), None);
        let agent = client.user_agent.expect("an agent");
        assert_eq!(agent.chars().count(), ClientInfo::MAX_USER_AGENT_CHARS);
        assert!(agent.starts_with("abx"));
        for nothing in ["\n", " ", "\u{200b}", "\u{202e}"] {
            assert_eq!(ClientInfo::new(Some(nothing), None), ClientInfo::default());
        }
        assert_eq!(ClientInfo::new(Some("a\u{202e}b"), None).user_agent.as_deref(), Some("ab"));
    }
}
