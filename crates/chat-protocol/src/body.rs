//! From bytes to a body, strictly: what is not JSON, what a body does not know, and what breaks a rule.

use crate::{BodyError, Fault, InvalidBody};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;

/// A request body of the REST API.
pub trait Body: DeserializeOwned {
    /// Fields that this server decides itself and that some clients send all the same: accepted, and ignored.
    const IGNORED: &'static [&'static str] = &[];
}

/// Reads a body and turns it into what `parse` makes of it. Unknown fields are faults too; everything that is wrong is
/// reported at once.
pub fn parse_body<T: Body, U>(json: &[u8], parse: impl FnOnce(T) -> Result<U, InvalidBody>) -> Result<U, BodyError> {
    must_be_object(json)?;
    let mut unknown = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let body: T = serde_ignored::deserialize(&mut deserializer, |path| {
        let field = path.to_string();
        if !T::IGNORED.contains(&field.as_str()) && unknown.len() < crate::MAX_FAULTS {
            unknown.push(Fault::new(shortened(field), "is not a known field"));
        }
    })
    .map_err(|error| fault_of(&error))?;
    deserializer.end().map_err(|error| fault_of(&error))?;
    match (parse(body), InvalidBody::from_faults(unknown)) {
        (Ok(parsed), None) => Ok(parsed),
        (Ok(_), Some(unknown)) => Err(unknown.into()),
        (Err(invalid), None) => Err(invalid.into()),
        (Err(mut invalid), Some(unknown)) => {
            invalid.faults.extend(unknown.faults);
            invalid.faults.truncate(crate::MAX_FAULTS);
            Err(invalid.into())
        }
    }
}

/// The same of what a frame carries: its unknown fields are ignored.
pub(crate) fn parse_data<T: DeserializeOwned, U>(
    json: &str,
    parse: impl FnOnce(T) -> Result<U, InvalidBody>,
) -> Result<U, BodyError> {
    must_be_object(json.as_bytes())?;
    let data = serde_json::from_str(json).map_err(|error| fault_of(&error))?;
    Ok(parse(data)?)
}

/// serde would read an array as the fields in their order, and call nothing at all "expected value at line 1 column 1".
fn must_be_object(json: &[u8]) -> Result<(), BodyError> {
    match json.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => Ok(()),
        Some(_) => {
            let well_formed: Result<IgnoredAny, _> = serde_json::from_slice(json);
            well_formed.map_err(|error| BodyError::Malformed(error.to_string()))?;
            Err(InvalidBody::of("", "must be a JSON object").into())
        }
        None => Err(BodyError::Malformed("it is empty".to_owned())),
    }
}

/// The longest name of a field that is repeated to whoever sent it, in characters.
const MAX_NAME_CHARS: usize = 64;

fn shortened(name: String) -> String {
    match name.char_indices().nth(MAX_NAME_CHARS) {
        Some((end, _)) => format!("{}...", &name[..end]),
        None => name,
    }
}

fn fault_of(error: &serde_json::Error) -> BodyError {
    match error.classify() {
        Category::Data => InvalidBody::of("", data_problem(error)).into(),
        // What the parser says of syntax names places and expectations, never what was sent.
        Category::Io | Category::Syntax | Category::Eof => BodyError::Malformed(error.to_string()),
    }
}

/// Fields keep their own faults, so only the body as a whole is left: not an object, or a field twice.
fn data_problem(error: &serde_json::Error) -> String {
    let said = error.to_string();
    match said.strip_prefix("duplicate field `").and_then(|rest| rest.split_once('`')) {
        Some((field, _)) => format!("must not have the field {field} twice"),
        None => "must be a JSON object".to_owned(),
    }
}

/// Checks every rule of a body at once.
pub(crate) fn check<T>(body: &T, context: &T::Context) -> Result<(), InvalidBody>
where
    T: garde::Validate,
{
    match body.validate_with(context) {
        Ok(()) => Ok(()),
        Err(report) => {
            let faults = report.iter().map(|(path, error)| Fault::new(camel_case(&path.to_string()), error)).collect();
            InvalidBody::from_faults(faults).map_or(Ok(()), Err)
        }
    }
}

fn camel_case(name: &str) -> String {
    let mut made = String::with_capacity(name.len());
    let mut upper = false;
    for character in name.chars() {
        match character {
            '_' => upper = true,
            _ if upper => {
                made.extend(character.to_uppercase());
                upper = false;
            }
            _ => made.push(character),
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rust_names_become_json_names() {
        assert_eq!(camel_case("client_message_id"), "clientMessageId");
        assert_eq!(camel_case("name"), "name");
    }

    #[test]
    fn long_names_of_unknown_fields_are_cut() {
        assert_eq!(shortened("é".repeat(65)), format!("{}...", "é".repeat(64)));
        assert_eq!(shortened("short".into()), "short");
    }
}
