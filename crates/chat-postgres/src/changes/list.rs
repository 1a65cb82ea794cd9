//! Reads the durable changes of conversations: messages and records, merged by `pos`.

use super::missed;
use super::present::load_present;
use super::record::{RecordColumns, RecordRow};
use crate::PostgresStore;
use crate::conversations::Head;
use crate::fault::Stored;
use crate::messages::{MessageColumns, MessageRow, Related, SummaryColumns};
use crate::statement::cached_statement;
use crate::users::SummaryRow;
use async_trait::async_trait;
use chat_domain::changes::{ChangeRecord, Needs, coalesce, cut, resolve};
use chat_domain::conversations::ConversationKind;
use chat_domain::{Change, ChangeLog, ChangeRange, ConversationId, Pos, StoreError};
use diesel::sql_types::{Array, BigInt, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::future::try_join;
use std::collections::HashMap;
use uuid::Uuid;

/// Changes are read in two steps, each shared by all callers that wait at that moment. Every change that the first step
/// found is committed, and rows are never deleted, so the second step finds it at any later time. No transaction around
/// both is needed.
#[async_trait]
impl ChangeLog for PostgresStore {
    async fn list_changes(&self, ranges: &[ChangeRange], limit: u32) -> Result<Vec<Change>, StoreError> {
        let spans = self.spans(ranges, limit.into()).await?;
        Ok(self.batches().changes.call(spans).await?.into_iter().flatten().collect())
    }

    async fn list_missed(&self, ranges: &[ChangeRange]) -> Result<Vec<Change>, StoreError> {
        let spans = self.spans(ranges, u64::MAX).await?;
        Ok(self.batches().missed.call(spans).await?.into_iter().flatten().collect())
    }

    async fn list_missed_pos(&self, range: ChangeRange, limit: u32) -> Result<Vec<Pos>, StoreError> {
        let Some(Span { range, .. }) = self.spans(&[range], u64::MAX).await?.pop() else { return Ok(Vec::new()) };
        self.query(async |connection| missed::list_pos(connection, range, limit).await).await
    }
}

impl PostgresStore {
    /// The first `limit` changes of these ranges that exist.
    async fn spans(&self, ranges: &[ChangeRange], limit: u64) -> Result<Vec<Span>, StoreError> {
        let mut ids: Vec<ConversationId> = ranges.iter().map(|range| range.conversation_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let heads = self.batches().heads.call(ids).await?;
        let heads: HashMap<_, Head> = heads.into_iter().map(|head| (head.conversation_id, head)).collect();
        let exist = cut(ranges, |id| heads.get(&id).map(|head| head.last_pos), limit);
        let kind = |id| heads.get(&id).and_then(|head| head.kind);
        Ok(exist.into_iter().map(|range| Span { range, kind: kind(range.conversation_id) }).collect())
    }
}

/// A range of existing changes, in a conversation of this kind. `None` is a kind that this release cannot read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Span {
    range: ChangeRange,
    kind: Option<ConversationKind>,
}

impl Span {
    /// The number of changes in the range.
    pub(crate) fn len(&self) -> usize {
        self.range.len()
    }
}

/// The changes of each of these ranges, in order, by a constant number of queries.
pub(crate) async fn list_spans(
    connection: &mut AsyncPgConnection,
    spans: Vec<Span>,
) -> Stored<HashMap<Span, Vec<Change>>> {
    let (messages, rows) = try_join(load_messages(connection, &spans), load_records(connection, &spans)).await?;
    merge(connection, &spans, messages, records(rows)).await
}

/// What a client that missed each of these ranges needs, by a constant number of queries.
pub(crate) async fn list_missed_spans(
    connection: &mut AsyncPgConnection,
    spans: Vec<Span>,
) -> Stored<HashMap<Span, Vec<Change>>> {
    let missed = missed::load_records(connection, &spans);
    let (messages, rows) = try_join(load_messages(connection, &spans), missed).await?;
    let records = records(rows).into_iter().map(|(number, record)| (number, record.missed())).collect();
    let found = merge(connection, &spans, messages, records).await?;
    Ok(found.into_iter().map(|(span, changes)| (span, coalesce(changes))).collect())
}

fn records(rows: Vec<(i64, RecordRow)>) -> Vec<(i64, ChangeRecord)> {
    rows.into_iter().map(|(number, row)| (number, row.into_record())).collect()
}

/// The changes of each range, from its messages and records.
async fn merge(
    connection: &mut AsyncPgConnection,
    spans: &[Span],
    messages: Vec<(i64, MessageRow, SummaryRow)>,
    records: Vec<(i64, ChangeRecord)>,
) -> Stored<HashMap<Span, Vec<Change>>> {
    let present = load_present(connection, &Needs::of(records.iter().map(|(_, record)| record))).await?;
    let mut changes: Vec<_> = records.into_iter().map(|(number, record)| (number, resolve(record, &present))).collect();
    let related = Related::load(connection, messages.iter().map(|(_, message, _)| message)).await?;
    for (number, message, sender) in messages {
        let Some(span) = numbered(spans, number) else { continue };
        changes.push((number, message.into_change(sender, span.kind, &related)));
    }
    changes.sort_unstable_by_key(|(number, change)| (*number, change.pos));
    let mut found: HashMap<Span, Vec<Change>> = HashMap::with_capacity(spans.len());
    for (number, change) in changes {
        if let Some(span) = numbered(spans, number) {
            found.entry(span).or_default().push(change);
        }
    }
    Ok(found)
}

/// The range with this number in the server's count, from 1.
fn numbered(spans: &[Span], number: i64) -> Option<Span> {
    spans.get(usize::try_from(number).ok()?.checked_sub(1)?).copied()
}

/// Ranges as arrays, one per column.
pub(super) struct Columns {
    pub(super) ids: Vec<Uuid>,
    pub(super) afters: Vec<i64>,
    pub(super) up_tos: Vec<i64>,
}

pub(super) fn columns(spans: &[Span]) -> Columns {
    Columns {
        ids: spans.iter().map(|span| span.range.conversation_id.as_uuid()).collect(),
        afters: spans.iter().map(|span| span.range.after.to_i64()).collect(),
        up_tos: spans.iter().map(|span| span.range.up_to.to_i64()).collect(),
    }
}

cached_statement!(
    /// The new messages of these ranges, with the number of the range.
    ListMessages { ids: Vec<Uuid>, afters: Vec<i64>, up_tos: Vec<i64> }
        -> (BigInt, MessageColumns, SummaryColumns),
    "SELECT asked.number, m.conversation_id, m.seq, m.id, m.pos, m.body, m.attachment, m.reply_to, m.client_message_id,
            m.created_at, m.updated_at, m.edited_at, m.deleted_at, m.changed_pos, m.deleted_by,
            m.metadata, m.forwarded_sender_id, m.forwarded_at, m.reactions, m.pinned_at,
            u.id, u.username, u.name, u.avatar
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
    /// The records in these ranges, with the number of the range.
    ListRecords { ids: Vec<Uuid>, afters: Vec<i64>, up_tos: Vec<i64> } -> (BigInt, RecordColumns),
    "SELECT asked.number, o.conversation_id, o.pos, o.kind, o.at, o.user_id, o.role, o.member_ids, o.effect, o.actor_id,
            o.message_id, o.detail
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

async fn load_records(mut connection: &AsyncPgConnection, spans: &[Span]) -> Stored<Vec<(i64, RecordRow)>> {
    let Columns { ids, afters, up_tos } = columns(spans);
    Ok(ListRecords { ids, afters, up_tos }.load(&mut connection).await?)
}
