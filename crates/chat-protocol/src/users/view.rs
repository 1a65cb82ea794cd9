use crate::{MetadataView, TimestampView};
use chat_domain::presence::PresenceStatus;
use chat_domain::users::{AvatarUrl, User, UserSummary};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A user's presence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub enum PresenceView {
    /// Not connected.
    Offline,
    /// Connected.
    Online,
    /// Connected, with the status away.
    Away,
    /// Connected, with the status busy.
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

/// The public profile of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct UserView {
    /// The user's id.
    pub id: Uuid,
    /// The username. Unique; case is ignored.
    pub username: String,
    /// The display name.
    pub name: String,
    /// The first name, or `null`.
    pub first_name: Option<String>,
    /// The last name, or `null`.
    pub last_name: Option<String>,
    /// The URL of the avatar, or `null`.
    pub avatar: Option<String>,
    /// The JSON object that the product attached, or `null`.
    pub metadata: Option<MetadataView>,
    /// Whether the user is online; `false` if the caller is not allowed to see it.
    pub is_online: bool,
    /// The presence; `null` if the caller is not allowed to see it.
    pub status: Option<PresenceView>,
    /// The time when the last connection ended; `null` if there was none, or if the caller is not allowed to see it.
    pub last_seen: Option<TimestampView>,
    /// The time of registration.
    pub created_at: TimestampView,
}

impl UserView {
    /// Creates the view. `status` is `None` if the viewer is not allowed to see presence; then `last_seen` is hidden
    /// too.
    pub fn new(user: User, status: Option<PresenceStatus>) -> Self {
        Self {
            id: user.id.as_uuid(),
            username: user.username.as_str().to_owned(),
            name: user.name.into_string(),
            first_name: user.first_name.map(chat_domain::users::DisplayName::into_string),
            last_name: user.last_name.map(chat_domain::users::DisplayName::into_string),
            avatar: user.avatar.map(AvatarUrl::into_string),
            metadata: user.metadata.map(MetadataView::from),
            is_online: status.is_some_and(PresenceStatus::is_online),
            status: status.map(PresenceView::from),
            last_seen: status.and(user.last_seen).map(TimestampView::from),
            created_at: user.created_at.into(),
        }
    }
}

/// The caller's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct MeView {
    /// The user's id.
    pub id: Uuid,
    /// The email address. Only the user can see it.
    pub email: String,
    /// The username. Unique; case is ignored.
    pub username: String,
    /// The display name.
    pub name: String,
    /// The first name, or `null`.
    pub first_name: Option<String>,
    /// The last name, or `null`.
    pub last_name: Option<String>,
    /// The URL of the avatar, or `null`.
    pub avatar: Option<String>,
    /// The JSON object that the product attached, or `null`.
    pub metadata: Option<MetadataView>,
    /// The time when the last connection ended; `null` if there was none.
    pub last_seen: Option<TimestampView>,
    /// The time of registration.
    pub created_at: TimestampView,
    /// The time of the last change of the profile.
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
            metadata: user.metadata.map(MetadataView::from),
            last_seen: user.last_seen.map(TimestampView::from),
            created_at: user.created_at.into(),
            updated_at: user.updated_at.into(),
        }
    }
}

/// An online user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct OnlineUserView {
    /// The user's id.
    pub id: Uuid,
    /// The display name.
    pub name: String,
    /// The URL of the avatar, or `null`.
    pub avatar: Option<String>,
    /// The presence.
    pub status: PresenceView,
}

impl OnlineUserView {
    /// Creates the view of an online user.
    pub fn new(user: User, status: PresenceStatus) -> Self {
        Self {
            id: user.id.as_uuid(),
            name: user.name.into_string(),
            avatar: user.avatar.map(AvatarUrl::into_string),
            status: status.into(),
        }
    }
}

/// The user fields of messages and events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct UserSummaryView {
    /// The user's id.
    pub id: Uuid,
    /// The display name; `deleted user` if the account was deleted.
    pub name: String,
    /// The URL of the avatar, or `null`.
    pub avatar: Option<String>,
}

impl From<UserSummary> for UserSummaryView {
    fn from(user: UserSummary) -> Self {
        Self { id: user.id.as_uuid(), name: user.name, avatar: user.avatar.map(AvatarUrl::into_string) }
    }
}
