//! Direct and group conversations, and who takes part in them.

mod decisions;
mod groups;
mod listing;
mod search;
mod store;
mod values;

pub use decisions::{
    Refusal, Standing, may_add_participant, may_change_group, may_have_another, may_join, may_remove_participant,
    next_admin,
};
pub use groups::{
    GroupStore, InviteCode, JoinGroup, MAX_SEARCHED_OWN_GROUPS, NameCollision, NewGroup, group_name_key,
    group_name_prefix, group_name_suffixes, group_search_key, shared_group_name_key,
};
pub use listing::{CursorPage, ListCursor, ListPart, ListPlace, ListRequest, Listing};
pub use search::GroupMatches;
pub use store::{
    AddParticipant, ConversationFilter, ConversationStore, CreateConversationError, CreatedConversation, Joined,
    Membership, NameRule, NewConversation, ParticipantError, Removal, RemoveParticipant, UpdateConversation,
};
pub use values::{ConversationChanges, ConversationDescription, ConversationName, DirectKey, ParticipantIds};

use crate::messages::Message;
use crate::receipts::Positions;
use crate::users::{AvatarUrl, UserSummary};
use crate::{ConversationId, Pos, Seq, Timestamp, UserId};

/// The most participants of a group (contract §1).
pub const MAX_PARTICIPANTS: usize = 1_000;

/// Lists of participants inside other answers carry at most this many, and a count (contract §1).
pub const MAX_LISTED_PARTICIPANTS: usize = 100;

/// Up to this many participants, receipts and presence are pushed; beyond, they are fetched (contract §4).
pub const MAX_PUSHED_PARTICIPANTS: u32 = 100;

/// Whether it is the one conversation of a pair, or a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
pub enum ConversationKind {
    /// The one conversation of these two users; nobody joins or leaves.
    Direct(DirectKey),
    /// A group of 1 to [`MAX_PARTICIPANTS`].
    Group,
}

impl ConversationKind {
    /// Whether it is a group.
    pub const fn is_group(self) -> bool {
        matches!(self, Self::Group)
    }
}

/// What a participant may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
pub enum Role {
    /// Changes the group and removes others. Its creator is the first.
    Admin,
    /// Takes part.
    Member,
}

impl Role {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Member => "member",
        }
    }
}

/// A conversation, apart from who takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// Direct or group.
    pub kind: ConversationKind,
    /// Groups may have one.
    pub name: Option<ConversationName>,
    /// Groups may have one.
    pub description: Option<ConversationDescription>,
    /// Groups may have one.
    pub avatar: Option<AvatarUrl>,
    /// `false` once a group was deactivated, or everyone has left it.
    pub is_active: bool,
    /// How strangers may join a group. Shown to those who take part, and to nobody else.
    pub invite_code: Option<InviteCode>,
    /// Who made it.
    pub created_by: UserId,
    /// The newest message's number; zero before the first.
    pub last_seq: Seq,
    /// The newest durable change's number; 1 is the creation.
    pub last_pos: Pos,
    /// How many take part now.
    pub participant_count: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed in any way, messages included: what lists are ordered by.
    pub updated_at: Timestamp,
}

/// Somebody who takes part now.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Participant {
    /// Who.
    pub user: UserSummary,
    /// What they may do.
    pub role: Role,
    /// Since when (the latest joining).
    pub joined_at: Timestamp,
    /// How far they have got.
    pub positions: Positions,
}

/// A conversation with those who take part, the same for every reader.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ConversationDetails {
    /// The conversation.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub conversation: Conversation,
    /// At most [`MAX_LISTED_PARTICIPANTS`], those who joined first (then in order of id).
    pub participants: Vec<Participant>,
}

/// A conversation as one user sees it in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationOverview {
    /// What everyone sees.
    pub details: ConversationDetails,
    /// How the viewer takes part; `None` for whoever does not.
    pub viewer: Option<Participant>,
    /// The newest message.
    pub last_message: Option<Message>,
}

impl ConversationOverview {
    /// How many messages the viewer has not read; zero for a stranger.
    pub fn unread_count(&self) -> u64 {
        self.viewer.as_ref().map_or(0, |viewer| viewer.positions.unread(self.details.conversation.last_seq))
    }
}
