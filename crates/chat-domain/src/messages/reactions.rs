use super::{EditContext, Message, of_participant};
use crate::changes::{Change, Detail, DetailValue};
use crate::users::UserSummary;
use crate::{ConversationId, InvalidValue, MessageId, PageLimit, Pos, Refusal, Seq, Timestamp, UserId};
use std::collections::HashSet;

/// The maximum number of kinds of reactions of one message.
pub const MAX_REACTION_KINDS: usize = 20;

/// The maximum number of users that a message names for each kind of reaction.
pub const MAX_NAMED_REACTORS: usize = 20;

/// The selectors of text and emoji presentation. With and without them an emoji is the same reaction.
const PRESENTATION_SELECTORS: [char; 2] = ['\u{fe0e}', '\u{fe0f}'];

/// A kind of reaction: one emoji (Unicode's `RGI_Emoji`), or a short name, for pictures that the product has.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Emoji(String);

impl Emoji {
    /// The maximum length of a short name, in characters.
    pub const MAX_NAME_CHARS: usize = 32;

    /// Checks that the text is one emoji, of any skin tone and with joiners, or a short name of lower-case letters,
    /// digits, `_`, `+` and `-`. An emoji gets its fully qualified form.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let is_in_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_+-".contains(&byte);
        if (1..=Self::MAX_NAME_CHARS).contains(&text.len()) && text.bytes().all(is_in_name) {
            return Ok(Self(text.to_owned()));
        }
        let bare: String = text.chars().filter(|char| !PRESENTATION_SELECTORS.contains(char)).collect();
        let expected = "one emoji, or a name of 1 to 32 characters of a-z, 0-9, _, + and -";
        emojis::get(&bare).map(|emoji| Self(emoji.as_str().to_owned())).ok_or(InvalidValue::Form { expected })
    }

    /// Reads text from a row or from another node. Accepts any text, since a later release may know more emoji.
    pub fn from_stored(text: &str) -> Result<Self, InvalidValue> {
        if text.is_empty() { Err(InvalidValue::Empty) } else { Ok(Self(text.to_owned())) }
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the text without copying it.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// The reactions of one kind to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Reaction {
    /// The kind.
    pub emoji: Emoji,
    /// The number of users who reacted so.
    pub count: u32,
    /// The first [`MAX_NAMED_REACTORS`] of them, oldest first.
    pub users: Vec<UserId>,
}

/// The reactions to a message, in the order in which each kind was first used. A store keeps them with the message, so
/// that reading a message needs no query for them, and writes them in the transaction that stores a user's reaction.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Reactions(Vec<Reaction>);

impl Reactions {
    /// Whether there are no reactions.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the kinds in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Reaction> {
        self.0.iter()
    }

    /// Returns the kinds by value, in their order.
    pub fn into_kinds(self) -> Vec<Reaction> {
        self.0
    }

    /// Returns the number of users who reacted so.
    pub fn count(&self, emoji: &Emoji) -> u32 {
        self.of(emoji).map_or(0, |reaction| reaction.count)
    }

    /// Takes a step. Returns whether a list of users lacks one now: see [`Self::set_users`].
    pub fn apply(&mut self, step: &ReactionStep, user: UserId) -> bool {
        match step {
            ReactionStep::Add(emoji) => {
                self.add(emoji, user);
                false
            }
            ReactionStep::Remove(emoji) => self.remove(emoji, user),
        }
    }

    fn add(&mut self, emoji: &Emoji, user: UserId) {
        let known = self.0.iter().position(|reaction| reaction.emoji == *emoji);
        let place = known.unwrap_or_else(|| {
            self.0.push(Reaction { emoji: emoji.clone(), count: 0, users: Vec::new() });
            self.0.len() - 1
        });
        let reaction = &mut self.0[place];
        if reaction.users.len() < MAX_NAMED_REACTORS {
            reaction.users.push(user);
        }
        reaction.count += 1;
    }

    fn remove(&mut self, emoji: &Emoji, user: UserId) -> bool {
        let Some(reaction) = self.0.iter_mut().find(|reaction| reaction.emoji == *emoji) else { return false };
        reaction.count = reaction.count.saturating_sub(1);
        reaction.users.retain(|known| *known != user);
        let lacks_one = reaction.users.len() < MAX_NAMED_REACTORS && reaction.hides_users();
        self.0.retain(|reaction| reaction.count > 0);
        lacks_one
    }

    /// Replaces the list of users by the first [`MAX_NAMED_REACTORS`] who reacted so.
    pub fn set_users(&mut self, emoji: &Emoji, users: Vec<UserId>) {
        if let Some(reaction) = self.0.iter_mut().find(|reaction| reaction.emoji == *emoji) {
            reaction.users = users;
        }
    }

    /// Whether this user may have reacted without being named.
    pub fn may_hide(&self, user: UserId) -> bool {
        self.iter().any(|reaction| reaction.hides_users() && !reaction.users.contains(&user))
    }

    fn of(&self, emoji: &Emoji) -> Option<&Reaction> {
        self.iter().find(|reaction| reaction.emoji == *emoji)
    }
}

impl Reaction {
    /// Whether more users reacted than [`Self::users`] names.
    fn hides_users(&self) -> bool {
        self.count as usize > self.users.len()
    }
}

/// The reactions of one reader to the messages of a page, as far as [`Reaction::users`] leaves them out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HiddenReactions(HashSet<(MessageId, Emoji)>);

impl HiddenReactions {
    /// Creates it from the reader's reactions.
    pub fn new(reactions: impl IntoIterator<Item = (MessageId, Emoji)>) -> Self {
        Self(reactions.into_iter().collect())
    }

