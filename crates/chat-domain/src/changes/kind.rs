use super::{ChangeRecord, ChangeTag, Detail, DetailValue, Effect, Shown};
use crate::conversations::{ConversationDetails, Role};
use crate::messages::{Message, PinChange, ReactionChange};
use crate::users::UserSummary;
use crate::{ConversationId, Pos, Timestamp, UserId};
use std::slice;

/// One durable change of a conversation. Every `pos` is exactly one change, without a gap (contract §4, guarantee 3).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Change {
    /// The conversation that changed.
    pub conversation_id: ConversationId,
    /// The number of the change.
    pub pos: Pos,
    /// The time of the change, at or after that of the previous change.
    pub at: Timestamp,
    /// The kind of the change, with its values.
    pub kind: ChangeKind,
}

/// The kinds of durable change. A change that is read from the store has the references and values of its time (users,
/// roles, first members), and the present state of the message, user and conversation that it refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ChangeKind {
    /// A new message.
    MessageSent(Box<Message>),
    /// The conversation was created; always `pos` 1.
    Created {
        /// The new conversation.
        details: Box<ConversationDetails>,
        /// All first participants, including those that `details` leaves out; at most [`super::MAX_NAMED_USERS`].
        member_ids: Vec<UserId>,
    },
    /// The name, description, avatar or activity of the conversation changed, or the last admin's role passed on.
    Updated(Box<ConversationDetails>),
    /// A participant joined, or was added.
    ParticipantAdded {
        /// The new participant.
        user: UserSummary,
        /// The role of the new participant.
        role: Role,
        /// The conversation including the new participant, for clients to which it is new.
        details: Box<ConversationDetails>,
    },
    /// A participant left, or was removed. Their clients receive this change and none after it.
    ParticipantRemoved {
        /// The participant who left.
        user_id: UserId,
    },
    /// An admin changed a participant's role.
    ParticipantUpdated {
        /// The participant.
        user_id: UserId,
        /// The new role.
        role: Role,
    },
    /// The content of a message changed. Shows the present state of the message: a tombstone, if it was deleted since.
    MessageUpdated(Box<Message>),
    /// A message was deleted for everybody.
    MessageDeleted {
        /// The tombstone.
        message: Box<Message>,
        /// The user who deleted it.
        by: UserId,
    },
    /// A user reacted to a message.
    ReactionAdded(Box<ReactionChange>),
    /// A user took a reaction back.
    ReactionRemoved(Box<ReactionChange>),
    /// A message was pinned.
    MessagePinned(Box<PinChange>),
    /// A message was unpinned.
    MessageUnpinned(Box<PinChange>),
    /// A kind that this release does not know, or a record that it cannot read. Clients receive only its `pos`.
    #[cfg_attr(feature = "serde", serde(skip))]
    Unknown(Box<ChangeRecord>),
}

impl Change {
    /// Returns the change by which this message was sent. Stores keep no record of it, only the message's row.
    pub fn message_sent(message: Message) -> Self {
        let (conversation_id, pos, at) = (message.conversation_id, message.pos, message.created_at);
        Self { conversation_id, pos, at, kind: ChangeKind::MessageSent(Box::new(message)) }
    }

    /// Returns the change with this record if this release cannot show it.
    pub fn unknown(record: ChangeRecord) -> Self {
        let (conversation_id, pos, at) = (record.conversation_id, record.pos, record.at);
        Self { conversation_id, pos, at, kind: ChangeKind::Unknown(Box::new(record)) }
    }

    /// Returns an estimate of the size of its event as JSON, in bytes: for messages an upper bound.
    pub fn json_bytes(&self) -> usize {
        const OTHERS: usize = 1_024;
        self.kind.shown().message.map_or(0, Message::json_bytes) + OTHERS
    }

    /// Returns the record, which stores keep and nodes exchange.
    pub fn record(&self) -> ChangeRecord {
        let blank = ChangeRecord {
            effect: self.kind.effect().to_owned(),
            ..ChangeRecord::new(self.conversation_id, self.pos, self.at, self.kind.tag())
        };
        match &self.kind {
            ChangeKind::MessageSent(message) => {
                let sent = (message.sender.id, message.id);
                ChangeRecord::message_sent(self.conversation_id, self.pos, self.at, sent)
            }
            ChangeKind::MessageUpdated(message) => {
                ChangeRecord { actor: Some(message.sender.id), message: Some(message.id), ..blank }
            }
            ChangeKind::MessageDeleted { message, by } => {
                ChangeRecord { actor: Some(*by), message: Some(message.id), ..blank }
            }
            ChangeKind::ReactionAdded(reaction) | ChangeKind::ReactionRemoved(reaction) => ChangeRecord {
                actor: Some(reaction.user.id),
                message: Some(reaction.message_id),
                detail: reaction.detail(),
                ..blank
            },
            ChangeKind::MessagePinned(pin) | ChangeKind::MessageUnpinned(pin) => ChangeRecord {
                actor: Some(pin.user.id),
                message: Some(pin.message_id),
                detail: Detail::default().with("seq", DetailValue::Number(pin.seq.to_i64())),
                ..blank
            },
            ChangeKind::Created { .. } | ChangeKind::Updated(_) => blank,
            ChangeKind::ParticipantAdded { user, role, .. } => {
                ChangeRecord { subject: Some(user.id), role: Some(*role), ..blank }
            }
            ChangeKind::ParticipantRemoved { user_id } => ChangeRecord { subject: Some(*user_id), ..blank },
            ChangeKind::ParticipantUpdated { user_id, role } => {
                ChangeRecord { subject: Some(*user_id), role: Some(*role), ..blank }
            }
            ChangeKind::Unknown(record) => (**record).clone(),
        }
    }
}

