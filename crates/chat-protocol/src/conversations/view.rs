use crate::users::UserSummaryView;
use crate::{MetadataView, TimestampView};
use chat_domain::conversations::{
    ConversationDescription, ConversationDetails, ConversationKind, ConversationName, ConversationOverview, InviteCode,
    Participant, Role,
};
use chat_domain::messages::Message;
use chat_domain::users::{AvatarUrl, Username};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A participant's role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub enum RoleView {
    /// Can change the group and remove participants.
    Admin,
    /// Can read and send messages.
    Member,
}

impl From<Role> for RoleView {
    fn from(role: Role) -> Self {
        match role {
            Role::Admin => Self::Admin,
            Role::Member | Role::Unknown => Self::Member,
        }
    }
}

/// A participant of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct ParticipantView {
    /// The user's id.
    pub id: Uuid,
    /// The username; `null` if the account was deleted.
    pub username: Option<String>,
    /// The display name.
    pub name: String,
    /// The URL of the avatar, or `null`.
    pub avatar: Option<String>,
    /// The role.
    pub role: RoleView,
    /// The time when the user joined, or last rejoined.
    pub joined_at: TimestampView,
    /// The `seq` of the last delivered message, or 0 before the first one.
    pub delivered_seq: u64,
    /// The `seq` of the last read message, or 0 before the first one.
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

/// A conversation, in the form that is the same for all participants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct ConversationView {
    /// The conversation's id.
    pub id: Uuid,
    /// The group's name; `null` if it has none.
    pub name: Option<String>,
    /// The group's description; `null` if it has none.
    pub description: Option<String>,
    /// The URL of the group's avatar; `null` if it has none.
    pub avatar: Option<String>,
    /// The JSON object that the product attached, or `null`.
    pub metadata: Option<MetadataView>,
    /// `true` for a group, `false` for a direct conversation.
    pub is_group: bool,
    /// `false` if the group was deactivated.
    pub is_active: bool,
    /// The code with which users join the group; `null` for a direct conversation.
    pub invite_code: Option<String>,
    /// The user who created the conversation.
    pub created_by: Uuid,
    /// The first 100 participants, in the order in which they joined.
    pub participants: Vec<ParticipantView>,
    /// The number of participants.
    pub participant_count: u32,
    /// The `seq` of the newest message, or 0 before the first one.
    pub last_seq: u64,
    /// The `pos` of the newest change that this view includes.
    pub pos: u64,
    /// The time of creation.
    pub created_at: TimestampView,
    /// The time of the last change or message.
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
            metadata: conversation.metadata.map(MetadataView::from),
            is_group: conversation.kind == ConversationKind::Group,
            is_active: conversation.is_active,
            invite_code: conversation.invite_code.map(InviteCode::as_text),
            created_by: conversation.created_by.as_uuid(),
            participants: details.participants.into_iter().map(ParticipantView::from).collect(),
            participant_count: conversation.participant_count,
            last_seq: conversation.last_seq.get(),
            pos: conversation.last_pos.get(),
            created_at: conversation.created_at.into(),
            updated_at: conversation.updated_at.into(),
        }
    }
}

/// The maximum length of the text of a newest message in lists, in characters.
pub(crate) const MAX_LISTED_CHARS: usize = 2_000;

/// The latest message of a conversation, for lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct LastMessageView {
    /// The message's id.
    pub id: Uuid,
    /// The message's number in its conversation.
    pub seq: u64,
    /// The first 2,000 characters of the text.
    pub content: String,
    /// The time when the server stored the message.
    pub created_at: TimestampView,
    /// The sender.
    pub sender: UserSummaryView,
}

impl From<Message> for LastMessageView {
    fn from(message: Message) -> Self {
        Self {
            id: message.id.as_uuid(),
            seq: message.seq.get(),
            content: message.body.first(MAX_LISTED_CHARS).into_string(),
            created_at: message.created_at.into(),
            sender: message.sender.into(),
        }
    }
}

/// A conversation with the caller's unread count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct ConversationOverviewView {
    /// The conversation.
    #[serde(flatten)]
    pub conversation: ConversationView,
    /// The latest message; `null` if there is none.
    pub last_message: Option<LastMessageView>,
    /// The number of messages that the caller has not read.
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
