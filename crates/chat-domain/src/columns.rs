//! Columns of rows as values. Stores read them by the rules of every release so far, not by those for new input.

use crate::InvalidValue;
use thiserror::Error;

/// A column with a value that this release cannot read or store.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the column {column} has an invalid value")]
pub struct UnreadableColumn {
    /// The name of the column.
    pub column: &'static str,
    /// The fault of its value.
    #[source]
    pub fault: InvalidValue,
}

/// Reads a text column.
pub fn parsed<T>(
    column: &'static str,
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, InvalidValue>,
) -> Result<T, UnreadableColumn> {
    parse(text).map_err(|fault| UnreadableColumn { column, fault })
}

/// Like [`parsed`], for a nullable column.
pub fn parsed_option<T>(
    column: &'static str,
    text: Option<&str>,
    parse: impl FnOnce(&str) -> Result<T, InvalidValue>,
) -> Result<Option<T>, UnreadableColumn> {
    text.map(|text| parsed(column, text, parse)).transpose()
}
