/// How far a reader has followed what a store commits: everything that was committed when the cursor was made. It
/// follows commits, not clocks: a transaction that began long before and commits after the cursor was made is still
/// to come. Only the store that made it reads it. It holds for one process; it is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitCursor(String);

impl CommitCursor {
    /// A cursor in the store's own notation.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The store's own notation.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a reading found, and where the next one continues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed<T> {
    /// What was committed after the cursor that was given.
    pub items: Vec<T>,
    /// For the next reading.
    pub cursor: CommitCursor,
}
