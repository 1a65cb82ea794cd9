//! Recomputes keys that an earlier release computed by other rules, whenever a node opens the database: once after the
//! upgrade, and again for rows that nodes of the earlier release have written meanwhile.

use crate::fault::{Fault, Stored, lost_to_locks};
use crate::{conversations, users};
use diesel::result::{DatabaseErrorKind, Error};
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, TransactionManager};

/// The number of rows per commit: serving nodes wait for no more than these.
pub(crate) const BATCH: i64 = 500;

/// How often a batch is tried while a node of the earlier release interferes, by a deadlock or by taking a key.
const MAX_ATTEMPTS: usize = 10;

/// Recomputes the keys of all rows with older ones. May be interrupted and repeated. The caller holds the migration
/// lock.
pub(crate) async fn renew(connection: &mut AsyncPgConnection) -> Stored<()> {
    let users = in_batches(connection, async |connection| users::renew_keys(connection).await).await?;
    let groups = in_batches(connection, async |connection| conversations::renew_keys(connection).await).await?;
    if users + groups > 0 {
        tracing::info!(users, groups, "recomputed the keys of emails and names");
    }
    Ok(())
}

async fn in_batches(
    connection: &mut AsyncPgConnection,
    renew: impl AsyncFn(&mut AsyncPgConnection) -> Stored<usize>,
) -> Stored<usize> {
    let (mut total, mut attempts) = (0, 0);
    loop {
        AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN").await?;
        let renewed = match renew(connection).await {
            Ok(renewed) => AnsiTransactionManager::commit_transaction(connection).await.map(|()| renewed)?,
            Err(fault) => {
                AnsiTransactionManager::rollback_transaction(connection).await?;
                attempts += 1;
                if attempts == MAX_ATTEMPTS || !is_contention(&fault) {
                    return Err(fault);
                }
                continue;
            }
        };
        if renewed == 0 {
            return Ok(total);
        }
        total += renewed;
        attempts = 0;
    }
}

fn is_contention(fault: &Fault) -> bool {
    match fault {
        Fault::Database(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => true,
        Fault::Database(Error::DatabaseError(_, information)) => lost_to_locks(information.message()),
        _ => false,
    }
}
