//! Reads changes: messages and records, merged by `pos`, in a constant number of queries.
//!
//! Messages have no index by `pos`, since every send would write it. Between two records the `seq` and the `pos` of
//! messages both grow by one, so the newest record before a `pos` gives the `seq` of the message there.

use super::present::load_present;
use super::record::RecordRow;
use crate::conversations::{KindRow, last_pos};
use crate::fault::Stored;
use crate::messages::{MessageRow, Related};
use crate::schema::{conversation_changes, conversations, messages, users};
use crate::statement::cached_statement;
use crate::users::SummaryRow;
use chat_domain::changes::{Needs, cut, resolve_all};
use chat_domain::{Change, ChangeRange, ConversationId, Pos};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::query_builder::Query;
use diesel::sql_types::{BigInt, Bool, Text};
use std::collections::{HashMap, HashSet};

/// The rows of a list of [`places`], written after a pair of columns and before the bound list and `))`.
const IN_PLACES: &str = " IN (SELECT unhex(value ->> 0), value ->> 1 FROM json_each(";

cached_statement!(
    /// Returns the number of messages up to each `pos` of a list of [`places`].
    MessagesUpTo { places: String }
    "SELECT coalesce(
         (SELECT messages_before + (asked.value ->> 1) - pos
          FROM conversation_changes
          WHERE conversation_id = unhex(asked.value ->> 0) AND pos <= asked.value ->> 1
          ORDER BY pos DESC LIMIT 1),
         asked.value ->> 1)
     FROM json_each(",
    places as Text,
    ") AS asked ORDER BY asked.key",
);

impl Query for MessagesUpTo {
    type SqlType = BigInt;
}

pub(super) fn list(connection: &mut SqliteConnection, ranges: &[ChangeRange], limit: u64) -> Stored<Vec<Change>> {
    let mut ids: Vec<ConversationId> = ranges.iter().map(|range| range.conversation_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let heads: HashMap<ConversationId, Pos> = last_pos(connection, &ids)?.into_iter().collect();
    let spans = cut(ranges, |id| heads.get(&id).copied(), limit);
    if spans.is_empty() {
        return Ok(Vec::new());
    }
    let records: Vec<_> = load_records(connection, &spans)?.into_iter().map(RecordRow::into_record).collect();
    let recorded = records.iter().map(|record| (record.conversation_id, record.pos)).collect();
    let seqs = seqs_between(connection, &spans, &recorded)?;
    let mut found = load_messages(connection, &seqs)?;
    let present = load_present(connection, &Needs::of(&records))?;
    found.extend(resolve_all(records, &present).into_iter().map(|change| (place(&change), change)));
    let asked = spans
        .iter()
        .flat_map(|span| (span.after.get() + 1..=span.up_to.get()).map(|pos| (span.conversation_id, Pos::new(pos))));
    Ok(asked.filter_map(|place| found.get(&place).cloned()).collect())
}

/// Changes by conversation and `pos`.
pub(super) type Found = HashMap<(ConversationId, Pos), Change>;

pub(super) const fn place(change: &Change) -> (ConversationId, Pos) {
    (change.conversation_id, change.pos)
}

/// Conversations and numbers as one bound value, so that a list of any length needs only one statement.
pub(super) fn places(numbered: impl Iterator<Item = (ConversationId, i64)>) -> String {
    let place = |(id, number): (ConversationId, i64)| format!("[\"{}\",{number}]", id.as_uuid().as_simple());
    format!("[{}]", numbered.map(place).collect::<Vec<_>>().join(","))
}

/// The number of messages up to each of these `pos`, in their order.
pub(super) fn messages_up_to(
    connection: &mut SqliteConnection,
    ends: impl Iterator<Item = (ConversationId, Pos)>,
) -> Stored<Vec<i64>> {
    Ok(MessagesUpTo { places: places(ends.map(|(id, pos)| (id, pos.to_i64()))) }.load(connection)?)
}

/// The `seq`s of the messages in these spans: each `pos` without a record is a message.
fn seqs_between(
    connection: &mut SqliteConnection,
    spans: &[ChangeRange],
    recorded: &HashSet<(ConversationId, Pos)>,
) -> Stored<Vec<(ConversationId, i64)>> {
    let before = messages_up_to(connection, spans.iter().map(|span| (span.conversation_id, span.after)))?;
    let of_span = |(span, before): (&ChangeRange, i64)| {
        let id = span.conversation_id;
        let positions = (span.after.get() + 1..=span.up_to.get()).map(Pos::new);
        let messages = positions.filter(move |pos| !recorded.contains(&(id, *pos)));
        messages.zip(before + 1..).map(move |(_, seq)| (id, seq))
    };
    Ok(spans.iter().zip(before).flat_map(of_span).collect())
}

pub(super) fn load_messages(connection: &mut SqliteConnection, seqs: &[(ConversationId, i64)]) -> Stored<Found> {
    let columns = "(messages.conversation_id, messages.seq)";
    let asked = places(seqs.iter().copied());
    let these = sql::<Bool>(columns).sql(IN_PLACES).bind::<Text, _>(asked).sql("))");
    let rows: Vec<(MessageRow, SummaryRow, KindRow)> = messages::table
        .inner_join(users::table)
        .inner_join(conversations::table)
        .filter(these)
        .select((MessageRow::as_select(), SummaryRow::as_select(), KindRow::as_select()))
        .load(connection)?;
    let related = Related::load(connection, rows.iter().map(|(message, ..)| message))?;
    let change = |(message, sender, kind): (MessageRow, SummaryRow, KindRow)| {
        let change = message.into_change(sender, kind.read().ok(), &related);
        (place(&change), change)
    };
    Ok(rows.into_iter().map(change).collect())
}

fn load_records(connection: &mut SqliteConnection, spans: &[ChangeRange]) -> Stored<Vec<RecordRow>> {
    let of_span = |span: &ChangeRange| {
        let id = span.conversation_id;
        (span.after.get() + 1..=span.up_to.get()).map(move |pos| (id, Pos::new(pos).to_i64()))
    };
    let columns = "(conversation_changes.conversation_id, conversation_changes.pos)";
    let asked = places(spans.iter().flat_map(of_span));
    let these = sql::<Bool>(columns).sql(IN_PLACES).bind::<Text, _>(asked).sql("))");
    Ok(conversation_changes::table.filter(these).select(RecordRow::as_select()).load(connection)?)
}
