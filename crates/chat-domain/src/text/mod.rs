//! Rules for text of users: the accepted input ([`input`]), the content of rows and bus packets ([`stored`]), and the
//! compared keys ([`unicode`]).

mod address;
pub(crate) mod input;
pub(crate) mod stored;
pub(crate) mod unicode;

use thiserror::Error;

/// The fault of a value, as the end of a sentence that begins with the field's name: "content must not be empty".
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidValue {
    /// The text is empty after trimming.
    #[error("must not be empty")]
    Empty,
    /// The text is too short.
    #[error("must have at least {least} characters")]
    TooShort {
        /// The minimum length, in characters.
        least: usize,
    },
    /// The text is too long.
    #[error("must have at most {most} characters")]
    TooLong {
        /// The maximum length, in characters.
        most: usize,
    },
    /// The text is too long, and its length is limited in bytes.
    #[error("must have at most {most} bytes")]
    TooManyBytes {
        /// The maximum length, in bytes.
        most: usize,
    },
    /// The value is nested too deeply.
    #[error("must be nested at most {most} levels deep")]
    TooDeep {
        /// The maximum depth.
        most: usize,
    },
    /// The text contains NUL or other control characters, which databases and terminals reject.
    #[error("must not contain control characters")]
    ControlCharacter,
    /// The text contains only invisible characters: spaces, fillers, marks without a letter.
    #[error("must contain a visible character")]
    Invisible,
    /// The text contains characters that reorder the text around them (Unicode's `Bidi_Control`).
    #[error("must not contain characters that change the direction of text")]
    BidiControl,
    /// The password is too common.
    #[error("must not be one of the most common passwords")]
    CommonPassword,
    /// The text contains a character outside the allowed set.
    #[error("may only contain {allowed}")]
    Character {
        /// The allowed set, in words.
        allowed: &'static str,
    },
    /// The value does not have the expected form.
    #[error("must be {expected}")]
    Form {
        /// The form, in words.
        expected: &'static str,
    },
    /// The number is out of range.
    #[error("must be between {least} and {most}")]
    OutOfRange {
        /// The smallest allowed number.
        least: u64,
        /// The largest allowed number.
        most: u64,
    },
}

/// Declares a newtype over a `String`. `parse` applies the present rule to input; `from_stored` reads values that were
/// valid when they were stored.
macro_rules! text_values {
    ($($(#[$doc:meta])* $name:ident = $rule:ident(1..=$most:literal),)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// The maximum length, in characters after trimming.
            pub const MAX_CHARS: usize = $most;

            /// Validates input, and converts it to its stored form.
            pub fn parse(text: &str) -> Result<Self, $crate::InvalidValue> {
                $crate::text::input::$rule(text, Self::MAX_CHARS).map(Self)
            }

            /// Reads text from a row or from another node: accepts what any release has accepted, unchanged.
            pub fn from_stored(text: &str) -> Result<Self, $crate::InvalidValue> {
                $crate::text::stored::$rule(text, Self::MAX_CHARS).map(Self)
            }

            /// Returns the text, trimmed.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Returns the text without copying it.
            pub fn into_string(self) -> String {
                self.0
            }
        }
    )*};
}
pub(crate) use text_values;
