//! Every durable change that is not a message: it takes the next `pos`, and is one row.

use crate::fault::Stored;
use crate::schema::conversation_changes;
use crate::statement::cached_statement;
use crate::time::{micros, timestamp};
use chat_domain::conversations::Role;
use chat_domain::{ConversationId, Pos, Timestamp, UserId};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

/// What a change is about, as its row keeps it.
pub(super) enum NewChange<'a> {
    Created { member_ids: &'a [UserId] },
    Updated,
    ParticipantAdded { user: UserId, role: Role },
    ParticipantRemoved { user: UserId },
}

cached_statement!(
    /// Takes the next `pos`, and a time that is not before that of the change before, whatever the clocks say.
    TakePos { id: Uuid, at: i64 } -> (BigInt, BigInt),
    "UPDATE conversations SET last_pos = last_pos + 1, updated_at = greatest(updated_at, ",
    at as BigInt,
    ") WHERE id = ",
    id as SqlUuid,
    " RETURNING last_pos, updated_at",
);

/// Numbers and stores a change; its number and its time.
pub(super) async fn record(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
    change: &NewChange<'_>,
    at: Timestamp,
) -> Stored<(Pos, Timestamp)> {
    let (pos, at): (i64, i64) = TakePos { id: id.as_uuid(), at: micros(at) }.get_result(connection).await?;
    let (kind, user, role, member_ids) = match change {
        NewChange::Created { member_ids } => ("created", None, None, Some(uuids(member_ids))),
        NewChange::Updated => ("updated", None, None, None),
        NewChange::ParticipantAdded { user, role } => ("participant_added", Some(*user), Some(role.as_str()), None),
        NewChange::ParticipantRemoved { user } => ("participant_removed", Some(*user), None, None),
    };
    diesel::insert_into(conversation_changes::table)
        .values((
            conversation_changes::conversation_id.eq(id.as_uuid()),
            conversation_changes::pos.eq(pos),
            conversation_changes::kind.eq(kind),
            conversation_changes::at.eq(at),
            conversation_changes::user_id.eq(user.map(UserId::as_uuid)),
            conversation_changes::role.eq(role),
            conversation_changes::member_ids.eq(member_ids),
        ))
        .execute(connection)
        .await?;
    Ok((Pos::from_i64(pos), timestamp(at)))
}

fn uuids(ids: &[UserId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.as_uuid()).collect()
}
