//! Recomputes keys that an earlier release computed by other rules, whenever a database is opened: once after the
//! upgrade, and again for rows that nodes of the earlier release have written meanwhile.

use crate::fault::Stored;
use crate::{conversations, users};
use diesel::SqliteConnection;

/// The number of rows per commit; other calls may write in between.
pub(crate) const BATCH: i64 = 500;

/// Recomputes the keys of all rows with older ones. May be interrupted and repeated.
pub(crate) fn renew(connection: &mut SqliteConnection) -> Stored<()> {
    let users = in_batches(connection, users::renew_keys)?;
    let groups = in_batches(connection, conversations::renew_keys)?;
    if users + groups > 0 {
        tracing::info!(users, groups, "recomputed the keys of emails and names");
    }
    Ok(())
}

fn in_batches(connection: &mut SqliteConnection, renew: fn(&mut SqliteConnection) -> Stored<usize>) -> Stored<usize> {
    let mut total = 0;
    loop {
        match connection.immediate_transaction(renew)? {
            0 => return Ok(total),
            renewed => total += renewed,
        }
    }
}
