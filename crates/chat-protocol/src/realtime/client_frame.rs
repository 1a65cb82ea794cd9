use crate::body::must_be_object;
use crate::{BodyError, Failure, Fault};
use chat_domain::ErrorCode;
use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;

/// Maximum length of the `id` of a frame, in characters.
pub const MAX_FRAME_ID_CHARS: usize = 64;

/// The field of a frame with the data of its command.
const DATA: &str = "data";

/// A message from a client: `{"event": ..., "data"?: ..., "id"?: ...}`. Other fields are ignored.
#[derive(Debug)]
pub struct ClientFrame<'text> {
    /// The command's name.
    pub event: String,
    /// The data of the command, not parsed yet.
    pub data: Option<&'text RawValue>,
    /// If present, the client expects an answer with this id.
    pub id: Option<String>,
}

/// A frame or a command that is invalid.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct InvalidFrame {
    /// `PROTOCOL_ERROR`, `UNKNOWN_EVENT` or `VALIDATION_FAILED`.
    pub code: ErrorCode,
    /// A sentence for people.
    pub message: String,
    /// The invalid fields.
    pub faults: Vec<Fault>,
}

impl From<InvalidFrame> for Failure {
    fn from(invalid: InvalidFrame) -> Self {
        Self { code: invalid.code, messages: vec![invalid.message], details: invalid.faults, retry_after: None }
    }
}

impl From<BodyError> for InvalidFrame {
    /// The fault of the command's `data`, which is the body here. The message is the sentence of the first fault.
    fn from(error: BodyError) -> Self {
        let faults: Vec<_> = match error {
            BodyError::Malformed(problem) => vec![Fault::new(DATA, format!("is not valid JSON: {problem}"))],
            BodyError::Invalid(body) => body.faults.into_iter().map(|fault| fault.of_whole(DATA)).collect(),
        };
        let message = faults.first().map(|fault| fault.message.clone()).unwrap_or_default();
        Self { code: ErrorCode::ValidationFailed, message, faults }
    }
}

impl InvalidFrame {
    pub(super) fn protocol(message: &str) -> Self {
        Self { code: ErrorCode::ProtocolError, message: message.to_owned(), faults: Vec::new() }
    }
}

#[derive(Deserialize)]
struct Raw<'text> {
    #[serde(borrow)]
    event: Option<&'text RawValue>,
    #[serde(borrow)]
    data: Option<&'text RawValue>,
    #[serde(borrow)]
    id: Option<&'text RawValue>,
}

fn as_text(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}

/// The reason why a frame was rejected, and the id under which its sender may expect an answer.
pub type Rejected = (Option<String>, InvalidFrame);

impl<'text> ClientFrame<'text> {
    /// Parses the frame of a command.
    pub fn parse(text: &'text str) -> Result<Self, Rejected> {
        let raw = must_be_object(text.as_bytes()).ok().and_then(|()| serde_json::from_str(text).ok());
        let raw: Raw<'text> = raw.ok_or_else(|| {
            (None, InvalidFrame::protocol("a frame must be a JSON object with the fields event, data and id"))
        })?;
        let id = match raw.id.map(as_text) {
            None => None,
            Some(Some(id)) if id.chars().count() <= MAX_FRAME_ID_CHARS => Some(id),
            Some(_) => {
                return Err((None, InvalidFrame::protocol("id must be a string of at most 64 characters")));
            }
        };
        match raw.event.and_then(as_text) {
            Some(event) => Ok(Self { event, data: raw.data, id }),
            None => Err((id, InvalidFrame::protocol("event must be a string"))),
        }
    }

    /// Creates the frame from an event of Socket.IO: its first argument is the data, and its acknowledgement number is
    /// the id.
    pub fn of_event(event: &str, argument: Option<&'text RawValue>, id: Option<u64>) -> Self {
        let data = argument.filter(|argument| argument.get() != "null");
        Self { event: event.to_owned(), data, id: id.map(|id| id.to_string()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_array_is_no_frame() {
        let (id, fault) = ClientFrame::parse(r#"["message:send", {"content": "x"}, "1"]"#).expect_err("no frame");
        assert_eq!((id, fault.code), (None, ErrorCode::ProtocolError));
        assert!(ClientFrame::parse(" {\"event\": \"x\"}").is_ok());
    }

    proptest! {
        #[test]
        fn no_text_however_strange_panics(text in ".{0,200}") {
            let _ = ClientFrame::parse(&text);
        }

        #[test]
        fn an_id_comes_back_as_it_was_sent(id in "\\PC{0,64}") {
            let text = serde_json::json!({"event": "x", "id": id}).to_string();
            prop_assert_eq!(ClientFrame::parse(&text).expect("a frame").id, Some(id));
        }
    }

    fn code_of(text: &str) -> Option<ErrorCode> {
        ClientFrame::parse(text).err().map(|(_, fault)| fault.code)
    }

    #[test]
    fn a_frame_has_an_event_and_may_have_data_an_id_and_more() {
        let frame = ClientFrame::parse(r#"{"id":"c1","event":"a","data":{"b":1},"else":[[]]}"#).expect("a frame");
        assert_eq!((frame.event.as_str(), frame.id.as_deref()), ("a", Some("c1")));
        assert_eq!(frame.data.map(RawValue::get), Some(r#"{"b":1}"#));
        let bare = ClientFrame::parse(r#"{"event":"a","data":null,"id":null}"#).expect("a frame");
        assert!(bare.data.is_none() && bare.id.is_none());
    }

    #[test]
    fn an_event_of_socket_io_is_a_frame_too() {
        let argument: Box<RawValue> = serde_json::from_str(r#"{"b":1}"#).expect("JSON");
        let frame = ClientFrame::of_event("a", Some(&argument), Some(0));
        assert_eq!((frame.event.as_str(), frame.id.as_deref()), ("a", Some("0")));
        assert_eq!(frame.data.map(RawValue::get), Some(r#"{"b":1}"#));
        let null: Box<RawValue> = serde_json::from_str("null").expect("JSON");
        assert!(ClientFrame::of_event("a", Some(&null), None).data.is_none());
    }

    #[test]
    fn what_is_no_frame_is_a_protocol_error() {
        let long = format!(r#"{{"event":"a","id":"{}"}}"#, "x".repeat(65));
        let deep = format!(r#"{{"event":"a","data":{}"#, "[".repeat(100_000));
        for text in ["", "[]", "7", "{", r#"{"event":7}"#, "{}", r#"{"event":"a","id":7}"#, &long, &deep] {
            assert_eq!(code_of(text), Some(ErrorCode::ProtocolError), "{}", &text[..text.len().min(40)]);
        }
        let (id, _) = ClientFrame::parse(r#"{"id":"c9"}"#).expect_err("no event");
        assert_eq!(id.as_deref(), Some("c9"), "the answer needs the id of the frame");
    }
}
