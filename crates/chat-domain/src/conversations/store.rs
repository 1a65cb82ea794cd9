use super::{
    Conversation, ConversationChanges, ConversationDetails, ConversationName, ConversationOverview, CursorPage,
    ListCursor, Participant, ParticipantIds, ParticipantPage, ParticipantPlace, Role,
};
use crate::receipts::Positions;
use crate::{ActionError, Change, ConversationId, Page, PageLimit, PageRequest, Pos, StoreError, Timestamp, UserId};
use async_trait::async_trait;

/// A conversation to be created.
#[derive(Debug, Clone)]
pub struct NewConversation {
    /// The id, from the id source; unused if the pair already has its conversation.
    pub id: ConversationId,
    /// The user who creates it; a group's first admin.
    pub created_by: UserId,
    /// The other participants.
    pub others: ParticipantIds,
    /// The name, if any. Exactly one other participant and no name makes a direct conversation; anything else a group
    /// (contract §3). It need not be unique.
    pub name: Option<ConversationName>,
    /// The invite code of a group, from the id source.
    pub invite_code: super::InviteCode,
    /// The maximum number of conversations that the creator may have by their own act: see [`super::may_have_another`].
    pub max_own: u32,
    /// The time, from the clock.
    pub at: Timestamp,
}

impl NewConversation {
    /// Returns the pair, if this will be a direct conversation.
    pub fn direct_pair(&self) -> Option<super::DirectKey> {
        match (self.others.only(), &self.name) {
            (Some(other), None) => Some(super::DirectKey::new(self.created_by, other)),
            _ => None,
        }
    }
}

/// The result of creating a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedConversation {
    /// The conversation as its creator sees it.
    pub overview: ConversationOverview,
    /// The [`crate::ChangeKind::Created`] at `pos` 1; `None` if the pair already had its conversation.
    pub change: Option<Change>,
}

/// Adds `user` on behalf of `actor`.
#[derive(Debug, Clone, Copy)]
pub struct AddParticipant {
    /// The conversation's id.
    pub conversation_id: ConversationId,
    /// The user who acts.
    pub actor: UserId,
    /// The user to add.
    pub user: UserId,
    /// The time, from the clock.
    pub at: Timestamp,
}

/// Removes `user` on behalf of `actor`; if both are the same, the user leaves.
#[derive(Debug, Clone, Copy)]
pub struct RemoveParticipant {
    /// The conversation's id.
    pub conversation_id: ConversationId,
    /// The user who acts.
    pub actor: UserId,
    /// The user to remove.
    pub user: UserId,
    /// The time, from the clock.
    pub at: Timestamp,
}

/// Changes the role of `user` on behalf of `actor`.
#[derive(Debug, Clone, Copy)]
pub struct ChangeRole {
    /// The conversation's id.
    pub conversation_id: ConversationId,
    /// The user who acts.
    pub actor: UserId,
    /// The participant.
    pub user: UserId,
    /// The new role: admin or member.
    pub role: Role,
    /// The time, from the clock.
    pub at: Timestamp,
}

/// Whether a group's new name must be unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameRule {
    /// Not unique. A name that the group had reserved becomes free.
    Free,
    /// Unique, regardless of case, among the active groups with reserved names.
    Reserved,
}

/// A filter for a user's conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConversationFilter {
    /// All of them.
    All,
    /// Direct conversations with at least one message.
    DirectWithMessages,
    /// Groups.
    Groups,
}

/// Changes a group on behalf of `actor`.
#[derive(Debug, Clone)]
pub struct UpdateConversation {
    /// The conversation's id.
    pub conversation_id: ConversationId,
    /// The user who acts.
    pub actor: UserId,
    /// The changes.
    pub changes: ConversationChanges,
    /// The rule for a new name.
    pub name_rule: NameRule,
    /// The time, from the clock.
    pub at: Timestamp,
}

/// A user's membership in a conversation, as a connection needs it to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership {
    /// The conversation's id.
    pub conversation_id: ConversationId,
    /// The user's role.
    pub role: Role,
    /// The newest durable change that this reading saw.
    pub last_pos: Pos,
    /// The user's positions.
    pub positions: Positions,
    /// The number of participants.
    pub participant_count: u32,
}

/// A conversation in which a user takes part, or once took part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Participation {
    /// The user takes part.
    Present(ConversationId),
    /// The user does not take part now.
    Past(Removal),
}

