use crate::limits::RequestKind;
use chat_domain::ErrorCode;

/// The facts of an operation beside its handler. Every documented route has one: a test finds missing ones, and
/// compares `counts_as` with the limit that the middleware applies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operation {
    /// The `operation_id` of the handler.
    pub(crate) id: &'static str,
    /// Which rate limit a request counts towards.
    pub(crate) counts_as: RequestKind,
    /// The error codes of the operation, besides those that follow from its shape: a token, a body, parameters.
    pub(crate) failures: &'static [ErrorCode],
}

impl Operation {
    pub(crate) const fn new(id: &'static str, counts_as: RequestKind, failures: &'static [ErrorCode]) -> Self {
        Self { id, counts_as, failures }
    }
}
