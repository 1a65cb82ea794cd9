//! Keys of accounts that were registered under earlier rules, and accounts whose keys became equal.

use super::rows::UserRow;
use crate::fault::Stored;
use crate::keys::BATCH;
use crate::schema::users;
use chat_domain::users::{DisplayName, EXACT_SPELLING, EmailAddress, EmailCollision, KEY_VERSION, User};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

#[derive(Queryable, Selectable)]
#[diesel(table_name = users, check_for_backend(diesel::pg::Pg))]
struct KeyRow {
    id: Uuid,
    email: Option<String>,
    name: Option<String>,
    created_at: i64,
}

impl KeyRow {
    fn email(&self) -> Option<EmailAddress> {
        self.email.as_deref().and_then(|text| EmailAddress::from_stored(text).ok())
    }

    fn age(&self) -> (i64, Uuid) {
        (self.created_at, self.id)
    }
}

/// Computes the keys of a batch of accounts with older ones. Returns the number of accounts.
pub(crate) async fn renew_keys(connection: &mut AsyncPgConnection) -> Stored<usize> {
    // Literals, as in the index's condition: a query with bound values would not use the index.
    let rows: Vec<KeyRow> = users::table
        .filter(sql::<Bool>("key_version < 1 AND deleted_at IS NULL"))
        .order(users::id)
        .limit(BATCH)
        .select(KeyRow::as_select())
        .for_update()
        .load(connection)
        .await?;
    for row in &rows {
        renew_key(connection, row).await?;
    }
    Ok(rows.len())
}

async fn renew_key(connection: &mut AsyncPgConnection, row: &KeyRow) -> Stored<()> {
    let account = users::table.find(row.id);
    if let Some(email) = row.email() {
        let key = free_key(connection, row, &email).await?;
        diesel::update(account).set(users::email_key.eq(key)).execute(connection).await?;
    }
    let name_key = row.name.as_deref().and_then(|name| DisplayName::from_stored(name).ok()).map(|name| name.key());
    diesel::update(account)
        .set((users::name_key.eq(name_key), users::key_version.eq(KEY_VERSION)))
        .execute(connection)
        .await?;
    Ok(())
}

/// The email's key, if no older account has it. A younger account that has it gives it up.
async fn free_key(connection: &mut AsyncPgConnection, row: &KeyRow, email: &EmailAddress) -> Stored<String> {
    let key = email.key();
    let holder: Option<KeyRow> = users::table
        .filter(users::email_key.eq(&key).and(users::id.ne(row.id)))
        .select(KeyRow::as_select())
        .get_result(connection)
        .await
        .optional()?;
    let Some(holder) = holder else { return Ok(key) };
    let Some(held) = holder.email() else { return Ok(email.exact_key()) };
    if held.key() == key && holder.age() < row.age() {
        return Ok(email.exact_key());
    }
    diesel::update(users::table.find(holder.id)).set(users::email_key.eq(held.exact_key())).execute(connection).await?;
    Ok(key)
}

pub(super) async fn list_collisions(connection: &mut AsyncPgConnection, limit: u32) -> Stored<Vec<EmailCollision>> {
    let others: Vec<(UserRow, Option<String>)> = users::table
        .filter(sql::<Bool>("position(chr(1) in email_key) > 0"))
        .order(users::email_key)
        .limit(limit.into())
        .select((UserRow::as_select(), users::email_key))
        .load(connection)
        .await?;
    let mut collisions = Vec::with_capacity(others.len());
    for (other, key) in others {
        let key = key.unwrap_or_default();
        let shared = key.split(EXACT_SPELLING).next().unwrap_or_default();
        let holder: Option<UserRow> = users::table
            .filter(users::email_key.eq(shared))
            .select(UserRow::as_select())
            .get_result(connection)
            .await
            .optional()?;
        collisions.push(EmailCollision { holder: holder.map(User::try_from).transpose()?, other: other.try_into()? });
    }
    Ok(collisions)
}
