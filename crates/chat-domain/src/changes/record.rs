use super::{ChangeTag, Detail, Effect};
use crate::conversations::Role;
use crate::{ConversationId, MessageId, Pos, Timestamp, UserId};

/// A durable change as stores keep it and nodes exchange it: references and values of its time, no present state.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ChangeRecord {
    /// The conversation that changed.
    pub conversation_id: ConversationId,
    /// The number of the change.
    pub pos: Pos,
    /// The time of the change.
    pub at: Timestamp,
    /// The name of its kind.
    #[cfg_attr(feature = "serde", serde(rename = "kind"))]
    pub tag: ChangeTag,
    /// The users who join or leave by it. A packet has them in its head.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub effect: Effect,
    /// The user who made the change.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub actor: Option<UserId>,
    /// The user whom the change concerns.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub subject: Option<UserId>,
    /// The message that the change concerns.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub message: Option<MessageId>,
    /// The role that the change gives to the subject.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "known_role")
    )]
    pub role: Option<Role>,
    /// Values that have no column.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Detail::is_empty"))]
    pub detail: Detail,
}

impl ChangeRecord {
    /// Creates a record without references.
    pub fn new(conversation_id: ConversationId, pos: Pos, at: Timestamp, tag: ChangeTag) -> Self {
        let (actor, subject, message, role) = (None, None, None, None);
        let (effect, detail) = (Effect::None, Detail::default());
        Self { conversation_id, pos, at, tag, effect, actor, subject, message, role, detail }
    }

    /// Creates the record of a sent message.
    pub fn message_sent(conversation_id: ConversationId, pos: Pos, at: Timestamp, sent: (UserId, MessageId)) -> Self {
        let (sender, message) = sent;
        let blank = Self::new(conversation_id, pos, at, ChangeTag::MESSAGE_SENT);
        Self { actor: Some(sender), message: Some(message), ..blank }
    }

    /// Returns the record that a client which missed this change needs. If the event shows a part of a message, this is
    /// the record of an update, which shows the message whole: the changes before it are left out.
    #[must_use]
    pub fn missed(self) -> Self {
        if self.tag.is_of_part() { Self { tag: ChangeTag::MESSAGE_UPDATED, ..self } } else { self }
    }

    /// Returns the users of the effect as a row names them: `None` if the effect applies to the subject only, or to
    /// nobody.
    pub fn named_users(&self) -> Option<&[UserId]> {
        let (Effect::Joins(users) | Effect::Leaves(users)) = &self.effect else { return None };
        let is_subject = matches!((users.as_slice(), self.subject), ([only], Some(subject)) if *only == subject);
        (!is_subject).then_some(users)
    }
}

/// Reads an unknown role, of a later release, as `None`: the change then resolves as unknown.
#[cfg(feature = "serde")]
fn known_role<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Role>, D::Error> {
    use serde::Deserialize as _;
    let name = Option::<String>::deserialize(deserializer)?;
    Ok(name.as_deref().and_then(Role::known))
}
