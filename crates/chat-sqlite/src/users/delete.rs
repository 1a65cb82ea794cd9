use crate::auth::end_all_but;
use crate::conversations::leave_every_group;
use crate::fault::Stored;
use crate::id::{Id, micros};
use crate::schema::{credentials, users};
use chat_domain::auth::EndReason;
use chat_domain::users::DeletedUser;
use chat_domain::{Timestamp, UserId};
use diesel::prelude::*;

pub(super) fn delete(connection: &mut SqliteConnection, id: UserId, at: Timestamp) -> Stored<Option<DeletedUser>> {
    if !clear_profile(connection, id, at)? {
        return Ok(None);
    }
    diesel::delete(credentials::table.find(Id::from(id))).execute(connection)?;
    let ended_sessions = end_all_but(connection, id, None, EndReason::AccountDeleted, at)?;
    let changes = leave_every_group(connection, id, at)?;
    Ok(Some(DeletedUser { changes, ended_sessions }))
}

/// Returns whether the account existed.
fn clear_profile(connection: &mut SqliteConnection, id: UserId, at: Timestamp) -> Stored<bool> {
    let cleared = diesel::update(users::table.find(Id::from(id)).filter(users::deleted_at.is_null()))
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
        .execute(connection)?;
    Ok(cleared > 0)
}
