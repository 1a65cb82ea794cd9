//! Who is here, who learns of it, and who may ask.

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

/// Who is here. Cheap to clone.
#[derive(Clone)]
pub struct Presence(pub(crate) Arc<Core>);

/// Why a status was not chosen, or not told.
#[derive(Debug, Error)]
pub enum PresenceError {
    /// No such user.
    #[error("There is no such user")]
    UserNotFound,
    /// Nobody's status can be written at the moment.
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
