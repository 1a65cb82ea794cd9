use super::{Change, ChangeKind, ChangeTag};
use crate::messages::Message;
use crate::{InvalidValue, MessageId, Pos, UserId};
use std::collections::{HashMap, HashSet};

/// The maximum number of changes that a client pages through after it missed them. A client that missed more reads the
/// conversation anew, which is cheaper. They are counted before memberships and the conversation's own fields are
/// coalesced.
pub const MAX_MISSED_OF_ONE: u32 = 5_000;

const MAX_MISSED: u32 = 1_000;

/// The maximum number of missed changes of all conversations together that are sent again to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissedLimit(u32);

impl MissedLimit {
    /// The greatest limit, which is also the default (contract §4, guarantee 3). Changes are counted before they are
    /// coalesced, which is a subtraction and no query.
    pub const GREATEST: Self = Self(MAX_MISSED);

    /// Checks that the number is between 1 and [`Self::GREATEST`].
    pub fn parse(number: u64) -> Result<Self, InvalidValue> {
        match u32::try_from(number) {
            Ok(number @ 1..=MAX_MISSED) => Ok(Self(number)),
            _ => Err(InvalidValue::OutOfRange { least: 1, most: MAX_MISSED.into() }),
        }
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// A part of what a client missed of one conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissedChanges {
    /// The changes, by `pos`.
    pub changes: Vec<Change>,
    /// The `pos` after which the next part begins; `None` after the last part.
    pub next: Option<Pos>,
    /// The conversation's newest change when this part was read.
    pub as_of: Pos,
    /// Whether the client must read the conversation anew instead, from `as_of` on: it missed too much, or names a
    /// `pos` that does not exist yet.
    pub is_reset: bool,
}

impl MissedChanges {
    /// The answer to a client that must read the conversation anew.
    pub const fn reset(as_of: Pos) -> Self {
        Self { changes: Vec::new(), next: None, as_of, is_reset: true }
    }
}

/// What a change sets. Of several changes that set the same, a client needs only the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Sets {
    /// The conversation's own fields.
    Conversation,
    /// Whether this user takes part.
    Membership(UserId),
    /// This user's role.
    Role(UserId),
    /// A message that was sent earlier.
    Message(MessageId),
}

/// Leaves out the changes that a client which missed them does not need, because other changes show their result.
/// `changes` are those of one range, by `pos`, read from [`ChangeRecord::missed`](super::ChangeRecord::missed).
///
/// - A message that was sent in the range comes once, as it is now: its later changes are left out.
/// - A message that was sent before comes once, at the `pos` of its newest change, if that is in the range.
/// - Of the changes of one user's membership or role, and of the conversation's own fields, the last one stays.
/// - Changes of unknown kinds stay, since this release cannot know what they set.
/// - The last change of the range stays, so that its `pos` tells the client how far it has come.
pub fn coalesce(changes: Vec<Change>) -> Vec<Change> {
    let end = changes.last().map(|change| change.pos);
    let sent: HashSet<MessageId> = changes.iter().filter_map(sent_message).collect();
    let newest: HashMap<Sets, Pos> = changes.iter().filter_map(|change| Some((sets(change)?, change.pos))).collect();
    let is_needed = |change: &Change| {
        let is_newest = |what| newest.get(&what) == Some(&change.pos);
        Some(change.pos) == end
            || match sets(change) {
                Some(what @ Sets::Message(message)) => {
                    let now = change.kind.shown().message.map_or(change.pos, Message::changed_pos);
                    !sent.contains(&message) && is_newest(what) && now <= change.pos
                }
                Some(what) => is_newest(what),
                None => true,
            }
    };
    changes.into_iter().filter(is_needed).collect()
}

fn sent_message(change: &Change) -> Option<MessageId> {
    match &change.kind {
        ChangeKind::MessageSent(message) => Some(message.id),
        ChangeKind::Unknown(record) if record.tag == ChangeTag::MESSAGE_SENT => record.message,
        _ => None,
    }
}

fn sets(change: &Change) -> Option<Sets> {
    match &change.kind {
        ChangeKind::Updated(_) => Some(Sets::Conversation),
        ChangeKind::ParticipantAdded { user, .. } => Some(Sets::Membership(user.id)),
        ChangeKind::ParticipantRemoved { user_id } => Some(Sets::Membership(*user_id)),
        ChangeKind::ParticipantUpdated { user_id, .. } => Some(Sets::Role(*user_id)),
        ChangeKind::MessageUpdated(message) | ChangeKind::MessageDeleted { message, .. } => {
            Some(Sets::Message(message.id))
        }
        ChangeKind::ReactionAdded(reaction) | ChangeKind::ReactionRemoved(reaction) => {
            Some(Sets::Message(reaction.message_id))
        }
        ChangeKind::MessagePinned(pin) | ChangeKind::MessageUnpinned(pin) => Some(Sets::Message(pin.message_id)),
        // Of a known kind, whose message cannot be read.
        ChangeKind::Unknown(record) if ChangeTag::of_sent_messages().any(|tag| *tag == record.tag) => {
            record.message.map(Sets::Message)
        }
        ChangeKind::MessageSent(_) | ChangeKind::Created { .. } | ChangeKind::Unknown(_) => None,
    }
}
