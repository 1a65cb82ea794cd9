//! Every durable change that is not a message: it takes the next `pos`, and is one row.

use crate::fault::Stored;
use crate::id::{Id, micros, timestamp};
use crate::schema::{conversation_changes, conversations};
use crate::statement::cached_statement;
use chat_domain::conversations::Role;
use chat_domain::{ConversationId, Pos, Timestamp, UserId};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};

/// What a change is about, as its row keeps it.
pub(super) enum NewChange<'a> {
    Created { member_ids: &'a [UserId] },
    Updated,
    ParticipantAdded { user: UserId, role: Role },
    ParticipantRemoved { user: UserId },
}

cached_statement!(
    /// Takes the next `pos`, and a time that is not before that of the change before, whatever the clocks say.
    TakePos { id: Id, at: i64 }
    "UPDATE conversations SET last_pos = last_pos + 1, updated_at = max(updated_at, ",
    at as BigInt,
    ") WHERE id = ",
    id as Binary,
    "",
);

/// Numbers and stores a change; its number and its time.
pub(super) fn record(
    connection: &mut SqliteConnection,
    id: ConversationId,
    change: &NewChange<'_>,
    at: Timestamp,
) -> Stored<(Pos, Timestamp)> {
    TakePos { id: id.into(), at: micros(at) }.execute(connection)?;
    let taken = (conversations::last_pos, conversations::updated_at);
    let (pos, at): (i64, i64) = conversations::table.find(Id::from(id)).select(taken).get_result(connection)?;
    let (kind, user, role, member_ids) = match change {
        NewChange::Created { member_ids } => ("created", None, None, Some(packed(member_ids))),
        NewChange::Updated => ("updated", None, None, None),
        NewChange::ParticipantAdded { user, role } => ("participant_added", Some(*user), Some(role.as_str()), None),
        NewChange::ParticipantRemoved { user } => ("participant_removed", Some(*user), None, None),
    };
    diesel::insert_into(conversation_changes::table)
        .values((
            conversation_changes::conversation_id.eq(Id::from(id)),
            conversation_changes::pos.eq(pos),
            conversation_changes::kind.eq(kind),
            conversation_changes::at.eq(at),
            conversation_changes::user_id.eq(user.map(Id::from)),
            conversation_changes::role.eq(role),
            conversation_changes::member_ids.eq(member_ids),
        ))
        .execute(connection)?;
    Ok((Pos::from_i64(pos), timestamp(at)))
}

fn packed(ids: &[UserId]) -> Vec<u8> {
    ids.iter().flat_map(|id| id.as_uuid().into_bytes()).collect()
}
