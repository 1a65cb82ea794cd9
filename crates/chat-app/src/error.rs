use chat_domain::auth::HashError;
use chat_domain::{ErrorCode, StoreError};

/// A failure with a stable code for programs. Its `Display` is a sentence for people; its `source` is for logs.
pub trait Coded: std::error::Error {
    /// The code that clients see.
    fn code(&self) -> ErrorCode;
}

pub(crate) const TRY_LATER: &str = "The service is not available right now, please try again";
pub(crate) const TOO_MANY_ATTEMPTS: &str = "There were too many failed attempts, please try again later";
pub(crate) const NAME_TAKEN: &str = "An active group has this name already";
const UPGRADE_PENDING: &str = "The server is being upgraded and cannot do this yet, please try again later";
const TOO_MANY_CALLS: &str = "Too many of your requests are under way, please wait for their answers";
const OUR_FAULT: &str = "Something went wrong on our side";

pub(crate) const fn store_code(fault: &StoreError) -> ErrorCode {
    match fault {
        StoreError::Unavailable(_) | StoreError::Overloaded => ErrorCode::Unavailable,
        StoreError::TooManyCalls => ErrorCode::RateLimited,
        StoreError::UpgradePending => ErrorCode::UpgradePending,
        StoreError::Failed(_) => ErrorCode::Internal,
    }
}

pub(crate) const fn store_sentence(fault: &StoreError) -> &'static str {
    match fault {
        StoreError::Unavailable(_) | StoreError::Overloaded => TRY_LATER,
        StoreError::TooManyCalls => TOO_MANY_CALLS,
        StoreError::UpgradePending => UPGRADE_PENDING,
        StoreError::Failed(_) => OUR_FAULT,
    }
}

pub(crate) const fn hash_code(fault: &HashError) -> ErrorCode {
    match fault {
        HashError::Overloaded => ErrorCode::Unavailable,
        HashError::Failed(_) => ErrorCode::Internal,
    }
}

pub(crate) const fn hash_sentence(fault: &HashError) -> &'static str {
    match fault {
        HashError::Overloaded => TRY_LATER,
        HashError::Failed(_) => OUR_FAULT,
    }
}
