//! The durable changes of conversations, read back: messages and everything else, merged by `pos`.

use crate::PostgresStore;
use crate::conversations::{Head, load_many, role_from};
use crate::fault::{Fault, Stored};
use crate::messages::{MessageColumns, MessageRow, SummaryColumns};
use crate::statement::cached_statement;
use crate::time::timestamp;
use crate::users::{SummaryRow, load_summaries};
use async_trait::async_trait;
use chat_domain::conversations::{ConversationDetails, ConversationKind};
use chat_domain::users::UserSummary;
use chat_domain::{Change, ChangeKind, ChangeLog, ChangeRange, ConversationId, Pos, StoreError, UserId};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::future::try_join;
use std::collections::HashMap;
use uuid::Uuid;

/// What was missed is read in two steps, each for whoever asks just then. What the first has seen of a conversation
/// is committed, and no row is ever taken away: whenever the second comes, it finds every change that the first told
/// of, and no transaction has to hold the two together.
#[async_trait]
impl ChangeLog for PostgresStore {
    async fn list_changes(&self, ranges: &[ChangeRange], limit: u32) -> Result<Vec<Change>, StoreError> {
        let mut ids: Vec<ConversationId> = ranges.iter().map(|range| range.conversation_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let heads = self.batches().heads.call(ids).await?;
        let heads = heads.into_iter().map(|head| (head.conversation_id, head)).collect();
        let spans = cut(ranges, &heads, u64::from(limit));
        Ok(self.batches().changes.call(spans).await?.into_iter().flatten().collect())
    }
}

/// A range of changes that exist, `after < pos <= up_to`, in a conversation of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Span {
    conversation_id: ConversationId,
    kind: ConversationKind,
    after: Pos,
    up_to: Pos,
}

impl Span {
    /// How many changes there are in it: numbers have no gaps.
    pub(crate) fn len(&self) -> usize {
        usize::try_from(self.up_to.since(self.after)).unwrap_or(usize::MAX)
    }
}

/// The ranges, cut to what exists, and then to where the limit falls. Since numbers have no gaps, that is arithmetic,
/// and no row is read in vain.
fn cut(ranges: &[ChangeRange], heads: &HashMap<ConversationId, Head>, limit: u64) -> Vec<Span> {
    let mut room = limit;
    let mut spans = Vec::with_capacity(ranges.len());
    for ChangeRange { conversation_id, after, up_to } in ranges.iter().copied() {
        let Some(Head { last_pos, kind, .. }) = heads.get(&conversation_id).copied() else { continue };
        let length = last_pos.min(up_to).since(after).min(room);
        if length > 0 {
            room -= length;
            spans.push(Span { conversation_id, kind, after, up_to: Pos::new(after.get() + length) });
        }
    }
    spans
}

/// The changes of each of these ranges, in their order, by a constant number of queries.
pub(crate) async fn list_spans(
    connection: &mut AsyncPgConnection,
    spans: Vec<Span>,
) -> Stored<HashMap<Span, Vec<Change>>> {
    let (messages, others) = try_join(load_messages(connection, &spans), load_others(connection, &spans)).await?;
    let mut changes = described(connection, others).await?;
    for (number, message, sender) in messages {
        let Some(span) = numbered(&spans, number) else { continue };
        let message = message.sent_by(sender, span.kind)?;
        let (conversation_id, pos, at) = (message.conversation_id, message.pos, message.created_at);
        changes.push((number, Change { conversation_id, pos, at, kind: ChangeKind::MessageSent(Box::new(message)) }));
    }
    changes.sort_unstable_by_key(|(number, change)| (*number, change.pos));
    let mut found: HashMap<Span, Vec<Change>> = HashMap::with_capacity(spans.len());
    for (number, change) in changes {
        if let Some(span) = numbered(&spans, number) {
            found.entry(span).or_default().push(change);
        }
    }
    Ok(found)
}

/// The range that the server counts by this number, from 1.
fn numbered(spans: &[Span], number: i64) -> Option<Span> {
    spans.get(usize::try_from(number).ok()?.checked_sub(1)?).copied()
}

/// Ranges as arrays.
struct Columns {
    ids: Vec<Uuid>,
    afters: Vec<i64>,
    up_tos: Vec<i64>,
}

fn columns(spans: &[Span]) -> Columns {
    Columns {
        ids: spans.iter().map(|span| span.conversation_id.as_uuid()).collect(),
        afters: spans.iter().map(|span| span.after.to_i64()).collect(),
        up_tos: spans.iter().map(|span| span.up_to.to_i64()).collect(),
    }
}

