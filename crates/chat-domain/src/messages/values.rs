use crate::text::text_values;

text_values! {
    /// What a message says.
    MessageBody = paragraph(1..=2000),
    /// An `http` or `https` address of a file or picture, or a path on the same host.
    AttachmentUrl = web_address(1..=2048),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::InvalidValue;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_body_is_what_was_written_less_the_blanks_around_it(text in "\\PC{1,50}") {
            match MessageBody::parse(&text) {
                Ok(body) => prop_assert_eq!(body.as_str(), text.trim()),
                Err(fault) => prop_assert_eq!((fault, text.trim()), (InvalidValue::Empty, "")),
            }
        }
    }

    #[test]
    fn a_body_has_at_most_two_thousand_characters_of_any_size() {
        assert!(MessageBody::parse(&"😀".repeat(2_000)).is_ok());
        assert_eq!(MessageBody::parse(&"x".repeat(2_001)), Err(InvalidValue::TooLong { most: 2_000 }));
        assert_eq!(MessageBody::parse(&"x".repeat(1_000_000)), Err(InvalidValue::TooLong { most: 2_000 }));
        assert_eq!(MessageBody::parse("a\0"), Err(InvalidValue::ControlCharacter));
        assert_eq!(MessageBody::parse("line\nline").map(MessageBody::into_string), Ok("line\nline".into()));
    }

    #[test]
    fn attachments_are_web_addresses() {
        assert!(AttachmentUrl::parse("https://example.com/file.pdf").is_ok());
        assert!(AttachmentUrl::parse("javascript:alert(1)").is_err());
    }
}
