use crate::TimestampView;
use crate::users::UserSummaryView;
use chat_domain::conversations::{
    ConversationDescription, ConversationDetails, ConversationKind, ConversationName, ConversationOverview,
    Participant, Role,
};
use chat_domain::messages::Message;
use chat_domain::users::{AvatarUrl, Username};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a participant may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub enum RoleView {
    /// Changes the group and removes others.
    Admin,
    /// Takes part.
    Member,
}

impl From<Role> for RoleView {
    fn from(role: Role) -> Self {
        match role {
            Role::Admin => Self::Admin,
            Role::Member => Self::Member,
        }
    }
}

/// Somebody who takes part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct ParticipantView {
    /// The user's id.
    pub id: Uuid,
    /// `null` once the account is gone.
    pub username: Option<String>,
    /// What people read.
    pub name: String,
    /// Optional.
    pub avatar: Option<String>,
    /// What they may do.
    pub role: RoleView,
    /// Since when they take part (the latest joining).
    pub joined_at: TimestampView,
    /// Messages up to this one have arrived.
    pub delivered_seq: u64,
    /// Messages up to this one have been read.
    pub read_seq: u64,
}

impl From<Participant> for ParticipantView {
    fn from(participant: Participant) -> Self {
        Self {
            id: participant.user.id.as_uuid(),
            username: participant.user.username.as_ref().map(Username::as_str).map(str::to_owned),
            name: participant.user.name,
            avatar: participant.user.avatar.map(AvatarUrl::into_string),
            role: participant.role.into(),
            joined_at: participant.joined_at.into(),
            delivered_seq: participant.positions.delivered.get(),
            read_seq: participant.positions.read.get(),
        }
    }
}

/// A conversation, the same for everyone who takes part: what events carry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct ConversationView {
    /// The id.
    pub id: Uuid,
    /// Groups may have one.
    pub name: Option<String>,
    /// Groups may have one.
    pub description: Option<String>,
    /// Groups may have one.
    pub avatar: Option<String>,
    /// `false` for the one conversation of a pair.
    pub is_group: bool,
    /// `false` once a group was deactivated.
    pub is_active: bool,
    /// Who made it.
    pub created_by: Uuid,
    /// At most 100, those who joined first.
    pub participants: Vec<ParticipantView>,
    /// How many take part.
    pub participant_count: u32,
    /// When it was made.
    pub created_at: TimestampView,
    /// When it last changed in any way, messages included.
    pub updated_at: TimestampView,
}

impl From<ConversationDetails> for ConversationView {
    fn from(details: ConversationDetails) -> Self {
        let conversation = details.conversation;
        Self {
            id: conversation.id.as_uuid(),
            name: conversation.name.map(ConversationName::into_string),
            description: conversation.description.map(ConversationDescription::into_string),
            avatar: conversation.avatar.map(AvatarUrl::into_string),
            is_group: conversation.kind == ConversationKind::Group,
            is_active: conversation.is_active,
            created_by: conversation.created_by.as_uuid(),
            participants: details.participants.into_iter().map(ParticipantView::from).collect(),
            participant_count: conversation.participant_count,
            created_at: conversation.created_at.into(),
            updated_at: conversation.updated_at.into(),
        }
    }
}

/// The newest message, as a list of conversations shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct LastMessageView {
    /// The message's id.
    pub id: Uuid,
    /// What it says.
    pub content: String,
    /// When it was sent.
    pub created_at: TimestampView,
    /// Who sent it.
    pub sender: UserSummaryView,
}

impl From<Message> for LastMessageView {
    fn from(message: Message) -> Self {
        Self {
            id: message.id.as_uuid(),
            content: message.body.into_string(),
            created_at: message.created_at.into(),
            sender: message.sender.into(),
        }
    }
}

/// A conversation as one user sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct ConversationOverviewView {
    /// What everyone sees.
    #[serde(flatten)]
    pub conversation: ConversationView,
    /// The newest message; `null` before the first.
    pub last_message: Option<LastMessageView>,
    /// How many messages one has not read.
    pub unread_count: u64,
}

impl From<ConversationOverview> for ConversationOverviewView {
    fn from(overview: ConversationOverview) -> Self {
        Self {
            unread_count: overview.unread_count(),
            conversation: overview.details.into(),
            last_message: overview.last_message.map(LastMessageView::from),
        }
    }
}
