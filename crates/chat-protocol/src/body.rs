//! Parses bytes as a body, strictly: rejects what is not JSON, unknown fields, and values that break a rule.

use crate::{BodyError, Fault, InvalidBody};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;

/// A request body of the REST API.
pub trait Body: DeserializeOwned {
    /// Fields that the server decides itself and that some clients send nevertheless. They are accepted and ignored.
    const IGNORED: &'static [&'static str] = &[];
}

/// Reads a body and parses it with `parse`. Unknown fields are faults too. All faults are reported at once.
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

/// As [`parse_body`] for the data of a frame, whose unknown fields are ignored.
pub(crate) fn parse_data<T: DeserializeOwned, U>(
    json: &str,
    parse: impl FnOnce(T) -> Result<U, InvalidBody>,
) -> Result<U, BodyError> {
    must_be_object(json.as_bytes())?;
    let data = serde_json::from_str(json).map_err(|error| fault_of(&error))?;
    Ok(parse(data)?)
}

/// serde would read an array as fields in their order, and report empty input as "expected value at line 1 column 1".
pub(crate) fn must_be_object(json: &[u8]) -> Result<(), BodyError> {
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

/// Maximum length of a field name that is repeated to the client, in characters.
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
        // The parser's message for a syntax error contains positions and expectations, but no sent text.
        Category::Io | Category::Syntax | Category::Eof => BodyError::Malformed(error.to_string()),
    }
}

/// The problem of the body as a whole: it is not an object, or has a field twice. Fields keep their own faults.
fn data_problem(error: &serde_json::Error) -> String {
    let said = error.to_string();
    match said.strip_prefix("duplicate field `").and_then(|rest| rest.split_once('`')) {
        Some((field, _)) => format!("must not have the field {field} twice"),
        None => "must be a JSON object".to_owned(),
    }
}

/// Checks all rules of a body and reports all faults at once.
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
