use super::{Receipts, ReceiptsError};
use chat_domain::auth::Actor;
use chat_domain::conversations::MAX_PUSHED_PARTICIPANTS;
use chat_domain::receipts::{AdvancePositions, Advanced, PositionsMoved};
use chat_domain::{Audience, ConversationId, Envelope, Event};

impl Receipts {
    /// Moves the actor's positions forward. The others learn of it where they are few enough (contract §4).
    pub async fn advance(
        &self,
        actor: Actor,
        conversation_id: ConversationId,
        advance: AdvancePositions,
    ) -> Result<Advanced, ReceiptsError> {
        let advanced = self.0.receipts.advance(conversation_id, actor.user_id, advance).await?;
        if advanced.moved && advanced.participant_count <= MAX_PUSHED_PARTICIPANTS {
            let moved = PositionsMoved { conversation_id, user_id: actor.user_id, positions: advanced.positions };
            self.0
                .bus
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
