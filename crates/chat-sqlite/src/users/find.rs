use super::rows::{SummaryRow, UserRow};
use crate::fault::Stored;
use crate::id::{IN_LIST, Id, id_list};
use crate::schema::{credentials, users};
use chat_domain::UserId;
use chat_domain::auth::PasswordHash;
use chat_domain::users::{EmailAddress, User, UserSummary};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

pub(super) fn find(connection: &mut SqliteConnection, id: UserId) -> Stored<Option<User>> {
    let row: Option<UserRow> = users::table
        .find(Id::from(id))
        .filter(users::deleted_at.is_null())
        .select(UserRow::as_select())
        .get_result(connection)
        .optional()?;
    row.map(User::try_from).transpose()
}

pub(super) fn list_by_ids(connection: &mut SqliteConnection, ids: &[UserId]) -> Stored<Vec<User>> {
    let rows: Vec<UserRow> = users::table
        .filter(sql::<Bool>("users.id").sql(IN_LIST).bind::<Text, _>(id_list(ids)).sql("))"))
        .filter(users::deleted_at.is_null())
        .select(UserRow::as_select())
        .load(connection)?;
    rows.into_iter().map(User::try_from).collect()
}

/// The public data of these accounts in messages and participants, also of deleted ones. Leaves out those that this
/// release cannot read.
pub(crate) fn load_summaries<T: Copy + Into<Id>>(
    connection: &mut SqliteConnection,
    ids: &[T],
) -> Stored<Vec<UserSummary>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let these = sql::<Bool>("users.id").sql(IN_LIST).bind::<Text, _>(id_list(ids)).sql("))");
    let rows: Vec<SummaryRow> = users::table.filter(these).select(SummaryRow::as_select()).load(connection)?;
    Ok(rows.into_iter().filter_map(|row| UserSummary::try_from(row).ok()).collect())
}

/// The users among these that exist.
pub(crate) fn exist(connection: &mut SqliteConnection, ids: &[UserId]) -> Stored<Vec<UserId>> {
    let found: Vec<Id> = users::table
        .filter(sql::<Bool>("users.id").sql(IN_LIST).bind::<Text, _>(id_list(ids)).sql("))"))
        .filter(users::deleted_at.is_null())
        .select(users::id)
        .load(connection)?;
    Ok(found.into_iter().map(UserId::from).collect())
}

pub(super) fn credentials_by_email(
    connection: &mut SqliteConnection,
    email: &EmailAddress,
) -> Stored<Option<(User, PasswordHash)>> {
    // The key is a prefix of the exact spelling, which therefore comes before it in descending order.
    let rows: Vec<(UserRow, String)> = users::table
        .inner_join(credentials::table)
        .filter(users::email_key.eq_any([email.exact_key(), email.key()]))
        .order(users::email_key.desc())
        .select((UserRow::as_select(), credentials::password_hash))
        .load(connection)?;
    with_hash(rows.into_iter().next())
}

pub(super) fn credentials_by_username(
    connection: &mut SqliteConnection,
    key: &str,
) -> Stored<Option<(User, PasswordHash)>> {
    let row = users::table
        .inner_join(credentials::table)
        .filter(users::username_key.eq(key))
        .select((UserRow::as_select(), credentials::password_hash))
        .get_result(connection)
        .optional()?;
    with_hash(row)
}

pub(super) fn credentials(connection: &mut SqliteConnection, id: UserId) -> Stored<Option<(User, PasswordHash)>> {
    let row = users::table
        .inner_join(credentials::table)
        .filter(users::id.eq(Id::from(id)))
        .select((UserRow::as_select(), credentials::password_hash))
        .get_result(connection)
        .optional()?;
    with_hash(row)
}

fn with_hash(row: Option<(UserRow, String)>) -> Stored<Option<(User, PasswordHash)>> {
    row.map(|(user, hash)| Ok((user.try_into()?, PasswordHash::new(hash)))).transpose()
}
