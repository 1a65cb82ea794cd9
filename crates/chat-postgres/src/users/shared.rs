//! Reads and writes for many connecting and disconnecting users at once; see [`crate::batches`].

use super::rows::UserRow;
use crate::fault::Stored;
use crate::statement::cached_statement;
use crate::time::micros;
use chat_domain::users::User;
use chat_domain::{Timestamp, UserId};
use diesel::sql_types::{Array, BigInt, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// The columns of an account, as [`UserRow`] reads them.
type UserColumns = (
    SqlUuid,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<BigInt>,
    BigInt,
    BigInt,
);

cached_statement!(
    /// The users among these whose accounts exist.
    ListUsers { ids: Vec<Uuid> } -> UserColumns,
    "SELECT id, email, username, name, first_name, last_name, avatar, metadata, last_seen, created_at, updated_at
     FROM users WHERE id = ANY (",
    ids as Array<SqlUuid>,
    ") AND deleted_at IS NULL",
);

pub(crate) async fn list_users(connection: &mut AsyncPgConnection, ids: Vec<UserId>) -> Stored<HashMap<UserId, User>> {
    let asked = ListUsers { ids: ids.into_iter().map(UserId::as_uuid).collect() };
    let rows: Vec<UserRow> = asked.load(connection).await?;
    rows.into_iter().map(|row| User::try_from(row).map(|user| (user.id, user))).collect()
}

cached_statement!(
    /// Moves these users' last-seen times forward. The rows are locked before they are compared, in the order of their
    /// ids, as users are locked everywhere: concurrent moves take turns, and none moves a time back.
    TouchLastSeen { ids: Vec<Uuid>, times: Vec<i64> },
    "UPDATE users AS u SET last_seen = greatest(u.last_seen, n.at)
     FROM (SELECT users.id, asked.at
           FROM unnest(",
    ids as Array<SqlUuid>,
    ", ",
    times as Array<BigInt>,
    ") AS asked (id, at)
           JOIN users ON users.id = asked.id
           WHERE users.deleted_at IS NULL AND (users.last_seen IS NULL OR users.last_seen < asked.at)
           ORDER BY users.id
           FOR NO KEY UPDATE OF users) AS n
     WHERE u.id = n.id",
);

/// Runs [`TouchLastSeen`].
#[expect(clippy::zero_sized_map_values, reason = "there is no value to return")]
pub(crate) async fn touch_last_seen(
    connection: &mut AsyncPgConnection,
    seen: Vec<(UserId, Timestamp)>,
) -> Stored<HashMap<(UserId, Timestamp), ()>> {
    // Only a user's latest time is kept.
    let mut latest: BTreeMap<Uuid, i64> = BTreeMap::new();
    for (user, at) in seen {
        let latest = latest.entry(user.as_uuid()).or_insert(i64::MIN);
        *latest = micros(at).max(*latest);
    }
    let (ids, times) = latest.into_iter().unzip();
    TouchLastSeen { ids, times }.execute(connection).await?;
    Ok(HashMap::new())
}
