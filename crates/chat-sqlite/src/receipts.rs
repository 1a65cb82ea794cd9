//! Read and delivery positions: one row per participant.

use crate::SqliteStore;
use crate::conversations::{KindRow, is_active as is_active_parent, takes_part as is_member};
use crate::fault::Stored;
use crate::id::Id;
use crate::messages::{find_in_conversation, load_positions};
use crate::schema::{conversations, messages, participants};
use crate::statement::cached_statement;
use crate::threads;
use async_trait::async_trait;
use chat_domain::conversations::{ConversationKind, MAX_PUSHED_PARTICIPANTS};
use chat_domain::receipts::{
    AdvancePositions, Advanced, MessageStatus, Positions, ReceiptStore, ReceiptTarget, Unread, delivery_status, read_by,
};
use chat_domain::{ActionError, ConversationId, Refusal, Seq, StoreError, UserId};
use diesel::prelude::*;
use diesel::query_builder::Query;
use diesel::sql_types::{BigInt, Binary};

#[async_trait]
impl ReceiptStore for SqliteStore {
    async fn advance(
        &self,
        conversation: ConversationId,
        user: UserId,
        advance: AdvancePositions,
    ) -> Result<Advanced, ActionError> {
        self.write(move |connection| move_positions(connection, conversation, user, advance)).await
    }

    async fn count_unread(&self, user: UserId, most: u32) -> Result<Unread, StoreError> {
        self.read(move |connection| count_unread(connection, user, most)).await
    }
}

fn move_positions(
    connection: &mut SqliteConnection,
    conversation: ConversationId,
    user: UserId,
    advance: AdvancePositions,
) -> Result<Advanced, ActionError> {
    let context = find_context(connection, conversation, user)?.ok_or(Refusal::UnknownConversation)?;
    let before = context.positions.ok_or(Refusal::NotAParticipant)?;
    if !context.is_active {
        return Err(Refusal::Inactive.into());
    }
    let target = match advance.target() {
        ReceiptTarget::Latest => context.last_seq,
        ReceiptTarget::Seq(seq) => seq,
        ReceiptTarget::Message(id) => {
            find_in_conversation(connection, conversation, id)?.ok_or(Refusal::UnknownMessage)?
        }
    };
    let positions = advance.apply(before, target, context.last_seq);
    let ReceiptContext { kind, last_seq, participant_count, .. } = context;
    let mut advanced = Advanced { kind, before, positions, covers: None, last_seq, participant_count };
    if advanced.moved() {
        match kind.parent() {
            Some(_) => {
                threads::store_positions(connection, conversation, user, positions)?;
                advanced.participant_count = threads::count_followers(connection, conversation)?;
            }
            None => store(connection, conversation, user, positions)?,
        }
        advanced.covers = find_covered(connection, conversation, &advanced)?;
    }
    Ok(advanced)
}

/// The positions of the other participants for the newest message of a move, if they are few enough to be reported.
fn find_covered(
    connection: &mut SqliteConnection,
    conversation: ConversationId,
    advanced: &Advanced,
) -> Stored<Option<MessageStatus>> {
    if advanced.participant_count > MAX_PUSHED_PARTICIPANTS {
        return Ok(None);
    }
    let Positions { delivered, read, .. } = advanced.positions;
    let seq = if read == advanced.before.read { delivered } else { read };
    let message: Option<(Id, Id)> = messages::table
        .find((Id::from(conversation), seq.to_i64()))
        .select((messages::id, messages::sender_id))
        .get_result(connection)
        .optional()?;
    let Some((id, sender)) = message else { return Ok(None) };
    let participants = load_positions(connection, conversation, advanced.kind)?;
    Ok(Some(MessageStatus {
        message_id: id.into(),
        status: delivery_status(seq, sender.into(), &participants),
        read_by: read_by(seq, sender.into(), &participants),
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
type ReceiptContextRow = (KindRow, bool, i64, i32, Option<(i64, i64, i64)>);

fn find_context(
    connection: &mut SqliteConnection,
    conversation: ConversationId,
    user: UserId,
) -> Stored<Option<ReceiptContext>> {
    let takes_part = participants::conversation_id
        .eq(conversations::id)
        .and(participants::user_id.eq(Id::from(user)))
        .and(participants::left_at.is_null());
    let positions = (participants::joined_seq, participants::delivered_seq, participants::read_seq);
    let row: Option<ReceiptContextRow> = conversations::table
        .left_join(participants::table.on(takes_part))
        .filter(conversations::id.eq(Id::from(conversation)))
        .select((
            KindRow::as_select(),
            conversations::is_active,
            conversations::last_seq,
            conversations::participant_count,
            positions.nullable(),
        ))
        .get_result(connection)
        .optional()?;
    let Some((kind, is_active, last_seq, count, positions)) = row else { return Ok(None) };
    let context = ReceiptContext {
        kind: kind.read()?,
        is_active,
        last_seq: Seq::from_i64(last_seq),
        participant_count: u32::try_from(count).unwrap_or(0),
        positions: positions.map(|(joined, delivered, read)| Positions {
            joined: Seq::from_i64(joined),
            delivered: Seq::from_i64(delivered),
            read: Seq::from_i64(read),
        }),
    };
    match context.kind.parent() {
        Some(parent) => Ok(Some(ReceiptContext {
            is_active: is_active_parent(connection, parent)?,
            positions: match threads::positions_of(connection, conversation, user)? {
                // Who may read the thread without following it has no positions, and nothing unread.
                None if is_member(connection, parent, user)? => Some(Positions::joining_at(context.last_seq)),
                followed => followed,
            },
            ..context
        })),
        None => Ok(Some(context)),
    }
}

cached_statement!(
    /// The unread messages of a user, and the conversations that have some.
    CountUnread { user_id: Id, most: i64 }
    "SELECT coalesce(sum(unread), 0), count(nullif(unread, 0))
     FROM (SELECT max(conversations.last_seq - participants.read_seq, 0) AS unread
           FROM participants
           CROSS JOIN conversations ON conversations.id = participants.conversation_id
           WHERE participants.user_id = ",
    user_id as Binary,
    " AND participants.left_at IS NULL AND conversations.is_active LIMIT ",
    most as BigInt,
    ")",
);

impl Query for CountUnread {
    type SqlType = (BigInt, BigInt);
}

fn count_unread(connection: &mut SqliteConnection, user: UserId, most: u32) -> Stored<Unread> {
    let counts: (i64, i64) = CountUnread { user_id: user.into(), most: most.into() }.get_result(connection)?;
    let [total, conversations] = [counts.0, counts.1].map(|count| u64::try_from(count).unwrap_or(0));
    Ok(Unread { total, conversations })
}

cached_statement!(
    /// Stores a participant's positions.
    StorePositions { conversation_id: Id, user_id: Id, delivered: i64, read: i64 }
    "UPDATE participants SET delivered_seq = ",
    delivered as BigInt,
    ", read_seq = ",
    read as BigInt,
    " WHERE conversation_id = ",
    conversation_id as Binary,
    " AND user_id = ",
    user_id as Binary,
    "",
);

fn store(
    connection: &mut SqliteConnection,
    conversation: ConversationId,
    user: UserId,
    positions: Positions,
) -> Stored<()> {
    StorePositions {
        conversation_id: conversation.into(),
        user_id: user.into(),
        delivered: positions.delivered.to_i64(),
        read: positions.read.to_i64(),
    }
    .execute(connection)?;
    Ok(())
}
