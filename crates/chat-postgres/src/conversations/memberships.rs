use super::details::find_conversation;
use super::rows::{ParticipantRow, kind_from};
use crate::fault::Stored;
use crate::schema::{conversations, participants};
use crate::time::timestamp;
use chat_domain::conversations::{Conversation, ConversationKind, Membership, Removal};
use chat_domain::receipts::PositionsMoved;
use chat_domain::{ConversationId, Pos, UserId};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::collections::HashMap;
use uuid::Uuid;

pub(super) async fn list(connection: &mut AsyncPgConnection, user: UserId, limit: u32) -> Stored<Vec<Membership>> {
    let rows: Vec<(ParticipantRow, i64, i32)> = participants::table
        .inner_join(conversations::table)
        .filter(participants::user_id.eq(user.as_uuid()))
        .filter(participants::left_at.is_null())
        .order((conversations::updated_at.desc(), conversations::id.desc()))
        .limit(limit.into())
        .select((ParticipantRow::as_select(), conversations::last_pos, conversations::participant_count))
        .load(connection)
        .await?;
    rows.into_iter()
        .map(|(row, last_pos, count)| row.membership(Pos::from_i64(last_pos), u32::try_from(count).unwrap_or(0)))
        .collect()
}

pub(super) async fn find(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
    user: UserId,
) -> Stored<Option<(Conversation, Option<Membership>)>> {
    let Some(conversation) = find_conversation(connection, id).await? else { return Ok(None) };
    let membership = find_participant(connection, id, user)
        .await?
        .map(|row| row.membership(conversation.last_pos, conversation.participant_count))
        .transpose()?;
    Ok(Some((conversation, membership)))
}

/// How the user takes part now.
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

pub(super) async fn removals(
    connection: &mut AsyncPgConnection,
    user: UserId,
    ids: &[ConversationId],
) -> Stored<Vec<Removal>> {
    let rows: Vec<(Uuid, Option<i64>, Option<i64>)> = participants::table
        .filter(participants::conversation_id.eq_any(uuids(ids)))
        .filter(participants::user_id.eq(user.as_uuid()))
        .filter(participants::left_at.is_not_null())
        .select((participants::conversation_id, participants::left_pos, participants::left_at))
        .load(connection)
        .await?;
    let removal = |(id, pos, at): (Uuid, Option<i64>, Option<i64>)| {
        Some(Removal { conversation_id: ConversationId::new(id), pos: Pos::from_i64(pos?), at: timestamp(at?) })
    };
    Ok(rows.into_iter().filter_map(removal).collect())
}

/// What a conversation's changes are read by.
pub(crate) struct Head {
    pub(crate) last_pos: Pos,
    pub(crate) kind: ConversationKind,
}

/// The heads of those of these conversations that exist.
pub(crate) async fn heads(
    connection: &mut AsyncPgConnection,
    ids: &[ConversationId],
) -> Stored<HashMap<ConversationId, Head>> {
    let rows: Vec<(Uuid, i64, Option<String>)> = conversations::table
        .filter(conversations::id.eq_any(uuids(ids)))
        .select((conversations::id, conversations::last_pos, conversations::direct_key))
        .load(connection)
        .await?;
    rows.into_iter()
        .map(|(id, last_pos, direct_key)| {
            let head = Head { last_pos: Pos::from_i64(last_pos), kind: kind_from(direct_key.as_deref())? };
            Ok((ConversationId::new(id), head))
        })
        .collect()
}

pub(super) async fn last_pos(
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

pub(super) async fn positions(
    connection: &mut AsyncPgConnection,
    ids: &[ConversationId],
) -> Stored<Vec<PositionsMoved>> {
    let rows: Vec<(Uuid, ParticipantRow, Option<String>)> = participants::table
        .inner_join(conversations::table)
        .filter(participants::conversation_id.eq_any(uuids(ids)))
        .filter(participants::left_at.is_null())
        .select((participants::user_id, ParticipantRow::as_select(), conversations::direct_key))
        .load(connection)
        .await?;
    let told = |(user, row, direct_key): (Uuid, ParticipantRow, Option<String>)| {
        Ok(PositionsMoved {
            conversation_id: row.conversation_id(),
            kind: kind_from(direct_key.as_deref())?,
            user_id: UserId::new(user),
            positions: row.positions(),
            covers: None,
        })
    };
    rows.into_iter().map(told).collect()
}

fn uuids(ids: &[ConversationId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.as_uuid()).collect()
}
