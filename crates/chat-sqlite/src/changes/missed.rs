//! Reads what a client missed: sent messages, changed messages, and changes of other kinds. The changes of a message
//! that was changed often are not read, except the newest one.

use super::list::{load_messages, messages_up_to, place, places};
use super::present::load_present;
use super::record::RecordRow;
use crate::conversations::last_pos;
use crate::fault::Stored;
use crate::id::{Id, id_list};
use crate::schema::{changed_messages, conversation_changes, messages};
use crate::statement::cached_statement;
use chat_domain::changes::{ChangeTag, Needs, coalesce, cut, resolve_all};
use chat_domain::{Change, ChangeRange, ConversationId, Pos};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::query_builder::Query;
use diesel::sql_types::{Binary, Bool, Text};
use std::collections::HashMap;

cached_statement!(
    /// The kinds of changes that each of these conversations has: one step in the index for each.
    ListKinds { ids: String }
    "WITH RECURSIVE kinds (id, kind) AS (
         SELECT unhex(value), (SELECT min(kind) FROM conversation_changes WHERE conversation_id = unhex(value))
         FROM json_each(",
    ids as Text,
    ")
         UNION ALL
         SELECT id, (SELECT min(later.kind) FROM conversation_changes AS later
                     WHERE later.conversation_id = kinds.id AND later.kind > kinds.kind)
         FROM kinds WHERE kind IS NOT NULL
     )
     SELECT id, kind FROM kinds WHERE kind IS NOT NULL",
);

impl Query for ListKinds {
    type SqlType = (Binary, Text);
}

/// A part of a conversation's log, and the number of messages before it and up to its end.
struct Span {
    range: ChangeRange,
    before: i64,
    last: i64,
}

pub(super) fn find(connection: &mut SqliteConnection, ranges: &[ChangeRange]) -> Stored<Vec<Change>> {
    let spans = load_spans(connection, ranges)?;
    if spans.is_empty() {
        return Ok(Vec::new());
    }
    let seqs: Vec<_> = spans
        .iter()
        .flat_map(|span| (span.before + 1..=span.last).map(|seq| (span.range.conversation_id, seq)))
        .collect();
    let mut found = load_messages(connection, &seqs)?;
    let records = load_records(connection, &spans)?.into_iter().map(|row| row.into_record().missed());
    let records: Vec<_> = records.collect();
    let present = load_present(connection, &Needs::of(&records))?;
    found.extend(resolve_all(records, &present).into_iter().map(|change| (place(&change), change)));
    let mut changes: Vec<Change> = found.into_values().collect();
    changes.sort_unstable_by_key(place);
    let of_span = |span: &Span| {
        let ChangeRange { conversation_id, after, up_to } = span.range;
        let end = |pos: Pos| changes.partition_point(|change| place(change) <= (conversation_id, pos));
        coalesce(changes[end(after)..end(up_to)].to_vec())
    };
    Ok(spans.iter().flat_map(of_span).collect())
}

pub(super) fn find_pos(connection: &mut SqliteConnection, range: ChangeRange, limit: u32) -> Stored<Vec<Pos>> {
    let Some(span) = load_spans(connection, &[range])?.pop() else { return Ok(Vec::new()) };
    let id = Id::from(span.range.conversation_id);
    let (after, up_to) = (span.range.after.to_i64(), span.range.up_to.to_i64());
    let mut found: Vec<i64> = messages::table
        .filter(messages::conversation_id.eq(id))
        .filter(messages::seq.gt(span.before).and(messages::seq.le(span.last)))
        .order(messages::seq)
        .limit(limit.into())
        .select(messages::pos)
        .load(connection)?;
    // If there are enough, nothing after the last of them is read: otherwise all changed messages that were sent in the
    // range would be read and rejected.
    let up_to = if found.len() < limit as usize { up_to } else { found.last().copied().unwrap_or(after) };
    found.extend(
        changed_messages::table
            .filter(changed_messages::conversation_id.eq(id))
            .filter(changed_messages::changed_pos.gt(after).and(changed_messages::changed_pos.le(up_to)))
            .filter(changed_messages::seq.le(span.before))
            .order(changed_messages::changed_pos)
            .limit(limit.into())
            .select(changed_messages::changed_pos)
            .load::<i64>(connection)?,
    );
    for (_, kind) in list_other_kinds(connection, &[span])? {
        found.extend(
            conversation_changes::table
                .filter(conversation_changes::conversation_id.eq(id))
                .filter(conversation_changes::kind.eq(kind))
                .filter(conversation_changes::pos.gt(after).and(conversation_changes::pos.le(up_to)))
                .order(conversation_changes::pos)
                .limit(limit.into())
                .select(conversation_changes::pos)
                .load::<i64>(connection)?,
        );
    }
    found.push(up_to);
    found.sort_unstable();
    found.dedup();
    Ok(found.into_iter().take(limit as usize).map(Pos::from_i64).collect())
}

