use crate::body::check;
use crate::{Body, InvalidBody, Optional, valid};
use chat_domain::receipts::ReceiptTarget;
use chat_domain::{MessageId, Seq};
use garde::Validate;
use serde::Deserialize;

/// The body of `POST /conversations/{id}/read`: the new read position, as `seq` or as `messageId`; else the newest
/// message.
#[derive(Debug, Clone, Default, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct ReadBody {
    #[garde(custom(valid), custom(alone(&self.message_id)))]
    #[serde(default)]
    seq: Optional<Seq>,
    #[garde(custom(valid))]
    #[serde(default)]
    message_id: Optional<MessageId>,
}

impl Body for ReadBody {}

fn alone<C>(message_id: &Optional<MessageId>) -> impl FnOnce(&Optional<Seq>, &C) -> garde::Result {
    let named = message_id.is_given();
    move |seq, _| {
        if named && seq.is_given() { Err(garde::Error::new("and messageId exclude each other")) } else { Ok(()) }
    }
}

impl ReadBody {
    /// Returns the new position.
    pub fn parse(self) -> Result<ReceiptTarget, InvalidBody> {
        check(&self, &())?;
        Ok(match (self.seq.take(), self.message_id.take()) {
            (Some(seq), _) => ReceiptTarget::Seq(seq),
            (None, Some(id)) => ReceiptTarget::Message(id),
            (None, None) => ReceiptTarget::Latest,
        })
    }
}
