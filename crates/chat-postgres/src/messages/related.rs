use super::quotes::{Quotes, load_quotes};
use super::rows::MessageRow;
use crate::fault::Stored;
use crate::users::{SummaryRow, load_summary_rows};
use chat_domain::messages::{ForwardedFrom, QuotedMessage};
use chat_domain::users::UserSummary;
use chat_domain::{MessageId, Timestamp, UserId};
use diesel_async::AsyncPgConnection;
use std::collections::HashMap;
use uuid::Uuid;

/// What the views of messages show of others: the messages to which they reply, and the users whose messages they copy.
/// Those that this release cannot read are left out.
#[derive(Debug, Default)]
pub(crate) struct Related {
    quotes: Quotes,
    origins: HashMap<UserId, UserSummary>,
}

impl Related {
    /// Runs at most one query for each, and none if these messages refer to none.
    pub(crate) async fn load<'a>(
        connection: &AsyncPgConnection,
        messages: impl Iterator<Item = &'a MessageRow> + Clone,
    ) -> Stored<Self> {
        let quoted: Vec<Uuid> = messages.clone().filter_map(MessageRow::reply_to).collect();
        let origins: Vec<Uuid> = messages.filter_map(MessageRow::origin).collect();
        let origins: Vec<SummaryRow> = match origins.as_slice() {
            [] => Vec::new(),
            _ => load_summary_rows(connection, origins).await?,
        };
        let readable = origins.into_iter().filter_map(|row| UserSummary::try_from(row).ok());
        let origins = readable.map(|user| (user.id, user)).collect();
        Ok(Self { origins, quotes: load_quotes(connection, quoted).await? })
    }

    /// The quote of this message.
    pub(super) fn quote(&self, id: MessageId) -> Option<Box<QuotedMessage>> {
        self.quotes.get(&id).map(|(_, quoted)| Box::new(quoted.clone()))
    }

    /// The origin of a copy of a message of this user.
    pub(super) fn origin(&self, sender: UserId, created_at: Timestamp) -> Option<Box<ForwardedFrom>> {
        let sender = self.origins.get(&sender)?.clone();
        Some(Box::new(ForwardedFrom { sender, created_at }))
    }
}
