use super::InvalidFrame;
use crate::{Fault, InvalidBody};
use chat_domain::{ErrorCode, InvalidValue};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::fmt::Display;
use std::str::FromStr;

/// The fields of a command's `data`, read one by one; what is wrong is gathered and told at once. Unknown fields are
/// ignored (contract §2).
pub(super) struct Fields {
    values: Map<String, Value>,
    faults: Vec<Fault>,
}

impl Fields {
    pub(super) fn of(data: Option<&RawValue>) -> Result<Self, InvalidFrame> {
        let values = match data {
            None => Map::new(),
            Some(raw) => serde_json::from_str(raw.get()).map_err(|_| InvalidFrame {
                code: ErrorCode::ValidationFailed,
                message: "data must be a JSON object".to_owned(),
                faults: vec![Fault { field: "data".to_owned(), message: "data must be a JSON object".to_owned() }],
            })?,
        };
        Ok(Self { values, faults: Vec::new() })
    }

    pub(super) fn take(&mut self, field: &str) -> Option<Value> {
        self.values.remove(field).filter(|value| !value.is_null())
    }

    pub(super) fn fault(&mut self, field: &str, problem: impl Display) {
        self.faults.push(Fault::new(field, problem));
    }

    /// A text that `parse` accepts, where the field is present.
    pub(super) fn optional<T, E: Display>(
        &mut self,
        field: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let Value::String(text) = self.take(field)? else {
            self.fault(field, "must be a string");
            return None;
        };
        parse(&text).map_err(|problem| self.fault(field, problem)).ok()
    }

    /// The same, where its absence is a fault.
    pub(super) fn required<T, E: Display>(
        &mut self,
        field: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        if self.values.get(field).is_none_or(Value::is_null) {
            self.fault(field, "is required");
            return None;
        }
        self.optional(field, parse)
    }

    pub(super) fn id<T: FromStr<Err: Display>>(&mut self, field: &str) -> Option<T> {
        self.required(field, str::parse)
    }

    /// A whole number that `parse` accepts, where the field is present.
    pub(super) fn number<T>(&mut self, field: &str, parse: impl FnOnce(u64) -> Result<T, InvalidValue>) -> Option<T> {
        let Some(number) = self.take(field)?.as_u64() else {
            self.fault(field, "must be a whole number");
            return None;
        };
        parse(number).map_err(|problem| self.fault(field, problem)).ok()
    }

    pub(super) fn has(&self, field: &str) -> bool {
        self.values.get(field).is_some_and(|value| !value.is_null())
    }

    pub(super) fn add(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// All that is left, as a body that REST has too; unknown fields are ignored.
    pub(super) fn whole<B: DeserializeOwned, T>(
        &mut self,
        parse: impl FnOnce(B) -> Result<T, InvalidBody>,
    ) -> Option<T> {
        let values = std::mem::take(&mut self.values);
        self.read_body(values, "", parse)
    }

    /// The object in this field, as a body that REST has too.
    pub(super) fn object<B: DeserializeOwned, T>(
        &mut self,
        field: &str,
        parse: impl FnOnce(B) -> Result<T, InvalidBody>,
    ) -> Option<T> {
        match self.take(field) {
            Some(Value::Object(values)) => self.read_body(values, field, parse),
            Some(_) => {
                self.fault(field, "must be a JSON object");
                None
            }
            None => {
                self.fault(field, "is required");
                None
            }
        }
    }

    fn read_body<B: DeserializeOwned, T>(
        &mut self,
        values: Map<String, Value>,
        within: &str,
        parse: impl FnOnce(B) -> Result<T, InvalidBody>,
    ) -> Option<T> {
        // The fields of bodies keep their own faults: an object is always read.
        let Ok(body) = serde_json::from_value(Value::Object(values)) else {
            self.fault(if within.is_empty() { "data" } else { within }, "cannot be read");
            return None;
        };
        let faults = match parse(body) {
            Ok(parsed) => return Some(parsed),
            Err(invalid) => invalid.faults,
        };
        self.faults.extend(faults.into_iter().map(|fault| fault.within(within)));
        None
    }

    /// What was read, unless something was wrong with it.
    pub(super) fn finish<T>(self, read: Option<T>) -> Result<T, InvalidFrame> {
        match read {
            Some(read) if self.faults.is_empty() => Ok(read),
            _ => {
                let message = match self.faults.first() {
                    Some(first) => first.message.clone(),
                    None => "data is incomplete".to_owned(),
                };
                Err(InvalidFrame { code: ErrorCode::ValidationFailed, message, faults: self.faults })
            }
        }
    }
}
