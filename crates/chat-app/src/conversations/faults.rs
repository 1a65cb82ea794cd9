use super::{NoDirect, NoTarget};
use crate::core::NoMembership;
use crate::error::{Coded, NAME_TAKEN, store_code, store_sentence};
use chat_domain::conversations::{CreateConversationError, MAX_PARTICIPANTS, ParticipantError, Refusal};
use chat_domain::{ErrorCode, InvalidValue, StoreError, UserId};
use thiserror::Error;

/// Why a conversation could not be read or changed.
#[derive(Debug, Error)]
pub enum ConversationsError {
    /// There are no other participants, or too many.
    #[error("The participants {0}")]
    Participants(InvalidValue),
    /// The conversation does not exist.
    #[error("There is no such conversation")]
    ConversationNotFound,
    /// Some of these users do not exist.
    #[error("{}", unknown_users(.0))]
    UsersNotFound(Vec<UserId>),
    /// The actor named themselves as the other user.
    #[error("You cannot have a conversation with yourself")]
    Oneself,
    /// The actor is not part of the pair.
    #[error("This conversation is between two other users")]
    NotYourPair,
    /// An active group has reserved this name.
    #[error("{NAME_TAKEN}")]
    NameTaken,
    /// A rule forbids it.
    #[error("{}", refusal_sentence(*.0))]
    Refused(Refusal),
    /// See [`StoreError`].
    #[error("{}", store_sentence(.0))]
    Store(#[from] StoreError),
}

impl Coded for ConversationsError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Participants(_) | Self::Oneself => ErrorCode::ValidationFailed,
            Self::ConversationNotFound => ErrorCode::ConversationNotFound,
            Self::UsersNotFound(_) => ErrorCode::UserNotFound,
            Self::NotYourPair => ErrorCode::Forbidden,
            Self::NameTaken => ErrorCode::GroupNameTaken,
            Self::Refused(refusal) => refusal_code(*refusal),
            Self::Store(fault) => store_code(fault),
        }
    }
}

pub(crate) const fn refusal_code(refusal: Refusal) -> ErrorCode {
    match refusal {
        Refusal::NotAParticipant => ErrorCode::NotAParticipant,
        Refusal::NotAnAdmin => ErrorCode::NotAnAdmin,
        Refusal::Direct => ErrorCode::DirectConversation,
        Refusal::Inactive => ErrorCode::GroupInactive,
        Refusal::AlreadyAParticipant => ErrorCode::AlreadyAParticipant,
        Refusal::NoSuchParticipant => ErrorCode::ParticipantNotFound,
        Refusal::Full => ErrorCode::ConversationFull,
        Refusal::RemovedByAdmin => ErrorCode::RemovedByAdmin,
        Refusal::TooManyConversations { .. } => ErrorCode::TooManyConversations,
    }
}

pub(crate) fn refusal_sentence(refusal: Refusal) -> String {
    match refusal {
        Refusal::NotAParticipant => "You are not a participant of this conversation".into(),
        Refusal::NotAnAdmin => "Only an admin of the group may do this".into(),
        Refusal::Direct => "A direct conversation has two participants and cannot be changed".into(),
        Refusal::Inactive => "The group is no longer active".into(),
        Refusal::AlreadyAParticipant => "The user is a participant already".into(),
        Refusal::NoSuchParticipant => "The user is not a participant of this conversation".into(),
        Refusal::RemovedByAdmin => {
            "An admin removed this user from the group, and only an admin can add them again".into()
        }
        Refusal::TooManyConversations { max } => format!(
            "You have made, or joined by invite codes, as many conversations as one user may have ({max}): deactivate \
             or leave some"
        ),
        Refusal::Full => format!("The conversation already has {MAX_PARTICIPANTS} participants"),
    }
}

/// Lists the first few ids; a client that sent hundreds of wrong ones need not read them all.
pub(crate) fn unknown_users(ids: &[UserId]) -> String {
    const NAMED: usize = 5;
    let named: Vec<_> = ids.iter().take(NAMED).map(ToString::to_string).collect();
    let more = if ids.len() > NAMED { ", ..." } else { "" };
    format!("These users do not exist: {}{more}", named.join(", "))
}

impl From<CreateConversationError> for ConversationsError {
    fn from(fault: CreateConversationError) -> Self {
        match fault {
            CreateConversationError::UnknownUsers(ids) => Self::UsersNotFound(ids),
            CreateConversationError::NameTaken => Self::NameTaken,
            CreateConversationError::Refused(refusal) => Self::Refused(refusal),
            CreateConversationError::Store(fault) => Self::Store(fault),
        }
    }
}

impl ConversationsError {
    /// For adding or removing this user, or changing the conversation on the user's behalf.
    pub(super) fn about(user: UserId, fault: ParticipantError) -> Self {
        match fault {
            ParticipantError::UnknownConversation | ParticipantError::UnknownInvite => Self::ConversationNotFound,
            ParticipantError::NameTaken => Self::NameTaken,
            ParticipantError::UnknownUser => Self::UsersNotFound(vec![user]),
            ParticipantError::Refused(refusal) => Self::Refused(refusal),
            ParticipantError::Store(fault) => Self::Store(fault),
        }
    }
}

impl From<NoMembership> for ConversationsError {
    fn from(fault: NoMembership) -> Self {
        match fault {
            NoMembership::UnknownConversation => Self::ConversationNotFound,
            NoMembership::NotAParticipant => Self::Refused(Refusal::NotAParticipant),
            NoMembership::Store(fault) => Self::Store(fault),
        }
    }
}

impl From<NoDirect> for ConversationsError {
    fn from(fault: NoDirect) -> Self {
        match fault {
            NoDirect::Oneself => Self::Oneself,
            NoDirect::UnknownUser(user) => Self::UsersNotFound(vec![user]),
            NoDirect::Refused(refusal) => Self::Refused(refusal),
            NoDirect::Store(fault) => Self::Store(fault),
        }
    }
}

impl From<NoTarget> for ConversationsError {
    fn from(fault: NoTarget) -> Self {
        match fault {
            NoTarget::Others => Self::NotYourPair,
            NoTarget::Unknown => Self::ConversationNotFound,
            NoTarget::Store(fault) => Self::Store(fault),
        }
    }
}
