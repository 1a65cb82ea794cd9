use crate::auth::end_all_but;
use crate::conversations::leave_every_group;
use crate::fault::Stored;
use crate::schema::{credentials, users};
use crate::time::micros;
use chat_domain::auth::EndReason;
use chat_domain::users::DeletedUser;
use chat_domain::{Timestamp, UserId};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

pub(super) async fn delete(
    connection: &mut AsyncPgConnection,
    id: UserId,
    at: Timestamp,
) -> Stored<Option<DeletedUser>> {
    if !clear_profile(connection, id, at).await? {
        return Ok(None);
    }
    diesel::delete(credentials::table.find(id.as_uuid())).execute(connection).await?;
    let ended_sessions = end_all_but(connection, id, None, EndReason::AccountDeleted, at).await?;
    let changes = leave_every_group(connection, id, at).await?;
    Ok(Some(DeletedUser { changes, ended_sessions }))
}

/// Returns whether the account existed.
async fn clear_profile(connection: &mut AsyncPgConnection, id: UserId, at: Timestamp) -> Stored<bool> {
    let cleared = diesel::update(users::table.find(id.as_uuid()).filter(users::deleted_at.is_null()))
        .set((
            users::email.eq(None::<String>),
            users::email_key.eq(None::<String>),
            users::username.eq(None::<String>),
            users::username_key.eq(None::<String>),
            users::name.eq(None::<String>),
            users::name_key.eq(None::<String>),
            users::first_name.eq(None::<String>),
            users::last_name.eq(None::<String>),
            users::avatar.eq(None::<String>),
            users::metadata.eq(None::<String>),
            users::last_seen.eq(None::<i64>),
            users::updated_at.eq(micros(at)),
            users::deleted_at.eq(micros(at)),
        ))
        .execute(connection)
        .await?;
    Ok(cleared > 0)
}
