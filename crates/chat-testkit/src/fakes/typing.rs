use super::{ToldToFail, lock};
use async_trait::async_trait;
use chat_domain::typing::{TypingError, TypingRegistry};
use chat_domain::{ConversationId, Timestamp, UserId};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

/// Typing in a map.
#[derive(Debug, Default)]
pub struct FakeTyping(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    broken: bool,
    typists: BTreeMap<(ConversationId, UserId), Timestamp>,
}

impl FakeTyping {
    /// Sets whether all following calls fail.
    pub fn set_broken(&self, broken: bool) {
        lock(&self.0).broken = broken;
    }

    fn state(&self) -> Result<MutexGuard<'_, State>, TypingError> {
        let state = lock(&self.0);
        if state.broken { Err(TypingError(ToldToFail.into())) } else { Ok(state) }
    }
}

#[async_trait]
impl TypingRegistry for FakeTyping {
    async fn start(&self, conversation: ConversationId, user: UserId, until: Timestamp) -> Result<bool, TypingError> {
        Ok(self.state()?.typists.insert((conversation, user), until).is_none())
    }

    async fn stop(&self, conversation: ConversationId, user: UserId) -> Result<bool, TypingError> {
        Ok(self.state()?.typists.remove(&(conversation, user)).is_some())
    }

    fn may_be_typing(&self, conversation: ConversationId, user: UserId) -> bool {
        self.state().map_or(true, |state| state.typists.contains_key(&(conversation, user)))
    }

    async fn take_expired(&self, now: Timestamp) -> Result<Vec<(ConversationId, UserId)>, TypingError> {
        let mut state = self.state()?;
        let (expired, writing) = std::mem::take(&mut state.typists).into_iter().partition(|(_, until)| *until <= now);
        state.typists = writing;
        let expired: BTreeMap<_, _> = expired;
        Ok(expired.into_keys().collect())
    }
}
