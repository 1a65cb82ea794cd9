use thiserror::Error;

/// Whatever an adapter's library reports; for logs, never for clients.
pub type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;

/// What every port may answer besides its own refusals. Opaque on purpose: a
/// use case can only pass it on.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The server behind the port cannot be reached, or is still starting. The
    /// same call may succeed later.
    #[error("the store is not reachable")]
    Unavailable(#[source] BoxError),
    /// Too much is waiting already; nothing was done. The same call may succeed
    /// later.
    #[error("the store is overloaded")]
    Overloaded,
    /// The user has too many calls running and waiting already; nothing was
    /// done. The same call may succeed once some of them have ended.
    #[error("the user has too many calls under way")]
    TooManyCalls,
    /// The adapter failed in a way that a retry will not mend.
    #[error("the store failed")]
    Failed(#[source] BoxError),
}
