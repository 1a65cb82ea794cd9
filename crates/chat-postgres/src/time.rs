use chat_domain::Timestamp;

/// The value of a column: microseconds since the Unix epoch.
pub(crate) const fn micros(at: Timestamp) -> i64 {
    at.as_unix_micros()
}

/// Reads the value of a column.
pub(crate) const fn timestamp(micros: i64) -> Timestamp {
    Timestamp::from_unix_micros(micros)
}
