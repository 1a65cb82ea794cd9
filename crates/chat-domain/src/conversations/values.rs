use super::{Conversation, MAX_PARTICIPANTS};
use crate::users::AvatarUrl;
use crate::{InvalidValue, Metadata, UserId, text::text_values};

text_values! {
    /// The name of a conversation. It need not be unique, unless it is reserved for a group
    /// ([`super::group_name_key`]).
    ConversationName = line(1..=100),
    /// The description of a group.
    ConversationDescription = paragraph(1..=500),
}

/// Changes of a conversation. `None` keeps a field, `Some(None)` clears it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConversationChanges {
    /// The new name, or none.
    pub name: Option<Option<ConversationName>>,
    /// The new description, or none.
    pub description: Option<Option<ConversationDescription>>,
    /// The new avatar, or none.
    pub avatar: Option<Option<AvatarUrl>>,
    /// The new metadata, or none.
    pub metadata: Option<Option<Metadata>>,
}

impl ConversationChanges {
    /// Whether it changes the metadata and nothing else.
    pub fn is_of_metadata(&self) -> bool {
        let Self { name, description, avatar, metadata } = self;
        metadata.is_some() && name.is_none() && description.is_none() && avatar.is_none()
    }

    /// Whether it sets the metadata that the conversation has, and nothing else.
    pub fn is_of_same_metadata(&self, conversation: &Conversation) -> bool {
        let is_same = |new: &Option<Metadata>| Metadata::is_same_option(new.as_ref(), conversation.metadata.as_ref());
        self.is_of_metadata() && self.metadata.as_ref().is_some_and(is_same)
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The two users of a direct conversation, in a fixed order: it is equal for both, so that a unique index allows only
/// one conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DirectKey {
    low: UserId,
    high: UserId,
}

impl DirectKey {
    /// Creates the key of this pair; the order of the arguments does not matter.
    pub fn new(one: UserId, other: UserId) -> Self {
        if one <= other { Self { low: one, high: other } } else { Self { low: other, high: one } }
    }

    /// Whether this user is one of the two.
    pub fn contains(self, user: UserId) -> bool {
        self.low == user || self.high == user
    }

    /// Returns the user of the pair who is not this one; the second if this user is not part of it.
    pub fn other(self, user: UserId) -> UserId {
        if self.high == user { self.low } else { self.high }
    }

    /// Returns both, sorted.
    pub const fn users(self) -> (UserId, UserId) {
        (self.low, self.high)
    }

    /// Parses the form of [`Self::as_text`]; also if the ids are not sorted or not in lower case.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let ids = text.split_once('_').and_then(|(one, other)| Some((one.parse().ok()?, other.parse().ok()?)));
        let (one, other) = ids.ok_or(InvalidValue::Form { expected: "two user ids joined by '_'" })?;
        Ok(Self::new(one, other))
    }

    /// Returns the two ids, sorted and joined by `_`.
    pub fn as_text(&self) -> String {
        format!("{}_{}", self.low, self.high)
    }
}

/// The other users with whom a user starts a conversation: at least one, each once, without the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParticipantIds(Vec<UserId>);

impl ParticipantIds {
    /// Removes duplicates and the creator, then requires 1 to [`MAX_PARTICIPANTS`] − 1 others.
    pub fn parse(creator: UserId, ids: &[UserId]) -> Result<Self, InvalidValue> {
        let mut others: Vec<_> = ids.iter().copied().filter(|id| *id != creator).collect();
        others.sort_unstable();
        others.dedup();
        if others.is_empty() || others.len() >= MAX_PARTICIPANTS {
            return Err(InvalidValue::Form { expected: "a list of 1 to 999 other users" });
        }
        Ok(Self(others))
    }

    /// Returns the others, sorted.
    pub fn as_slice(&self) -> &[UserId] {
        &self.0
    }

    /// Returns the only other user, if there is exactly one.
    pub fn only(&self) -> Option<UserId> {
        match self.0.as_slice() {
            [only] => Some(*only),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn user(number: u128) -> UserId {
        UserId::new(Uuid::from_u128(number))
    }

    proptest! {
        #[test]
        fn a_pair_has_one_key(one: u128, other: u128) {
            prop_assert_eq!(DirectKey::new(user(one), user(other)), DirectKey::new(user(other), user(one)));
            let pair = DirectKey::new(user(one), user(other));
            prop_assert_eq!(pair.as_text().len(), 73);
            prop_assert_eq!(DirectKey::parse(&pair.as_text()), Ok(pair));
            prop_assert_eq!((pair.other(user(one)), pair.contains(user(one))), (user(other), true));
        }

        #[test]
        fn the_others_are_each_named_once_and_never_oneself(ids in proptest::collection::vec(0_u128..20, 0..40)) {
            let ids: Vec<_> = ids.into_iter().map(user).collect();
            if let Ok(others) = ParticipantIds::parse(user(0), &ids) {
                prop_assert!(others.as_slice().windows(2).all(|pair| pair[0] < pair[1]));
                prop_assert!(!others.as_slice().contains(&user(0)));
                prop_assert_eq!(others.only().is_some(), others.as_slice().len() == 1);
            } else {
                prop_assert!(ids.iter().all(|id| *id == user(0)));
            }
        }
    }

    #[test]
    fn a_conversation_has_a_greatest_size() {
        let many: Vec<_> = (1..=999).map(user).collect();
        assert!(ParticipantIds::parse(user(0), &many).is_ok());
        let too_many: Vec<_> = (1..=1_000).map(user).collect();
        assert!(ParticipantIds::parse(user(0), &too_many).is_err());
        assert!(ParticipantIds::parse(user(0), &[]).is_err());
    }

    #[test]
    fn names_and_descriptions_have_a_visible_character() {
        for nothing in ["\u{200b}", "\u{3164}", "\u{2800}"] {
            assert_eq!(ConversationName::parse(nothing), Err(InvalidValue::Invisible));
            assert_eq!(ConversationDescription::parse(nothing), Err(InvalidValue::Invisible));
            assert!(
                ConversationName::from_stored(nothing).is_ok() && ConversationDescription::from_stored(nothing).is_ok()
            );
        }
        assert_eq!(ConversationName::parse("Team\u{2066}"), Err(InvalidValue::BidiControl));
        assert_eq!(
            ConversationDescription::parse("Cafe\u{301}").map(ConversationDescription::into_string),
            Ok("Café".into())
        );
    }

    #[test]
    fn clearing_a_name_is_a_change_and_saying_nothing_is_none() {
        assert!(ConversationChanges::default().is_empty());
        assert!(!ConversationChanges { name: Some(None), ..Default::default() }.is_empty());
    }
}
