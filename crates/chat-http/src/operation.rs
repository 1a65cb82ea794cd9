use crate::limits::RequestKind;
use chat_domain::ErrorCode;

/// What is said of an operation beside its handler. Every route that the document describes has one; a test finds
/// missing ones, and compares the kind with what the limiter counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operation {
    /// The `operation_id` of the handler.
    pub(crate) id: &'static str,
    /// Which rate limit a request counts towards.
    pub(crate) counts_as: RequestKind,
    /// What it refuses, besides what follows from its shape: a token, a body, parameters.
    pub(crate) failures: &'static [ErrorCode],
}

impl Operation {
    pub(crate) const fn new(id: &'static str, counts_as: RequestKind, failures: &'static [ErrorCode]) -> Self {
        Self { id, counts_as, failures }
    }
}
