//! Conversations, and the participants of direct conversations and groups. What only threads have is in
//! [`crate::threads`].

mod decisions;
mod groups;
mod listing;
mod search;
mod store;
mod values;

pub use decisions::{
    Standing, may_add_participant, may_change, may_change_group, may_change_role, may_have_another, may_join,
    may_remove_participant, next_admin,
};
pub use groups::{
    GroupStore, InviteCode, JoinGroup, MAX_SEARCHED_OWN_GROUPS, NameCollision, NewGroup, group_name_key,
    group_name_prefix, group_name_suffixes, group_search_key, shared_group_name_key,
};
pub use listing::{
    CursorPage, ListCursor, ListPart, ListPlace, ListRequest, Listing, ParticipantPage, ParticipantPlace,
};
pub use search::GroupMatches;
pub use store::{
    AddParticipant, ChangeRole, ConversationFilter, ConversationStore, CreatedConversation, Joined, Membership,
    NameRule, NewConversation, Participation, Removal, RemoveParticipant, UpdateConversation,
};
pub use values::{ConversationChanges, ConversationDescription, ConversationName, DirectKey, ParticipantIds};

use crate::columns::{UnreadableColumn, parsed_option};
use crate::messages::Message;
use crate::receipts::Positions;
use crate::users::{AvatarUrl, UserSummary};
use crate::{ConversationId, Metadata, Pos, Seq, Timestamp, UserId};

/// The maximum number of participants of a group (contract §1).
pub const MAX_PARTICIPANTS: usize = 1_000;

/// The maximum number of participants listed inside other answers, which also carry a count (contract §1).
pub const MAX_LISTED_PARTICIPANTS: usize = 100;

/// The maximum number of participants for which receipts and presence are pushed; in larger conversations clients
/// request them (contract §4).
pub const MAX_PUSHED_PARTICIPANTS: u32 = 100;

/// The kind of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
pub enum ConversationKind {
    /// The only conversation of these two users; its participants never change.
    Direct(DirectKey),
    /// A group of 1 to [`MAX_PARTICIPANTS`] participants.
    Group,
    /// The thread of a message of this conversation, whose participants may read it and write to it. It has no
    /// participants of its own, only followers: see [`crate::threads`].
    Thread(ConversationId),
}

impl ConversationKind {
    /// Reads the columns of direct keys and of parents: a conversation with a key is direct, one with a parent is a
    /// thread, any other one a group.
    pub fn from_stored(direct_key: Option<&str>, parent: Option<ConversationId>) -> Result<Self, UnreadableColumn> {
        let pair = parsed_option("direct_key", direct_key, DirectKey::parse)?;
        Ok(pair.map(Self::Direct).or(parent.map(Self::Thread)).unwrap_or(Self::Group))
    }

    /// Whether it is a group.
    pub const fn is_group(self) -> bool {
        matches!(self, Self::Group)
    }

    /// The conversation on whose message the thread hangs; `None` if it is no thread.
    pub const fn parent(self) -> Option<ConversationId> {
        match self {
            Self::Thread(parent) => Some(parent),
            Self::Direct(_) | Self::Group => None,
        }
    }
}

/// The role of a participant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
pub enum Role {
    /// May change the group and remove others. The creator is the first admin.
    Admin,
    /// An ordinary participant.
    Member,
    /// A role that only a later release knows. It gives no rights over the group and is never replaced: the participant
    /// reads, sends and leaves, and clients see a member.
    #[cfg_attr(feature = "serde", serde(other))]
    Unknown,
}

impl Role {
    /// Returns the stored name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Unknown => "unknown",
        }
    }

    /// Reads a stored name.
    pub fn from_stored(name: &str) -> Self {
        Self::known(name).unwrap_or(Self::Unknown)
    }

    /// Returns the role with this stored name, if this release knows it.
    pub fn known(name: &str) -> Option<Self> {
        [Self::Admin, Self::Member].into_iter().find(|role| role.as_str() == name)
    }
}

/// A conversation, without its participants.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Conversation {
    /// The conversation's id.
    pub id: ConversationId,
    /// Direct or group.
    pub kind: ConversationKind,
    /// The name, if any; only groups have one.
    pub name: Option<ConversationName>,
    /// The description, if any; only groups have one.
    pub description: Option<ConversationDescription>,
    /// The avatar, if any; only groups have one.
    pub avatar: Option<AvatarUrl>,
    /// What the product attached to it, if anything.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub metadata: Option<Metadata>,
    /// `false` after a group was deactivated, or after all participants have left it. A thread is active if its parent
    /// is.
    pub is_active: bool,
    /// The code with which users join a group. Only participants see it.
    pub invite_code: Option<InviteCode>,
    /// The user who created it.
    pub created_by: UserId,
    /// The number of the newest message; zero before the first.
    pub last_seq: Seq,
    /// The number of the newest durable change; 1 is the creation.
    pub last_pos: Pos,
    /// The number of participants.
    pub participant_count: u32,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed in any way, messages included.
    pub updated_at: Timestamp,
}

impl Conversation {
    /// The conversation whose participants may read and write this one: its parent if it is a thread, otherwise itself.
    pub fn home(&self) -> ConversationId {
        self.kind.parent().unwrap_or(self.id)
    }
}

/// A current participant.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Participant {
    /// The user.
    pub user: UserSummary,
    /// The user's role.
    pub role: Role,
    /// When the user last joined.
    pub joined_at: Timestamp,
    /// The user's positions.
    pub positions: Positions,
}

/// A conversation with its participants, the same for every reader.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ConversationDetails {
    /// The conversation.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub conversation: Conversation,
    /// At most [`MAX_LISTED_PARTICIPANTS`] participants: those who joined first (then in order of id).
    pub participants: Vec<Participant>,
}

/// A conversation as one user sees it in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationOverview {
    /// The part that is the same for every reader.
    pub details: ConversationDetails,
    /// The viewer as a participant; `None` if the viewer is not one.
    pub viewer: Option<Participant>,
    /// The newest message.
    pub last_message: Option<Message>,
}

impl ConversationOverview {
    /// The number of messages that the viewer has not read; zero if the viewer is not a participant.
    pub fn unread_count(&self) -> u64 {
        self.viewer.as_ref().map_or(0, |viewer| viewer.positions.unread(self.details.conversation.last_seq))
    }
}
