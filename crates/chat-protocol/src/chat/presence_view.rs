use crate::TimestampView;
use chat_domain::presence::PresenceStatus;
use chat_domain::{Timestamp, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A user's last-seen time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct LastSeenView {
    /// The user's id.
    pub user_id: Uuid,
    /// The last-seen time; `null` if the user was never online, or if the caller is not allowed to see it.
    pub last_seen: Option<TimestampView>,
}

impl LastSeenView {
    /// Creates the view. `None` means never online, or hidden from the viewer.
    pub fn new(user: UserId, last_seen: Option<Timestamp>) -> Self {
        Self { user_id: user.as_uuid(), last_seen: last_seen.map(TimestampView::from) }
    }
}

/// A user's online status: the answer to `GET .../online-status`, and the event `userStatus`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct OnlineStatusView {
    /// The user's id.
    pub user_id: Uuid,
    /// Whether the user is online; `false` if the caller is not allowed to see it.
    pub is_online: bool,
    /// The time when the last connection ended; `null` if there was none, or if the caller is not allowed to see it.
    pub last_seen: Option<TimestampView>,
}

impl OnlineStatusView {
    /// Creates the view. `status` is `None` if the viewer is not allowed to see presence; then `last_seen` is hidden
    /// too.
    pub fn new(user: UserId, status: Option<PresenceStatus>, last_seen: Option<Timestamp>) -> Self {
        Self {
            user_id: user.as_uuid(),
            is_online: status.is_some_and(PresenceStatus::is_online),
            last_seen: status.and(last_seen).map(TimestampView::from),
        }
    }
}

/// The number of messages that a call has marked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct ModifiedView {
    /// The number of messages that were not marked before.
    pub modified_count: u64,
}
