use async_trait::async_trait;
use chat_domain::typing::{TypingError, TypingRegistry};
use chat_domain::{ConversationId, Timestamp, UserId};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The users who are typing, as far as this node knows.
#[derive(Debug, Default)]
pub struct InProcessTyping {
    until: Mutex<HashMap<(ConversationId, UserId), Timestamp>>,
}

impl InProcessTyping {
    /// Creates an empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(ConversationId, UserId), Timestamp>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl TypingRegistry for InProcessTyping {
    async fn start(&self, conversation: ConversationId, user: UserId, until: Timestamp) -> Result<bool, TypingError> {
        Ok(self.lock().insert((conversation, user), until).is_none())
    }

    async fn stop(&self, conversation: ConversationId, user: UserId) -> Result<bool, TypingError> {
        Ok(self.lock().remove(&(conversation, user)).is_some())
    }

    fn may_be_typing(&self, conversation: ConversationId, user: UserId) -> bool {
        self.lock().contains_key(&(conversation, user))
    }

    async fn take_expired(&self, now: Timestamp) -> Result<Vec<(ConversationId, UserId)>, TypingError> {
        Ok(self.lock().extract_if(|_, until| *until <= now).map(|(key, _)| key).collect())
    }
}
