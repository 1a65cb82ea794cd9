//! Conversations: making, finding and changing them, who takes part, and who has a window open.

mod changes;
mod create;
mod direct;
mod faults;
mod find;
mod participants;
mod rooms;
mod update;
mod windows;

pub(crate) use direct::{NoDirect, NoTarget};
pub use faults::ConversationsError;
pub(crate) use faults::{refusal_code, refusal_sentence, unknown_users};

use crate::UserProfile;
use crate::core::Core;
use chat_domain::conversations::{ConversationName, ConversationOverview, DirectKey};
use chat_domain::users::UserSummary;
use chat_domain::{ConversationId, UserId};
use std::sync::Arc;

/// Conversations and who takes part in them. Cheap to clone.
#[derive(Clone)]
pub struct Conversations(pub(crate) Arc<Core>);

/// The command: start a conversation.
#[derive(Debug, Clone)]
pub struct CreateConversation {
    /// With whom; repetitions and oneself are dropped, at least one other must be left.
    pub participant_ids: Vec<UserId>,
    /// A name makes a group even of two.
    pub name: Option<ConversationName>,
}

/// A conversation as clients name it that know of pairs and of groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChatTarget {
    /// The direct conversation of these two, whether there is one or not.
    Pair(DirectKey),
    /// A group, and nothing but a group.
    Group(ConversationId),
}

/// A direct conversation, and with whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectRoom {
    /// The conversation as the viewer sees it.
    pub overview: ConversationOverview,
    /// The other of the two.
    pub peer: Peer,
}

/// The other of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peer {
    /// With their presence, where the viewer may know it.
    Known(Box<UserProfile>),
    /// Their account is deleted, what they said is still there.
    Deleted(UserSummary),
}
