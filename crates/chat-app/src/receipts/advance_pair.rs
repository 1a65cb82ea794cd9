use super::{Receipt, Receipts, ReceiptsError};
use chat_domain::UserId;
use chat_domain::auth::Actor;
use chat_domain::conversations::DirectKey;
use chat_domain::receipts::ReceiptTarget;

impl Receipts {
    /// Everything that this partner has said to the actor has arrived, or was read. Returns how many messages that is
    /// news of: none where the two have no conversation.
    pub async fn advance_pair(&self, actor: Actor, partner: UserId, receipt: Receipt) -> Result<u64, ReceiptsError> {
        let pair = DirectKey::new(actor.user_id, partner);
        let Some(conversation) = self.0.conversations.find_direct(pair).await? else { return Ok(0) };
        let advance = receipt.up_to(ReceiptTarget::Latest);
        let advanced = self.0.advance(actor.user_id, conversation, advance).await?;
        // What oneself said moved one's positions then: all between is the partner's.
        let (before, now) = (advanced.before, advanced.positions);
        Ok(match receipt {
            Receipt::Delivered => now.delivered.since(before.delivered),
            Receipt::Read => now.read.since(before.read),
        })
    }
}
