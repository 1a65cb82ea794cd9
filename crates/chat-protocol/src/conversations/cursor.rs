use chat_domain::conversations::{ListCursor, ListPlace, ParticipantPlace};
use chat_domain::{ConversationId, Timestamp, UserId};
use std::fmt::{self, Display, Formatter};
use uuid::Uuid;

const OLDER: &str = "o";
const NEWER: &str = "n";

/// A position and a direction in a list of conversations, as an opaque text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListCursorText(pub ListCursor);

impl ListCursorText {
    /// Parses a cursor. Empty text is the beginning of the list.
    pub fn parse(text: &str) -> Result<ListCursor, &'static str> {
        if text.is_empty() {
            return Ok(ListCursor::Newest);
        }
        let read = || {
            let (direction, place) = text.split_at_checked(1)?;
            let (micros, id) = place.rsplit_once('-')?;
            let place = ListPlace {
                active_at: Timestamp::from_unix_micros(micros.parse().ok()?),
                id: ConversationId::new(Uuid::try_parse(id).ok()?),
            };
            match direction {
                OLDER => Some(ListCursor::OlderThan(place)),
                NEWER => Some(ListCursor::NewerThan(place)),
                _ => None,
            }
        };
        read().ok_or("must be empty, or the nextCursor or prevCursor of an earlier response")
    }

    /// The cursor to older conversations.
    pub(crate) const fn older(place: ListPlace) -> Self {
        Self(ListCursor::OlderThan(place))
    }

    /// The cursor to newer conversations.
    pub(crate) const fn newer(place: ListPlace) -> Self {
        Self(ListCursor::NewerThan(place))
    }
}

impl Display for ListCursorText {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let (direction, place) = match self.0 {
            ListCursor::Newest => return Ok(()),
            ListCursor::OlderThan(place) => (OLDER, place),
            ListCursor::NewerThan(place) => (NEWER, place),
        };
        write!(formatter, "{direction}{}-{}", place.active_at.as_unix_micros(), place.id.as_uuid().as_simple())
    }
}

/// A place in a list of participants, as an opaque text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParticipantCursorText(pub ParticipantPlace);

impl ParticipantCursorText {
    /// Parses a cursor. Empty text is the beginning of the list.
    pub fn parse(text: &str) -> Result<Option<ParticipantPlace>, &'static str> {
        if text.is_empty() {
            return Ok(None);
        }
        let read = || {
            let (micros, id) = text.rsplit_once('-')?;
            let joined_at = Timestamp::from_unix_micros(micros.parse().ok()?);
            Some(ParticipantPlace { joined_at, user_id: UserId::new(Uuid::try_parse(id).ok()?) })
        };
        read().map(Some).ok_or("must be empty, or the nextCursor of an earlier response")
    }
}

impl Display for ParticipantCursorText {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let ParticipantPlace { joined_at, user_id } = self.0;
        write!(formatter, "{}-{}", joined_at.as_unix_micros(), user_id.as_uuid().as_simple())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cursor_reads_back_as_it_was_written(
            micros in any::<i64>(), id in any::<u128>(), is_older in any::<bool>()
        ) {
            let place = ListPlace {
                active_at: Timestamp::from_unix_micros(micros),
                id: ConversationId::new(Uuid::from_u128(id)),
            };
            let text = if is_older { ListCursorText::older(place) } else { ListCursorText::newer(place) };
            let written = text.to_string();
            prop_assert!(written.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{}", written);
            prop_assert_eq!(ListCursorText::parse(&written), Ok(text.0));
        }

        #[test]
        fn a_place_among_participants_reads_back_as_it_was_written(micros in any::<i64>(), id in any::<u128>()) {
            let joined_at = Timestamp::from_unix_micros(micros);
            let place = ParticipantPlace { joined_at, user_id: UserId::new(Uuid::from_u128(id)) };
            prop_assert_eq!(ParticipantCursorText::parse(&ParticipantCursorText(place).to_string()), Ok(Some(place)));
        }

        #[test]
        fn any_text_is_a_cursor_or_refused(text in ".*") {
            if let Ok(cursor) = ListCursorText::parse(&text) {
                prop_assert!(ListCursorText(cursor).to_string().len() <= text.len().max(54));
            }
        }
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        assert_eq!(ListCursorText::parse(""), Ok(ListCursor::Newest));
        assert_eq!(ParticipantCursorText::parse(""), Ok(None));
        for wrong in
            ["1", "o", "o1", "o1-", "x1-00000000000000000000000000000001", "é1-1", "o1-1", "o99999999999999999999-0"]
        {
            assert!(ListCursorText::parse(wrong).is_err() && ParticipantCursorText::parse(wrong).is_err(), "{wrong}");
        }
    }
}
