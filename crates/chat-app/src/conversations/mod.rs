//! Conversations: creating, finding and changing them, their participants, and open windows.

mod changes;
mod create;
mod direct;
mod find;
mod missed;
mod participants;
mod rooms;
mod update;
mod windows;

use crate::UserProfile;
use crate::core::Core;
pub(crate) use changes::LEAVING;
use chat_domain::conversations::{ConversationName, ConversationOverview, DirectKey};
use chat_domain::users::UserSummary;
use chat_domain::{ConversationId, UserId};
use std::sync::Arc;

/// Conversations and their participants. Cheap to clone.
#[derive(Clone)]
pub struct Conversations(pub(crate) Arc<Core>);

/// The command to create a conversation.
#[derive(Debug, Clone)]
pub struct CreateConversation {
    /// The other participants. Repetitions and the actor are dropped; at least one other user must remain.
    pub participant_ids: Vec<UserId>,
    /// A name makes it a group, even with two participants.
    pub name: Option<ConversationName>,
}

/// A conversation as named by clients that distinguish pairs and groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChatTarget {
    /// The direct conversation of these two users, whether it exists or not.
    Pair(DirectKey),
    /// A group.
    Group(ConversationId),
}

/// A direct conversation and its other user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectRoom {
    /// The conversation as the viewer sees it.
    pub overview: ConversationOverview,
    /// The other user of the pair.
    pub other: OtherUser,
}

/// The other user of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OtherUser {
    /// With presence, if the viewer may know it.
    Known(Box<UserProfile>),
    /// The account is deleted; its messages remain.
    Deleted(UserSummary),
}
