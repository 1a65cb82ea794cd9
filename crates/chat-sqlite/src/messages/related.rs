use super::quotes::{Quotes, load_quotes};
use super::rows::MessageRow;
use crate::fault::Stored;
use crate::id::Id;
use crate::users::load_summaries;
use chat_domain::messages::{ForwardedFrom, QuotedMessage};
use chat_domain::users::UserSummary;
use chat_domain::{MessageId, Timestamp, UserId};
use diesel::prelude::*;
use std::collections::HashMap;

/// What the views of messages show of others: the messages to which they reply, and the users whose messages they copy.
/// Those that this release cannot read are left out.
#[derive(Debug, Default)]
pub(crate) struct Related {
    quotes: Quotes,
    origins: HashMap<UserId, UserSummary>,
}

impl Related {
    /// Runs at most one query for each, and none if these messages refer to none.
    pub(crate) fn load<'a>(
        connection: &mut SqliteConnection,
        messages: impl Iterator<Item = &'a MessageRow> + Clone,
    ) -> Stored<Self> {
        let quoted: Vec<Id> = messages.clone().filter_map(MessageRow::reply_to).collect();
        let origins: Vec<Id> = messages.filter_map(MessageRow::origin).collect();
        let origins = load_summaries(connection, &origins)?.into_iter().map(|user| (user.id, user));
        Ok(Self { origins: origins.collect(), quotes: load_quotes(connection, &quoted)? })
    }

    /// The quote of this message.
    pub(super) fn quote(&self, id: MessageId) -> Option<Box<QuotedMessage>> {
        self.quotes.get(&id).cloned().map(Box::new)
    }

    /// The origin of a copy of a message of this user.
    pub(super) fn origin(&self, sender: UserId, created_at: Timestamp) -> Option<Box<ForwardedFrom>> {
        let sender = self.origins.get(&sender)?.clone();
        Some(Box::new(ForwardedFrom { sender, created_at }))
    }
}
