//! The number of conversations that a user has created or joined.

use crate::fault::Stored;
use chat_domain::UserId;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// Distinguishes these advisory locks from others with two keys.
const LOCK: i32 = 0x63_6f_6e_76;

/// Each half reads only its own index, and only up to the limit.
const COUNT: &str = "SELECT
    (SELECT count(*) FROM (SELECT FROM conversations WHERE created_by = $1 AND is_active LIMIT $2) AS made)
    + (SELECT count(*) FROM (
        SELECT FROM participants WHERE user_id = $1 AND joined_by_code AND left_at IS NULL LIMIT $2) AS joined) AS own";

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    own: i64,
}

/// Until the transaction ends, no other transaction counts this user's conversations or adds to them. This lock comes
/// before every row lock, so a transaction that waits here holds nothing. Users whose ids end in the same bytes also
/// wait for each other, which is harmless.
pub(super) async fn hold(connection: &mut AsyncPgConnection, user: UserId) -> Stored<()> {
    let [.., one, two, three, four] = user.as_uuid().into_bytes();
    let key = i32::from_be_bytes([one, two, three, four]);
    let lock = diesel::sql_query("SELECT pg_advisory_xact_lock($1, $2)");
    lock.bind::<Integer, _>(LOCK).bind::<Integer, _>(key).execute(connection).await?;
    Ok(())
}

/// The count for [`chat_domain::conversations::may_have_another`]. If there are more than `max` of a kind, that kind
/// counts as `max`.
pub(super) async fn count(connection: &mut AsyncPgConnection, user: UserId, max: u32) -> Stored<u64> {
    let query = diesel::sql_query(COUNT).bind::<SqlUuid, _>(user.as_uuid()).bind::<BigInt, _>(i64::from(max));
    Ok(query.get_result::<Count>(connection).await?.own.unsigned_abs())
}
