use redis::{ErrorKind, RedisError, ServerErrorKind};
use thiserror::Error;

/// Why Redis gave no answer.
#[derive(Debug, Error)]
pub(crate) enum RedisFault {
    /// The link was down; nothing was sent.
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
    /// Whether the connection is unusable: after every fault except an error answer of a healthy server.
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