cached_statement!(
    /// The new messages of these ranges, with the number of the range.
    ListMessages { ids: Vec<Uuid>, afters: Vec<i64>, up_tos: Vec<i64> }
        -> (BigInt, MessageColumns, SummaryColumns),
    "SELECT asked.number, m.conversation_id, m.seq, m.id, m.pos, m.body, m.attachment, m.reply_to, m.client_message_id,
            m.created_at, m.updated_at, m.edited_at, m.deleted_at, u.id, u.username, u.name, u.avatar
     FROM unnest(",
    ids as Array<SqlUuid>,
    ", ",
    afters as Array<BigInt>,
    ", ",
    up_tos as Array<BigInt>,
    ") WITH ORDINALITY AS asked (id, after, up_to, number)
     JOIN messages AS m ON m.conversation_id = asked.id AND m.pos > asked.after AND m.pos <= asked.up_to
     JOIN users AS u ON u.id = m.sender_id",
);

cached_statement!(
    /// Everything else in these ranges, with the number of the range.
    ListOthers { ids: Vec<Uuid>, afters: Vec<i64>, up_tos: Vec<i64> }
        -> (BigInt, SqlUuid, BigInt, Text, BigInt, Nullable<SqlUuid>, Nullable<Text>, Nullable<Array<SqlUuid>>),
    "SELECT asked.number, o.conversation_id, o.pos, o.kind, o.at, o.user_id, o.role, o.member_ids
     FROM unnest(",
    ids as Array<SqlUuid>,
    ", ",
    afters as Array<BigInt>,
    ", ",
    up_tos as Array<BigInt>,
    ") WITH ORDINALITY AS asked (id, after, up_to, number)
     JOIN conversation_changes AS o
       ON o.conversation_id = asked.id AND o.pos > asked.after AND o.pos <= asked.up_to",
);

async fn load_messages(
    mut connection: &AsyncPgConnection,
    spans: &[Span],
) -> Stored<Vec<(i64, MessageRow, SummaryRow)>> {
    let Columns { ids, afters, up_tos } = columns(spans);
    Ok(ListMessages { ids, afters, up_tos }.load(&mut connection).await?)
}

#[derive(Queryable)]
struct OtherRow {
    number: i64,
    conversation_id: Uuid,
    pos: i64,
    kind: String,
    at: i64,
    user_id: Option<Uuid>,
    role: Option<String>,
    member_ids: Option<Vec<Uuid>>,
}

async fn load_others(mut connection: &AsyncPgConnection, spans: &[Span]) -> Stored<Vec<OtherRow>> {
    let Columns { ids, afters, up_tos } = columns(spans);
    Ok(ListOthers { ids, afters, up_tos }.load(&mut connection).await?)
}

/// Adds what the changes show of conversations and users as they are now, by a constant number of queries.
async fn described(connection: &mut AsyncPgConnection, rows: Vec<OtherRow>) -> Stored<Vec<(i64, Change)>> {
    let mut conversations: Vec<_> = rows.iter().map(|row| ConversationId::new(row.conversation_id)).collect();
    conversations.sort_unstable();
    conversations.dedup();
    if conversations.is_empty() {
        return Ok(Vec::new());
    }
    let users: Vec<Uuid> = rows.iter().filter_map(|row| row.user_id).collect();
    let present = Present {
        conversations: load_many(connection, &conversations)
            .await?
            .into_iter()
            .map(|details| (details.conversation.id, Box::new(details)))
            .collect(),
        users: load_summaries(connection, users).await?.into_iter().map(|user| (user.id, user)).collect(),
    };
    rows.into_iter().map(|row| Ok((row.number, present.change(row)?))).collect()
}

struct Present {
    conversations: HashMap<ConversationId, Box<ConversationDetails>>,
    users: HashMap<UserId, UserSummary>,
}

impl Present {
    fn change(&self, row: OtherRow) -> Stored<Change> {
        let conversation_id = ConversationId::new(row.conversation_id);
        let details = || self.conversations.get(&conversation_id).cloned().ok_or_else(|| empty("conversation_id"));
        let user_id = row.user_id.map(UserId::new).ok_or_else(|| empty("user_id"));
        let kind = match row.kind.as_str() {
            "created" => ChangeKind::Created {
                details: details()?,
                member_ids: row.member_ids.unwrap_or_default().into_iter().map(UserId::new).collect(),
            },
            "updated" => ChangeKind::Updated(details()?),
            "participant_added" => ChangeKind::ParticipantAdded {
                user: self.users.get(&user_id?).cloned().ok_or_else(|| empty("user_id"))?,
                role: role_from(row.role.as_deref().unwrap_or_default())?,
                details: details()?,
            },
            "participant_removed" => ChangeKind::ParticipantRemoved { user_id: user_id? },
            other => return Err(Fault::Name { column: "kind", found: other.to_owned() }),
        };
        Ok(Change { conversation_id, pos: Pos::from_i64(row.pos), at: timestamp(row.at), kind })
    }
}

fn empty(column: &'static str) -> Fault {
    Fault::Name { column, found: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(number: u128, after: u64, up_to: u64) -> ChangeRange {
        ChangeRange {
            conversation_id: ConversationId::new(Uuid::from_u128(number)),
            after: Pos::new(after),
            up_to: Pos::new(up_to),
        }
    }

    #[test]
    fn ranges_are_cut_to_what_exists_and_to_the_limit() {
        let heads = [(1, 10), (2, 5)].map(|(id, pos)| {
            let conversation_id = ConversationId::new(Uuid::from_u128(id));
            (conversation_id, Head { conversation_id, last_pos: Pos::new(pos), kind: ConversationKind::Group })
        });
        let heads = heads.into();
        let cut = |ranges: &[ChangeRange], limit| {
            cut(ranges, &heads, limit)
                .into_iter()
                .map(|span| (span.after.get(), span.up_to.get(), span.len()))
                .collect::<Vec<_>>()
        };
        let ranges = [range(1, 7, Pos::MAX.get()), range(9, 0, 4), range(2, 5, 9), range(2, 1, 3)];
        assert_eq!(cut(&ranges, 100), [(7, 10, 3), (1, 3, 2)]);
        assert_eq!(cut(&ranges, 4), [(7, 10, 3), (1, 2, 1)]);
        assert_eq!(cut(&ranges, 2), [(7, 9, 2)]);
        assert_eq!(cut(&ranges, 0), []);
    }
}
