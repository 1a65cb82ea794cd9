use super::details::find_conversation;
use super::rows::{KindRow, ParticipantRow};
use crate::fault::Stored;
use crate::id::{IN_LIST, Id, id_list, timestamp};
use crate::schema::{conversations, participants};
use crate::threads;
use chat_domain::conversations::{Conversation, Membership, Participation, Removal, Role, Standing};
use chat_domain::presence::{Contact, ContactsWanted, PresenceAudience};
use chat_domain::receipts::PositionsMoved;
use chat_domain::{ConversationId, Pos, UserId};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};

pub(crate) fn list(connection: &mut SqliteConnection, user: UserId, limit: u32) -> Stored<Vec<Membership>> {
    let rows: Vec<(ParticipantRow, i64, i32)> = participants::table
        .inner_join(conversations::table)
        .filter(participants::user_id.eq(Id::from(user)))
        .filter(participants::left_at.is_null())
        .order((conversations::updated_at.desc(), conversations::id.desc()))
        .limit(limit.into())
        .select((ParticipantRow::as_select(), conversations::last_pos, conversations::participant_count))
        .load(connection)?;
    let membership = |(row, last_pos, count): (ParticipantRow, i64, i32)| {
        row.membership(Pos::from_i64(last_pos), u32::try_from(count).unwrap_or(0))
    };
    Ok(rows.into_iter().map(membership).collect())
}

#[derive(QueryableByName)]
struct ConversationIdRow {
    #[diesel(sql_type = Binary)]
    id: Id,
}

/// Follows the rule of [`crate::users`]' contacts, one conversation at a time: a pair's other participant is one step
/// in the primary key.
pub(super) fn presence_audience(
    connection: &mut SqliteConnection,
    user: UserId,
    most_participants: u32,
    limit: u32,
) -> Stored<Vec<ConversationId>> {
    let rows: Vec<ConversationIdRow> = diesel::sql_query(
        "SELECT conversations.id
         FROM participants AS own
         CROSS JOIN conversations ON conversations.id = own.conversation_id
         WHERE own.user_id = ? AND own.left_at IS NULL AND conversations.participant_count <= ?
           AND ((conversations.is_group AND conversations.is_active)
                OR (NOT conversations.is_group AND own.has_written AND EXISTS (
                    SELECT 1 FROM participants AS other
                    WHERE other.conversation_id = own.conversation_id AND other.user_id <> own.user_id
                      AND other.has_written)))
         ORDER BY conversations.updated_at DESC, conversations.id DESC
         LIMIT ?",
    )
    .bind::<Binary, _>(Id::from(user))
    .bind::<BigInt, _>(i64::from(most_participants))
    .bind::<BigInt, _>(i64::from(limit))
    .load(connection)?;
    Ok(rows.into_iter().map(|row| row.id.into()).collect())
}

#[derive(QueryableByName)]
struct ContactRow {
    #[diesel(sql_type = Binary)]
    id: Id,
    #[diesel(sql_type = Nullable<BigInt>)]
    last_seen: Option<i64>,
}

pub(crate) fn newest_contacts(connection: &mut SqliteConnection, wanted: ContactsWanted) -> Stored<Vec<Contact>> {
    let ContactsWanted { user, audience, most_participants, looked_at, conversations, limit } = wanted;
    let rows: Vec<ContactRow> = diesel::sql_query(
        "SELECT users.id, users.last_seen
         FROM (SELECT other.user_id AS contact_id, max(moved_at) AS active_at
               FROM (SELECT place, moved_at
                     FROM (SELECT conversations.id AS place, conversations.updated_at AS moved_at,
                               conversations.is_group, conversations.is_active, own.user_id, own.has_written
                           FROM participants AS own
                           CROSS JOIN conversations ON conversations.id = own.conversation_id
                           WHERE own.user_id = ? AND own.left_at IS NULL AND conversations.participant_count <= ?
                           ORDER BY conversations.updated_at DESC, conversations.id DESC
                           LIMIT ?) AS newest
                     WHERE (newest.is_group AND newest.is_active)
                        OR (NOT newest.is_group
                            AND (? OR (newest.has_written AND EXISTS (
                                SELECT 1 FROM participants AS other
                                WHERE other.conversation_id = newest.place
                                  AND other.user_id <> newest.user_id AND other.has_written))))
                     ORDER BY moved_at DESC, place DESC
                     LIMIT ?)
               CROSS JOIN participants AS other ON other.conversation_id = place
               WHERE other.left_at IS NULL AND other.user_id <> ?
               GROUP BY other.user_id
               ORDER BY active_at DESC, other.user_id
               LIMIT ?)
         CROSS JOIN users ON users.id = contact_id
         WHERE users.deleted_at IS NULL
         ORDER BY active_at DESC, contact_id",
    )
    .bind::<Binary, _>(Id::from(user))
    .bind::<BigInt, _>(i64::from(most_participants))
    .bind::<BigInt, _>(i64::from(looked_at))
    .bind::<Bool, _>(audience == PresenceAudience::Everyone)
    .bind::<BigInt, _>(i64::from(conversations))
    .bind::<Binary, _>(Id::from(user))
    .bind::<BigInt, _>(i64::from(limit))
    .load(connection)?;
    let contact = |row: ContactRow| Contact { user_id: row.id.into(), last_seen: row.last_seen.map(timestamp) };
    Ok(rows.into_iter().map(contact).collect())
}

