use super::{
    Conversation, ConversationChanges, ConversationDetails, ConversationName, ConversationOverview, CursorPage,
    ListCursor, ParticipantIds, Refusal, Role,
};
use crate::receipts::Positions;
use crate::{Change, ConversationId, Page, PageLimit, PageRequest, Pos, StoreError, Timestamp, UserId};
use async_trait::async_trait;
use thiserror::Error;

/// A conversation about to be made.
#[derive(Debug, Clone)]
pub struct NewConversation {
    /// From the id source; unused where the pair has its conversation already.
    pub id: ConversationId,
    /// Who makes it; a group's first admin.
    pub created_by: UserId,
    /// With whom.
    pub others: ParticipantIds,
    /// Exactly one other and no name makes a direct conversation; anything else a group (contract §3). Free: two groups
    /// may have one name.
    pub name: Option<ConversationName>,
    /// From the id source; of a group.
    pub invite_code: super::InviteCode,
    /// The most conversations that the creator may have by their own act: see [`super::may_have_another`].
    pub max_own: u32,
    /// From the clock.
    pub at: Timestamp,
}

impl NewConversation {
    /// The pair, where this is to be a direct conversation.
    pub fn direct_pair(&self) -> Option<super::DirectKey> {
        match (self.others.only(), &self.name) {
            (Some(other), None) => Some(super::DirectKey::new(self.created_by, other)),
            _ => None,
        }
    }
}

/// A conversation that is there now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedConversation {
    /// As its creator sees it.
    pub overview: ConversationOverview,
    /// [`crate::ChangeKind::Created`] at `pos` 1; `None` where the pair had its conversation already.
    pub change: Option<Change>,
}

/// Why a conversation was not made. Nothing was stored.
#[derive(Debug, Error)]
pub enum CreateConversationError {
    /// Some of the others do not exist.
    #[error("some users do not exist")]
    UnknownUsers(Vec<UserId>),
    /// The rules forbid it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// An active group has this name, in whatever case, and has it reserved.
    #[error("the group name is taken")]
    NameTaken,
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a conversation or its participants were not changed. Nothing was stored.
#[derive(Debug, Error)]
pub enum ParticipantError {
    /// No such conversation.
    #[error("no such conversation")]
    UnknownConversation,
    /// No such user.
    #[error("no such user")]
    UnknownUser,
    /// No group has this invite code now.
    #[error("no such invite")]
    UnknownInvite,
    /// An active group has this name, in whatever case, and has it reserved.
    #[error("the group name is taken")]
    NameTaken,
    /// The rules forbid it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Add `user` in the name of `actor`.
#[derive(Debug, Clone, Copy)]
pub struct AddParticipant {
    /// Where.
    pub conversation_id: ConversationId,
    /// Who adds.
    pub actor: UserId,
    /// Who is added.
    pub user: UserId,
    /// From the clock.
    pub at: Timestamp,
}

/// Remove `user` in the name of `actor`; the same user leaves.
#[derive(Debug, Clone, Copy)]
pub struct RemoveParticipant {
    /// Where.
    pub conversation_id: ConversationId,
    /// Who removes.
    pub actor: UserId,
    /// Who goes.
    pub user: UserId,
    /// From the clock.
    pub at: Timestamp,
}

/// Whether a group's new name is to be its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameRule {
    /// Any: two groups may have one name. What the group had reserved is free again.
    Free,
    /// Unique without regard to case among the active groups that have theirs reserved.
    Reserved,
}

/// Which of a user's conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConversationFilter {
    /// All of them.
    All,
    /// Those of a pair in which something was said.
    DirectWithMessages,
    /// Groups.
    Groups,
}

/// Change a group in the name of `actor`.
#[derive(Debug, Clone)]
pub struct UpdateConversation {
    /// Which.
    pub conversation_id: ConversationId,
    /// Who changes it.
    pub actor: UserId,
    /// To what.
    pub changes: ConversationChanges,
    /// What becomes of a new name.
    pub name_rule: NameRule,
    /// From the clock.
    pub at: Timestamp,
}

/// How a user takes part in one conversation: what a connection needs to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership {
    /// Where.
    pub conversation_id: ConversationId,
    /// As what.
    pub role: Role,
    /// The newest durable change that this reading saw.
    pub last_pos: Pos,
    /// How far the user has got.
    pub positions: Positions,
    /// How many take part.
    pub participant_count: u32,
}

