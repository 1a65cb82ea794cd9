//! The durable changes of conversations, read back: messages and everything else, merged by `pos`.

use crate::PostgresStore;
use crate::conversations::{Head, heads, load_many, role_from};
use crate::fault::{Fault, Stored};
use crate::messages::{MessageColumns, MessageRow, SummaryColumns};
use crate::statement::cached_statement;
use crate::time::timestamp;
use crate::users::{SummaryRow, load_summaries};
use async_trait::async_trait;
use chat_domain::conversations::ConversationDetails;
use chat_domain::users::UserSummary;
use chat_domain::{Change, ChangeKind, ChangeLog, ChangeRange, ConversationId, Pos, StoreError, UserId};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::collections::HashMap;
use uuid::Uuid;

#[async_trait]
impl ChangeLog for PostgresStore {
    async fn list_changes(&self, ranges: &[ChangeRange], limit: u32) -> Result<Vec<Change>, StoreError> {
        self.read(async |connection| list(connection, ranges, limit).await).await
    }
}

async fn list(connection: &mut AsyncPgConnection, ranges: &[ChangeRange], limit: u32) -> Stored<Vec<Change>> {
    let ids: Vec<ConversationId> = ranges.iter().map(|range| range.conversation_id).collect();
    let heads = heads(connection, &ids).await?;
    let cut = cut(ranges, &heads, u64::from(limit));
    if cut.ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut changes = load_messages(connection, cut.clone(), &heads).await?;
    let others = load_others(connection, cut).await?;
    changes.append(&mut described(connection, others).await?);
    changes.sort_unstable_by_key(|(number, change)| (*number, change.pos));
    Ok(changes.into_iter().map(|(_, change)| change).collect())
}

/// Ranges as arrays: `after < pos <= up_to` in each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Cut {
    ids: Vec<Uuid>,
    afters: Vec<i64>,
    up_tos: Vec<i64>,
}

/// The ranges, cut to what exists, and then to where the limit falls. Since numbers have no gaps, that is arithmetic,
/// and no row is read in vain.
fn cut(ranges: &[ChangeRange], heads: &HashMap<ConversationId, Head>, limit: u64) -> Cut {
    let mut cut = Cut::default();
    let mut room = limit;
    for range in ranges {
        let last = heads.get(&range.conversation_id).map_or(Pos::ZERO, |head| head.last_pos);
        let existing = last.min(range.up_to);
        let length = existing.since(range.after).min(room);
        if length > 0 {
            room -= length;
            cut.ids.push(range.conversation_id.as_uuid());
            cut.afters.push(range.after.to_i64());
            cut.up_tos.push(Pos::new(range.after.get() + length).to_i64());
        }
    }
    cut
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
    connection: &mut AsyncPgConnection,
    cut: Cut,
    heads: &HashMap<ConversationId, Head>,
) -> Stored<Vec<(i64, Change)>> {
    let Cut { ids, afters, up_tos } = cut;
    let rows: Vec<(i64, MessageRow, SummaryRow)> = ListMessages { ids, afters, up_tos }.load(connection).await?;
    rows.into_iter()
        .map(|(number, message, sender)| {
            let kind = heads.get(&message.conversation_id()).ok_or_else(|| empty("conversation_id"))?.kind;
            let message = message.sent_by(sender, kind)?;
            let (conversation_id, pos, at) = (message.conversation_id, message.pos, message.created_at);
            let kind = ChangeKind::MessageSent(Box::new(message));
            Ok((number, Change { conversation_id, pos, at, kind }))
        })
        .collect()
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

async fn load_others(connection: &mut AsyncPgConnection, cut: Cut) -> Stored<Vec<OtherRow>> {
    let Cut { ids, afters, up_tos } = cut;
    Ok(ListOthers { ids, afters, up_tos }.load(connection).await?)
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
    use chat_domain::conversations::ConversationKind;

    fn range(number: u128, after: u64, up_to: u64) -> ChangeRange {
        ChangeRange {
            conversation_id: ConversationId::new(Uuid::from_u128(number)),
            after: Pos::new(after),
            up_to: Pos::new(up_to),
        }
    }

    #[test]
    fn ranges_are_cut_to_what_exists_and_to_the_limit() {
        let head = |pos| Head { last_pos: Pos::new(pos), kind: ConversationKind::Group };
        let heads = [(1, 10), (2, 5)].map(|(id, pos)| (ConversationId::new(Uuid::from_u128(id)), head(pos))).into();
        let lengths = |ranges: &[ChangeRange], limit| {
            let cut = cut(ranges, &heads, limit);
            cut.afters.into_iter().zip(cut.up_tos).collect::<Vec<_>>()
        };
        let ranges = [range(1, 7, Pos::MAX.get()), range(9, 0, 4), range(2, 5, 9), range(2, 1, 3)];
        assert_eq!(lengths(&ranges, 100), [(7, 10), (1, 3)]);
        assert_eq!(lengths(&ranges, 4), [(7, 10), (1, 2)]);
        assert_eq!(lengths(&ranges, 2), [(7, 9)]);
        assert_eq!(lengths(&ranges, 0), []);
    }
}
