//! Groups for clients that distinguish groups and private chats: unique names, invites, search.

mod create;
mod find;
mod invites;
mod members;
mod profile;
mod update;

use crate::core::Core;
use chat_domain::conversations::{ConversationDescription, ConversationDetails, ConversationName};
use chat_domain::presence::PresenceStatus;
use chat_domain::users::AvatarUrl;
use chat_domain::{Timestamp, UserId};
use std::collections::HashMap;
use std::sync::Arc;

/// Groups with unique names. Cheap to clone. The id of a direct conversation is not accepted here.
#[derive(Clone)]
pub struct Groups(pub(crate) Arc<Core>);

/// The command to create a group.
#[derive(Debug, Clone)]
pub struct CreateGroup {
    /// Unique without regard to case among active groups created by this command.
    pub name: ConversationName,
    /// Optional.
    pub description: Option<ConversationDescription>,
    /// Optional.
    pub avatar: Option<AvatarUrl>,
    /// The other members. Repetitions and the actor are dropped; none may remain.
    pub member_ids: Vec<UserId>,
}

/// A group as one user may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupProfile {
    /// Without participants and invite code for users outside the group; the number of participants is always there.
    pub details: ConversationDetails,
    /// The presence of the listed participants, for a viewer who is a participant.
    pub presence: HashMap<UserId, MemberPresence>,
}

/// A member's presence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberPresence {
    /// Offline also if presence is unavailable now.
    pub status: PresenceStatus,
    /// The time when the last connection ended, or when the user last updated it.
    pub last_seen: Option<Timestamp>,
}
