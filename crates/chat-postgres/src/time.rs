use chat_domain::Timestamp;

/// As a column keeps it.
pub(crate) const fn micros(at: Timestamp) -> i64 {
    at.as_unix_micros()
}

/// From a column.
pub(crate) const fn timestamp(micros: i64) -> Timestamp {
    Timestamp::from_unix_micros(micros)
}
