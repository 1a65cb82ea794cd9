//! Read and delivery positions: one row per participant.

use crate::PostgresStore;
use crate::fault::{Fault, Stored};
use crate::messages::find_in_conversation;
use crate::schema::{conversations, participants};
use crate::statement::cached_statement;
use async_trait::async_trait;
use chat_domain::receipts::{AdvanceError, AdvancePositions, Advanced, Positions, ReceiptStore, ReceiptTarget};
use chat_domain::{ConversationId, Seq, UserId};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

#[async_trait]
impl ReceiptStore for PostgresStore {
    async fn advance(
        &self,
        conversation: ConversationId,
        user: UserId,
        advance: AdvancePositions,
    ) -> Result<Advanced, AdvanceError> {
        // No transaction: what is written is one statement, which moves a row forward from wherever it is by then.
        self.query(async |connection| move_positions(connection, conversation, user, advance).await).await
    }
}

async fn move_positions(
    connection: &mut AsyncPgConnection,
    conversation: ConversationId,
    user: UserId,
    advance: AdvancePositions,
) -> Result<Advanced, AdvanceError> {
    let standing = find_standing(connection, conversation, user).await?.ok_or(AdvanceError::UnknownConversation)?;
    let before = standing.positions.ok_or(AdvanceError::NotAParticipant)?;
    let target = match advance.target() {
        ReceiptTarget::Latest => standing.last_seq,
        ReceiptTarget::Seq(seq) => seq,
        ReceiptTarget::Message(id) => {
            find_in_conversation(connection, conversation, id).await?.ok_or(AdvanceError::UnknownMessage)?
        }
    };
    let wanted = advance.apply(before, target, standing.last_seq);
    let moved = wanted != before;
    let positions = if moved {
        // Nothing to move any more: left a moment ago.
        store(connection, conversation, user, wanted).await?.ok_or(AdvanceError::NotAParticipant)?
    } else {
        before
    };
    let Standing { last_seq, participant_count, .. } = standing;
    Ok(Advanced { positions, moved, last_seq, participant_count })
}

struct Standing {
    last_seq: Seq,
    participant_count: u32,
    /// `None` for whoever does not take part.
    positions: Option<Positions>,
}

async fn find_standing(
    connection: &mut AsyncPgConnection,
    conversation: ConversationId,
    user: UserId,
) -> Stored<Option<Standing>> {
    let takes_part = participants::conversation_id
        .eq(conversations::id)
        .and(participants::user_id.eq(user.as_uuid()))
        .and(participants::left_at.is_null());
    let columns = (participants::joined_seq, participants::delivered_seq, participants::read_seq);
    let row: Option<(i64, i32, Option<PositionColumns>)> = conversations::table
        .left_join(participants::table.on(takes_part))
        .filter(conversations::id.eq(conversation.as_uuid()))
        .select((conversations::last_seq, conversations::participant_count, columns.nullable()))
        .first(connection)
        .await
        .optional()?;
    Ok(row.map(|(last_seq, count, columns)| Standing {
        last_seq: Seq::from_i64(last_seq),
        participant_count: u32::try_from(count).unwrap_or(0),
        positions: columns.map(positions),
    }))
}

/// Joined, delivered, read.
pub(crate) type PositionColumns = (i64, i64, i64);

pub(crate) fn positions((joined, delivered, read): PositionColumns) -> Positions {
    Positions { joined: Seq::from_i64(joined), delivered: Seq::from_i64(delivered), read: Seq::from_i64(read) }
}

cached_statement!(
    /// Stores how far a participant has got. Another node may have moved them further since they were read: never back.
    MovePositions { conversation_id: Uuid, user_id: Uuid, delivered: i64, read: i64 } -> (BigInt, BigInt, BigInt),
    "UPDATE participants SET delivered_seq = greatest(delivered_seq, ",
    delivered as BigInt,
    "), read_seq = greatest(read_seq, ",
    read as BigInt,
    ") WHERE conversation_id = ",
    conversation_id as SqlUuid,
    " AND user_id = ",
    user_id as SqlUuid,
    " AND left_at IS NULL RETURNING joined_seq, delivered_seq, read_seq",
);

async fn store(
    connection: &mut AsyncPgConnection,
    conversation: ConversationId,
    user: UserId,
    wanted: Positions,
) -> Result<Option<Positions>, Fault> {
    let moving = MovePositions {
        conversation_id: conversation.as_uuid(),
        user_id: user.as_uuid(),
        delivered: wanted.delivered.to_i64(),
        read: wanted.read.to_i64(),
    };
    let row: Option<PositionColumns> = moving.get_result(connection).await.optional()?;
    Ok(row.map(positions))
}
