#[cfg(doc)]
use super::ChangeTag;
use super::tag::names;
use super::{Change, ChangeKind, ChangeRecord};
use crate::conversations::ConversationDetails;
use crate::messages::{Emoji, Message, PinChange, ReactionChange};
use crate::users::UserSummary;
use crate::{ConversationId, MessageId, Seq, UserId};
use std::collections::HashMap;

/// Present state that the event of a change shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// The message that the record names.
    Message,
    /// The user who made the change.
    Actor,
    /// The user whom the change concerns.
    Subject,
    /// The conversation with its participants.
    Conversation,
}

/// The present state that a set of records needs: each id once, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Needs {
    /// Messages.
    pub messages: Vec<MessageId>,
    /// Users.
    pub users: Vec<UserId>,
    /// Conversations.
    pub conversations: Vec<ConversationId>,
}

impl Needs {
    /// Collects the needs of these records. Each kind declares its needs in [`ChangeTag::KNOWN`].
    pub fn of<'a>(records: impl IntoIterator<Item = &'a ChangeRecord>) -> Self {
        let mut needs = Self::default();
        for record in records {
            for need in record.tag.needs() {
                match need {
                    Need::Message => needs.messages.extend(record.message),
                    Need::Actor => needs.users.extend(record.actor),
                    Need::Subject => needs.users.extend(record.subject),
                    Need::Conversation => needs.conversations.push(record.conversation_id),
                }
            }
        }
        sort(&mut needs.messages);
        sort(&mut needs.users);
        sort(&mut needs.conversations);
        needs
    }
}

fn sort<T: Ord>(ids: &mut Vec<T>) {
    ids.sort_unstable();
    ids.dedup();
}

/// The present state that a set of records refers to.
#[derive(Debug, Clone, Default)]
pub struct Present {
    messages: HashMap<MessageId, Message>,
    users: HashMap<UserId, UserSummary>,
    conversations: HashMap<ConversationId, ConversationDetails>,
}

impl Present {
    /// Creates it from loaded messages, users and conversations.
    pub fn new(
        messages: impl IntoIterator<Item = Message>,
        users: impl IntoIterator<Item = UserSummary>,
        conversations: impl IntoIterator<Item = ConversationDetails>,
    ) -> Self {
        Self {
            messages: messages.into_iter().map(|message| (message.id, message)).collect(),
            users: users.into_iter().map(|user| (user.id, user)).collect(),
            conversations: conversations.into_iter().map(|one| (one.conversation.id, one)).collect(),
        }
    }
}

/// The present state that the event of one change shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shown<'a> {
    /// The message.
    pub message: Option<&'a Message>,
    /// The user.
    pub user: Option<&'a UserSummary>,
    /// The conversation.
    pub conversation: Option<&'a ConversationDetails>,
}

/// Turns a record into a change. A record of an unknown kind, or without what its kind needs, becomes
/// [`ChangeKind::Unknown`] and never an error, because an error would block all later changes.
pub fn resolve(record: ChangeRecord, present: &Present) -> Change {
    match known(&record, present) {
        Some(kind) => Change { conversation_id: record.conversation_id, pos: record.pos, at: record.at, kind },
        None => Change::unknown(record),
    }
}

/// Turns records into changes, in their order.
pub fn resolve_all(records: impl IntoIterator<Item = ChangeRecord>, present: &Present) -> Vec<Change> {
    records.into_iter().map(|record| resolve(record, present)).collect()
}

fn known(record: &ChangeRecord, present: &Present) -> Option<ChangeKind> {
    let message = || Some(Box::new(present.messages.get(&record.message?)?.clone()));
    let details = || present.conversations.get(&record.conversation_id).cloned().map(Box::new);
    Some(match record.tag.as_str() {
        names::MESSAGE_SENT => ChangeKind::MessageSent(message()?),
        names::CREATED => ChangeKind::Created { details: details()?, member_ids: record.effect.joiners().to_vec() },
        names::UPDATED => ChangeKind::Updated(details()?),
        names::PARTICIPANT_ADDED => {
            let user = present.users.get(&record.subject?)?.clone();
            ChangeKind::ParticipantAdded { user, role: record.role?, details: details()? }
        }
        names::PARTICIPANT_REMOVED => ChangeKind::ParticipantRemoved { user_id: record.subject? },
        names::PARTICIPANT_UPDATED => ChangeKind::ParticipantUpdated { user_id: record.subject?, role: record.role? },
        names::MESSAGE_UPDATED => ChangeKind::MessageUpdated(message()?),
        names::MESSAGE_DELETED => ChangeKind::MessageDeleted { message: message()?, by: record.actor? },
        names::REACTION_ADDED => ChangeKind::ReactionAdded(reaction(record, present)?),
        names::REACTION_REMOVED => ChangeKind::ReactionRemoved(reaction(record, present)?),
        names::MESSAGE_PINNED => ChangeKind::MessagePinned(pin(record, present)?),
        names::MESSAGE_UNPINNED => ChangeKind::MessageUnpinned(pin(record, present)?),
        _ => return None,
    })
}

fn pin(record: &ChangeRecord, present: &Present) -> Option<Box<PinChange>> {
    Some(Box::new(PinChange {
        message_id: record.message?,
        seq: Seq::new(record.detail.number("seq")?.try_into().ok()?),
        user: present.users.get(&record.actor?)?.clone(),
    }))
}

fn reaction(record: &ChangeRecord, present: &Present) -> Option<Box<ReactionChange>> {
    Some(Box::new(ReactionChange {
        message_id: record.message?,
        seq: Seq::new(record.detail.number("seq")?.try_into().ok()?),
        emoji: Emoji::from_stored(record.detail.text("emoji")?).ok()?,
        user: present.users.get(&record.actor?)?.clone(),
        count: record.detail.number("count")?.try_into().ok()?,
    }))
}
