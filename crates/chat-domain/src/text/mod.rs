//! Rules for text that users give: what is accepted ([`input`]), what rows and bus packets may hold ([`stored`]), and
//! what is compared ([`unicode`]).

mod address;
pub(crate) mod input;
pub(crate) mod stored;
pub(crate) mod unicode;

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
    /// Nothing but characters that no screen shows: spaces of width zero, fillers, marks without a letter.
    #[error("must contain a visible character")]
    Invisible,
    /// Characters that reorder the text around them (Unicode's `Bidi_Control`).
    #[error("must not contain characters that change the direction of text")]
    BidiControl,
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

/// Declares a newtype over a `String`. `parse` holds input to the present rule, `from_stored` reads what was valid when
/// it was stored.
macro_rules! text_values {
    ($($(#[$doc:meta])* $name:ident = $rule:ident(1..=$most:literal),)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// The greatest length, in characters after trimming.
            pub const MAX_CHARS: usize = $most;

            /// Checks text that a user gives, and brings it into the form in which it is stored.
            pub fn parse(text: &str) -> Result<Self, $crate::InvalidValue> {
                $crate::text::input::$rule(text, Self::MAX_CHARS).map(Self)
            }

            /// Reads text from a row or from another node: whatever some release has accepted, unchanged.
            pub fn from_stored(text: &str) -> Result<Self, $crate::InvalidValue> {
                $crate::text::stored::$rule(text, Self::MAX_CHARS).map(Self)
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
