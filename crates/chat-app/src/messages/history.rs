use super::{FetchedChat, Messages};
use crate::ChatTarget;
use chat_domain::auth::Actor;
use chat_domain::conversations::DirectKey;
use chat_domain::messages::{Anchor, HiddenReactions, HistoryPage, HistoryRequest, SeqRange};
use chat_domain::receipts::{AdvancePositions, ReceiptTarget};
use chat_domain::{ActionError, ConversationId, PageLimit, PageRequest, Pos, Refusal, Seq, UserId};

impl Messages {
    /// A part of a conversation's history, for its participants.
    pub async fn history(
        &self,
        actor: Actor,
        conversation: ConversationId,
        request: HistoryRequest,
    ) -> Result<HistoryPage, ActionError> {
        let page = self.0.store.messages().history(conversation, actor.user_id, request);
        Ok(self.0.reading(actor.user_id, page).await?.cut(request))
    }

    /// A page of a chat's history, newest first. This marks its messages, and all earlier ones, as delivered to the
    /// actor, except in a deactivated group, which can be read but not written. A pair without messages has an empty
    /// history.
    pub async fn fetch(&self, actor: Actor, target: ChatTarget, page: PageRequest) -> Result<FetchedChat, ActionError> {
        let conversation_id = match target {
            ChatTarget::Pair(pair) => match self.0.find_direct(actor.user_id, pair).await? {
                Some(id) => id,
                None => return Ok(FetchedChat { conversation_id: None, page: nothing() }),
            },
            ChatTarget::Group(id) => {
                self.0.require_group(actor.user_id, id).await?;
                id
            }
        };
        let request = HistoryRequest::Page(page);
        let page = self.0.store.messages().history(conversation_id, actor.user_id, request);
        let mut page = self.0.reading(actor.user_id, page).await?.cut(request);
        if let Some(newest) = newest_undelivered(&page, actor.user_id) {
            let advance = AdvancePositions::Delivered(ReceiptTarget::Seq(newest));
            match self.0.advance(actor.user_id, conversation_id, advance).await {
                Ok(advanced) => advanced.show_in(actor.user_id, &mut page.participants),
                Err(ActionError::Refused(Refusal::Inactive)) => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(FetchedChat { conversation_id: Some(conversation_id), page })
    }

    /// The messages of this partner that were not yet delivered to the actor: the oldest ones `after` this number, at
    /// most `limit`, newest first like every part of a history. Marks nothing.
    pub async fn undelivered(
        &self,
        actor: Actor,
        partner: UserId,
        after: Option<Seq>,
        limit: PageLimit,
    ) -> Result<HistoryPage, ActionError> {
        let pair = DirectKey::new(actor.user_id, partner);
        let Some(id) = self.0.store.conversations().find_direct(pair).await? else { return Ok(nothing()) };
        let (_, membership) = self.0.membership(id, actor.user_id).await?;
        let after = membership.positions.delivered.max(after.unwrap_or(Seq::ZERO));
        let request = HistoryRequest::After(Anchor::Seq(after), limit);
        let page = self.0.store.messages().history(id, actor.user_id, request);
        let mut page = self.0.reading(actor.user_id, page).await?.cut(request);
        // The actor may have answered between the two reads.
        page.messages.retain(|message| message.sender.id != actor.user_id);
        Ok(page)
    }
}

fn nothing() -> HistoryPage {
    HistoryPage {
        messages: Vec::new(),
        hidden_reactions: HiddenReactions::default(),
        range: SeqRange::EMPTY,
        last_seq: Seq::ZERO,
        last_pos: Pos::ZERO,
        participants: Vec::new(),
    }
}

/// The newest message of the page, if the reader's position is before it. Reading a page again writes nothing.
fn newest_undelivered(page: &HistoryPage, reader: UserId) -> Option<Seq> {
    let newest = page.messages.first()?.seq;
    let own = page.participants.iter().find(|participant| participant.user_id == reader);
    own.is_none_or(|own| own.positions.delivered < newest).then_some(newest)
}
