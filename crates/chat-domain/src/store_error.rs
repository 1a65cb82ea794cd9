use thiserror::Error;

/// The error of an adapter's library, for logs, never for clients.
pub type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;

/// The errors that every port may return besides its own. Opaque on purpose: a use case can only pass it on.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The server behind the port cannot be reached, or is still starting. The
    /// same call may succeed later.
    #[error("the store is not reachable")]
    Unavailable(#[source] BoxError),
    /// Too many calls are waiting; nothing was done. The same call may succeed later.
    #[error("the store is overloaded")]
    Overloaded,
    /// The user has too many calls running and waiting already; nothing was
    /// done. The same call may succeed once some of them have ended.
    #[error("the user has too many calls under way")]
    TooManyCalls,
    /// The call writes a feature, such as a kind of change, that some live node does not know yet; nothing was done.
    /// The same call succeeds once every node has been upgraded.
    #[error("not every node knows this feature yet")]
    UpgradePending,
    /// The adapter failed in a way that a retry does not fix.
    #[error("the store failed")]
    Failed(#[source] BoxError),
}