pub(super) fn find(
    connection: &mut SqliteConnection,
    id: ConversationId,
    user: UserId,
) -> Stored<Option<(Conversation, Option<Membership>)>> {
    let Some(conversation) = find_conversation(connection, id)? else { return Ok(None) };
    let Some(row) = find_participant(connection, conversation.home(), user)? else {
        return Ok(Some((conversation, None)));
    };
    let mut membership = row.membership(conversation.last_pos, conversation.participant_count);
    if conversation.kind.parent().is_some() {
        membership.conversation_id = id;
        membership.positions = threads::positions_of(connection, id, user)?.unwrap_or_default();
    }
    Ok(Some((conversation, Some(membership))))
}

/// Whether the user takes part in this conversation, which is no thread.
pub(crate) fn takes_part(connection: &mut SqliteConnection, id: ConversationId, user: UserId) -> Stored<bool> {
    Ok(find_participant(connection, id, user)?.is_some())
}

/// The user's present participation.
pub(super) fn find_participant(
    connection: &mut SqliteConnection,
    id: ConversationId,
    user: UserId,
) -> Stored<Option<ParticipantRow>> {
    Ok(participants::table
        .find((Id::from(id), Id::from(user)))
        .filter(participants::left_at.is_null())
        .select(ParticipantRow::as_select())
        .get_result(connection)
        .optional()?)
}

/// The user's present standing in the conversation.
pub(super) fn find_standing(connection: &mut SqliteConnection, id: ConversationId, user: UserId) -> Stored<Standing> {
    let row: Option<(String, Option<i64>, bool)> = participants::table
        .find((Id::from(id), Id::from(user)))
        .select((participants::role, participants::left_at, participants::removed_by_admin))
        .get_result(connection)
        .optional()?;
    Ok(match row {
        Some((role, None, _)) => Standing::Participant(Role::from_stored(&role)),
        Some((_, Some(_), true)) => Standing::RemovedByAdmin,
        Some((_, Some(_), false)) | None => Standing::Outsider,
    })
}

pub(crate) fn participations(
    connection: &mut SqliteConnection,
    user: UserId,
    ids: &[ConversationId],
) -> Stored<Vec<Participation>> {
    let these = sql::<Bool>("participants.conversation_id").sql(IN_LIST).bind::<Text, _>(id_list(ids)).sql("))");
    let rows: Vec<(Id, Option<i64>, Option<i64>)> = participants::table
        .filter(these)
        .filter(participants::user_id.eq(Id::from(user)))
        .select((participants::conversation_id, participants::left_pos, participants::left_at))
        .load(connection)?;
    let participation = |(id, pos, at): (Id, Option<i64>, Option<i64>)| {
        let conversation_id = id.into();
        let Some(at) = at else { return Some(Participation::Present(conversation_id)) };
        Some(Participation::Past(Removal { conversation_id, pos: Pos::from_i64(pos?), at: timestamp(at) }))
    };
    Ok(rows.into_iter().filter_map(participation).collect())
}

pub(crate) fn last_pos(
    connection: &mut SqliteConnection,
    ids: &[ConversationId],
) -> Stored<Vec<(ConversationId, Pos)>> {
    let these = sql::<Bool>("conversations.id").sql(IN_LIST).bind::<Text, _>(id_list(ids)).sql("))");
    let rows: Vec<(Id, i64)> =
        conversations::table.filter(these).select((conversations::id, conversations::last_pos)).load(connection)?;
    Ok(rows.into_iter().map(|(id, pos)| (id.into(), Pos::from_i64(pos))).collect())
}

pub(crate) fn positions(connection: &mut SqliteConnection, ids: &[ConversationId]) -> Stored<Vec<PositionsMoved>> {
    let these = sql::<Bool>("participants.conversation_id").sql(IN_LIST).bind::<Text, _>(id_list(ids)).sql("))");
    let rows: Vec<(Id, ParticipantRow, KindRow)> = participants::table
        .inner_join(conversations::table)
        .filter(these)
        .filter(participants::left_at.is_null())
        .select((participants::user_id, ParticipantRow::as_select(), KindRow::as_select()))
        .load(connection)?;
    let told = |(user, row, kind): (Id, ParticipantRow, KindRow)| {
        Ok(PositionsMoved {
            conversation_id: row.conversation_id.into(),
            kind: kind.read()?,
            user_id: user.into(),
            positions: row.positions(),
            covers: None,
        })
    };
    rows.into_iter().map(told).collect()
}
