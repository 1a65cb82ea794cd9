use super::outcome::Outcome;
use super::role::Role;
use chat_protocol::realtime::Dialect;

/// A request or a command that names a user or an object of others.
#[derive(Debug)]
pub(super) struct Attack {
    /// The operation or command and the field that names it, joined by a dot.
    pub(super) field: &'static str,
    /// The role of the attacker.
    pub(super) by: Role,
    pub(super) how: How,
    /// The expected outcome. A success affects only the attacker's own data: the field is ignored, or shows nothing of
    /// others.
    pub(super) expected: Outcome,
}

#[derive(Debug)]
pub(super) enum How {
    /// Method and path, and the body, if any.
    Request(&'static str, &'static str),
    /// The dialect, and the command's data.
    Frame(Dialect, &'static str),
}

pub(super) const fn request(
    field: &'static str,
    by: Role,
    request: &'static str,
    body: &'static str,
    expected: Outcome,
) -> Attack {
    Attack { field, by, how: How::Request(request, body), expected }
}

pub(super) const fn in_colon(field: &'static str, by: Role, data: &'static str, expected: Outcome) -> Attack {
    Attack { field, by, how: How::Frame(Dialect::Colon, data), expected }
}

pub(super) const fn in_camel(field: &'static str, by: Role, data: &'static str, expected: Outcome) -> Attack {
    Attack { field, by, how: How::Frame(Dialect::Camel, data), expected }
}

impl Attack {
    /// The operation or command, without the field.
    pub(super) fn subject(&self) -> &'static str {
        self.field.split_once('.').expect("a subject and its field").0
    }
}
