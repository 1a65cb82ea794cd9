use super::rows::{ConversationRow, ParticipantRow};
use crate::fault::Stored;
use crate::id::{IN_LIST, Id, id_list, micros};
use crate::schema::{conversations, participants, users};
use crate::users::SummaryRow;
use chat_domain::conversations::{
    Conversation, ConversationDetails, InviteCode, MAX_LISTED_PARTICIPANTS, Participant, ParticipantPage,
    ParticipantPlace,
};
use chat_domain::{ConversationId, PageLimit, UserId};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Text};
use std::collections::HashMap;

/// The first participants of each conversation, found one conversation at a time, so that the cost of a large group
/// depends only on the number of listed participants.
const FIRST_PARTICIPANTS: &str = "SELECT participants.*, users.id, users.username, users.name, users.avatar
     FROM json_each(?) AS asked
     CROSS JOIN participants
       ON participants.conversation_id = unhex(asked.value)
      AND participants.user_id IN (
          SELECT first.user_id FROM participants AS first
          WHERE first.conversation_id = unhex(asked.value) AND first.left_at IS NULL
          ORDER BY first.joined_at, first.user_id
          LIMIT ?)
     CROSS JOIN users ON users.id = participants.user_id
     ORDER BY participants.joined_at, participants.user_id";

pub(crate) fn find_conversation(connection: &mut SqliteConnection, id: ConversationId) -> Stored<Option<Conversation>> {
    let row: Option<ConversationRow> = conversations::table
        .find(Id::from(id))
        .select(ConversationRow::as_select())
        .get_result(connection)
        .optional()?;
    let Some(row) = row else { return Ok(None) };
    let mut conversation = Conversation::try_from(row)?;
    if let Some(parent) = conversation.kind.parent() {
        conversation.is_active = is_active(connection, parent)?;
    }
    Ok(Some(conversation))
}

/// Whether this conversation, which is no thread, is active.
pub(crate) fn is_active(connection: &mut SqliteConnection, id: ConversationId) -> Stored<bool> {
    Ok(conversations::table.find(Id::from(id)).select(conversations::is_active).get_result(connection)?)
}

/// The group that has this invite code now.
pub(super) fn find_by_invite(connection: &mut SqliteConnection, code: InviteCode) -> Stored<Option<Conversation>> {
    let row: Option<ConversationRow> = conversations::table
        .filter(conversations::invite_code.eq(code.as_text()))
        .select(ConversationRow::as_select())
        .get_result(connection)
        .optional()?;
    row.map(Conversation::try_from).transpose()
}

/// Finds conversations, in any order.
pub(super) fn find_many(connection: &mut SqliteConnection, ids: &[ConversationId]) -> Stored<Vec<Conversation>> {
    load_rows(connection, ids)?.into_iter().map(Conversation::try_from).collect()
}

/// Loads conversations with their first participants, in any order, by two queries. Leaves out those that this release
/// cannot read.
pub(crate) fn load_readable(
    connection: &mut SqliteConnection,
    ids: &[ConversationId],
) -> Stored<Vec<ConversationDetails>> {
    let rows = load_rows(connection, ids)?;
    let readable = rows.into_iter().filter_map(|row| Conversation::try_from(row).ok()).collect();
    Ok(with_participants(connection, readable)?.into_iter().filter_map(Result::ok).collect())
}

fn load_rows(connection: &mut SqliteConnection, ids: &[ConversationId]) -> Stored<Vec<ConversationRow>> {
    let these = sql::<Bool>("conversations.id").sql(IN_LIST).bind::<Text, _>(id_list(ids)).sql("))");
    Ok(conversations::table.filter(these).select(ConversationRow::as_select()).load(connection)?)
}

/// Loads a conversation with its first participants; `None` if it does not exist.
pub(crate) fn load_details(
    connection: &mut SqliteConnection,
    id: ConversationId,
) -> Stored<Option<ConversationDetails>> {
    let Some(conversation) = find_conversation(connection, id)? else { return Ok(None) };
    with_participants(connection, vec![conversation])?.pop().transpose()
}

