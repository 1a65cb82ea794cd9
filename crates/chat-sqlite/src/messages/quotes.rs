//! The messages to which others reply.

use crate::fault::Stored;
use crate::id::{IN_LIST, Id, id_list, timestamp};
use crate::schema::{messages, users};
use crate::users::SummaryRow;
use chat_domain::columns::parsed;
use chat_domain::messages::{MAX_QUOTED_CHARS, MessageBody, QuotedMessage};
use chat_domain::{ConversationId, MessageId, Pos, Seq};
use diesel::dsl::{AsSelect, sql};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer, Text};
use diesel::sqlite::Sqlite;
use std::collections::HashMap;

/// Quoted messages by their ids.
pub(super) type Quotes = HashMap<MessageId, QuotedMessage>;

/// Reads these messages by one query; none if there are no ids. Leaves out those that this release cannot read.
pub(super) fn load_quotes(connection: &mut SqliteConnection, ids: &[Id]) -> Stored<Quotes> {
    if ids.is_empty() {
        return Ok(Quotes::new());
    }
    let these = sql::<Bool>("messages.id").sql(IN_LIST).bind::<Text, _>(id_list(ids)).sql("))");
    let rows: Vec<QuoteRow> = quotes().filter(these).load(connection)?;
    let readable = rows.into_iter().filter_map(|row| quoted(row).ok());
    Ok(readable.map(|quoted| (quoted.id, quoted)).collect())
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
    let sender: AsSelect<SummaryRow, Sqlite> = SummaryRow::as_select();
    messages::table.inner_join(users::table).select((
        messages::id,
        messages::seq,
        messages::pos,
        messages::changed_pos,
        messages::deleted_at,
        substr(messages::body, 1_i32, chars),
        sender,
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
