use super::{Conversation, ConversationChanges, MAX_PARTICIPANTS, Participant, Role};
use crate::{ActionError, Refusal, StoreError, UserId};

/// A user's relation to a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The user takes part.
    Participant(Role),
    /// The user does not take part: never did, or has left.
    Outsider,
    /// An admin removed the user, and no admin has added them since.
    RemovedByAdmin,
}

impl Standing {
    /// Returns the role, if the user takes part.
    pub const fn role(self) -> Option<Role> {
        match self {
            Self::Participant(role) => Some(role),
            Self::Outsider | Self::RemovedByAdmin => None,
        }
    }
}

fn group_of(conversation: &Conversation, actor: Option<Role>) -> Result<Role, Refusal> {
    if conversation.kind.parent().is_some() {
        return Err(Refusal::UnknownConversation);
    }
    let role = actor.ok_or(Refusal::NotAParticipant)?;
    if !conversation.kind.is_group() {
        return Err(Refusal::Direct);
    }
    if !conversation.is_active {
        return Err(Refusal::Inactive);
    }
    Ok(role)
}

/// Admins and members may add users to an active group that is not full; only admins may add a user whom an admin
/// removed (contract §3).
pub fn may_add_participant(conversation: &Conversation, actor: Option<Role>, user: Standing) -> Result<(), Refusal> {
    match (group_of(conversation, actor)?, user) {
        (_, Standing::Participant(_)) => return Err(Refusal::AlreadyAParticipant),
        (Role::Unknown, _) => return Err(Refusal::NotAnAdmin),
        (Role::Member, Standing::RemovedByAdmin) => return Err(Refusal::RemovedByAdmin),
        (Role::Admin, Standing::RemovedByAdmin) | (Role::Admin | Role::Member, Standing::Outsider) => {}
    }
    if conversation.participant_count as usize >= MAX_PARTICIPANTS {
        return Err(Refusal::Full);
    }
    Ok(())
}

/// A user with the invite code may join an active group that is not full, unless the user takes part already or an
/// admin removed them.
pub fn may_join(conversation: &Conversation, user: Standing) -> Result<(), Refusal> {
    // The code counts as an invitation by a member.
    may_add_participant(conversation, Some(Role::Member), user)
}

/// A user may create conversations, or join groups by invite codes, while they have fewer than `max` of them. These
/// count: the active conversations that the user created, whether or not they still take part, and the groups that they
/// joined by a code and have not left. So no user can use up another user's allowance, and a user cannot fill the lists
/// of others by creating and leaving conversations.
pub const fn may_have_another(own: u64, max: u32) -> Result<(), Refusal> {
    if own < max as u64 { Ok(()) } else { Err(Refusal::TooManyConversations { max }) }
}

/// A user may leave, also an inactive group; only admins may remove others (contract §3).
pub fn may_remove_participant(
    conversation: &Conversation,
    actor: Option<Role>,
    user: Option<Role>,
    is_oneself: bool,
) -> Result<(), Refusal> {
    match group_of(conversation, actor) {
        Err(Refusal::Inactive) if is_oneself => {}
        Err(refusal) => return Err(refusal),
        Ok(Role::Member | Role::Unknown) if !is_oneself => return Err(Refusal::NotAnAdmin),
        Ok(_) => {}
    }
    user.map(drop).ok_or(Refusal::NoSuchParticipant)
}

/// Only admins may change a group's name, description and avatar.
pub fn may_change_group(conversation: &Conversation, actor: Option<Role>) -> Result<(), Refusal> {
    match group_of(conversation, actor)? {
        Role::Admin => Ok(()),
        Role::Member | Role::Unknown => Err(Refusal::NotAnAdmin),
    }
}

/// Admins may change a group. Both users of a direct conversation may change its metadata, and nothing else.
pub fn may_change(
    conversation: &Conversation,
    actor: Option<Role>,
    changes: &ConversationChanges,
) -> Result<(), Refusal> {
    match may_change_group(conversation, actor) {
        Err(Refusal::Direct) if changes.is_of_metadata() => Ok(()),
        decided => decided,
    }
}

/// An admin of an active group may make participants admins, and admins members, themselves too; but at least one admin
/// stays. Returns whether the role changes. A role that only a later release knows is not replaced.
pub fn may_change_role(
    conversation: &Conversation,
    actor: Option<Role>,
    user: Option<Role>,
    role: Role,
    has_another_admin: bool,
) -> Result<bool, ActionError> {
    may_change_group(conversation, actor)?;
    match user.ok_or(Refusal::NoSuchParticipant)? {
        Role::Unknown => Err(StoreError::UpgradePending.into()),
        present if present == role => Ok(false),
        Role::Admin if !has_another_admin => Err(Refusal::LastAdmin.into()),
        Role::Admin | Role::Member => Ok(true),
    }
}

