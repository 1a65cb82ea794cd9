//! Who is writing. Best effort; a typist who stops saying so has stopped.

use crate::{BoxError, ConversationId, Timestamp, UserId};
use async_trait::async_trait;
use thiserror::Error;

/// Typing could not be noted.
#[derive(Debug, Error)]
#[error("typing is not available")]
pub struct TypingError(#[source] pub BoxError);

/// Who is writing where, until when.
#[async_trait]
pub trait TypingRegistry: Send + Sync {
    /// Notes or renews. `true` where the user was not writing there until now.
    async fn start(&self, conversation: ConversationId, user: UserId, until: Timestamp) -> Result<bool, TypingError>;

    /// Forgets. `true` where the user was writing there.
    async fn stop(&self, conversation: ConversationId, user: UserId) -> Result<bool, TypingError>;

    /// Takes out those whose time is over at `now`: each is returned by one call only.
    async fn take_expired(&self, now: Timestamp) -> Result<Vec<(ConversationId, UserId)>, TypingError>;
}
