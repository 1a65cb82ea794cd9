use std::fmt;
use thiserror::Error;

/// Maximum number of faults that are listed for one body: a client that sends a thousand wrong ids learns enough from
/// the first ones.
pub const MAX_FAULTS: usize = 50;

/// The name of the body as a whole in sentences.
const THE_BODY: &str = "the body";

/// A problem with one field of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The field's name in the JSON, such as `clientMessageId` or `participantIds[2]`; empty for the body as a whole.
    pub field: String,
    /// A sentence for people that begins with the field's name.
    pub message: String,
}

impl Fault {
    /// Creates a fault. `problem` is the end of a sentence: "must not be empty".
    pub fn new(field: impl Into<String>, problem: impl fmt::Display) -> Self {
        let field = field.into();
        let message = if field.is_empty() { format!("{THE_BODY} {problem}") } else { format!("{field} {problem}") };
        Self { field, message }
    }
}

impl Fault {
    /// Returns the same fault for a field inside the field `outer`; an empty `outer` changes nothing.
    #[must_use]
    pub(crate) fn within(self, outer: &str) -> Self {
        if outer.is_empty() {
            return self;
        }
        if self.field.is_empty() {
            return self.of_whole(outer);
        }
        let Self { field, message } = self;
        let problem = message.strip_prefix(field.as_str()).unwrap_or(&message).trim_start();
        Self { message: format!("{outer}.{field} {problem}"), field: format!("{outer}.{field}") }
    }

    /// Returns the same fault with `name` as the name of the body as a whole.
    #[must_use]
    pub(crate) fn of_whole(self, name: &str) -> Self {
        if !self.field.is_empty() {
            return self;
        }
        Self::new(name, self.message.strip_prefix(THE_BODY).unwrap_or(&self.message).trim_start())
    }
}

/// All faults of a body that is JSON but is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}", join(.faults))]
pub struct InvalidBody {
    /// The faults: at least one, at most [`MAX_FAULTS`].
    pub faults: Vec<Fault>,
}

impl InvalidBody {
    /// Creates it with a single fault.
    pub fn of(field: impl Into<String>, problem: impl fmt::Display) -> Self {
        Self { faults: vec![Fault::new(field, problem)] }
    }

    /// Creates it from faults. Returns `None` if there are none.
    pub fn from_faults(mut faults: Vec<Fault>) -> Option<Self> {
        faults.truncate(MAX_FAULTS);
        (!faults.is_empty()).then_some(Self { faults })
    }
}

/// Why a body was rejected.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BodyError {
    /// Not JSON, not UTF-8, or nested too deeply (`MALFORMED_JSON`).
    #[error("the body is not valid JSON: {0}")]
    Malformed(String),
    /// JSON that breaks rules (`VALIDATION_FAILED`).
    #[error(transparent)]
    Invalid(#[from] InvalidBody),
}

fn join(faults: &[Fault]) -> String {
    faults.iter().map(|fault| fault.message.as_str()).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_a_sentence_that_begins_with_the_field() {
        let fault = Fault::new("content", "must not be empty");
        assert_eq!((fault.field.as_str(), fault.message.as_str()), ("content", "content must not be empty"));
        assert_eq!(Fault::new("", "must be an object").message, "the body must be an object");
    }

    #[test]
    fn a_fault_in_an_inner_object_names_both() {
        let fault = Fault::new("message", "must not be empty").within("messageData");
        assert_eq!(
            (fault.field.as_str(), fault.message.as_str()),
            ("messageData.message", "messageData.message must not be empty")
        );
        assert_eq!(Fault::new("a", "is wrong").within(""), Fault::new("a", "is wrong"));
        assert_eq!(Fault::new("", "must be an object").within("b"), Fault::new("b", "must be an object"));
    }

    #[test]
    fn faults_are_bounded_and_none_is_no_error() {
        assert_eq!(InvalidBody::from_faults(vec![]), None);
        let many = vec![Fault::new("a", "is wrong"); MAX_FAULTS + 1];
        assert_eq!(InvalidBody::from_faults(many).map(|body| body.faults.len()), Some(MAX_FAULTS));
        let two = InvalidBody { faults: vec![Fault::new("a", "is wrong"), Fault::new("b", "is required")] };
        assert_eq!(two.to_string(), "a is wrong; b is required");
    }
}