/// Returns the user who becomes admin when `leaving` leaves and no admin would be left: the member who joined first
/// (ties by id). `None` if an admin or no member is left.
pub fn next_admin(participants: &[Participant], leaving: UserId) -> Option<UserId> {
    let with = |role| {
        participants.iter().filter(move |participant| participant.user.id != leaving && participant.role == role)
    };
    if with(Role::Admin).next().is_some() {
        return None;
    }
    with(Role::Member)
        .min_by_key(|participant| (participant.joined_at, participant.user.id))
        .map(|participant| participant.user.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversations::{ConversationKind, DirectKey};
    use crate::receipts::Positions;
    use crate::users::UserSummary;
    use crate::{ConversationId, ErrorCode, Pos, Seq, Timestamp};
    use uuid::Uuid;

    fn user(number: u128) -> UserId {
        UserId::new(Uuid::from_u128(number))
    }

    fn conversation(kind: ConversationKind, is_active: bool, participant_count: u32) -> Conversation {
        Conversation {
            id: ConversationId::new(Uuid::nil()),
            kind,
            name: None,
            description: None,
            avatar: None,
            is_active,
            metadata: None,
            invite_code: None,
            created_by: user(1),
            last_seq: Seq::ZERO,
            last_pos: Pos::new(1),
            participant_count,
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
        }
    }

    fn participant(number: u128, role: Role, joined: i64) -> Participant {
        Participant {
            user: UserSummary { id: user(number), username: None, name: "n".into(), avatar: None },
            role,
            joined_at: Timestamp::from_unix_micros(joined),
            positions: Positions::default(),
        }
    }

    #[test]
    fn any_participant_adds_to_a_group_that_has_room() {
        let group = conversation(ConversationKind::Group, true, 3);
        let (outsider, member) = (Standing::Outsider, Standing::Participant(Role::Member));
        assert_eq!(may_add_participant(&group, Some(Role::Member), outsider), Ok(()));
        assert_eq!(may_add_participant(&group, None, outsider), Err(Refusal::NotAParticipant));
        assert_eq!(may_add_participant(&group, Some(Role::Member), member), Err(Refusal::AlreadyAParticipant));
        let full = conversation(ConversationKind::Group, true, 1_000);
        assert_eq!(may_add_participant(&full, Some(Role::Admin), outsider), Err(Refusal::Full));
        let inactive = conversation(ConversationKind::Group, false, 3);
        assert_eq!(may_add_participant(&inactive, Some(Role::Admin), outsider), Err(Refusal::Inactive));
    }

    #[test]
    fn only_an_admin_lets_a_removed_user_back_in() {
        let group = conversation(ConversationKind::Group, true, 3);
        let removed = Standing::RemovedByAdmin;
        assert_eq!(may_join(&group, removed), Err(Refusal::RemovedByAdmin));
        assert_eq!(may_add_participant(&group, Some(Role::Member), removed), Err(Refusal::RemovedByAdmin));
        assert_eq!(may_add_participant(&group, Some(Role::Admin), removed), Ok(()));
        assert_eq!(may_add_participant(&group, None, removed), Err(Refusal::NotAParticipant));
        assert_eq!((removed.role(), Standing::Participant(Role::Admin).role()), (None, Some(Role::Admin)));
    }

    #[test]
    fn an_invite_lets_a_stranger_in_once() {
        let group = conversation(ConversationKind::Group, true, 3);
        let outsider = Standing::Outsider;
        assert_eq!(may_join(&group, outsider), Ok(()));
        assert_eq!(may_join(&group, Standing::Participant(Role::Admin)), Err(Refusal::AlreadyAParticipant));
        assert_eq!(may_join(&conversation(ConversationKind::Group, false, 3), outsider), Err(Refusal::Inactive));
        assert_eq!(may_join(&conversation(ConversationKind::Group, true, 1_000), outsider), Err(Refusal::Full));
    }

    #[test]
    fn a_user_has_as_many_conversations_of_their_own_as_the_limit_says() {
        assert_eq!(may_have_another(2, 3), Ok(()));
        assert_eq!(may_have_another(3, 3), Err(Refusal::TooManyConversations { max: 3 }));
        assert_eq!(may_have_another(4, 3), Err(Refusal::TooManyConversations { max: 3 }), "a lower limit than before");
    }

    #[test]
    fn nobody_joins_leaves_or_renames_a_direct_conversation() {
        let direct = conversation(ConversationKind::Direct(DirectKey::new(user(1), user(2))), true, 2);
        assert_eq!(may_add_participant(&direct, Some(Role::Member), Standing::Outsider), Err(Refusal::Direct));
        assert_eq!(may_remove_participant(&direct, Some(Role::Member), Some(Role::Member), true), Err(Refusal::Direct));
        assert_eq!(may_change_group(&direct, Some(Role::Admin)), Err(Refusal::Direct));
        assert_eq!(may_change_group(&direct, None), Err(Refusal::NotAParticipant), "a stranger learns nothing");
        let of_metadata = ConversationChanges { metadata: Some(None), ..ConversationChanges::default() };
        assert_eq!(may_change(&direct, Some(Role::Member), &of_metadata), Ok(()));
        assert_eq!(may_change(&direct, None, &of_metadata), Err(Refusal::NotAParticipant));
        let of_both = ConversationChanges { avatar: Some(None), ..of_metadata };
        assert_eq!(may_change(&direct, Some(Role::Member), &of_both), Err(Refusal::Direct));
    }

    #[test]
    fn a_thread_is_no_group_for_anyone() {
        let thread = conversation(ConversationKind::Thread(crate::ConversationId::new(uuid::Uuid::nil())), true, 0);
        for role in [None, Some(Role::Admin)] {
            assert_eq!(may_change_group(&thread, role), Err(Refusal::UnknownConversation));
            assert_eq!(may_add_participant(&thread, role, Standing::Outsider), Err(Refusal::UnknownConversation));
            assert_eq!(may_remove_participant(&thread, role, role, true), Err(Refusal::UnknownConversation));
        }
    }

    #[test]
    fn one_removes_oneself_and_admins_remove_others() {
        let group = conversation(ConversationKind::Group, true, 3);
        let (admin, member) = (Some(Role::Admin), Some(Role::Member));
        assert_eq!(may_remove_participant(&group, member, member, true), Ok(()));
        assert_eq!(may_remove_participant(&group, member, member, false), Err(Refusal::NotAnAdmin));
        assert_eq!(may_remove_participant(&group, admin, member, false), Ok(()));
        assert_eq!(may_remove_participant(&group, admin, None, false), Err(Refusal::NoSuchParticipant));
        assert_eq!(may_remove_participant(&group, None, member, false), Err(Refusal::NotAParticipant));
        let inactive = conversation(ConversationKind::Group, false, 3);
        assert_eq!(may_remove_participant(&inactive, member, member, true), Ok(()));
        assert_eq!(may_remove_participant(&inactive, admin, member, false), Err(Refusal::Inactive));
    }

    #[test]
    fn only_admins_change_an_active_group() {
        let group = conversation(ConversationKind::Group, true, 3);
        assert_eq!(may_change_group(&group, Some(Role::Admin)), Ok(()));
        for role in [Role::Member, Role::Unknown] {
            assert_eq!(may_change_group(&group, Some(role)), Err(Refusal::NotAnAdmin));
        }
        let inactive = conversation(ConversationKind::Group, false, 3);
        assert_eq!(may_change_group(&inactive, Some(Role::Admin)), Err(Refusal::Inactive));
    }

    #[test]
    fn an_admin_changes_roles_and_one_admin_stays() {
        let group = conversation(ConversationKind::Group, true, 3);
        let (admin, member) = (Some(Role::Admin), Some(Role::Member));
        let code = |actor, user, role, another| match may_change_role(&group, actor, user, role, another) {
            Ok(changes) => Ok(changes),
            Err(refused) => Err(refused.code()),
        };
        assert_eq!(code(admin, member, Role::Admin, false), Ok(true));
        assert_eq!(code(admin, admin, Role::Member, true), Ok(true));
        assert_eq!(code(admin, admin, Role::Member, false), Err(ErrorCode::LastAdmin));
        assert_eq!(code(admin, admin, Role::Admin, false), Ok(false), "it is so already");
        assert_eq!(code(admin, member, Role::Member, false), Ok(false));
        assert_eq!(code(member, member, Role::Admin, true), Err(ErrorCode::NotAnAdmin));
        assert_eq!(code(None, member, Role::Admin, true), Err(ErrorCode::NotAParticipant));
        assert_eq!(code(admin, None, Role::Admin, true), Err(ErrorCode::ParticipantNotFound));
        assert_eq!(code(admin, Some(Role::Unknown), Role::Member, true), Err(ErrorCode::UpgradePending));
    }

    #[test]
    fn the_last_admin_hands_over_to_the_oldest_member() {
        let people = [participant(1, Role::Admin, 0), participant(3, Role::Member, 5), participant(2, Role::Member, 5)];
        assert_eq!(next_admin(&people, user(1)), Some(user(2)), "joined together: the lower id");
        assert_eq!(next_admin(&people, user(3)), None, "an admin is left");
        assert_eq!(next_admin(&people[..1], user(1)), None, "nobody is left");
        let people =
            [participant(1, Role::Admin, 0), participant(2, Role::Unknown, 1), participant(3, Role::Member, 5)];
        assert_eq!(next_admin(&people, user(1)), Some(user(3)), "a role that cannot be read is passed over");
    }
}
