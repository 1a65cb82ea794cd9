//! Read and delivery positions: one row per participant.

use crate::PostgresStore;
use crate::conversations::{KindRow, is_active as is_active_parent, takes_part as is_member};
use crate::fault::Stored;
use crate::messages::find_in_conversation;
use crate::schema::{conversations, participants};
use crate::statement::cached_statement;
use crate::threads;
use async_trait::async_trait;
use chat_domain::conversations::{ConversationKind, MAX_PUSHED_PARTICIPANTS};
use chat_domain::receipts::{
    AdvancePositions, Advanced, MessageStatus, ParticipantPositions, Positions, ReceiptStore, ReceiptTarget, Unread,
    delivery_status, read_by,
};
use chat_domain::{ActionError, ConversationId, MessageId, Refusal, Seq, StoreError, UserId};
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
    ) -> Result<Advanced, ActionError> {
        // No transaction: the only write is one statement, which moves a row forward from its present value.
        self.query(async |connection| move_positions(connection, conversation, user, advance).await).await
    }

    async fn count_unread(&self, user: UserId, most: u32) -> Result<Unread, StoreError> {
        self.query(async |connection| count_unread(connection, user, most).await).await
    }
}

cached_statement!(
    /// The unread messages of a user, and the conversations that have some.
    CountUnread { user_id: Uuid, most: i64 } -> (BigInt, BigInt),
    "SELECT coalesce(sum(unread), 0)::BIGINT, count(nullif(unread, 0))
     FROM (SELECT greatest(c.last_seq - p.read_seq, 0) AS unread
           FROM participants AS p
           JOIN conversations AS c ON c.id = p.conversation_id
           WHERE p.user_id = ",
    user_id as SqlUuid,
    " AND p.left_at IS NULL AND c.is_active LIMIT ",
    most as BigInt,
    ") AS counted",
);

async fn count_unread(connection: &mut AsyncPgConnection, user: UserId, most: u32) -> Stored<Unread> {
    let asked = CountUnread { user_id: user.as_uuid(), most: most.into() };
    let counts: (i64, i64) = asked.get_result(connection).await?;
    let [total, conversations] = [counts.0, counts.1].map(|count| u64::try_from(count).unwrap_or(0));
    Ok(Unread { total, conversations })
}

async fn move_positions(
    connection: &mut AsyncPgConnection,
    conversation: ConversationId,
    user: UserId,
    advance: AdvancePositions,
) -> Result<Advanced, ActionError> {
    let context = find_context(connection, conversation, user).await?.ok_or(Refusal::UnknownConversation)?;
    let before = context.positions.ok_or(Refusal::NotAParticipant)?;
    if !context.is_active {
        return Err(Refusal::Inactive.into());
    }
    let target = match advance.target() {
        ReceiptTarget::Latest => context.last_seq,
        ReceiptTarget::Seq(seq) => seq,
        ReceiptTarget::Message(id) => {
            find_in_conversation(connection, conversation, id).await?.ok_or(Refusal::UnknownMessage)?
        }
    };
    let wanted = advance.apply(before, target, context.last_seq);
    let (before, positions) = if wanted == before {
        (before, before)
    } else {
        let moved = match context.kind.parent() {
            // The follow may have ended a moment ago.
            Some(_) => {
                threads::move_positions(connection, conversation, user, wanted).await?.or(Some((before, before)))
            }
            None => store(connection, conversation, user, wanted).await?,
        };
        // The row is gone: the user left a moment ago.
        moved.ok_or(Refusal::NotAParticipant)?
    };
    let ReceiptContext { kind, last_seq, participant_count, .. } = context;
    let mut advanced = Advanced { kind, before, positions, covers: None, last_seq, participant_count };
    if advanced.moved() && kind.parent().is_some() {
        advanced.participant_count = threads::count_followers(connection, conversation).await?;
    }
    if advanced.moved() && advanced.participant_count <= MAX_PUSHED_PARTICIPANTS {
        advanced.covers = find_covered(connection, conversation, &advanced).await?;
    }
    Ok(advanced)
}

cached_statement!(
    /// A message with the positions of all participants.
    FindCovered { conversation_id: Uuid, seq: i64 } -> (SqlUuid, SqlUuid, SqlUuid, (BigInt, BigInt, BigInt)),
    "SELECT m.id, m.sender_id, p.user_id, p.joined_seq, p.delivered_seq, p.read_seq
     FROM messages AS m
     JOIN participants AS p ON p.conversation_id = m.conversation_id AND p.left_at IS NULL
     WHERE m.conversation_id = ",
    conversation_id as SqlUuid,
    " AND m.seq = ",
    seq as BigInt,
);

/// A row of [`FindCovered`].
pub(crate) type CoveredRow = (Uuid, Uuid, Uuid, PositionColumns);

/// The participants' positions for the newest message of a move. Read after the move is committed: of several
/// concurrent moves, the last one sees the result of all.
async fn find_covered(
    connection: &mut AsyncPgConnection,
    conversation: ConversationId,
    advanced: &Advanced,
) -> Stored<Option<MessageStatus>> {
    let Positions { delivered, read, .. } = advanced.positions;
    let seq = if read == advanced.before.read { delivered } else { read };
    let rows: Vec<CoveredRow> = match advanced.kind.parent() {
        Some(_) => threads::find_covered(connection, conversation, seq).await?,
        None => FindCovered { conversation_id: conversation.as_uuid(), seq: seq.to_i64() }.load(connection).await?,
    };
    let [(id, sender, ..), ..] = rows.as_slice() else { return Ok(None) };
    let (message_id, sender) = (MessageId::new(*id), UserId::new(*sender));
    let participants: Vec<_> = rows
        .iter()
        .map(|(.., user, columns)| ParticipantPositions { user_id: UserId::new(*user), positions: positions(*columns) })
        .collect();
    Ok(Some(MessageStatus {
        message_id,
        status: delivery_status(seq, sender, &participants),
        read_by: read_by(seq, sender, &participants),
    }))
}

struct ReceiptContext {
    kind: ConversationKind,
    is_active: bool,
    last_seq: Seq,
    /// Zero for a thread.
    participant_count: u32,
    /// `None` if the user is not a participant.
    positions: Option<Positions>,
}

/// The kind, whether the conversation is active, its newest `seq`, the number of participants, the user's
/// positions.
type ReceiptContextColumns = (KindRow, bool, i64, i32, Option<PositionColumns>);

async fn find_context(
    connection: &mut AsyncPgConnection,
    conversation: ConversationId,
    user: UserId,
) -> Stored<Option<ReceiptContext>> {
    let takes_part = participants::conversation_id
        .eq(conversations::id)
        .and(participants::user_id.eq(user.as_uuid()))
        .and(participants::left_at.is_null());
    let columns = (participants::joined_seq, participants::delivered_seq, participants::read_seq);
    let row: Option<ReceiptContextColumns> = conversations::table
        .left_join(participants::table.on(takes_part))
        .filter(conversations::id.eq(conversation.as_uuid()))
        .select((
            KindRow::as_select(),
            conversations::is_active,
            conversations::last_seq,
            conversations::participant_count,
            columns.nullable(),
        ))
        .first(connection)
        .await
        .optional()?;
    let Some((kind, is_active, last_seq, count, columns)) = row else { return Ok(None) };
    let context = ReceiptContext {
        kind: kind.read()?,
        is_active,
        last_seq: Seq::from_i64(last_seq),
        participant_count: u32::try_from(count).unwrap_or(0),
        positions: columns.map(positions),
    };
    match context.kind.parent() {
        Some(parent) => Ok(Some(ReceiptContext {
            is_active: is_active_parent(connection, parent).await?,
            positions: match threads::positions_of(connection, conversation, user).await? {
                // Who may read the thread without following it has no positions, and nothing unread.
                None if is_member(connection, parent, user).await? => Some(Positions::joining_at(context.last_seq)),
                followed => followed,
            },
            ..context
        })),
        None => Ok(Some(context)),
    }
}

/// The joined, delivered and read positions.
pub(crate) type PositionColumns = (i64, i64, i64);

pub(crate) fn positions((joined, delivered, read): PositionColumns) -> Positions {
    Positions { joined: Seq::from_i64(joined), delivered: Seq::from_i64(delivered), read: Seq::from_i64(read) }
}

cached_statement!(
    /// Stores a participant's positions and returns the previous ones. Another node may have moved them since they were
    /// read: they never move back, and each step is reported once. The row is locked before it is read, so that the
    /// previous values are those that this statement replaces.
    MovePositions { conversation_id: Uuid, user_id: Uuid, delivered: i64, read: i64 }
        -> ((BigInt, BigInt, BigInt), (BigInt, BigInt, BigInt)),
    "UPDATE participants AS p SET delivered_seq = greatest(p.delivered_seq, ",
    delivered as BigInt,
    "), read_seq = greatest(p.read_seq, ",
    read as BigInt,
    ") FROM (SELECT * FROM participants WHERE conversation_id = ",
    conversation_id as SqlUuid,
    " AND user_id = ",
    user_id as SqlUuid,
    " AND left_at IS NULL FOR NO KEY UPDATE) AS was
     WHERE p.conversation_id = was.conversation_id AND p.user_id = was.user_id
     RETURNING was.joined_seq, was.delivered_seq, was.read_seq, p.joined_seq, p.delivered_seq, p.read_seq",
);

async fn store(
    connection: &mut AsyncPgConnection,
    conversation: ConversationId,
    user: UserId,
    wanted: Positions,
) -> Stored<Option<(Positions, Positions)>> {
    let moving = MovePositions {
        conversation_id: conversation.as_uuid(),
        user_id: user.as_uuid(),
        delivered: wanted.delivered.to_i64(),
        read: wanted.read.to_i64(),
    };
    let row: Option<(PositionColumns, PositionColumns)> = moving.get_result(connection).await.optional()?;
    Ok(row.map(|(before, after)| (positions(before), positions(after))))
}
