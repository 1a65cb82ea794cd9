//! Who is here. Best effort, never stored with messages (contract §4, guarantee 6).

use crate::{BoxError, ConnectionId, InvalidValue, UserId};
use async_trait::async_trait;
use thiserror::Error;

/// What others see beside a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
pub enum PresenceStatus {
    /// No connection anywhere.
    #[default]
    Offline,
    /// Connected.
    Online,
    /// Connected, and says to be away.
    Away,
    /// Connected, and says to be busy.
    Busy,
}

impl PresenceStatus {
    /// Whether the user has a connection.
    pub const fn is_online(self) -> bool {
        !matches!(self, Self::Offline)
    }

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Online => "online",
            Self::Away => "away",
            Self::Busy => "busy",
        }
    }

    /// What a user may choose: `online`, `away` or `busy`, in any case. Offline is not a choice but a fact.
    pub fn parse_choice(text: &str) -> Result<Self, InvalidValue> {
        [Self::Online, Self::Away, Self::Busy]
            .into_iter()
            .find(|status| status.as_str().eq_ignore_ascii_case(text))
            .ok_or(InvalidValue::Form { expected: "one of online, away, busy" })
    }
}

/// Who learns of a user's presence (`PRESENCE_AUDIENCE`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PresenceAudience {
    /// Those who share a group with the user, or a direct conversation in which both have written.
    #[default]
    Contacts,
    /// Every connected user.
    Everyone,
}

/// Presence could not be read or written.
#[derive(Debug, Error)]
#[error("presence is not available")]
pub struct PresenceError(#[source] pub BoxError);

/// Who is connected, over all nodes. A user is online while at least one connection is.
#[async_trait]
pub trait PresenceRegistry: Send + Sync {
    /// Notes a connection. `Some(status)` where the user was offline until now, else `None`.
    async fn connect(&self, user: UserId, connection: ConnectionId) -> Result<Option<PresenceStatus>, PresenceError>;

    /// Forgets a connection. `true` where it was the user's last, and the chosen status with it. Forgetting one twice,
    /// or one that was never noted, is `false`.
    async fn disconnect(&self, user: UserId, connection: ConnectionId) -> Result<bool, PresenceError>;

    /// The latest choice wins over all of the user's connections. `true` where the status changed; always `false` for a
    /// user who is offline.
    async fn choose(&self, user: UserId, status: PresenceStatus) -> Result<bool, PresenceError>;

    /// The status of each of these users, in their order.
    async fn statuses(&self, users: &[UserId]) -> Result<Vec<PresenceStatus>, PresenceError>;

    /// Everybody who is online, in order of id.
    async fn list_online(&self) -> Result<Vec<UserId>, PresenceError>;
}

/// What a node does for presence all the time, so that one that died is missed. Whoever wires a node loops:
/// [`Self::due`], [`Self::keep_up`], tell of those returned. Where one process is all there is, nothing is due.
///
/// Of the users that are returned, the caller tells the contacts how they are *now*; where that is offline, it notes
/// when they were last seen. Nothing here fails: what cannot be done now is done next time.
#[async_trait]
pub trait PresenceUpkeep: Send + Sync {
    /// Returns when upkeep should be done: several times within a lease, and at once where something calls for it.
    async fn due(&self);

    /// Says that this node lives; writes it anew where the others' view of it was lost or has gone astray; and takes
    /// over what nodes left behind that have died, at most [`MAX_UPKEEP_USERS`] users at a time. Returns the users
    /// whose presence changed by it, or changed while this node was cut off. Whoever went offline with a dead node is
    /// returned by one call on one node only.
    async fn keep_up(&self) -> Vec<UserId>;

    /// This node is leaving for good: the others need not wait for its lease to end. Returns the users who were only
    /// here.
    async fn retire(&self) -> Vec<UserId>;
}

/// The most users that one call of [`PresenceUpkeep::keep_up`] takes over from nodes that have died.
pub const MAX_UPKEEP_USERS: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_may_choose_any_status_but_offline() {
        assert_eq!(PresenceStatus::parse_choice("Busy"), Ok(PresenceStatus::Busy));
        assert_eq!(PresenceStatus::parse_choice("away"), Ok(PresenceStatus::Away));
        assert_eq!(PresenceStatus::parse_choice("online"), Ok(PresenceStatus::Online));
        assert!(PresenceStatus::parse_choice("offline").is_err());
        assert!(PresenceStatus::parse_choice("").is_err());
        assert!(PresenceStatus::Busy.is_online() && !PresenceStatus::default().is_online());
    }
}
