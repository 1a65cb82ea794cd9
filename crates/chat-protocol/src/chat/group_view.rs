use crate::TimestampView;
use chat_domain::conversations::{
    ConversationDescription, ConversationDetails, ConversationName, InviteCode, Participant, Role,
};
use chat_domain::presence::PresenceStatus;
use chat_domain::users::{AvatarUrl, Username};
use chat_domain::{Timestamp, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Whether a member is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct MemberPresenceView {
    /// Whether they are connected.
    pub is_online: bool,
    /// When their last connection ended; `null` where there was none.
    pub last_seen: Option<TimestampView>,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct GroupMemberView {
    /// The user's id.
    pub id: Uuid,
    /// `null` once the account is gone.
    pub username: Option<String>,
    /// What people read.
    pub name: String,
    /// Optional.
    pub avatar: Option<String>,
    /// Left out of events.
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
    /// The id: the conversation's.
    pub group_id: Uuid,
    /// The same.
    pub id: Uuid,
    /// What it is called; `null` for a group that was made without a name.
    pub group_name: Option<String>,
    /// Optional.
    pub group_description: Option<String>,
    /// Optional.
    pub group_avatar: Option<String>,
    /// Who made it.
    pub created_by: Uuid,
    /// At most 100, those who joined first; empty for whoever does not take part.
    pub members: Vec<GroupMemberView>,
    /// How many take part.
    pub members_count: u32,
    /// Those of `members` who are admins.
    pub admins: Vec<Uuid>,
    /// `false` once it was deactivated.
    pub is_active: bool,
    /// Lets whoever has it join; shown to members alone.
    pub invite_code: Option<String>,
    /// When it was made.
    pub created_at: TimestampView,
    /// When it last changed in any way, messages included.
    pub updated_at: TimestampView,
}

impl GroupView {
    /// As somebody may see it who may know how these members are: `presence` says it of each.
    pub fn new(details: ConversationDetails, presence: impl Fn(UserId) -> (PresenceStatus, Option<Timestamp>)) -> Self {
        Self::of_members(details, |user| {
            let (status, last_seen) = presence(user);
            let last_seen = last_seen.map(TimestampView::from);
            Some(MemberPresenceView { is_online: status.is_online(), last_seen })
        })
    }

    /// As every member sees it, without who is here: what events carry.
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
