use super::rows::{ConversationRow, ParticipantColumns, ParticipantRow};
use crate::fault::Stored;
use crate::messages::SummaryColumns;
use crate::schema::{conversations, participants, users};
use crate::statement::cached_statement;
use crate::time::micros;
use crate::users::SummaryRow;
use chat_domain::conversations::{
    Conversation, ConversationDetails, InviteCode, MAX_LISTED_PARTICIPANTS, Participant, ParticipantPage,
    ParticipantPlace,
};
use chat_domain::{ConversationId, PageLimit, UserId};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::collections::HashMap;
use uuid::Uuid;

cached_statement!(
    /// The first participants of each conversation, found one conversation at a time, so that the cost of a large group
    /// depends only on the number of listed participants.
    ListFirstParticipants { ids: Vec<Uuid>, limit: i64 } -> (ParticipantColumns, SummaryColumns),
    "SELECT first.conversation_id, first.role, first.joined_at, first.joined_seq, first.delivered_seq, first.read_seq,
            users.id, users.username, users.name, users.avatar
     FROM unnest(",
    ids as Array<SqlUuid>,
    ") AS asked (id)
     CROSS JOIN LATERAL (
         SELECT * FROM participants
         WHERE participants.conversation_id = asked.id AND participants.left_at IS NULL
         ORDER BY participants.joined_at, participants.user_id
         LIMIT ",
    limit as BigInt,
    ") AS first
     JOIN users ON users.id = first.user_id
     ORDER BY first.joined_at, first.user_id",
);

cached_statement!(
    /// A page of the participants of a conversation, read in the order of the index.
    ListParticipants { id: Uuid, joined_at: i64, user_id: Uuid, limit: i64 } -> (ParticipantColumns, SummaryColumns),
    "SELECT listed.conversation_id, listed.role, listed.joined_at, listed.joined_seq, listed.delivered_seq,
            listed.read_seq, users.id, users.username, users.name, users.avatar
     FROM (
         SELECT * FROM participants
         WHERE conversation_id = ",
    id as SqlUuid,
    " AND left_at IS NULL AND (joined_at, user_id) > (",
    joined_at as BigInt,
    ", ",
    user_id as SqlUuid,
    ")
         ORDER BY joined_at, user_id
         LIMIT ",
    limit as BigInt,
    ") AS listed
     JOIN users ON users.id = listed.user_id
     ORDER BY listed.joined_at, listed.user_id",
);

pub(super) async fn list_participants(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
    after: Option<ParticipantPlace>,
    limit: PageLimit,
) -> Stored<ParticipantPage> {
    let ParticipantPlace { joined_at, user_id } = after.unwrap_or(ParticipantPlace::START);
    let limit_and_one = i64::from(limit.get()) + 1;
    let (joined_at, user_id) = (micros(joined_at), user_id.as_uuid());
    let asked = ListParticipants { id: id.as_uuid(), joined_at, user_id, limit: limit_and_one };
    let rows: Vec<(ParticipantRow, SummaryRow)> = asked.load(connection).await?;
    let found = rows.into_iter().map(|(participant, user)| participant.with_user(user)).collect::<Stored<_>>()?;
    Ok(ParticipantPage::of(limit, found))
}

pub(crate) async fn find_conversation(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
) -> Stored<Option<Conversation>> {
    let row: Option<ConversationRow> = conversations::table
        .find(id.as_uuid())
        .select(ConversationRow::as_select())
        .get_result(connection)
        .await
        .optional()?;
    let Some(row) = row else { return Ok(None) };
    let mut conversation = Conversation::try_from(row)?;
    // A thread is active if its parent is.
    if let Some(parent) = conversation.kind.parent() {
        conversation.is_active = is_active(connection, parent).await?;
    }
    Ok(Some(conversation))
}

/// Whether this conversation, which is no thread, is active.
pub(crate) async fn is_active(connection: &mut AsyncPgConnection, id: ConversationId) -> Stored<bool> {
    Ok(conversations::table.find(id.as_uuid()).select(conversations::is_active).get_result(connection).await?)
}

/// Loads the conversation and locks its row until the transaction ends: no other transaction can change it or its
/// participants. The parent of a thread, which has its activity, is not deactivated before either. Code that takes a
/// `pos` begins with this. Several conversations are locked in the order of their ids.
pub(crate) async fn hold_conversation(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
) -> Stored<Option<Conversation>> {
    let rows: Vec<ConversationRow> = conversations::table
        .filter(conversations::id.eq(id.as_uuid()))
        .select(ConversationRow::as_select())
        .for_no_key_update()
        .load(connection)
        .await?;
    let Some(row) = rows.into_iter().next() else { return Ok(None) };
    let mut conversation = Conversation::try_from(row)?;
    if let Some(parent) = conversation.kind.parent() {
        let active: Vec<bool> = conversations::table
            .filter(conversations::id.eq(parent.as_uuid()))
            .select(conversations::is_active)
            .for_key_share()
            .load(connection)
            .await?;
        conversation.is_active = active.contains(&true);
    }
    Ok(Some(conversation))
}

/// The group that has this invite code now, locked in the same way. If the code is replaced while this waits for the
/// lock, the group is not found.
pub(super) async fn hold_by_invite(
    connection: &mut AsyncPgConnection,
    code: InviteCode,
) -> Stored<Option<Conversation>> {
    let rows: Vec<ConversationRow> = conversations::table
        .filter(conversations::invite_code.eq(code.as_text()))
        .select(ConversationRow::as_select())
        .for_no_key_update()
        .load(connection)
        .await?;
    rows.into_iter().next().map(Conversation::try_from).transpose()
}

/// Finds conversations, in any order.
pub(super) async fn find_many(connection: &mut AsyncPgConnection, ids: &[ConversationId]) -> Stored<Vec<Conversation>> {
    load_rows(connection, ids).await?.into_iter().map(Conversation::try_from).collect()
}

/// Loads conversations with their first participants, in any order, by two queries. Leaves out those that this release
/// cannot read.
pub(crate) async fn load_readable(
    connection: &mut AsyncPgConnection,
    ids: &[ConversationId],
) -> Stored<Vec<ConversationDetails>> {
    let rows = load_rows(connection, ids).await?;
    let readable = rows.into_iter().filter_map(|row| Conversation::try_from(row).ok()).collect();
    Ok(with_participants(connection, readable).await?.into_iter().filter_map(Result::ok).collect())
}

async fn load_rows(connection: &mut AsyncPgConnection, ids: &[ConversationId]) -> Stored<Vec<ConversationRow>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    let these = conversations::table.filter(conversations::id.eq_any(ids));
    Ok(these.select(ConversationRow::as_select()).load(connection).await?)
}

/// Loads a conversation with its first participants; `None` if it does not exist.
pub(super) async fn load_details(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
) -> Stored<Option<ConversationDetails>> {
    let Some(conversation) = find_conversation(connection, id).await? else { return Ok(None) };
    with_participants(connection, vec![conversation]).await?.pop().transpose()
}

/// Adds the first participants to each conversation, by one query. A row that this release cannot read is an error of
/// its conversation only.
pub(super) async fn with_participants(
    connection: &mut AsyncPgConnection,
    conversations: Vec<Conversation>,
) -> Stored<Vec<Stored<ConversationDetails>>> {
    let ids: Vec<Uuid> = conversations.iter().map(|conversation| conversation.id.as_uuid()).collect();
    let asked = ListFirstParticipants { ids, limit: i64::try_from(MAX_LISTED_PARTICIPANTS).unwrap_or(i64::MAX) };
    let rows: Vec<(ParticipantRow, SummaryRow)> = asked.load(connection).await?;
    let mut listed: HashMap<ConversationId, Vec<Stored<Participant>>> = HashMap::with_capacity(conversations.len());
    for (participant, user) in rows {
        listed.entry(participant.conversation_id()).or_default().push(participant.with_user(user));
    }
    let with_theirs = |conversation: Conversation| {
        let theirs = listed.remove(&conversation.id).unwrap_or_default();
        Ok(ConversationDetails { participants: theirs.into_iter().collect::<Stored<_>>()?, conversation })
    };
    Ok(conversations.into_iter().map(with_theirs).collect())
}

/// All participants of the conversation, without a limit.
pub(super) async fn all_participants(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
) -> Stored<Vec<Participant>> {
    let rows: Vec<(ParticipantRow, SummaryRow)> = participants::table
        .inner_join(users::table)
        .filter(participants::conversation_id.eq(id.as_uuid()))
        .filter(participants::left_at.is_null())
        .select((ParticipantRow::as_select(), SummaryRow::as_select()))
        .load(connection)
        .await?;
    rows.into_iter().map(|(participant, user)| participant.with_user(user)).collect()
}

/// The user's participation in each of these conversations.
pub(super) async fn participations(
    connection: &mut AsyncPgConnection,
    user: UserId,
    ids: &[ConversationId],
) -> Stored<HashMap<ConversationId, Participant>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    let rows: Vec<(ParticipantRow, SummaryRow)> = participants::table
        .inner_join(users::table)
        .filter(participants::user_id.eq(user.as_uuid()))
        .filter(participants::left_at.is_null())
        .filter(participants::conversation_id.eq_any(ids))
        .select((ParticipantRow::as_select(), SummaryRow::as_select()))
        .load(connection)
        .await?;
    rows.into_iter()
        .map(|(participant, user)| Ok((participant.conversation_id(), participant.with_user(user)?)))
        .collect()
}
