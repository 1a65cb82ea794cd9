//! How the commands by which a session begins, and goes on, are read.

use super::Command;
use crate::realtime::fields::Fields;
use crate::realtime::{Dialect, Resume};
use chat_domain::InvalidValue;
use serde_json::Value;

pub(in crate::realtime) fn authenticate(fields: &mut Fields) -> Option<Command> {
    let token = fields.required("token", |text| Ok::<_, InvalidValue>(text.to_owned()));
    let dialect = fields.optional("dialect", |name| Dialect::parse(name).ok_or("must be colon or camel"));
    let resume = fields.take("resume").map(|value| positions(fields, value));
    let resume = match resume {
        None => None,
        Some(resume) => Some(resume?),
    };
    Some(Command::Authenticate { token: token?, dialect, resume })
}

pub(in crate::realtime) fn resume(fields: &mut Fields) -> Option<Command> {
    let Some(value) = fields.take("resume") else {
        fields.fault("resume", "is required");
        return None;
    };
    positions(fields, value).map(Command::Resume)
}

fn positions(fields: &mut Fields, value: Value) -> Option<Resume> {
    Resume::from_json(value).map_err(|problem| fields.fault("resume", problem)).ok()
}
