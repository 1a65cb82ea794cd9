use super::{Receipts, ReceiptsError};
use crate::core::Core;
use chat_domain::auth::Actor;
use chat_domain::conversations::MAX_PUSHED_PARTICIPANTS;
use chat_domain::receipts::{AdvanceError, AdvancePositions, Advanced, PositionsMoved};
use chat_domain::{Audience, ConversationId, Envelope, Event, UserId};

impl Receipts {
    /// Moves the actor's positions forward. The others learn of it where they are few enough (contract §4).
    pub async fn advance(
        &self,
        actor: Actor,
        conversation_id: ConversationId,
        advance: AdvancePositions,
    ) -> Result<Advanced, ReceiptsError> {
        Ok(self.0.advance(actor.user_id, conversation_id, advance).await?)
    }
}

impl Core {
    pub(crate) async fn advance(
        &self,
        user_id: UserId,
        conversation_id: ConversationId,
        advance: AdvancePositions,
    ) -> Result<Advanced, AdvanceError> {
        let advanced = self.writing(user_id, self.receipts.advance(conversation_id, user_id, advance)).await?;
        if advanced.moved() && advanced.participant_count <= MAX_PUSHED_PARTICIPANTS {
            let (kind, positions, covers) = (advanced.kind, advanced.positions, advanced.covers.clone());
            let moved = PositionsMoved { conversation_id, kind, user_id, positions, covers };
            self.bus
                .publish(Envelope {
                    audience: Audience::Conversation(conversation_id),
                    except: None,
                    event: Event::PositionsMoved(moved),
                })
                .await;
        }
        Ok(advanced)
    }
}