/// A user's last departure from a conversation in which they do not take part now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Removal {
    /// The conversation's id.
    pub conversation_id: ConversationId,
    /// The `pos` of the change.
    pub pos: Pos,
    /// When it was removed.
    pub at: Timestamp,
}

/// A user's join to a conversation in which they still take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Joined {
    /// The conversation's id.
    pub conversation_id: ConversationId,
    /// The user's id.
    pub user_id: UserId,
    /// The `pos` of the change.
    pub pos: Pos,
}

/// Stores conversations and participants. Writing methods decide by [`super::decisions`](super) inside their
/// transaction, so that concurrent calls cannot bypass permissions, and refuse with
/// [`crate::Refusal::UnknownConversation`] if there is none. Each change takes the next `pos` of its conversation and
/// is exactly one row.
#[async_trait]
pub trait ConversationStore: Send + Sync {
    /// Creates the conversation with all its participants in one transaction, or finds the one of the pair: of
    /// concurrent calls for one pair, exactly one creates it. Refuses with [`crate::Refusal::UnknownUsers`],
    /// and by [`super::may_have_another`].
    async fn create(&self, new: NewConversation) -> Result<CreatedConversation, ActionError>;

    /// Finds the conversation as this user sees it. The caller checks by `viewer` whether the user may see it.
    async fn find(&self, id: ConversationId, viewer: UserId) -> Result<Option<ConversationOverview>, StoreError>;

    /// Lists the conversation's participants after this place, or from the first on, in one query by an index: the cost
    /// depends on the limit only. The caller checks whether the user may see them.
    async fn list_participants(
        &self,
        id: ConversationId,
        after: Option<ParticipantPlace>,
        limit: PageLimit,
    ) -> Result<ParticipantPage, StoreError>;

    /// Finds the conversation of this pair, if there is one.
    async fn find_direct(&self, pair: super::DirectKey) -> Result<Option<ConversationId>, StoreError>;

    /// Lists the active conversations of this kind in which the user takes part, newest activity first (ties by id,
    /// descending), in a constant number of queries for every page.
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

    /// Lists the conversations whose participants may see this user's presence: groups, and direct conversations in
    /// which both have written; of at most `most_participants`, newest activity first, at most `limit`, in one query.
    async fn list_presence_audience(
        &self,
        user: UserId,
        most_participants: u32,
        limit: u32,
    ) -> Result<Vec<ConversationId>, StoreError>;

    /// Finds the conversation, with the user's current membership, if any.
    async fn find_membership(
        &self,
        id: ConversationId,
        user: UserId,
    ) -> Result<Option<(Conversation, Option<Membership>)>, StoreError>;

    /// Adds a participant: positions start at the conversation's newest message, also on rejoining. If an admin removed
    /// the user, only an admin's call succeeds, and ends that state. Returns the conversation after the change, and the
    /// stored [`crate::ChangeKind::ParticipantAdded`]. Refuses with [`crate::Refusal::UnknownUser`], and by
    /// [`super::may_add_participant`].
    async fn add_participant(&self, add: AddParticipant) -> Result<(ConversationDetails, Change), ActionError>;

    /// Removes a participant, and if that leaves no admin, makes the oldest member one: one or two changes, in order. A
    /// group without participants becomes inactive, and its name is free. A user whom another user removes is
    /// [`super::Standing::RemovedByAdmin`] until an admin adds them. Refuses by [`super::may_remove_participant`].
    async fn remove_participant(&self, remove: RemoveParticipant) -> Result<Vec<Change>, ActionError>;

    /// Changes a participant's role. Returns the participant after it, and the
    /// [`crate::ChangeKind::ParticipantUpdated`]; `None` if the user had the role already. Concurrent calls never leave
    /// the group without an admin. Refuses by [`super::may_change_role`].
    async fn change_role(&self, change: ChangeRole) -> Result<(Participant, Option<Change>), ActionError>;

    /// Applies the changes. Of concurrent calls for one name that must be unique, exactly one gets it. Returns the
    /// conversation after the change, and the [`crate::ChangeKind::Updated`]; `None` if all that it names is metadata
    /// that the conversation has already. Refuses with [`crate::Refusal::GroupNameTaken`], and by
    /// [`super::may_change`].
    async fn update(&self, update: UpdateConversation) -> Result<(ConversationDetails, Option<Change>), ActionError>;
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
