use super::outcome::Outcome;
use super::role::Role;
use chat_protocol::realtime::Dialect;

/// Somebody names somebody or something that is not theirs.
#[derive(Debug)]
pub(super) struct Attack {
    /// The operation or command and the field by which it is named, with a dot between.
    pub(super) field: &'static str,
    /// Who tries.
    pub(super) by: Role,
    pub(super) how: How,
    /// What comes of it. A success is one's own: the field was not looked at, or shows nothing of others.
    pub(super) expected: Outcome,
}

#[derive(Debug)]
pub(super) enum How {
    /// Method and path, and a body, if any.
    Request(&'static str, &'static str),
    /// A dialect, and the data of the command.
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

pub(super) const fn colon(field: &'static str, by: Role, data: &'static str, expected: Outcome) -> Attack {
    Attack { field, by, how: How::Frame(Dialect::Colon, data), expected }
}

pub(super) const fn camel(field: &'static str, by: Role, data: &'static str, expected: Outcome) -> Attack {
    Attack { field, by, how: How::Frame(Dialect::Camel, data), expected }
}

impl Attack {
    /// The operation or command alone.
    pub(super) fn subject(&self) -> &'static str {
        self.field.split_once('.').expect("a subject and its field").0
    }
}
