use crate::TimestampView;
use chat_domain::presence::PresenceStatus;
use chat_domain::users::{AvatarUrl, User, UserSummary};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How somebody is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub enum PresenceView {
    /// No connection anywhere.
    Offline,
    /// Connected.
    Online,
    /// Connected, and says to be away.
    Away,
    /// Connected, and says to be busy.
    Busy,
}

impl From<PresenceStatus> for PresenceView {
    fn from(status: PresenceStatus) -> Self {
        match status {
            PresenceStatus::Offline => Self::Offline,
            PresenceStatus::Online => Self::Online,
            PresenceStatus::Away => Self::Away,
            PresenceStatus::Busy => Self::Busy,
        }
    }
}

/// A user as others see them. Never the email.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct UserView {
    /// The id.
    pub id: Uuid,
    /// Unique without regard to case.
    pub username: String,
    /// What people read.
    pub name: String,
    /// Optional.
    pub first_name: Option<String>,
    /// Optional.
    pub last_name: Option<String>,
    /// Optional.
    pub avatar: Option<String>,
    /// Whether they are connected, as far as one may know.
    pub is_online: bool,
    /// How they are here; `null` where one may not know.
    pub status: Option<PresenceView>,
    /// When their last connection ended; `null` where there was none, or one may not know.
    pub last_seen: Option<TimestampView>,
    /// When they registered.
    pub created_at: TimestampView,
}

impl UserView {
    /// `status` is `None` where the viewer may not know of presence; then `last_seen` is hidden too.
    pub fn new(user: User, status: Option<PresenceStatus>) -> Self {
        Self {
            id: user.id.as_uuid(),
            username: user.username.as_str().to_owned(),
            name: user.name.into_string(),
            first_name: user.first_name.map(chat_domain::users::DisplayName::into_string),
            last_name: user.last_name.map(chat_domain::users::DisplayName::into_string),
            avatar: user.avatar.map(AvatarUrl::into_string),
            is_online: status.is_some_and(PresenceStatus::is_online),
            status: status.map(PresenceView::from),
            last_seen: status.and(user.last_seen).map(TimestampView::from),
            created_at: user.created_at.into(),
        }
    }
}

/// One's own account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct MeView {
    /// The id.
    pub id: Uuid,
    /// Shown to oneself alone.
    pub email: String,
    /// Unique without regard to case.
    pub username: String,
    /// What people read.
    pub name: String,
    /// Optional.
    pub first_name: Option<String>,
    /// Optional.
    pub last_name: Option<String>,
    /// Optional.
    pub avatar: Option<String>,
    /// When one's last connection ended.
    pub last_seen: Option<TimestampView>,
    /// When one registered.
    pub created_at: TimestampView,
    /// When one's profile last changed.
    pub updated_at: TimestampView,
}

impl From<User> for MeView {
    fn from(user: User) -> Self {
        Self {
            id: user.id.as_uuid(),
            email: user.email.as_str().to_owned(),
            username: user.username.as_str().to_owned(),
            name: user.name.into_string(),
            first_name: user.first_name.map(chat_domain::users::DisplayName::into_string),
            last_name: user.last_name.map(chat_domain::users::DisplayName::into_string),
            avatar: user.avatar.map(AvatarUrl::into_string),
            last_seen: user.last_seen.map(TimestampView::from),
            created_at: user.created_at.into(),
            updated_at: user.updated_at.into(),
        }
    }
}

/// Somebody who is connected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct OnlineUserView {
    /// The id.
    pub id: Uuid,
    /// What people read.
    pub name: String,
    /// Optional.
    pub avatar: Option<String>,
    /// How they are here.
    pub status: PresenceView,
}

impl OnlineUserView {
    /// Of a user who is online.
    pub fn new(user: User, status: PresenceStatus) -> Self {
        Self {
            id: user.id.as_uuid(),
            name: user.name.into_string(),
            avatar: user.avatar.map(AvatarUrl::into_string),
            status: status.into(),
        }
    }
}

/// The little of a user that messages and events carry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct UserSummaryView {
    /// The id.
    pub id: Uuid,
    /// What people read; `deleted user` once the account is gone.
    pub name: String,
    /// Optional.
    pub avatar: Option<String>,
}

impl From<UserSummary> for UserSummaryView {
    fn from(user: UserSummary) -> Self {
        Self { id: user.id.as_uuid(), name: user.name, avatar: user.avatar.map(AvatarUrl::into_string) }
    }
}
