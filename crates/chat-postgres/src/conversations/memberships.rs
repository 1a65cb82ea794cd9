use super::details::find_conversation;
use super::rows::ParticipantRow;
use crate::fault::Stored;
use crate::schema::{conversations, participants};
use crate::threads;
use crate::time::timestamp;
use chat_domain::conversations::{Conversation, Membership, Participation, Removal, Role, Standing};
use chat_domain::{ConversationId, Pos, UserId};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

pub(super) async fn find(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
    user: UserId,
) -> Stored<Option<(Conversation, Option<Membership>)>> {
    let Some(conversation) = find_conversation(connection, id).await? else { return Ok(None) };
    let Some(row) = find_participant(connection, conversation.home(), user).await? else {
        return Ok(Some((conversation, None)));
    };
    let mut membership = row.membership(conversation.last_pos, conversation.participant_count);
    if conversation.kind.parent().is_some() {
        membership.conversation_id = id;
        membership.positions = threads::positions_of(connection, id, user).await?.unwrap_or_default();
    }
    Ok(Some((conversation, Some(membership))))
}

/// Whether the user takes part in this conversation, which is no thread.
pub(crate) async fn takes_part(connection: &mut AsyncPgConnection, id: ConversationId, user: UserId) -> Stored<bool> {
    Ok(find_participant(connection, id, user).await?.is_some())
}

/// The user's present participation.
pub(super) async fn find_participant(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
    user: UserId,
) -> Stored<Option<ParticipantRow>> {
    Ok(participants::table
        .find((id.as_uuid(), user.as_uuid()))
        .filter(participants::left_at.is_null())
        .select(ParticipantRow::as_select())
        .get_result(connection)
        .await
        .optional()?)
}

/// The user's present standing in the conversation.
pub(super) async fn find_standing(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
    user: UserId,
) -> Stored<Standing> {
    let row: Option<(String, Option<i64>, bool)> = participants::table
        .find((id.as_uuid(), user.as_uuid()))
        .select((participants::role, participants::left_at, participants::removed_by_admin))
        .get_result(connection)
        .await
        .optional()?;
    Ok(match row {
        Some((role, None, _)) => Standing::Participant(Role::from_stored(&role)),
        Some((_, Some(_), true)) => Standing::RemovedByAdmin,
        Some((_, Some(_), false)) | None => Standing::Outsider,
    })
}

pub(crate) async fn participations(
    connection: &mut AsyncPgConnection,
    user: UserId,
    ids: &[ConversationId],
) -> Stored<Vec<Participation>> {
    let rows: Vec<(Uuid, Option<i64>, Option<i64>)> = participants::table
        .filter(participants::conversation_id.eq_any(uuids(ids)))
        .filter(participants::user_id.eq(user.as_uuid()))
        .select((participants::conversation_id, participants::left_pos, participants::left_at))
        .load(connection)
        .await?;
    let participation = |(id, pos, at)| {
        let conversation_id = ConversationId::new(id);
        let Some(at) = at else { return Some(Participation::Present(conversation_id)) };
        Some(Participation::Past(Removal { conversation_id, pos: Pos::from_i64(pos?), at: timestamp(at) }))
    };
    Ok(rows.into_iter().filter_map(participation).collect())
}

pub(crate) async fn last_pos(
    connection: &mut AsyncPgConnection,
    ids: &[ConversationId],
) -> Stored<Vec<(ConversationId, Pos)>> {
    let rows: Vec<(Uuid, i64)> = conversations::table
        .filter(conversations::id.eq_any(uuids(ids)))
        .select((conversations::id, conversations::last_pos))
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(|(id, pos)| (ConversationId::new(id), Pos::from_i64(pos))).collect())
}

fn uuids(ids: &[ConversationId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.as_uuid()).collect()
}
