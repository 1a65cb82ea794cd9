use crate::conversations::{refusal_code, refusal_sentence, unknown_users};
use crate::error::{Coded, NAME_TAKEN, store_code, store_sentence};
use chat_domain::conversations::{CreateConversationError, MAX_PARTICIPANTS, Refusal};
use chat_domain::{ErrorCode, StoreError, UserId};
use thiserror::Error;

/// Why a group could not be read or changed.
#[derive(Debug, Error)]
pub enum GroupsError {
    /// There are more members than a group may have.
    #[error("The members must be at most {} other users", MAX_PARTICIPANTS - 1)]
    TooManyMembers,
    /// The group does not exist.
    #[error("There is no such group")]
    GroupNotFound,
    /// No group has this invite code now.
    #[error("This invite is of no group, or was revoked")]
    InviteNotFound,
    /// Some of these users do not exist.
    #[error("{}", unknown_users(.0))]
    UsersNotFound(Vec<UserId>),
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

impl Coded for GroupsError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::TooManyMembers => ErrorCode::ValidationFailed,
            Self::GroupNotFound => ErrorCode::ConversationNotFound,
            Self::InviteNotFound => ErrorCode::InviteNotFound,
            Self::UsersNotFound(_) => ErrorCode::UserNotFound,
            Self::NameTaken => ErrorCode::GroupNameTaken,
            Self::Refused(refusal) => refusal_code(*refusal),
            Self::Store(fault) => store_code(fault),
        }
    }
}

impl From<CreateConversationError> for GroupsError {
    fn from(fault: CreateConversationError) -> Self {
        match fault {
            CreateConversationError::UnknownUsers(ids) => Self::UsersNotFound(ids),
            CreateConversationError::NameTaken => Self::NameTaken,
            CreateConversationError::Refused(refusal) => Self::Refused(refusal),
            CreateConversationError::Store(fault) => Self::Store(fault),
        }
    }
}
