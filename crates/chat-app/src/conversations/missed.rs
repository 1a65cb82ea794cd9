use super::Conversations;
use crate::core::Core;
use chat_domain::auth::Actor;
use chat_domain::changes::{MAX_MISSED_OF_ONE, MissedChanges};
use chat_domain::messages::MAX_PAGE_BYTES;
use chat_domain::{ActionError, ChangeRange, ConversationId, PageLimit, Pos, UserId};

impl Conversations {
    /// A part of what the actor's client missed of this conversation `after` its position, oldest first.
    pub async fn missed(
        &self,
        actor: Actor,
        conversation: ConversationId,
        after: Pos,
        limit: PageLimit,
    ) -> Result<MissedChanges, ActionError> {
        let user = actor.user_id;
        self.0.reading(user, self.0.find_missed(user, conversation, after, limit)).await
    }
}

impl Core {
    async fn find_missed(
        &self,
        user: UserId,
        conversation_id: ConversationId,
        after: Pos,
        limit: PageLimit,
    ) -> Result<MissedChanges, ActionError> {
        let (_, membership) = self.membership(conversation_id, user).await?;
        let as_of = membership.last_pos;
        if after > as_of {
            return Ok(MissedChanges::reset(as_of));
        }
        let whole = ChangeRange { conversation_id, after, up_to: as_of };
        let size = limit.get() as usize;
        // Only a longer range can hold too many changes.
        let counted = if whole.len() > MAX_MISSED_OF_ONE as usize { MAX_MISSED_OF_ONE } else { limit.get() };
        let places = self.store.changes().list_missed_pos(whole, counted + 1).await?;
        if places.len() > MAX_MISSED_OF_ONE as usize {
            return Ok(MissedChanges::reset(as_of));
        }
        let next = if places.len() > size { places.get(size - 1).copied() } else { None };
        let part = ChangeRange { up_to: next.unwrap_or(as_of), ..whole };
        let mut changes = self.store.changes().list_missed(&[part]).await?;
        let mut bytes = 0;
        let fitting = changes.iter().take_while(|change| {
            bytes += change.json_bytes();
            bytes <= MAX_PAGE_BYTES
        });
        let fitting = fitting.count().max(1);
        let next = if fitting < changes.len() { changes.get(fitting - 1).map(|change| change.pos) } else { next };
        changes.truncate(fitting);
        Ok(MissedChanges { changes, next, as_of, is_reset: false })
    }
}
