/// A reader's position in the commits of a store: it covers everything that was committed when the cursor was made. It
/// follows commits, not clocks: a transaction that began long before and commits after the cursor was made is still to
/// come. Only the store that made a cursor can read it. It is valid for one process and is not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitCursor(String);

impl CommitCursor {
    /// Wraps a cursor in the store's own notation.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the store's own notation.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The result of a reading, and the cursor of the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed<T> {
    /// The items committed after the given cursor.
    pub items: Vec<T>,
    /// The cursor for the next reading.
    pub cursor: CommitCursor,
}
