//! The present state of the messages, users and conversations that records refer to.
//!
//! Rows that this release cannot read are left out: a later release may have written them. The changes that need them
//! become [`ChangeKind::Unknown`](chat_domain::ChangeKind::Unknown), and do not stop the changes after them.

use crate::conversations::{KindRow, load_readable};
use crate::fault::Stored;
use crate::id::{IN_LIST, id_list};
use crate::messages::{MessageRow, Related};
use crate::schema::{conversations, messages, users};
use crate::users::{SummaryRow, load_summaries};
use chat_domain::MessageId;
use chat_domain::changes::{Needs, Present};
use chat_domain::messages::Message;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

/// Runs at most two queries for messages, one for users and two for conversations, and none if nothing is needed.
pub(super) fn load_present(connection: &mut SqliteConnection, needs: &Needs) -> Stored<Present> {
    let messages = load_messages(connection, &needs.messages)?;
    let users = load_summaries(connection, &needs.users)?;
    let conversations =
        if needs.conversations.is_empty() { Vec::new() } else { load_readable(connection, &needs.conversations)? };
    Ok(Present::new(messages, users, conversations))
}

fn load_messages(connection: &mut SqliteConnection, ids: &[MessageId]) -> Stored<Vec<Message>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let these = sql::<Bool>("messages.id").sql(IN_LIST).bind::<Text, _>(id_list(ids)).sql("))");
    let rows: Vec<(MessageRow, SummaryRow, KindRow)> = messages::table
        .inner_join(users::table)
        .inner_join(conversations::table)
        .filter(these)
        .select((MessageRow::as_select(), SummaryRow::as_select(), KindRow::as_select()))
        .load(connection)?;
    let related = Related::load(connection, rows.iter().map(|(message, ..)| message))?;
    let readable = rows
        .into_iter()
        .filter_map(|(message, sender, kind)| message.sent_by(sender, kind.read().ok()?, &related).ok());
    Ok(readable.collect())
}
