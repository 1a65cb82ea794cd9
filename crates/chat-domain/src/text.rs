use thiserror::Error;

/// What is wrong with a value, as the end of a sentence that begins with the field's name: "content must not be empty".
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidValue {
    /// Nothing is left after trimming.
    #[error("must not be empty")]
    Empty,
    /// Fewer characters than the least.
    #[error("must have at least {least} characters")]
    TooShort {
        /// The least number of characters.
        least: usize,
    },
    /// More characters than the most.
    #[error("must have at most {most} characters")]
    TooLong {
        /// The greatest number of characters.
        most: usize,
    },
    /// NUL and other control characters, which databases and terminals refuse.
    #[error("must not contain control characters")]
    ControlCharacter,
    /// Blanks and invisible characters alone.
    #[error("must not consist of blanks alone")]
    Blank,
    /// A password that too many people use.
    #[error("must not be one of the most common passwords")]
    CommonPassword,
    /// A character outside of the allowed set.
    #[error("may only contain {allowed}")]
    Character {
        /// The allowed set, in words.
        allowed: &'static str,
    },
    /// Not of the expected form.
    #[error("must be {expected}")]
    Form {
        /// The form, in words.
        expected: &'static str,
    },
    /// A number outside of its bounds.
    #[error("must be between {least} and {most}")]
    OutOfRange {
        /// The least allowed number.
        least: u64,
        /// The greatest allowed number.
        most: u64,
    },
}

fn is_refused(character: char, multi_line: bool) -> bool {
    character.is_control() && !(multi_line && matches!(character, '\n' | '\r' | '\t'))
}

fn checked(text: &str, most: usize, multi_line: bool) -> Result<String, InvalidValue> {
    let text = text.trim();
    if text.is_empty() {
        return Err(InvalidValue::Empty);
    }
    // Bytes first: a megabyte is refused without being walked through.
    if text.len() > most * 4 || text.chars().count() > most {
        return Err(InvalidValue::TooLong { most });
    }
    if text.chars().any(|character| is_refused(character, multi_line)) {
        return Err(InvalidValue::ControlCharacter);
    }
    Ok(text.to_owned())
}

/// Trimmed text of 1 to `most` characters on one line.
pub(crate) fn line(text: &str, most: usize) -> Result<String, InvalidValue> {
    checked(text, most, false)
}

/// Trimmed text of 1 to `most` characters; line breaks and tabs are welcome.
pub(crate) fn paragraph(text: &str, most: usize) -> Result<String, InvalidValue> {
    checked(text, most, true)
}

/// An `http(s)://` address or an absolute path, without blanks.
pub(crate) fn web_address(text: &str, most: usize) -> Result<String, InvalidValue> {
    let text = line(text, most)?;
    let starts_with = |scheme: &str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let is_path = text.starts_with('/') && !text.starts_with("//");
    if (starts_with("https://") || starts_with("http://") || is_path) && !text.chars().any(char::is_whitespace) {
        Ok(text)
    } else {
        Err(InvalidValue::Form { expected: "an http or https URL" })
    }
}

/// 1 to `most` characters of visible ASCII, not trimmed.
pub(crate) fn visible_ascii(text: &str, most: usize) -> Result<String, InvalidValue> {
    if text.is_empty() {
        return Err(InvalidValue::Empty);
    }
    if text.len() > most {
        return Err(InvalidValue::TooLong { most });
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(InvalidValue::Character { allowed: "visible ASCII characters" });
    }
    Ok(text.to_owned())
}

/// Declares a newtype over a `String` whose `parse` is the only way in.
macro_rules! text_values {
    ($($(#[$doc:meta])* $name:ident = $rule:ident(1..=$most:literal),)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// The greatest length, in characters after trimming.
            pub const MAX_CHARS: usize = $most;

            /// Trims, then checks the length and refuses control characters.
            pub fn parse(text: &str) -> Result<Self, $crate::InvalidValue> {
                $crate::text::$rule(text, Self::MAX_CHARS).map(Self)
            }

            /// The text, trimmed.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text itself, without a copy.
            pub fn into_string(self) -> String {
                self.0
            }
        }
    )*};
}
pub(crate) use text_values;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_a_line_accepts_it_accepts_again_unchanged(text in "\\PC{0,40}|.{0,40}") {
            if let Ok(accepted) = line(&text, 20) {
                prop_assert_eq!(line(&accepted, 20), Ok(accepted.clone()));
                prop_assert!((1..=20).contains(&accepted.chars().count()));
                prop_assert!(!accepted.chars().any(char::is_control));
            }
        }

        #[test]
        fn a_paragraph_accepts_all_that_a_line_does(text in ".{0,40}") {
            if let Ok(accepted) = line(&text, 20) {
                prop_assert_eq!(paragraph(&text, 20), Ok(accepted));
            }
        }
    }

    #[test]
    fn each_fault_is_named() {
        assert_eq!(line(" \t ", 5), Err(InvalidValue::Empty));
        assert_eq!(line("sixsix", 5), Err(InvalidValue::TooLong { most: 5 }));
        assert_eq!(line("a\0b", 5), Err(InvalidValue::ControlCharacter));
        assert_eq!(line("a\nb", 5), Err(InvalidValue::ControlCharacter));
        assert_eq!(paragraph("a\nb", 5), Ok("a\nb".into()));
        assert_eq!(paragraph("a\0b", 5), Err(InvalidValue::ControlCharacter));
        assert_eq!(line("ééééé", 5), Ok("ééééé".into()));
    }
}
