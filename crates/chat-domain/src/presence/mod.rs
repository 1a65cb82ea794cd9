//! Presence. Best effort, never stored with messages (contract §4, guarantee 6).

use crate::{BoxError, ConnectionId, InvalidValue, Timestamp, UserId};
use async_trait::async_trait;
use thiserror::Error;

/// The presence of a user, as other users see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
pub enum PresenceStatus {
    /// The user has no connection on any node.
    #[default]
    Offline,
    /// The user is connected.
    Online,
    /// The user is connected, and chose `away`.
    Away,
    /// The user is connected, and chose `busy`.
    Busy,
}

impl PresenceStatus {
    /// Whether the user has a connection.
    pub const fn is_online(self) -> bool {
        !matches!(self, Self::Offline)
    }

    /// Returns the name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Online => "online",
            Self::Away => "away",
            Self::Busy => "busy",
        }
    }

    /// Parses a status that a user may choose: `online`, `away` or `busy`, in any case. `offline` cannot be chosen.
    pub fn parse_choice(text: &str) -> Result<Self, InvalidValue> {
        [Self::Online, Self::Away, Self::Busy]
            .into_iter()
            .find(|status| status.as_str().eq_ignore_ascii_case(text))
            .ok_or(InvalidValue::Form { expected: "one of online, away, busy" })
    }
}

/// Which users see a user's presence (`PRESENCE_AUDIENCE`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PresenceAudience {
    /// Users who share a group with the user, or a direct conversation in which both have written.
    #[default]
    Contacts,
    /// All connected users.
    Everyone,
}

/// A user whose presence another user may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contact {
    /// The user's id.
    pub user_id: UserId,
    /// When the user's last connection ended; `None` if there was none.
    pub last_seen: Option<Timestamp>,
}

/// A request for those of a user's contacts with whom there was activity last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContactsWanted {
    /// The user.
    pub user: UserId,
    /// Which users see whose presence.
    pub audience: PresenceAudience,
    /// Conversations with more participants do not count.
    pub most_participants: u32,
    /// The maximum number of conversations that are searched: those with the newest activity among those with at most
    /// `most_participants` participants.
    pub looked_at: u32,
    /// The maximum number of these in which presence is visible and whose participants are returned, by newest
    /// activity.
    pub conversations: u32,
    /// The maximum number of contacts.
    pub limit: u32,
}

/// Presence could not be read or written.
#[derive(Debug, Error)]
#[error("presence is not available")]
pub struct PresenceError(#[source] pub BoxError);

/// The connected users of all nodes. A user is online while at least one connection exists.
#[async_trait]
pub trait PresenceRegistry: Send + Sync {
    /// Registers a connection. `Some(status)` if the user was offline until now, else `None`.
    async fn connect(&self, user: UserId, connection: ConnectionId) -> Result<Option<PresenceStatus>, PresenceError>;

    /// Removes a connection. `true` if it was the user's last, which also removes the chosen status. `false` for a
    /// connection that is not registered.
    async fn disconnect(&self, user: UserId, connection: ConnectionId) -> Result<bool, PresenceError>;

    /// Sets the user's status for all of their connections. `true` if the status changed; always `false` for a user who
    /// is offline.
    async fn choose(&self, user: UserId, status: PresenceStatus) -> Result<bool, PresenceError>;

    /// Returns the status of each of these users, in their order.
    async fn statuses(&self, users: &[UserId]) -> Result<Vec<PresenceStatus>, PresenceError>;

    /// Like [`Self::statuses`], but fails if the other nodes' users cannot be read now. `statuses` reports them as
    /// offline then.
    async fn known_statuses(&self, users: &[UserId]) -> Result<Vec<PresenceStatus>, PresenceError> {
        self.statuses(users).await
    }

    /// Lists all online users, in order of id.
    async fn list_online(&self) -> Result<Vec<UserId>, PresenceError>;
}

/// The periodic work of a node for presence, so that other nodes detect its failure. The wiring of a node loops:
/// [`Self::due`], [`Self::keep_up`], announce the returned users. In a single process nothing is due.
///
/// The caller announces the *current* status of each returned user to the user's contacts; if it is offline, the caller
/// also stores when the user was last seen. These calls do not fail: work that cannot be done now is done next time.
#[async_trait]
pub trait PresenceUpkeep: Send + Sync {
    /// Returns when the next work is due: several times per lease, and at once if something requires it.
    async fn due(&self);

    /// Renews this node's lease, rewrites its connections if the shared state was lost or is wrong, and takes over the
    /// users of dead nodes, at most [`MAX_UPKEEP_USERS`] at a time. Returns the users whose presence changed by this
    /// call, or changed while this node was disconnected. A user who went offline with a dead node is returned by one
    /// call on one node only.
    async fn keep_up(&self) -> Vec<UserId>;

    /// Removes this node permanently, so that the others need not wait for its lease to expire. Returns the users who
    /// were connected only here.
    async fn retire(&self) -> Vec<UserId>;
}

/// The maximum number of users that one call of [`PresenceUpkeep::keep_up`] takes over from dead nodes.
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
