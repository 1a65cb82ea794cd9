//! Keys of accounts that were registered under earlier rules, and accounts whose keys became equal.

use super::rows::UserRow;
use crate::fault::{Fault, Stored};
use crate::id::Id;
use crate::keys::BATCH;
use crate::schema::users;
use chat_domain::users::{DisplayName, EXACT_SPELLING, EmailAddress, EmailCollision, KEY_VERSION, User};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

#[derive(Queryable, Selectable)]
#[diesel(table_name = users, check_for_backend(diesel::sqlite::Sqlite))]
struct KeyRow {
    id: Id,
    email: Option<String>,
    name: Option<String>,
    created_at: i64,
}

impl KeyRow {
    fn email(&self) -> Option<EmailAddress> {
        self.email.as_deref().and_then(|text| EmailAddress::from_stored(text).ok())
    }

    fn age(&self) -> (i64, Id) {
        (self.created_at, self.id)
    }
}

/// Computes the keys of a batch of accounts with older ones. Returns the number of accounts.
pub(crate) fn renew_keys(connection: &mut SqliteConnection) -> Stored<usize> {
    // Literals, as in the index's condition: a query with bound values would not use the index.
    let rows: Vec<KeyRow> = users::table
        .filter(sql::<Bool>("key_version < 1 AND deleted_at IS NULL"))
        .order(users::id)
        .limit(BATCH)
        .select(KeyRow::as_select())
        .load(connection)?;
    for row in &rows {
        renew_key(connection, row)?;
    }
    Ok(rows.len())
}

fn renew_key(connection: &mut SqliteConnection, row: &KeyRow) -> Stored<()> {
    let account = users::table.find(row.id);
    if let Some(email) = row.email() {
        let key = free_key(connection, row, &email)?;
        diesel::update(account).set(users::email_key.eq(key)).execute(connection)?;
    }
    let name_key = row.name.as_deref().and_then(|name| DisplayName::from_stored(name).ok()).map(|name| name.key());
    diesel::update(account)
        .set((users::name_key.eq(name_key), users::key_version.eq(KEY_VERSION)))
        .execute(connection)?;
    Ok(())
}

/// The email's key, if no older account has it. A younger account that has it gives it up.
fn free_key(connection: &mut SqliteConnection, row: &KeyRow, email: &EmailAddress) -> Stored<String> {
    let key = email.key();
    let holder: Option<KeyRow> = users::table
        .filter(users::email_key.eq(&key).and(users::id.ne(row.id)))
        .select(KeyRow::as_select())
        .get_result(connection)
        .optional()?;
    let Some(holder) = holder else { return Ok(key) };
    let Some(held) = holder.email() else { return Ok(email.exact_key()) };
    if held.key() == key && holder.age() < row.age() {
        return Ok(email.exact_key());
    }
    diesel::update(users::table.find(holder.id)).set(users::email_key.eq(held.exact_key())).execute(connection)?;
    Ok(key)
}

pub(super) fn list_collisions(connection: &mut SqliteConnection, limit: u32) -> Stored<Vec<EmailCollision>> {
    let others: Vec<(UserRow, Option<String>)> = users::table
        .filter(sql::<Bool>("instr(email_key, char(1)) > 0"))
        .order(users::email_key)
        .limit(limit.into())
        .select((UserRow::as_select(), users::email_key))
        .load(connection)?;
    let collision = |(other, key): (UserRow, Option<String>)| {
        let key = key.unwrap_or_default();
        let shared = key.split(EXACT_SPELLING).next().unwrap_or_default();
        let holder: Option<UserRow> = users::table
            .filter(users::email_key.eq(shared))
            .select(UserRow::as_select())
            .get_result(connection)
            .optional()?;
        Ok(EmailCollision { holder: holder.map(User::try_from).transpose()?, other: other.try_into()? })
    };
    others.into_iter().map(collision).collect::<Result<_, Fault>>()
}
