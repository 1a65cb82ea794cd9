//! The messages to which others reply.

use super::append::SummaryColumns;
use crate::fault::Stored;
use crate::statement::cached_statement;
use crate::time::timestamp;
use crate::users::SummaryRow;
use chat_domain::columns::parsed;
use chat_domain::messages::{MAX_QUOTED_CHARS, MessageBody, QuotedMessage};
use chat_domain::{ConversationId, MessageId, Pos, Seq};
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::collections::HashMap;
use uuid::Uuid;

cached_statement!(
    /// The messages among these that exist, with the beginning of their text.
    FindQuoted { ids: Vec<Uuid>, chars: i32 }
        -> (SqlUuid, SqlUuid, BigInt, BigInt, Nullable<BigInt>, Text, SummaryColumns),
    "SELECT m.conversation_id, m.id, m.seq, coalesce(m.changed_pos, m.pos), m.deleted_at, left(m.body, ",
    chars as Integer,
    "), u.id, u.username, u.name, u.avatar
     FROM messages AS m JOIN users AS u ON u.id = m.sender_id
     WHERE m.id = ANY (",
    ids as Array<SqlUuid>,
    ")",
);

/// A row of [`FindQuoted`].
type QuoteRow = (Uuid, Uuid, i64, i64, Option<i64>, String, SummaryRow);

/// Quoted messages by their ids, with the conversations they belong to.
pub(super) type Quotes = HashMap<MessageId, (ConversationId, QuotedMessage)>;

/// Reads these messages by one query; none if there are no ids. Leaves out those that this release cannot read.
pub(super) async fn load_quotes(mut connection: &AsyncPgConnection, ids: Vec<Uuid>) -> Stored<Quotes> {
    if ids.is_empty() {
        return Ok(Quotes::new());
    }
    let query = FindQuoted { ids, chars: MAX_QUOTED_CHARS.into() };
    let rows: Vec<QuoteRow> = query.load(&mut connection).await?;
    let readable = rows.into_iter().filter_map(|row| quoted(row).ok());
    Ok(readable.map(|(conversation, quoted)| (quoted.id, (conversation, quoted))).collect())
}

fn quoted(
    (conversation, id, seq, changed_pos, deleted_at, excerpt, sender): QuoteRow,
) -> Stored<(ConversationId, QuotedMessage)> {
    let quoted = QuotedMessage {
        id: MessageId::new(id),
        seq: Seq::from_i64(seq),
        sender: sender.try_into()?,
        excerpt: parsed("body", &excerpt, MessageBody::from_stored)?,
        deleted_at: deleted_at.map(timestamp),
        changed_pos: Pos::from_i64(changed_pos),
    };
    Ok((ConversationId::new(conversation), quoted))
}
