//! The number of conversations that a user has created or joined.

use crate::fault::Stored;
use crate::id::Id;
use chat_domain::UserId;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};

/// Each half reads only its own index, and only up to the limit. The second one names its index, since `SQLite` could
/// choose another one that also contains the groups to which others added the user.
const COUNT: &str = "SELECT
    (SELECT count(*) FROM (SELECT 1 FROM conversations WHERE created_by = ?1 AND is_active LIMIT ?2))
    + (SELECT count(*) FROM (
        SELECT 1 FROM participants INDEXED BY joins_by_code
        WHERE user_id = ?1 AND joined_by_code AND left_at IS NULL LIMIT ?2)) AS own";

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    own: i64,
}

/// The count for [`chat_domain::conversations::may_have_another`]. If there are more than `max` of a kind, that kind
/// counts as `max`.
pub(super) fn count(connection: &mut SqliteConnection, user: UserId, max: u32) -> Stored<u64> {
    let query = diesel::sql_query(COUNT).bind::<Binary, _>(Id::from(user)).bind::<BigInt, _>(i64::from(max));
    Ok(query.get_result::<Count>(connection)?.own.unsigned_abs())
}