/// Adds the first participants to each conversation, by one query. A row that this release cannot read is an error of
/// its conversation only.
pub(super) fn with_participants(
    connection: &mut SqliteConnection,
    conversations: Vec<Conversation>,
) -> Stored<Vec<Stored<ConversationDetails>>> {
    let ids: Vec<_> = conversations.iter().map(|conversation| conversation.id).collect();
    let rows: Vec<(ParticipantRow, SummaryRow)> = diesel::sql_query(FIRST_PARTICIPANTS)
        .bind::<Text, _>(id_list(&ids))
        .bind::<BigInt, _>(i64::try_from(MAX_LISTED_PARTICIPANTS).unwrap_or(i64::MAX))
        .load(connection)?;
    let mut listed: HashMap<ConversationId, Vec<Stored<Participant>>> = HashMap::with_capacity(ids.len());
    for (participant, user) in rows {
        listed.entry(participant.conversation_id.into()).or_default().push(participant.with_user(user));
    }
    let with_theirs = |conversation: Conversation| {
        let theirs = listed.remove(&conversation.id).unwrap_or_default();
        Ok(ConversationDetails { participants: theirs.into_iter().collect::<Stored<_>>()?, conversation })
    };
    Ok(conversations.into_iter().map(with_theirs).collect())
}

/// A page of the participants, read in the order of the index.
const LIST_PARTICIPANTS: &str = "SELECT participants.*, users.id, users.username, users.name, users.avatar
     FROM participants
     CROSS JOIN users ON users.id = participants.user_id
     WHERE participants.conversation_id = ? AND participants.left_at IS NULL
       AND (participants.joined_at, participants.user_id) > (?, ?)
     ORDER BY participants.joined_at, participants.user_id
     LIMIT ?";

pub(super) fn list_participants(
    connection: &mut SqliteConnection,
    id: ConversationId,
    after: Option<ParticipantPlace>,
    limit: PageLimit,
) -> Stored<ParticipantPage> {
    let ParticipantPlace { joined_at, user_id } = after.unwrap_or(ParticipantPlace::START);
    let rows: Vec<(ParticipantRow, SummaryRow)> = diesel::sql_query(LIST_PARTICIPANTS)
        .bind::<Binary, _>(Id::from(id))
        .bind::<BigInt, _>(micros(joined_at))
        .bind::<Binary, _>(Id::from(user_id))
        .bind::<BigInt, _>(i64::from(limit.get()) + 1)
        .load(connection)?;
    let found = rows.into_iter().map(|(participant, user)| participant.with_user(user)).collect::<Stored<_>>()?;
    Ok(ParticipantPage::of(limit, found))
}

/// All participants of the conversation, without a limit.
pub(super) fn all_participants(connection: &mut SqliteConnection, id: ConversationId) -> Stored<Vec<Participant>> {
    let rows: Vec<(ParticipantRow, SummaryRow)> = participants::table
        .inner_join(users::table)
        .filter(participants::conversation_id.eq(Id::from(id)))
        .filter(participants::left_at.is_null())
        .select((ParticipantRow::as_select(), SummaryRow::as_select()))
        .load(connection)?;
    rows.into_iter().map(|(participant, user)| participant.with_user(user)).collect()
}

/// The user's participation in each of these conversations.
pub(super) fn participations(
    connection: &mut SqliteConnection,
    user: UserId,
    ids: &[ConversationId],
) -> Stored<HashMap<ConversationId, Participant>> {
    let these = sql::<Bool>("participants.conversation_id").sql(IN_LIST).bind::<Text, _>(id_list(ids)).sql("))");
    let rows: Vec<(ParticipantRow, SummaryRow)> = participants::table
        .inner_join(users::table)
        .filter(participants::user_id.eq(Id::from(user)))
        .filter(participants::left_at.is_null())
        .filter(these)
        .select((ParticipantRow::as_select(), SummaryRow::as_select()))
        .load(connection)?;
    rows.into_iter()
        .map(|(participant, user)| Ok((participant.conversation_id.into(), participant.with_user(user)?)))
        .collect()
}
