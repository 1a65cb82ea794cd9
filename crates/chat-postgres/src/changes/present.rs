//! The present state of the messages, users and conversations that records refer to.
//!
//! Rows that this release cannot read are left out: a later release may have written them. The changes that need them
//! become [`ChangeKind::Unknown`](chat_domain::ChangeKind::Unknown), and do not stop the changes after them.

use crate::conversations::{KindRow, load_readable};
use crate::fault::Stored;
use crate::messages::{MessageRow, Related};
use crate::schema::{conversations, messages, users};
use crate::users::{SummaryRow, load_summary_rows};
use chat_domain::changes::{Needs, Present};
use chat_domain::messages::Message;
use chat_domain::users::UserSummary;
use chat_domain::{MessageId, UserId};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

/// Runs at most two queries for messages, one for users and two for conversations, and none if nothing is needed.
pub(super) async fn load_present(connection: &mut AsyncPgConnection, needs: &Needs) -> Stored<Present> {
    let messages = load_messages(connection, &needs.messages).await?;
    let users = match needs.users.as_slice() {
        [] => Vec::new(),
        users => load_users(connection, users).await?,
    };
    let conversations = match needs.conversations.as_slice() {
        [] => Vec::new(),
        conversations => load_readable(connection, conversations).await?,
    };
    Ok(Present::new(messages, users, conversations))
}

async fn load_messages(connection: &mut AsyncPgConnection, ids: &[MessageId]) -> Stored<Vec<Message>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    let rows: Vec<(MessageRow, SummaryRow, KindRow)> = messages::table
        .inner_join(users::table)
        .inner_join(conversations::table)
        .filter(messages::id.eq_any(ids))
        .select((MessageRow::as_select(), SummaryRow::as_select(), KindRow::as_select()))
        .load(connection)
        .await?;
    let related = Related::load(connection, rows.iter().map(|(message, ..)| message)).await?;
    let readable = rows
        .into_iter()
        .filter_map(|(message, sender, kind)| message.sent_by(sender, kind.read().ok()?, &related).ok());
    Ok(readable.collect())
}

async fn load_users(connection: &mut AsyncPgConnection, ids: &[UserId]) -> Stored<Vec<UserSummary>> {
    let rows = load_summary_rows(connection, ids.iter().map(|id| id.as_uuid()).collect()).await?;
    Ok(rows.into_iter().filter_map(|row| UserSummary::try_from(row).ok()).collect())
}
