use super::create::username_is_taken;
use super::find;
use crate::auth::end_all_but;
use crate::fault::Stored;
use crate::id::{Id, micros};
use crate::schema::{credentials, users};
use chat_domain::auth::EndReason;
use chat_domain::users::{AvatarUrl, DisplayName, HashChange, ProfileChanges, User};
use chat_domain::{ActionError, Metadata, Refusal, SessionId, Timestamp, UserId};
use diesel::prelude::*;

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

pub(super) fn update(
    connection: &mut SqliteConnection,
    id: UserId,
    changes: &ProfileChanges,
    at: Timestamp,
) -> Result<Option<User>, ActionError> {
    let Some(user) = find::find(connection, id)? else { return Ok(None) };
    if let Some(username) = &changes.username
        && username.key() != user.username.key()
        && username_is_taken(connection, username)?
    {
        return Err(Refusal::UsernameTaken.into());
    }
    store(connection, id, changes, at.max(user.updated_at))?;
    Ok(find::find(connection, id)?)
}

fn store(connection: &mut SqliteConnection, id: UserId, changes: &ProfileChanges, at: Timestamp) -> Stored<()> {
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
    diesel::update(users::table.find(Id::from(id))).set(changeset).execute(connection)?;
    Ok(())
}

pub(super) fn set_password(
    connection: &mut SqliteConnection,
    id: UserId,
    change: &HashChange,
    keep: Option<SessionId>,
    at: Timestamp,
) -> Stored<Option<Vec<SessionId>>> {
    if !renew_hash(connection, id, change, at)? {
        return Ok(None);
    }
    end_all_but(connection, id, keep, EndReason::PasswordChanged, at).map(Some)
}

/// Updates one row if it still has the expected hash: of two concurrent changes, the later one fails.
pub(super) fn renew_hash(
    connection: &mut SqliteConnection,
    id: UserId,
    change: &HashChange,
    at: Timestamp,
) -> Stored<bool> {
    let expected = credentials::password_hash.eq(change.expected.reveal());
    let replaced = diesel::update(credentials::table.find(Id::from(id)).filter(expected))
        .set((credentials::password_hash.eq(change.hash.reveal()), credentials::updated_at.eq(micros(at))))
        .execute(connection)?;
    Ok(replaced > 0)
}

pub(super) fn touch_last_seen(connection: &mut SqliteConnection, id: UserId, at: Timestamp) -> Stored<()> {
    let at = micros(at);
    let earlier = users::last_seen.is_null().or(users::last_seen.lt(at));
    diesel::update(users::table.find(Id::from(id)).filter(users::deleted_at.is_null()).filter(earlier))
        .set(users::last_seen.eq(at))
        .execute(connection)?;
    Ok(())
}
