use crate::TimestampView;
use chat_domain::conversations::{
    ConversationDescription, ConversationDetails, ConversationName, InviteCode, Participant, Role,
};
use chat_domain::presence::PresenceStatus;
use chat_domain::users::{AvatarUrl, Username};
use chat_domain::{Timestamp, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A member's presence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct MemberPresenceView {
    /// Whether the member is online.
    pub is_online: bool,
    /// The time when the last connection ended; `null` if there was none.
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out_or_null::<TimestampView>"))]
    pub last_seen: Option<TimestampView>,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct GroupMemberView {
    /// The user's id.
    pub id: Uuid,
    /// The username; `null` if the account was deleted.
    pub username: Option<String>,
    /// The display name.
    pub name: String,
    /// The URL of the avatar, or `null`.
    pub avatar: Option<String>,
    /// Omitted in events.
    #[serde(flatten)]
    pub presence: Option<MemberPresenceView>,
}

impl GroupMemberView {
    fn new(participant: Participant, presence: Option<MemberPresenceView>) -> Self {
        Self {
            id: participant.user.id.as_uuid(),
            username: participant.user.username.as_ref().map(Username::as_str).map(str::to_owned),
            name: participant.user.name,
            avatar: participant.user.avatar.map(AvatarUrl::into_string),
            presence,
        }
    }
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct GroupView {
    /// The group's id, which is also its conversation's id.
    pub group_id: Uuid,
    /// The same as `groupId`.
    pub id: Uuid,
    /// The name; `null` if the group was created without one.
    pub group_name: Option<String>,
    /// The description, or `null`.
    pub group_description: Option<String>,
    /// The URL of the avatar, or `null`.
    pub group_avatar: Option<String>,
    /// The user who created the group.
    pub created_by: Uuid,
    /// The first 100 members, in the order in which they joined. Empty if the caller is not a member.
    pub members: Vec<GroupMemberView>,
    /// The number of members.
    pub members_count: u32,
    /// The ids of the admins among `members`.
    pub admins: Vec<Uuid>,
    /// `false` if the group was deactivated.
    pub is_active: bool,
    /// The code for joining the group; `null` if the caller is not a member.
    pub invite_code: Option<String>,
    /// The time of creation.
    pub created_at: TimestampView,
    /// The time of the last change or message.
    pub updated_at: TimestampView,
}

impl GroupView {
    /// Creates the view for a user who may see the members' presence, which `presence` returns.
    pub fn new(details: ConversationDetails, presence: impl Fn(UserId) -> (PresenceStatus, Option<Timestamp>)) -> Self {
        Self::of_members(details, |user| {
            let (status, last_seen) = presence(user);
            let last_seen = last_seen.map(TimestampView::from);
            Some(MemberPresenceView { is_online: status.is_online(), last_seen })
        })
    }

    /// Creates the view for all members, without presence, as events contain it.
    pub fn of_event(details: ConversationDetails) -> Self {
        Self::of_members(details, |_| None)
    }

    fn of_members(details: ConversationDetails, presence: impl Fn(UserId) -> Option<MemberPresenceView>) -> Self {
        let ConversationDetails { conversation, participants } = details;
        let admins = participants.iter().filter(|participant| participant.role == Role::Admin);
        Self {
            group_id: conversation.id.as_uuid(),
            id: conversation.id.as_uuid(),
            group_name: conversation.name.map(ConversationName::into_string),
            group_description: conversation.description.map(ConversationDescription::into_string),
            group_avatar: conversation.avatar.map(AvatarUrl::into_string),
            created_by: conversation.created_by.as_uuid(),
            admins: admins.map(|admin| admin.user.id.as_uuid()).collect(),
            members: participants
                .into_iter()
                .map(|participant| {
                    let presence = presence(participant.user.id);
                    GroupMemberView::new(participant, presence)
                })
                .collect(),
            members_count: conversation.participant_count,
            is_active: conversation.is_active,
            invite_code: conversation.invite_code.map(InviteCode::as_text),
            created_at: conversation.created_at.into(),
            updated_at: conversation.updated_at.into(),
        }
    }
}
