//! Presence: who is online, and who may see it.

mod announce;
mod connections;
mod status;
mod visibility;

use crate::core::Core;
use crate::error::{Coded, TRY_LATER, store_code, store_sentence};
use chat_domain::presence::PresenceError as RegistryError;
use chat_domain::{ErrorCode, StoreError};
use std::sync::Arc;
use thiserror::Error;

/// Presence. Cheap to clone.
#[derive(Clone)]
pub struct Presence(pub(crate) Arc<Core>);

/// Why a status was not set or read.
#[derive(Debug, Error)]
pub enum PresenceError {
    /// The user does not exist.
    #[error("There is no such user")]
    UserNotFound,
    /// Presence is unavailable now.
    #[error("{TRY_LATER}")]
    Registry(#[from] RegistryError),
    /// See [`StoreError`].
    #[error("{}", store_sentence(.0))]
    Store(#[from] StoreError),
}

impl Coded for PresenceError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::UserNotFound => ErrorCode::UserNotFound,
            Self::Registry(_) => ErrorCode::Unavailable,
            Self::Store(fault) => store_code(fault),
        }
    }
}
