use crate::TimestampView;
use chat_domain::presence::PresenceStatus;
use chat_domain::{Timestamp, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// When somebody was last here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct LastSeenView {
    /// Who.
    pub user_id: Uuid,
    /// When; `null` where they never were, or one may not know.
    pub last_seen: Option<TimestampView>,
}

impl LastSeenView {
    /// `None` is never, or not to be known.
    pub fn new(user: UserId, last_seen: Option<Timestamp>) -> Self {
        Self { user_id: user.as_uuid(), last_seen: last_seen.map(TimestampView::from) }
    }
}

/// Whether somebody is here: the answer to `GET .../online-status`, and the event `userStatus`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct OnlineStatusView {
    /// Who.
    pub user_id: Uuid,
    /// Whether they are connected, as far as one may know.
    pub is_online: bool,
    /// When their last connection ended; `null` where there was none, or one may not know.
    pub last_seen: Option<TimestampView>,
}

impl OnlineStatusView {
    /// `status` is `None` where the viewer may not know of presence; then `last_seen` is hidden too.
    pub fn new(user: UserId, status: Option<PresenceStatus>, last_seen: Option<Timestamp>) -> Self {
        Self {
            user_id: user.as_uuid(),
            is_online: status.is_some_and(PresenceStatus::is_online),
            last_seen: status.and(last_seen).map(TimestampView::from),
        }
    }
}

/// How many messages a call has marked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct ModifiedView {
    /// Messages that were not marked before.
    pub modified_count: u64,
}