impl ChangeKind {
    /// Returns the name of the kind.
    pub fn tag(&self) -> ChangeTag {
        match self {
            Self::MessageSent(_) => ChangeTag::MESSAGE_SENT,
            Self::Created { .. } => ChangeTag::CREATED,
            Self::Updated(_) => ChangeTag::UPDATED,
            Self::ParticipantAdded { .. } => ChangeTag::PARTICIPANT_ADDED,
            Self::ParticipantRemoved { .. } => ChangeTag::PARTICIPANT_REMOVED,
            Self::ParticipantUpdated { .. } => ChangeTag::PARTICIPANT_UPDATED,
            Self::MessageUpdated(_) => ChangeTag::MESSAGE_UPDATED,
            Self::MessageDeleted { .. } => ChangeTag::MESSAGE_DELETED,
            Self::ReactionAdded(_) => ChangeTag::REACTION_ADDED,
            Self::ReactionRemoved(_) => ChangeTag::REACTION_REMOVED,
            Self::MessagePinned(_) => ChangeTag::MESSAGE_PINNED,
            Self::MessageUnpinned(_) => ChangeTag::MESSAGE_UNPINNED,
            Self::Unknown(record) => record.tag.clone(),
        }
    }

    /// Returns the users who join or leave by this change.
    pub fn effect(&self) -> Effect<&[UserId]> {
        match self {
            Self::Created { member_ids, .. } => Effect::Joins(member_ids),
            Self::ParticipantAdded { user, .. } => Effect::Joins(slice::from_ref(&user.id)),
            Self::ParticipantRemoved { user_id } => Effect::Leaves(slice::from_ref(user_id)),
            Self::MessageSent(_)
            | Self::Updated(_)
            | Self::ParticipantUpdated { .. }
            | Self::MessageUpdated(_)
            | Self::MessageDeleted { .. }
            | Self::ReactionAdded(_)
            | Self::ReactionRemoved(_)
            | Self::MessagePinned(_)
            | Self::MessageUnpinned(_) => Effect::None,
            Self::Unknown(record) => match &record.effect {
                Effect::None => Effect::None,
                Effect::Joins(users) => Effect::Joins(users),
                Effect::Leaves(users) => Effect::Leaves(users),
            },
        }
    }

    /// Returns the user whose connections receive their own variant of the event: the sender of a message, or a new
    /// participant.
    pub const fn own_variant_of(&self) -> Option<UserId> {
        match self {
            Self::MessageSent(message) | Self::MessageUpdated(message) => Some(message.sender.id),
            Self::ParticipantAdded { user, .. } => Some(user.id),
            Self::Created { .. }
            | Self::Updated(_)
            | Self::ParticipantRemoved { .. }
            | Self::ParticipantUpdated { .. }
            | Self::MessageDeleted { .. }
            | Self::ReactionAdded(_)
            | Self::ReactionRemoved(_)
            | Self::MessagePinned(_)
            | Self::MessageUnpinned(_)
            | Self::Unknown(_) => None,
        }
    }

    /// Whether this release cannot show the change to clients.
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    /// Returns the present state that the event shows: what other nodes need in addition to the record.
    pub fn shown(&self) -> Shown<'_> {
        let (message, user, conversation) = match self {
            Self::MessageSent(message) | Self::MessageUpdated(message) | Self::MessageDeleted { message, .. } => {
                (Some(&**message), None, None)
            }
            Self::Created { details, .. } | Self::Updated(details) => (None, None, Some(&**details)),
            Self::ParticipantAdded { user, details, .. } => (None, Some(user), Some(&**details)),
            Self::ReactionAdded(reaction) | Self::ReactionRemoved(reaction) => (None, Some(&reaction.user), None),
            Self::MessagePinned(pin) | Self::MessageUnpinned(pin) => (None, Some(&pin.user), None),
            Self::ParticipantRemoved { .. } | Self::ParticipantUpdated { .. } | Self::Unknown(_) => (None, None, None),
        };
        Shown { message, user, conversation }
    }
}