/// When somebody last left a conversation that they do not take part in now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removal {
    /// Where.
    pub conversation_id: ConversationId,
    /// At which change.
    pub pos: Pos,
    /// When.
    pub at: Timestamp,
}

/// That somebody came to take part in a conversation, and still does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Joined {
    /// Where.
    pub conversation_id: ConversationId,
    /// Who.
    pub user_id: UserId,
    /// By which change.
    pub pos: Pos,
}

/// Conversations and participants. Writing methods decide by [`super::decisions`](super) inside their transaction, so
/// that a race changes nothing about who may do what; each change takes the next `pos` of its conversation and is
/// exactly one row.
#[async_trait]
pub trait ConversationStore: Send + Sync {
    /// Makes the conversation with all its participants in one transaction, or finds the one of the pair: of any number
    /// of calls at once for one pair, exactly one makes it.
    async fn create(&self, new: NewConversation) -> Result<CreatedConversation, CreateConversationError>;

    /// The conversation as this user sees it; whether they may is the caller's to decide by `viewer`.
    async fn find(&self, id: ConversationId, viewer: UserId) -> Result<Option<ConversationOverview>, StoreError>;

    /// The conversation of this pair, where there is one.
    async fn find_direct(&self, pair: super::DirectKey) -> Result<Option<ConversationId>, StoreError>;

    /// The active conversations of this kind that the user takes part in, newest activity first (ties by id,
    /// descending), in a constant number of queries whatever the page.
    async fn list(
        &self,
        viewer: UserId,
        filter: ConversationFilter,
        page: PageRequest,
    ) -> Result<Page<ConversationOverview>, StoreError>;

    /// The same from a cursor on, without counting all of them.
    async fn list_from(
        &self,
        viewer: UserId,
        filter: ConversationFilter,
        cursor: ListCursor,
        limit: PageLimit,
    ) -> Result<CursorPage<ConversationOverview>, StoreError>;

    /// The conversations whose participants may know of this user's presence: groups, and direct conversations in which
    /// both have written; of at most `most_participants`, newest activity first, at most `limit`, in one query.
    async fn list_presence_audience(
        &self,
        user: UserId,
        most_participants: u32,
        limit: u32,
    ) -> Result<Vec<ConversationId>, StoreError>;

    /// How the user takes part in this conversation now; the conversation with it.
    async fn find_membership(
        &self,
        id: ConversationId,
        user: UserId,
    ) -> Result<Option<(Conversation, Option<Membership>)>, StoreError>;

    /// Adds a participant: positions start at the conversation's newest message, also on rejoining. Of a user whom an
    /// admin removed, an admin's call alone succeeds, and lifts that.
    /// Returns the [`crate::ChangeKind::ParticipantAdded`] that was stored and the conversation after it.
    async fn add_participant(&self, add: AddParticipant) -> Result<(ConversationDetails, Change), ParticipantError>;

    /// Removes a participant, and where that leaves no admin makes the oldest member one: one or two changes, in order.
    /// A group that nobody is left in is inactive from then on, and its name is free. A user whom somebody else removes
    /// is
    /// [`super::Standing::RemovedByAdmin`] until an admin adds them.
    async fn remove_participant(&self, remove: RemoveParticipant) -> Result<Vec<Change>, ParticipantError>;

    /// Changes what the changes name. Under a race for one name that is to be reserved exactly one call gets it.
    /// Returns the conversation after it and the [`crate::ChangeKind::Updated`].
    async fn update(&self, update: UpdateConversation) -> Result<(ConversationDetails, Change), ParticipantError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversations::DirectKey;
    use uuid::Uuid;

    #[test]
    fn one_other_and_no_name_makes_a_pair() {
        let user = |number| UserId::new(Uuid::from_u128(number));
        let new = |others: &[UserId], name: Option<&str>| NewConversation {
            id: ConversationId::new(Uuid::nil()),
            created_by: user(1),
            others: ParticipantIds::parse(user(1), others).expect("others"),
            name: name.map(|name| ConversationName::parse(name).expect("a name")),
            invite_code: crate::conversations::InviteCode::new(Uuid::nil()),
            max_own: u32::MAX,
            at: Timestamp::default(),
        };
        assert_eq!(new(&[user(2)], None).direct_pair(), Some(DirectKey::new(user(2), user(1))));
        assert_eq!(new(&[user(2)], Some("Us")).direct_pair(), None);
        assert_eq!(new(&[user(2), user(3)], None).direct_pair(), None);
    }
}