/// The parts of these ranges that exist.
fn load_spans(connection: &mut SqliteConnection, ranges: &[ChangeRange]) -> Stored<Vec<Span>> {
    let mut ids: Vec<ConversationId> = ranges.iter().map(|range| range.conversation_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let heads: HashMap<ConversationId, Pos> = last_pos(connection, &ids)?.into_iter().collect();
    let ranges = cut(ranges, |id| heads.get(&id).copied(), u64::MAX);
    let ends = ranges.iter().flat_map(|range| [range.after, range.up_to].map(|pos| (range.conversation_id, pos)));
    let counts = messages_up_to(connection, ends)?;
    let span = |(range, counts): (ChangeRange, &[i64])| match counts {
        [before, last] => Some(Span { range, before: *before, last: *last }),
        _ => None,
    };
    Ok(ranges.into_iter().zip(counts.chunks(2)).filter_map(span).collect())
}

/// The kinds of changes in these conversations for which no message stands.
fn list_other_kinds(connection: &mut SqliteConnection, spans: &[Span]) -> Stored<Vec<(ConversationId, String)>> {
    let mut ids: Vec<_> = spans.iter().map(|span| span.range.conversation_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let kinds: Vec<(Id, String)> = ListKinds { ids: id_list(&ids) }.load(connection)?;
    let others = kinds.into_iter().filter(|(_, kind)| ChangeTag::of_sent_messages().all(|tag| tag.as_str() != kind));
    Ok(others.map(|(id, kind)| (id.into(), kind)).collect())
}

/// Reads the newest change of each changed message, all changes of other kinds, and the last change of each range.
fn load_records(connection: &mut SqliteConnection, spans: &[Span]) -> Stored<Vec<RecordRow>> {
    let kinds = list_other_kinds(connection, spans)?;
    let changed = spans.iter().map(|span| entry(span, &span.before.to_string()));
    let others = spans.iter().flat_map(|span| {
        let theirs = kinds.iter().filter(|(id, _)| *id == span.range.conversation_id);
        // In hexadecimal, since a later release may have written any text.
        theirs.map(|(_, kind)| entry(span, &format!("\"{}\"", hexadecimal(kind))))
    });
    let these = sql::<Bool>(
        "(conversation_changes.conversation_id, conversation_changes.pos) IN (SELECT * FROM (
             SELECT changed.conversation_id, changed.changed_pos
             FROM json_each(",
    )
    .bind::<Text, _>(list(changed))
    .sql(
        ") AS asked
             CROSS JOIN changed_messages AS changed
                ON changed.conversation_id = unhex(asked.value ->> 0) AND changed.changed_pos > asked.value ->> 1
               AND changed.changed_pos <= asked.value ->> 2 AND changed.seq <= asked.value ->> 3
             UNION
             SELECT other.conversation_id, other.pos
             FROM json_each(",
    )
    .bind::<Text, _>(list(others))
    .sql(
        ") AS asked
             CROSS JOIN conversation_changes AS other
                ON other.conversation_id = unhex(asked.value ->> 0)
               AND other.kind = CAST(unhex(asked.value ->> 3) AS TEXT)
               AND other.pos > asked.value ->> 1 AND other.pos <= asked.value ->> 2
             UNION
             SELECT unhex(value ->> 0), value ->> 1 FROM json_each(",
    )
    .bind::<Text, _>(places(spans.iter().map(|span| (span.range.conversation_id, span.range.up_to.to_i64()))))
    .sql(")))");
    Ok(conversation_changes::table.filter(these).select(RecordRow::as_select()).load(connection)?)
}

/// A range and what to find in it, for a bound list.
fn entry(span: &Span, what: &str) -> String {
    let ChangeRange { conversation_id, after, up_to } = span.range;
    format!("[\"{}\",{after},{up_to},{what}]", conversation_id.as_uuid().as_simple())
}

fn list(entries: impl Iterator<Item = String>) -> String {
    format!("[{}]", entries.collect::<Vec<_>>().join(","))
}

fn hexadecimal(text: &str) -> String {
    let digits = text.bytes().flat_map(|byte| [byte >> 4, byte & 0xf]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}
