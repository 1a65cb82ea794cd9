use super::RefreshTokenHash;
use crate::text::unicode::{is_bidi_control, is_visible};
use crate::{SessionId, Timestamp, UserId};
use std::time::Duration;

/// For this long a spent refresh token still yields its successor, while that is unused (contract §3).
pub const REFRESH_GRACE: Duration = Duration::from_mins(1);

/// How many devices may be signed in to one account; signing in on one more ends the one used longest ago.
pub const MAX_SESSIONS_PER_USER: usize = 100;

/// Where a sign-in comes from, for the list of devices. Best effort, bounded, and for display alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientInfo {
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
    /// The peer's address.
    pub ip: Option<String>,
}

impl ClientInfo {
    /// Longest user agent that is kept, in characters.
    pub const MAX_USER_AGENT_CHARS: usize = 256;

    /// Control characters and those that reorder text are dropped, and the user agent is cut to its limit.
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

/// A sign-in that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The `sid` of its access tokens.
    pub id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// From where it was last used.
    pub client: ClientInfo,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last refreshed.
    pub last_used_at: Timestamp,
    /// When its refresh token ends.
    pub expires_at: Timestamp,
}

/// A sign-in about to be stored.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The session as it will be listed.
    pub session: Session,
    /// The hash of its first refresh token.
    pub token_hash: RefreshTokenHash,
}

/// Why a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// The user signed out, here or everywhere.
    SignedOut,
    /// A spent refresh token came back.
    TokenReused,
    /// The password was changed elsewhere.
    PasswordChanged,
    /// The account was deleted.
    AccountDeleted,
    /// Too many sessions.
    Displaced,
}

/// A session that ended lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedSession {
    /// Which.
    pub id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// When.
    pub ended_at: Timestamp,
}

/// A refresh token presented, and the successor that it would have.
#[derive(Debug, Clone)]
pub struct RotateSession {
    /// Named by the token.
    pub session_id: SessionId,
    /// What was presented.
    pub presented: RefreshTokenHash,
    /// What takes its place.
    pub successor: RefreshTokenHash,
    /// From where.
    pub client: ClientInfo,
    /// When.
    pub at: Timestamp,
    /// When the successor ends.
    pub expires_at: Timestamp,
}

/// What became of a presented refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RotateOutcome {
    /// The successor is valid now: freshly, or since a moment ago.
    Rotated(Session),
    /// It was spent before: this call ended the session.
    Reused(EndedSession),
    /// No such session, or it ended or expired.
    Unknown,
}

/// What the rule says about a presented token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// Spend it: the successor takes its place.
    Spend,
    /// It was spent a moment ago and its successor is unused: the same successor again.
    Repeat,
    /// Anything else ends the family.
    Revoke,
}

/// The rule of rotation. `current` is what the session accepts, `previous` what it accepted before, until `rotated_at`.
/// As long as `previous` is the presented token, nobody has used its successor.
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
