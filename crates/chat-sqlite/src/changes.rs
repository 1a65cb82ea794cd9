//! The durable changes of conversations, read back: messages and everything else, merged by `pos`.

use crate::SqliteStore;
use crate::conversations::{kind_from, load_details, role_from};
use crate::fault::{Fault, Stored};
use crate::id::{Id, timestamp};
use crate::messages::MessageRow;
use crate::schema::{conversation_changes, conversations, messages, users};
use crate::users::SummaryRow;
use async_trait::async_trait;
use chat_domain::conversations::ConversationDetails;
use chat_domain::users::UserSummary;
use chat_domain::{Change, ChangeKind, ChangeLog, ChangeRange, ConversationId, Pos, StoreError, UserId};
use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use std::collections::HashMap;
use uuid::Uuid;

#[async_trait]
impl ChangeLog for SqliteStore {
    async fn list_changes(&self, ranges: &[ChangeRange], limit: u32) -> Result<Vec<Change>, StoreError> {
        let ranges = ranges.to_vec();
        self.read(move |connection| list(connection, &ranges, limit as usize)).await
    }
}

fn list(connection: &mut SqliteConnection, ranges: &[ChangeRange], limit: usize) -> Stored<Vec<Change>> {
    let mut changes = Vec::new();
    let mut details = PresentDetails::default();
    for range in ranges {
        let room = limit - changes.len();
        // Every `pos` is one change: so many of them are a range, and neither kind needs a limit of its own.
        let up_to = range.up_to.get().min(range.after.get().saturating_add(room as u64));
        let range = ChangeRange { up_to: Pos::new(up_to), ..*range };
        if range.up_to <= range.after {
            continue;
        }
        let mut of_range = load_messages(connection, range)?;
        for row in load_others(connection, range)? {
            of_range.push(row.into_change(connection, &mut details)?);
        }
        of_range.sort_unstable_by_key(|change| change.pos);
        changes.append(&mut of_range);
    }
    Ok(changes)
}

fn load_messages(connection: &mut SqliteConnection, range: ChangeRange) -> Stored<Vec<Change>> {
    let rows: Vec<(MessageRow, SummaryRow, Option<String>)> = messages::table
        .inner_join(users::table)
        .inner_join(conversations::table)
        .filter(messages::conversation_id.eq(Id::from(range.conversation_id)))
        .filter(messages::pos.gt(range.after.to_i64()))
        .filter(messages::pos.le(range.up_to.to_i64()))
        .order(messages::pos)
        .select((MessageRow::as_select(), SummaryRow::as_select(), conversations::direct_key))
        .load(connection)?;
    rows.into_iter()
        .map(|(message, sender, direct_key)| {
            let message = message.sent_by(sender, kind_from(direct_key.as_deref())?)?;
            let (conversation_id, pos, at) = (message.conversation_id, message.pos, message.created_at);
            Ok(Change { conversation_id, pos, at, kind: ChangeKind::MessageSent(Box::new(message)) })
        })
        .collect()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = conversation_changes, check_for_backend(Sqlite))]
struct ChangeRow {
    conversation_id: Id,
    pos: i64,
    kind: String,
    at: i64,
    user_id: Option<Id>,
    role: Option<String>,
    member_ids: Option<Vec<u8>>,
}

fn load_others(connection: &mut SqliteConnection, range: ChangeRange) -> Stored<Vec<ChangeRow>> {
    Ok(conversation_changes::table
        .filter(conversation_changes::conversation_id.eq(Id::from(range.conversation_id)))
        .filter(conversation_changes::pos.gt(range.after.to_i64()))
        .filter(conversation_changes::pos.le(range.up_to.to_i64()))
        .order(conversation_changes::pos)
        .select(ChangeRow::as_select())
        .load(connection)?)
}

impl ChangeRow {
    fn into_change(self, connection: &mut SqliteConnection, details: &mut PresentDetails) -> Stored<Change> {
        let conversation_id: ConversationId = self.conversation_id.into();
        let user = self.user_id.map(UserId::from).ok_or_else(|| empty("user_id"));
        let kind = match self.kind.as_str() {
            "created" => ChangeKind::Created {
                details: details.of(connection, conversation_id)?,
                member_ids: unpacked(&self.member_ids.unwrap_or_default()),
            },
            "updated" => ChangeKind::Updated(details.of(connection, conversation_id)?),
            "participant_added" => ChangeKind::ParticipantAdded {
                user: load_summary(connection, user?)?,
                role: role_from(self.role.as_deref().unwrap_or_default())?,
                details: details.of(connection, conversation_id)?,
            },
            "participant_removed" => ChangeKind::ParticipantRemoved { user_id: user? },
            other => return Err(Fault::Name { column: "kind", found: other.to_owned() }),
        };
        Ok(Change { conversation_id, pos: Pos::from_i64(self.pos), at: timestamp(self.at), kind })
    }
}

/// Conversations as they are now, each read once however many changes carry it.
#[derive(Default)]
struct PresentDetails(HashMap<ConversationId, Box<ConversationDetails>>);

impl PresentDetails {
    fn of(&mut self, connection: &mut SqliteConnection, id: ConversationId) -> Stored<Box<ConversationDetails>> {
        if let Some(known) = self.0.get(&id) {
            return Ok(known.clone());
        }
        let details = load_details(connection, id)?.ok_or(Fault::Database(diesel::result::Error::NotFound))?;
        Ok(self.0.entry(id).or_insert(Box::new(details)).clone())
    }
}

fn load_summary(connection: &mut SqliteConnection, id: UserId) -> Stored<UserSummary> {
    let row: SummaryRow = users::table.find(Id::from(id)).select(SummaryRow::as_select()).get_result(connection)?;
    row.try_into()
}

fn unpacked(bytes: &[u8]) -> Vec<UserId> {
    bytes.chunks_exact(16).filter_map(|id| Uuid::from_slice(id).ok()).map(UserId::new).collect()
}

fn empty(column: &'static str) -> Fault {
    Fault::Name { column, found: String::new() }
}
