//! Reads changes: messages and records, merged by `pos`, in a constant number of queries.

use super::present::load_present;
use super::record::RecordRow;
use crate::conversations::{kind_from, last_pos};
use crate::fault::Stored;
use crate::messages::MessageRow;
use crate::schema::{conversation_changes, conversations, messages, users};
use crate::users::SummaryRow;
use chat_domain::changes::{Needs, cut, resolve_all};
use chat_domain::{Change, ChangeRange, ConversationId, Pos};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use std::collections::HashMap;

/// The rows of a list of [`Places`], written after a pair of columns and before the bound list and `))`.
const IN_PLACES: &str = " IN (SELECT unhex(value ->> 0), value ->> 1 FROM json_each(";

pub(super) fn list(connection: &mut SqliteConnection, ranges: &[ChangeRange], limit: u64) -> Stored<Vec<Change>> {
    let mut ids: Vec<ConversationId> = ranges.iter().map(|range| range.conversation_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let heads: HashMap<ConversationId, Pos> = last_pos(connection, &ids)?.into_iter().collect();
    let spans = cut(ranges, |id| heads.get(&id).copied(), limit);
    if spans.is_empty() {
        return Ok(Vec::new());
    }
    let places = Places::of(&spans);
    let mut found = load_messages(connection, &places)?;
    let rows = load_records(connection, &places)?;
    let records: Vec<_> = rows.into_iter().map(RecordRow::into_record).collect();
    let present = load_present(connection, &Needs::of(&records))?;
    found.extend(resolve_all(records, &present).into_iter().map(|change| (place(&change), change)));
    let asked = spans
        .iter()
        .flat_map(|span| (span.after.get() + 1..=span.up_to.get()).map(|pos| (span.conversation_id, Pos::new(pos))));
    Ok(asked.filter_map(|place| found.get(&place).cloned()).collect())
}

/// Changes by conversation and `pos`.
type Found = HashMap<(ConversationId, Pos), Change>;

const fn place(change: &Change) -> (ConversationId, Pos) {
    (change.conversation_id, change.pos)
}

/// Conversations and `pos` numbers as one bound value, so that a list of any length needs only one statement.
struct Places(String);

impl Places {
    fn of(spans: &[ChangeRange]) -> Self {
        let of_span = |span: &ChangeRange| {
            let id = span.conversation_id.as_uuid();
            (span.after.get() + 1..=span.up_to.get()).map(move |pos| format!("[\"{}\",{pos}]", id.as_simple()))
        };
        Self(format!("[{}]", spans.iter().flat_map(of_span).collect::<Vec<_>>().join(",")))
    }
}

fn load_messages(connection: &mut SqliteConnection, places: &Places) -> Stored<Found> {
    let columns = "(messages.conversation_id, messages.pos)";
    let these = sql::<Bool>(columns).sql(IN_PLACES).bind::<Text, _>(&places.0).sql("))");
    let rows: Vec<(MessageRow, SummaryRow, Option<String>)> = messages::table
        .inner_join(users::table)
        .inner_join(conversations::table)
        .filter(these)
        .select((MessageRow::as_select(), SummaryRow::as_select(), conversations::direct_key))
        .load(connection)?;
    rows.into_iter()
        .map(|(message, sender, direct_key)| {
            let change = Change::message_sent(message.sent_by(sender, kind_from(direct_key.as_deref())?)?);
            Ok((place(&change), change))
        })
        .collect()
}

fn load_records(connection: &mut SqliteConnection, places: &Places) -> Stored<Vec<RecordRow>> {
    let columns = "(conversation_changes.conversation_id, conversation_changes.pos)";
    let these = sql::<Bool>(columns).sql(IN_PLACES).bind::<Text, _>(&places.0).sql("))");
    Ok(conversation_changes::table.filter(these).select(RecordRow::as_select()).load(connection)?)
}
