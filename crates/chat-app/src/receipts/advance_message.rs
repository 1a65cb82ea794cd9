use super::{Receipt, Receipts, ReceiptsError, TrackedMessage};
use chat_domain::auth::Actor;
use chat_domain::messages::{Anchor, HistoryPage, HistoryRequest};
use chat_domain::receipts::{Advanced, DeliveryStatus, ReceiptTarget};
use chat_domain::{MessageId, PageLimit};

impl Receipts {
    /// Moves the actor's positions to this message, which covers every message before it. Cheaper than
    /// [`Self::advance_message`]: what frames need, which are answered by events alone.
    pub async fn mark_message(
        &self,
        actor: Actor,
        message: MessageId,
        receipt: Receipt,
    ) -> Result<Advanced, ReceiptsError> {
        let place = self.0.messages.find_place(message).await?.ok_or(ReceiptsError::MessageNotFound)?;
        let advance = receipt.up_to(ReceiptTarget::Seq(place.seq));
        Ok(self.0.advance(actor.user_id, place.conversation_id, advance).await?)
    }

    /// Moves the actor's positions to this message, which covers every message before it, and tells how far the message
    /// has got by it. Nothing moves for [`DeliveryStatus::Sent`], for the sender, and where the actor was further
    /// already.
    pub async fn advance_message(
        &self,
        actor: Actor,
        message: MessageId,
        status: DeliveryStatus,
    ) -> Result<TrackedMessage, ReceiptsError> {
        let place = self.0.messages.find_place(message).await?.ok_or(ReceiptsError::MessageNotFound)?;
        let request = HistoryRequest::Around(Anchor::Seq(place.seq), PageLimit::ONE);
        let HistoryPage { mut messages, mut participants, .. } =
            self.0.messages.history(place.conversation_id, actor.user_id, request).await?;
        let message = messages.pop().ok_or(ReceiptsError::MessageNotFound)?;
        let target = ReceiptTarget::Seq(place.seq);
        let advance = match status {
            DeliveryStatus::Sent => None,
            // One's own message is delivered and read by oneself from the start.
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
                return Err(ReceiptsError::Inactive);
            }
            None => {}
        }
        Ok(TrackedMessage { message, participants })
    }
}
