//! Typing. Best effort; a user who stops renewing has stopped typing.

use crate::{BoxError, ConversationId, Timestamp, UserId};
use async_trait::async_trait;
use thiserror::Error;

/// Typing could not be stored.
#[derive(Debug, Error)]
#[error("typing is not available")]
pub struct TypingError(#[source] pub BoxError);

/// The users who are typing, by conversation, with an expiry.
#[async_trait]
pub trait TypingRegistry: Send + Sync {
    /// Starts or renews typing. `true` if the user was not typing there until now.
    async fn start(&self, conversation: ConversationId, user: UserId, until: Timestamp) -> Result<bool, TypingError>;

    /// Stops typing. `true` if the user was typing there.
    async fn stop(&self, conversation: ConversationId, user: UserId) -> Result<bool, TypingError>;

    /// Whether the user may be typing there, from memory: `false` only if [`Self::stop`] would return `false`.
    fn may_be_typing(&self, conversation: ConversationId, user: UserId) -> bool;

    /// Removes and returns the entries that have expired at `now`. Each is returned by one call only.
    async fn take_expired(&self, now: Timestamp) -> Result<Vec<(ConversationId, UserId)>, TypingError>;
}
