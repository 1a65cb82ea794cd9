use redis::{ErrorKind, RedisError, ServerErrorKind};
use thiserror::Error;

/// Why Redis did not answer.
#[derive(Debug, Error)]
pub(crate) enum RedisFault {
    /// It was known to be away; nothing was sent.
    #[error("redis is not reachable")]
    Away,
    /// It did not answer in time.
    #[error("redis did not answer in time")]
    Late,
    /// It answered with an error, or the connection failed.
    #[error("redis failed: {0}")]
    Failed(#[from] RedisError),
}

impl RedisFault {
    /// Whether the connection is of no more use: anything but a server that answers in health that it will not.
    pub(crate) fn breaks_connection(&self) -> bool {
        match self {
            Self::Away => false,
            Self::Late => true,
            Self::Failed(fault) => {
                fault.is_io_error()
                    || fault.is_unrecoverable_error()
                    || matches!(
                        fault.kind(),
                        ErrorKind::Server(
                            ServerErrorKind::BusyLoading | ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown
                        )
                    )
            }
        }
    }
}
