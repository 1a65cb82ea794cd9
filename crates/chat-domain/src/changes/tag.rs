use super::Need;
use std::borrow::Cow;
use std::fmt;

/// The names as constants, for use in patterns.
pub(super) mod names {
    pub(in super::super) const MESSAGE_SENT: &str = "message_sent";
    pub(in super::super) const CREATED: &str = "created";
    pub(in super::super) const UPDATED: &str = "updated";
    pub(in super::super) const PARTICIPANT_ADDED: &str = "participant_added";
    pub(in super::super) const PARTICIPANT_REMOVED: &str = "participant_removed";
    pub(in super::super) const PARTICIPANT_UPDATED: &str = "participant_updated";
    pub(in super::super) const MESSAGE_UPDATED: &str = "message_updated";
    pub(in super::super) const MESSAGE_DELETED: &str = "message_deleted";
    pub(in super::super) const REACTION_ADDED: &str = "reaction_added";
    pub(in super::super) const REACTION_REMOVED: &str = "reaction_removed";
    pub(in super::super) const MESSAGE_PINNED: &str = "message_pinned";
    pub(in super::super) const MESSAGE_UNPINNED: &str = "message_unpinned";
}

/// The name of a kind of change, which is stored and sent between nodes. The set is open: a later release may have
/// written a tag that this release does not know.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChangeTag(Cow<'static, str>);

impl ChangeTag {
    /// Maximum length of a tag of this release, in bytes. Tags consist of lower-case letters and underscores.
    pub const MAX_BYTES: usize = 32;

    /// A new message.
    pub const MESSAGE_SENT: Self = Self::known(names::MESSAGE_SENT);
    /// A conversation was created.
    pub const CREATED: Self = Self::known(names::CREATED);
    /// The name, description, avatar, metadata or activity of the conversation changed, or the last admin's role passed
    /// on.
    pub const UPDATED: Self = Self::known(names::UPDATED);
    /// A participant joined, or was added.
    pub const PARTICIPANT_ADDED: Self = Self::known(names::PARTICIPANT_ADDED);
    /// A participant left, or was removed.
    pub const PARTICIPANT_REMOVED: Self = Self::known(names::PARTICIPANT_REMOVED);
    /// An admin changed a participant's role.
    pub const PARTICIPANT_UPDATED: Self = Self::known(names::PARTICIPANT_UPDATED);
    /// The content of a message changed.
    pub const MESSAGE_UPDATED: Self = Self::known(names::MESSAGE_UPDATED);
    /// A message was deleted for everybody.
    pub const MESSAGE_DELETED: Self = Self::known(names::MESSAGE_DELETED);
    /// A user reacted to a message.
    pub const REACTION_ADDED: Self = Self::known(names::REACTION_ADDED);
    /// A user took a reaction back.
    pub const REACTION_REMOVED: Self = Self::known(names::REACTION_REMOVED);
    /// A message was pinned.
    pub const MESSAGE_PINNED: Self = Self::known(names::MESSAGE_PINNED);
    /// A message was unpinned.
    pub const MESSAGE_UNPINNED: Self = Self::known(names::MESSAGE_UNPINNED);

    /// Every kind that this release knows, with the present state that its event needs.
    pub const KNOWN: &'static [(Self, &'static [Need])] = &[
        (Self::MESSAGE_SENT, &[Need::Message]),
        (Self::CREATED, &[Need::Conversation]),
        (Self::UPDATED, &[Need::Conversation]),
        (Self::PARTICIPANT_ADDED, &[Need::Conversation, Need::Subject]),
        (Self::PARTICIPANT_REMOVED, &[]),
        (Self::PARTICIPANT_UPDATED, &[]),
        (Self::MESSAGE_UPDATED, &[Need::Message]),
        (Self::MESSAGE_DELETED, &[Need::Message]),
        (Self::REACTION_ADDED, &[Need::Actor]),
        (Self::REACTION_REMOVED, &[Need::Actor]),
        (Self::MESSAGE_PINNED, &[Need::Actor]),
        (Self::MESSAGE_UNPINNED, &[Need::Actor]),
    ];

    /// The kinds whose event shows only a part of a message that was sent earlier.
    const OF_PARTS: &'static [Self] =
        &[Self::REACTION_ADDED, Self::REACTION_REMOVED, Self::MESSAGE_PINNED, Self::MESSAGE_UNPINNED];

    /// The kinds that the previous release knows too. They are written without checking what other nodes know.
    pub const BASELINE: &'static [Self] =
        &[Self::MESSAGE_SENT, Self::CREATED, Self::UPDATED, Self::PARTICIPANT_ADDED, Self::PARTICIPANT_REMOVED];

    const fn known(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// Reads a tag from a row or a packet. Accepts any text: a later release may use other forms.
    pub fn from_stored(text: &str) -> Self {
        // A known tag costs no allocation.
        let known = Self::KNOWN.iter().map(|(tag, _)| tag).find(|tag| tag.as_str() == text);
        known.cloned().unwrap_or_else(|| Self(Cow::Owned(text.to_owned())))
    }

    /// Returns the kinds that change a message that was sent earlier. The message itself stands for them in what a
    /// client missed: see [`super::coalesce`].
    pub fn of_sent_messages() -> impl Iterator<Item = &'static Self> {
        let is_later = |tag: &&Self| **tag != Self::MESSAGE_SENT && tag.needs().contains(&Need::Message);
        Self::KNOWN.iter().map(|(tag, _)| tag).filter(is_later).chain(Self::OF_PARTS)
    }

    /// Whether the event of this kind shows only a part of a message that was sent earlier.
    pub(super) fn is_of_part(&self) -> bool {
        Self::OF_PARTS.contains(self)
    }

    /// Returns the name without copying it.
    pub(super) fn into_name(self) -> Cow<'static, str> {
        self.0
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the present state that the event of this kind needs. Empty for unknown kinds.
    pub fn needs(&self) -> &'static [Need] {
        Self::KNOWN.iter().find(|(tag, _)| tag == self).map_or(&[], |(_, needs)| needs)
    }
}

impl fmt::Display for ChangeTag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for ChangeTag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ChangeTag({})", self.0)
    }
}
