use chat_domain::conversations::{ConversationKind, DirectKey};
use chat_domain::{ConversationId, InvalidValue};
use serde::{Deserialize, Serialize};

/// Whether a chat is private or a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub enum ChatTypeView {
    /// A chat between two users.
    Private,
    /// A group.
    Group,
}

impl ChatTypeView {
    /// Parses the name; case is ignored.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        match text {
            text if text.eq_ignore_ascii_case("PRIVATE") => Ok(Self::Private),
            text if text.eq_ignore_ascii_case("GROUP") => Ok(Self::Group),
            _ => Err(InvalidValue::Form { expected: "PRIVATE or GROUP" }),
        }
    }
}

impl From<ConversationKind> for ChatTypeView {
    fn from(kind: ConversationKind) -> Self {
        match kind {
            ConversationKind::Direct(_) => Self::Private,
            ConversationKind::Group | ConversationKind::Thread(_) => Self::Group,
        }
    }
}

/// The prefix of a group's id in its `chatRoomId`.
const GROUP_PREFIX: &str = "group_";

/// A `chatRoomId`: the two user ids sorted and joined by `_`, or `group_<groupId>` (contract §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChatRoomId {
    /// The private chat of a pair.
    Pair(DirectKey),
    /// A group.
    Group(ConversationId),
}

impl ChatRoomId {
    /// Returns the id of a conversation of this kind.
    pub const fn of(kind: ConversationKind, id: ConversationId) -> Self {
        match kind {
            ConversationKind::Direct(pair) => Self::Pair(pair),
            ConversationKind::Group | ConversationKind::Thread(_) => Self::Group(id),
        }
    }

    /// Parses a `chatRoomId`. The ids of a pair may be in any order.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let parsed = match text.strip_prefix(GROUP_PREFIX) {
            Some(id) => id.parse().ok().map(Self::Group),
            None => DirectKey::parse(text).ok().map(Self::Pair),
        };
        parsed.ok_or(InvalidValue::Form { expected: "two user ids joined by '_', or 'group_' and a group's id" })
    }

    /// Returns the text that clients see.
    pub fn as_text(&self) -> String {
        match self {
            Self::Pair(pair) => pair.as_text(),
            Self::Group(id) => format!("{GROUP_PREFIX}{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_domain::UserId;
    use proptest::prelude::*;
    use uuid::Uuid;

    proptest! {
        #[test]
        fn a_room_reads_back_as_it_was_written(one: u128, other: u128) {
            let user = |number| UserId::new(Uuid::from_u128(number));
            let pair = ChatRoomId::Pair(DirectKey::new(user(one), user(other)));
            prop_assert_eq!(ChatRoomId::parse(&pair.as_text()), Ok(pair));
            prop_assert_eq!(ChatRoomId::parse(&format!("{}_{}", user(one), user(other))), Ok(pair));
            let group = ChatRoomId::Group(ConversationId::new(Uuid::from_u128(one)));
            prop_assert_eq!(ChatRoomId::parse(&group.as_text()), Ok(group));
        }

        #[test]
        fn no_text_however_strange_is_a_panic(text in "\\PC{0,80}") {
            let group = format!("group_{text}");
            prop_assert!(ChatRoomId::parse(&text).is_err());
            prop_assert!(ChatRoomId::parse(&group).is_err());
        }
    }

    #[test]
    fn types_are_read_in_any_case() {
        for text in ["PRIVATE", "private", "Private"] {
            assert_eq!(ChatTypeView::parse(text), Ok(ChatTypeView::Private));
        }
        assert_eq!(ChatTypeView::parse("group"), Ok(ChatTypeView::Group));
        assert!(ChatTypeView::parse("groups").is_err());
    }
}
