use crate::InvalidValue;
use crate::text::text_values;

text_values! {
    /// The text of a message, stored as sent. Stored text may be empty.
    MessageBody = message(1..=65536),
    /// The address of a file or picture: `http` or `https`, or a path on the same host.
    AttachmentUrl = web_address(1..=2048),
}

/// The maximum length of the texts of messages that users write, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MessageLimit(u32);

impl MessageLimit {
    /// The default, which is also the longest text that releases without [`Feature::LONG_MESSAGES`] can read.
    ///
    /// [`Feature::LONG_MESSAGES`]: crate::changes::Feature::LONG_MESSAGES
    pub const DEFAULT: Self = Self(2_000);

    /// The greatest limit: no release accepts more.
    pub const GREATEST: Self = Self(65_536);

    /// Checks that the number is between 1 and [`Self::GREATEST`].
    pub fn parse(number: u32) -> Result<Self, InvalidValue> {
        match number {
            1..=65_536 => Ok(Self(number)),
            _ => Err(InvalidValue::OutOfRange { least: 1, most: Self::GREATEST.0.into() }),
        }
    }

    /// The number of characters.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The maximum size of such a text as JSON, in bytes: no character needs more than four.
    pub const fn max_bytes(self) -> usize {
        self.0 as usize * 4
    }

    /// Whether the text is short enough.
    pub fn admits(self, body: &MessageBody) -> bool {
        let most = self.0 as usize;
        body.0.len() <= most || body.0.chars().nth(most).is_none()
    }
}

impl MessageBody {
    /// The text of a deleted message, and of a forward before its content is copied.
    pub const fn empty() -> Self {
        Self(String::new())
    }

    /// The beginning of the text, of at most this many characters.
    #[must_use]
    pub fn first(&self, most: usize) -> Self {
        Self(self.0.chars().take(most).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_body_is_what_was_written_less_the_blanks_around_it(text in "\\PC{1,50}") {
            match MessageBody::parse(&text) {
                Ok(body) => prop_assert_eq!(body.as_str(), text.trim()),
                Err(InvalidValue::Empty) => prop_assert_eq!(text.trim(), ""),
                Err(fault) => {
                    prop_assert_eq!(fault, InvalidValue::Invisible);
                    prop_assert!(!text.contains(|c: char| c.is_ascii_graphic()));
                }
            }
        }
    }

    #[test]
    fn a_body_has_a_greatest_length_in_characters_of_any_size() {
        assert!(MessageBody::parse(&"😀".repeat(65_536)).is_ok());
        assert_eq!(MessageBody::parse(&"x".repeat(65_537)), Err(InvalidValue::TooLong { most: 65_536 }));
        assert_eq!(MessageBody::parse(&"x".repeat(1_000_000)), Err(InvalidValue::TooLong { most: 65_536 }));
        let admits = |text: &str, length| MessageLimit::DEFAULT.admits(&MessageBody(text.repeat(length)));
        assert!(admits("😀", 2_000) && admits("x", 2_000));
        assert!(!admits("😀", 2_001) && !admits("x", 2_001));
        for refused in [0, 65_537, u32::MAX] {
            assert!(MessageLimit::parse(refused).is_err());
        }
        assert_eq!(MessageBody::parse("a\0"), Err(InvalidValue::ControlCharacter));
        assert_eq!(MessageBody::parse("line\nline").map(MessageBody::into_string), Ok("line\nline".into()));
    }

    #[test]
    fn a_body_of_nothing_is_refused_and_read_where_it_was_stored() {
        assert_eq!(MessageBody::parse("\u{200b}"), Err(InvalidValue::Invisible));
        assert_eq!(MessageBody::from_stored("\u{200b}").map(MessageBody::into_string), Ok("\u{200b}".into()));
        assert_eq!(
            MessageBody::parse("e\u{301}").map(MessageBody::into_string),
            Ok("e\u{301}".into()),
            "as it was sent"
        );
        assert!(MessageBody::parse("👨\u{200d}👩\u{200d}👧 می\u{200c}خواهم \u{2067}שלום\u{2069}").is_ok());
    }

    #[test]
    fn attachments_are_web_addresses() {
        assert!(AttachmentUrl::parse("https://example.com/file.pdf").is_ok());
        for bad in ["javascript:alert(1)", "https://", "https:///x", "https://a@b.co/", "https://b.co/\u{202e}"] {
            assert!(AttachmentUrl::parse(bad).is_err(), "{bad}");
        }
        assert!(AttachmentUrl::from_stored("https:///x").is_ok());
    }
}
