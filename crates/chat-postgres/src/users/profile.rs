use super::find;
use super::find::hold_turn;
use crate::auth::end_all_but;
use crate::fault::{Fault, Stored};
use crate::schema::{credentials, users};
use crate::time::micros;
use chat_domain::auth::EndReason;
use chat_domain::users::{AvatarUrl, DisplayName, HashChange, ProfileChanges, User};
use chat_domain::{ActionError, Metadata, Refusal, SessionId, Timestamp, UserId};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// The changes of a row: `None` leaves a column as it is, `Some(None)` clears it.
#[derive(AsChangeset)]
#[expect(clippy::option_option, reason = "diesel's way to distinguish clearing a column from leaving it")]
#[diesel(table_name = users)]
struct Changeset {
    username: Option<String>,
    username_key: Option<String>,
    name: Option<String>,
    name_key: Option<String>,
    first_name: Option<Option<String>>,
    last_name: Option<Option<String>>,
    avatar: Option<Option<String>>,
    metadata: Option<Option<String>>,
    updated_at: i64,
}

pub(super) async fn update(
    connection: &mut AsyncPgConnection,
    id: UserId,
    changes: &ProfileChanges,
    at: Timestamp,
) -> Result<Option<User>, ActionError> {
    if !hold_turn(connection, id).await? {
        return Ok(None);
    }
    let Some(user) = find::find(connection, id).await? else { return Ok(None) };
    match store(connection, id, changes, at.max(user.updated_at)).await {
        Err(Fault::Database(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _))) => {
            Err(Refusal::UsernameTaken.into())
        }
        Err(fault) => Err(fault.into()),
        Ok(()) => Ok(find::find(connection, id).await?),
    }
}

async fn store(connection: &mut AsyncPgConnection, id: UserId, changes: &ProfileChanges, at: Timestamp) -> Stored<()> {
    let text = |name: &Option<DisplayName>| name.as_ref().map(|name| name.as_str().to_owned());
    let changeset = Changeset {
        username: changes.username.as_ref().map(|username| username.as_str().to_owned()),
        username_key: changes.username.as_ref().map(chat_domain::users::Username::key),
        name: text(&changes.name),
        name_key: changes.name.as_ref().map(DisplayName::key),
        first_name: changes.first_name.as_ref().map(text),
        last_name: changes.last_name.as_ref().map(text),
        avatar: changes.avatar.as_ref().map(|avatar| avatar.as_ref().map(|url: &AvatarUrl| url.as_str().to_owned())),
        metadata: changes.metadata.clone().map(|metadata| metadata.map(Metadata::into_string)),
        updated_at: micros(at),
    };
    diesel::update(users::table.find(id.as_uuid())).set(changeset).execute(connection).await?;
    Ok(())
}

pub(super) async fn set_password(
    connection: &mut AsyncPgConnection,
    id: UserId,
    change: &HashChange,
    keep: Option<SessionId>,
    at: Timestamp,
) -> Stored<Option<Vec<SessionId>>> {
    if !renew_hash(connection, id, change, at).await? {
        return Ok(None);
    }
    end_all_but(connection, id, keep, EndReason::PasswordChanged, at).await.map(Some)
}

/// Updates one row if it still has the expected hash: of two concurrent changes, the later one fails.
pub(super) async fn renew_hash(
    connection: &mut AsyncPgConnection,
    id: UserId,
    change: &HashChange,
    at: Timestamp,
) -> Stored<bool> {
    let expected = credentials::password_hash.eq(change.expected.reveal());
    let replaced = diesel::update(credentials::table.find(id.as_uuid()).filter(expected))
        .set((credentials::password_hash.eq(change.hash.reveal()), credentials::updated_at.eq(micros(at))))
        .execute(connection)
        .await?;
    Ok(replaced > 0)
}
