use super::{Receipt, Receipts, TrackedMessage};
use crate::core::Core;
use chat_domain::auth::Actor;
use chat_domain::conversations::{DirectKey, MAX_PUSHED_PARTICIPANTS};
use chat_domain::messages::{Anchor, HistoryPage, HistoryRequest};
use chat_domain::receipts::{AdvancePositions, Advanced, DeliveryStatus, PositionsMoved, ReceiptTarget, Unread};
use chat_domain::{ActionError, Audience, ConversationId, Envelope, Event, MessageId, PageLimit, Refusal, UserId};

/// The maximum number of conversations whose unread messages are counted.
const MAX_COUNTED: u32 = 10_000;

impl Receipts {
    /// Moves the actor's positions forward. Notifies the other participants if they are few enough (contract §4).
    pub async fn advance(
        &self,
        actor: Actor,
        conversation_id: ConversationId,
        advance: AdvancePositions,
    ) -> Result<Advanced, ActionError> {
        self.0.advance(actor.user_id, conversation_id, advance).await
    }

    /// Counts the actor's unread messages, in a bounded number of conversations.
    pub async fn unread(&self, actor: Actor) -> Result<Unread, ActionError> {
        let counted = self.0.store.receipts().count_unread(actor.user_id, MAX_COUNTED);
        Ok(self.0.reading(actor.user_id, counted).await?)
    }

    /// Moves the actor's positions to this message, which covers every earlier message. Cheaper than
    /// [`Self::advance_message`]; used for frames, which are answered by events alone.
    pub async fn mark_message(
        &self,
        actor: Actor,
        message: MessageId,
        receipt: Receipt,
    ) -> Result<Advanced, ActionError> {
        let place = self.0.store.messages().find_place(message).await?.ok_or(Refusal::UnknownMessage)?;
        let advance = receipt.up_to(ReceiptTarget::Seq(place.seq));
        self.0.advance(actor.user_id, place.conversation_id, advance).await
    }

    /// Moves the actor's positions to this message, which covers every earlier message, and returns the message's new
    /// status. Nothing moves for [`DeliveryStatus::Sent`], for the sender, or if the actor's position is already
    /// further.
    pub async fn advance_message(
        &self,
        actor: Actor,
        message: MessageId,
        status: DeliveryStatus,
    ) -> Result<TrackedMessage, ActionError> {
        let place = self.0.store.messages().find_place(message).await?.ok_or(Refusal::UnknownMessage)?;
        let request = HistoryRequest::Around(Anchor::Seq(place.seq), PageLimit::ONE);
        let HistoryPage { mut messages, mut participants, .. } =
            self.0.store.messages().history(place.conversation_id, actor.user_id, request).await?;
        let message = messages.pop().ok_or(Refusal::UnknownMessage)?;
        let target = ReceiptTarget::Seq(place.seq);
        let advance = match status {
            DeliveryStatus::Sent => None,
            // A user's own message is delivered to and read by that user from the start.
            _ if message.sender.id == actor.user_id => None,
            DeliveryStatus::Delivered => Some(Receipt::Delivered.up_to(target)),
            DeliveryStatus::Read => Some(Receipt::Read.up_to(target)),
        };
        match advance {
            Some(advance) => {
                let advanced = self.0.advance(actor.user_id, place.conversation_id, advance).await?;
                advanced.show_in(actor.user_id, &mut participants);
            }
            // Refused like every other write, although it would write nothing.
            None if !self.0.membership(place.conversation_id, actor.user_id).await?.0.is_active => {
                return Err(Refusal::Inactive.into());
            }
            None => {}
        }
        Ok(TrackedMessage { message, participants })
    }

    /// Marks all messages of this partner to the actor as delivered or read. Returns how many are newly marked: 0 if
    /// the two have no conversation.
    pub async fn advance_pair(&self, actor: Actor, partner: UserId, receipt: Receipt) -> Result<u64, ActionError> {
        let pair = DirectKey::new(actor.user_id, partner);
        let Some(conversation) = self.0.store.conversations().find_direct(pair).await? else { return Ok(0) };
        let advance = receipt.up_to(ReceiptTarget::Latest);
        let advanced = self.0.advance(actor.user_id, conversation, advance).await?;
        // The actor's own messages moved the positions when they were sent, so the rest are the partner's.
        let (before, now) = (advanced.before, advanced.positions);
        Ok(match receipt {
            Receipt::Delivered => now.delivered.since(before.delivered),
            Receipt::Read => now.read.since(before.read),
        })
    }
}

impl Core {
    pub(crate) async fn advance(
        &self,
        user_id: UserId,
        conversation_id: ConversationId,
        advance: AdvancePositions,
    ) -> Result<Advanced, ActionError> {
        let advanced = self.writing(user_id, self.store.receipts().advance(conversation_id, user_id, advance)).await?;
        if advanced.moved() && advanced.participant_count <= MAX_PUSHED_PARTICIPANTS {
            let (kind, positions, covers) = (advanced.kind, advanced.positions, advanced.covers.clone());
            let moved = PositionsMoved { conversation_id, kind, user_id, positions, covers };
            self.bus.publish(Envelope {
                audience: Audience::Conversation(conversation_id),
                except: None,
                event: Event::PositionsMoved(moved),
            });
        }
        Ok(advanced)
    }
}
