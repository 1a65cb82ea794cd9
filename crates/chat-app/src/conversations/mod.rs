//! Conversations: making, finding and changing them, who takes part, and who has a window open.

mod add_participant;
mod create;
mod find;
mod list;
mod remove_participant;
mod update;
mod windows;

use crate::core::{Core, NoMembership};
use crate::error::{Coded, store_code, store_sentence};
use chat_domain::conversations::{
    ConversationName, CreateConversationError, MAX_PARTICIPANTS, ParticipantError, Refusal,
};
use chat_domain::{ErrorCode, InvalidValue, StoreError, UserId};
use std::sync::Arc;
use thiserror::Error;

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

/// Why nothing was done to a conversation, or nothing is said of it.
#[derive(Debug, Error)]
pub enum ConversationsError {
    /// Nobody, or too many, to talk to.
    #[error("The participants {0}")]
    Participants(InvalidValue),
    /// No such conversation.
    #[error("There is no such conversation")]
    ConversationNotFound,
    /// Some of these users do not exist.
    #[error("{}", unknown_users(.0))]
    UsersNotFound(Vec<UserId>),
    /// The rules forbid it.
    #[error("{}", refusal_sentence(*.0))]
    Refused(Refusal),
    /// See [`StoreError`].
    #[error("{}", store_sentence(.0))]
    Store(#[from] StoreError),
}

impl Coded for ConversationsError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Participants(_) => ErrorCode::ValidationFailed,
            Self::ConversationNotFound => ErrorCode::ConversationNotFound,
            Self::UsersNotFound(_) => ErrorCode::UserNotFound,
            Self::Refused(refusal) => refusal_code(*refusal),
            Self::Store(fault) => store_code(fault),
        }
    }
}

const fn refusal_code(refusal: Refusal) -> ErrorCode {
    match refusal {
        Refusal::NotAParticipant => ErrorCode::NotAParticipant,
        Refusal::NotAnAdmin => ErrorCode::NotAnAdmin,
        Refusal::Direct => ErrorCode::DirectConversation,
        Refusal::Inactive => ErrorCode::GroupInactive,
        Refusal::AlreadyAParticipant => ErrorCode::AlreadyAParticipant,
        Refusal::NoSuchParticipant => ErrorCode::ParticipantNotFound,
        Refusal::Full => ErrorCode::ConversationFull,
    }
}

fn refusal_sentence(refusal: Refusal) -> String {
    match refusal {
        Refusal::NotAParticipant => "You are not a participant of this conversation".into(),
        Refusal::NotAnAdmin => "Only an admin of the group may do this".into(),
        Refusal::Direct => "A direct conversation has two participants and cannot be changed".into(),
        Refusal::Inactive => "The group is no longer active".into(),
        Refusal::AlreadyAParticipant => "The user is a participant already".into(),
        Refusal::NoSuchParticipant => "The user is not a participant of this conversation".into(),
        Refusal::Full => format!("The conversation already has {MAX_PARTICIPANTS} participants"),
    }
}

/// Names the first few; a client that sent hundreds of wrong ids need not read them all.
fn unknown_users(ids: &[UserId]) -> String {
    const NAMED: usize = 5;
    let named: Vec<_> = ids.iter().take(NAMED).map(ToString::to_string).collect();
    let more = if ids.len() > NAMED { ", ..." } else { "" };
    format!("These users do not exist: {}{more}", named.join(", "))
}

impl From<CreateConversationError> for ConversationsError {
    fn from(fault: CreateConversationError) -> Self {
        match fault {
            CreateConversationError::UnknownUsers(ids) => Self::UsersNotFound(ids),
            CreateConversationError::Store(fault) => Self::Store(fault),
        }
    }
}

impl ConversationsError {
    /// Of adding or removing this user, or changing the conversation in their name.
    fn about(user: UserId, fault: ParticipantError) -> Self {
        match fault {
            ParticipantError::UnknownConversation => Self::ConversationNotFound,
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
