//! Groups as clients know them that tell groups from private chats: names of their own, invites, search.

mod create;
mod faults;
mod find;
mod invites;
mod members;
mod profile;
mod update;

pub use faults::GroupsError;

use crate::core::Core;
use chat_domain::conversations::{ConversationDescription, ConversationDetails, ConversationName};
use chat_domain::presence::PresenceStatus;
use chat_domain::users::AvatarUrl;
use chat_domain::{Timestamp, UserId};
use std::collections::HashMap;
use std::sync::Arc;

/// Groups whose names are their own. Cheap to clone. The id of a direct conversation is nobody's here.
#[derive(Clone)]
pub struct Groups(pub(crate) Arc<Core>);

/// The command: make a group.
#[derive(Debug, Clone)]
pub struct CreateGroup {
    /// Unique without regard to case among active groups that were named here.
    pub name: ConversationName,
    /// Optional.
    pub description: Option<ConversationDescription>,
    /// Optional.
    pub avatar: Option<AvatarUrl>,
    /// With whom; repetitions and oneself are dropped, nobody may be left.
    pub member_ids: Vec<UserId>,
}

/// A group as one user may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupProfile {
    /// To a stranger without participants and invite code; their number is there all the same.
    pub details: ConversationDetails,
    /// Of the listed participants, who are contacts of whoever takes part.
    pub presence: HashMap<UserId, MemberPresence>,
}

/// How a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberPresence {
    /// Offline also where it cannot be known at the moment.
    pub status: PresenceStatus,
    /// When their last connection ended, or they said to be here.
    pub last_seen: Option<Timestamp>,
}
