use super::rows::{SummaryRow, UserRow};
use crate::fault::Stored;
use crate::schema::{credentials, users};
use chat_domain::UserId;
use chat_domain::auth::PasswordHash;
use chat_domain::users::{EmailAddress, User, UserSummary};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

pub(super) async fn find(connection: &mut AsyncPgConnection, id: UserId) -> Stored<Option<User>> {
    let row: Option<UserRow> = users::table
        .find(id.as_uuid())
        .filter(users::deleted_at.is_null())
        .select(UserRow::as_select())
        .get_result(connection)
        .await
        .optional()?;
    row.map(User::try_from).transpose()
}

pub(super) async fn list_by_ids(connection: &mut AsyncPgConnection, ids: &[UserId]) -> Stored<Vec<User>> {
    let rows: Vec<UserRow> = users::table
        .filter(users::id.eq_any(uuids(ids)))
        .filter(users::deleted_at.is_null())
        .select(UserRow::as_select())
        .load(connection)
        .await?;
    rows.into_iter().map(User::try_from).collect()
}

/// The users among these that exist. They exist until the transaction ends, since a deletion waits for it. Users are
/// locked before conversations, in the order of their ids.
pub(crate) async fn hold(connection: &mut AsyncPgConnection, ids: &[UserId]) -> Stored<Vec<UserId>> {
    let found: Vec<Uuid> = users::table
        .filter(users::id.eq_any(uuids(ids)))
        .filter(users::deleted_at.is_null())
        .order(users::id)
        .select(users::id)
        .for_key_share()
        .load(connection)
        .await?;
    Ok(found.into_iter().map(UserId::new).collect())
}

/// Like [`hold`] for one user, exclusively: one transaction at a time.
pub(crate) async fn hold_turn(connection: &mut AsyncPgConnection, id: UserId) -> Stored<bool> {
    let found: Vec<Uuid> = users::table
        .filter(users::id.eq(id.as_uuid()))
        .filter(users::deleted_at.is_null())
        .select(users::id)
        .for_no_key_update()
        .load(connection)
        .await?;
    Ok(!found.is_empty())
}

/// The public data of these accounts in messages and participants, also of deleted ones.
pub(crate) async fn load_summaries(connection: &mut AsyncPgConnection, ids: Vec<Uuid>) -> Stored<Vec<UserSummary>> {
    load_summary_rows(connection, ids).await?.into_iter().map(UserSummary::try_from).collect()
}

/// The rows of [`load_summaries`], for callers that leave out those that this release cannot read.
pub(crate) async fn load_summary_rows(mut connection: &AsyncPgConnection, ids: Vec<Uuid>) -> Stored<Vec<SummaryRow>> {
    Ok(users::table.filter(users::id.eq_any(ids)).select(SummaryRow::as_select()).load(&mut connection).await?)
}

fn uuids(ids: &[UserId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.as_uuid()).collect()
}

pub(super) async fn credentials_by_email(
    connection: &mut AsyncPgConnection,
    email: &EmailAddress,
) -> Stored<Option<(User, PasswordHash)>> {
    // The key is a prefix of the exact spelling, which therefore comes before it in descending order.
    let rows: Vec<(UserRow, String)> = users::table
        .inner_join(credentials::table)
        .filter(users::email_key.eq_any([email.exact_key(), email.key()]))
        .order(users::email_key.desc())
        .select((UserRow::as_select(), credentials::password_hash))
        .load(connection)
        .await?;
    with_hash(rows.into_iter().next())
}

pub(super) async fn credentials_by_username(
    connection: &mut AsyncPgConnection,
    key: &str,
) -> Stored<Option<(User, PasswordHash)>> {
    let row = users::table
        .inner_join(credentials::table)
        .filter(users::username_key.eq(key))
        .select((UserRow::as_select(), credentials::password_hash))
        .get_result(connection)
        .await
        .optional()?;
    with_hash(row)
}

pub(super) async fn credentials(
    connection: &mut AsyncPgConnection,
    id: UserId,
) -> Stored<Option<(User, PasswordHash)>> {
    let row = users::table
        .inner_join(credentials::table)
        .filter(users::id.eq(id.as_uuid()))
        .select((UserRow::as_select(), credentials::password_hash))
        .get_result(connection)
        .await
        .optional()?;
    with_hash(row)
}

fn with_hash(row: Option<(UserRow, String)>) -> Stored<Option<(User, PasswordHash)>> {
    row.map(|(user, hash)| Ok((user.try_into()?, PasswordHash::new(hash)))).transpose()
}
