//! The messages to which others reply.

use crate::fault::Stored;
use crate::id::{IN_LIST, Id, id_list, timestamp};
use crate::schema::{messages, users};
use crate::users::SummaryRow;
use chat_domain::columns::parsed;
use chat_domain::messages::{MAX_QUOTED_CHARS, MessageBody, QuotedMessage};
use chat_domain::{ConversationId, MessageId, Pos, Seq};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer, Text};
use std::collections::HashMap;

/// Quoted messages by their ids.
#[derive(Debug, Default)]
pub(crate) struct Quotes(HashMap<MessageId, QuotedMessage>);

impl Quotes {
    /// Reads the messages to which others reply, by one query; none if there are no replies. Leaves out those that this
    /// release cannot read.
    pub(crate) fn load(connection: &mut SqliteConnection, replies_to: impl Iterator<Item = Id>) -> Stored<Self> {
        let ids: Vec<Id> = replies_to.collect();
        if ids.is_empty() {
            return Ok(Self::default());
        }
        let these = sql::<Bool>("messages.id").sql(IN_LIST).bind::<Text, _>(id_list(&ids)).sql("))");
        let rows: Vec<QuoteRow> = quotes().filter(these).load(connection)?;
        let readable = rows.into_iter().filter_map(|row| quoted(row).ok());
        Ok(Self(readable.map(|quoted| (quoted.id, quoted)).collect()))
    }

    /// The quote of this message.
    pub(super) fn find(&self, id: MessageId) -> Option<Box<QuotedMessage>> {
        self.0.get(&id).cloned().map(Box::new)
    }
}

/// The quote of this message, if it is in the conversation and this release can read it.
pub(super) fn find_quote(
    connection: &mut SqliteConnection,
    conversation: ConversationId,
    message: MessageId,
) -> Stored<Option<QuotedMessage>> {
    let row: Option<QuoteRow> = quotes()
        .filter(messages::id.eq(Id::from(message)))
        .filter(messages::conversation_id.eq(Id::from(conversation)))
        .get_result(connection)
        .optional()?;
    Ok(row.and_then(|row| quoted(row).ok()))
}

define_sql_function! {
    fn substr(text: Text, first: Integer, chars: Integer) -> Text;
}

/// A message's id, its `seq`, its `pos`, its `changed_pos`, when it was deleted, the beginning of its text, its sender.
type QuoteRow = (Id, i64, i64, Option<i64>, Option<i64>, String, SummaryRow);

#[diesel::dsl::auto_type]
fn quotes() -> _ {
    let chars: i32 = MAX_QUOTED_CHARS.into();
    messages::table.inner_join(users::table).select((
        messages::id,
        messages::seq,
        messages::pos,
        messages::changed_pos,
        messages::deleted_at,
        substr(messages::body, 1_i32, chars),
        SummaryRow::as_select(),
    ))
}

fn quoted((id, seq, pos, changed_pos, deleted_at, excerpt, sender): QuoteRow) -> Stored<QuotedMessage> {
    Ok(QuotedMessage {
        id: id.into(),
        seq: Seq::from_i64(seq),
        sender: sender.try_into()?,
        excerpt: parsed("body", &excerpt, MessageBody::from_stored)?,
        deleted_at: deleted_at.map(timestamp),
        changed_pos: Pos::from_i64(changed_pos.unwrap_or(pos)),
    })
}