    /// Whether the reader has reacted so to this message.
    pub fn contains(&self, message: MessageId, emoji: &Emoji) -> bool {
        !self.0.is_empty() && self.0.contains(&(message, emoji.clone()))
    }
}

/// What to do with a reaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reacting {
    /// Add it to the user's reactions.
    Add,
    /// Add it, and remove the user's other reactions to the message.
    Replace,
    /// Remove it.
    Remove,
}

/// The command to react to a message, or to take a reaction back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct React {
    /// The conversation the message belongs to.
    pub conversation_id: ConversationId,
    /// The message.
    pub message_id: MessageId,
    /// The kind of reaction.
    pub emoji: Emoji,
    /// What to do with it.
    pub action: Reacting,
}

/// The user who changes what belongs to a message, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct By {
    /// The user's id.
    pub user_id: UserId,
    /// The time, from the clock.
    pub at: Timestamp,
}

/// One change that a command makes to a message's reactions. Each takes a `pos`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReactionStep {
    /// The user reacts so.
    Add(Emoji),
    /// The user does so no longer.
    Remove(Emoji),
}

/// A message after a reaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReactedMessage {
    /// The message in its present state.
    pub message: Message,
    /// The changes, by `pos`; empty if there was nothing to change.
    pub changes: Vec<Change>,
}

/// A user's reaction, as a durable change shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ReactionChange {
    /// The message.
    pub message_id: MessageId,
    /// The message's number in its conversation.
    pub seq: Seq,
    /// The kind of reaction.
    pub emoji: Emoji,
    /// The user.
    pub user: UserSummary,
    /// The number of users who react so after this change.
    pub count: u32,
}

impl ReactionChange {
    /// What the record of the change says beside the user and the message.
    pub(crate) fn detail(&self) -> Detail {
        recorded(self.emoji.as_str(), self.count, self.seq)
    }

    /// What is left of that when the message with this number is deleted: no kind of reaction.
    pub fn erased_detail(seq: Seq) -> Detail {
        recorded("_", 0, seq)
    }
}

fn recorded(emoji: &str, count: u32, seq: Seq) -> Detail {
    Detail::default()
        .with("emoji", DetailValue::Text(emoji.to_owned()))
        .with("count", DetailValue::Number(count.into()))
        .with("seq", DetailValue::Number(seq.to_i64()))
}

/// A request for a part of the users who reacted to a message in one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReactorsWanted {
    /// The kind of reaction.
    pub emoji: Emoji,
    /// The `pos` of the reaction after which the part begins; [`Pos::ZERO`] for the first part.
    pub after: Pos,
    /// The maximum number of users.
    pub limit: PageLimit,
}

/// The users who reacted to a message in one way, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReactorPage {
    /// The users, at most as many as asked for.
    pub items: Vec<UserSummary>,
    /// The requested limit.
    pub limit: PageLimit,
    /// The `pos` of the last reaction; `None` on the last page.
    pub next: Option<Pos>,
}

impl ReactorPage {
    /// Creates a page from the reactions found: one more than the limit, if there are that many.
    pub fn of(limit: PageLimit, mut found: Vec<(Pos, UserSummary)>) -> Self {
        let size = limit.get() as usize;
        let has_more = found.len() > size;
        found.truncate(size);
        let next = found.last().map(|(pos, _)| *pos).filter(|_| has_more);
        Self { items: found.into_iter().map(|(_, user)| user).collect(), limit, next }
    }
}

/// Decides a reaction by a participant, whose present reactions to the message are `own`. Returns the message as it is,
/// the user, and the steps to take, in order; none if it is so already.
///
/// # Errors
///
/// The refusals that the contract names for a reaction.
pub fn decide_reaction(
    mut context: EditContext,
    own: &[Emoji],
    react: &React,
) -> Result<(Message, UserSummary, Vec<ReactionStep>), Refusal> {
    let user = context.user.take();
    let (message, _) = of_participant(context)?;
    let user = user.ok_or(Refusal::NotAParticipant)?;
    if message.deleted_at.is_some() {
        return Err(Refusal::MessageDeleted);
    }
    let React { emoji, action, .. } = react;
    let has_reacted = own.contains(emoji);
    if *action == Reacting::Remove {
        let steps = has_reacted.then(|| ReactionStep::Remove(emoji.clone()));
        return Ok((message, user, steps.into_iter().collect()));
    }
    let replaced = own.iter().filter(|other| *action == Reacting::Replace && *other != emoji);
    let mut steps: Vec<_> = replaced.cloned().map(ReactionStep::Remove).collect();
    if !has_reacted {
        let mut after = message.reactions.clone();
        for step in &steps {
            after.apply(step, user.id);
        }
        if after.0.len() >= MAX_REACTION_KINDS && after.of(emoji).is_none() {
            return Err(Refusal::TooManyReactions);
        }
        steps.push(ReactionStep::Add(emoji.clone()));
    }
    Ok((message, user, steps))
}

impl ReactionStep {
    /// The kind of reaction.
    pub const fn emoji(&self) -> &Emoji {
        match self {
            Self::Add(emoji) | Self::Remove(emoji) => emoji,
        }
    }
}

#[cfg(feature = "serde")]
impl Reactions {
    /// Returns the text to store, or `None` if there are no reactions.
    pub fn to_stored(&self) -> Option<String> {
        if self.is_empty() { None } else { serde_json::to_string(self).ok() }
    }

    /// Reads a stored text.
    pub fn from_stored(text: &str) -> Result<Self, InvalidValue> {
        serde_json::from_str(text).map_err(|_| InvalidValue::Form { expected: "a list of reactions" })
    }
}

#[cfg(test)]
mod tests;
