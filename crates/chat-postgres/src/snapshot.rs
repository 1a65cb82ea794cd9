//! Snapshots of `PostgreSQL` (`pg_snapshot`, as text `xmin:xmax:xip,...`) as cursors that follow commits: each read
//! asks for the rows whose transaction the last snapshot did not see. Nothing is missed, however late a transaction
//! commits, and a long transaction delays nothing.

use crate::fault::Stored;
use crate::statement::cached_statement;
use chat_domain::CommitCursor;
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

cached_statement!(
    /// The present snapshot.
    CurrentSnapshot {} -> Text,
    "SELECT pg_current_snapshot()::text",
);

/// The cursor after everything that is committed now.
pub(crate) async fn current(connection: &mut AsyncPgConnection) -> Stored<CommitCursor> {
    let snapshot: String = (CurrentSnapshot {}).get_result(connection).await?;
    Ok(CommitCursor::new(snapshot))
}

/// Whether the server has given out fewer transaction ids at `current` than at `before`: its count started again, as
/// when a dump is restored into another server, and `before` says nothing about it.
pub(crate) fn counts_anew(current: &str, before: &str) -> bool {
    match (bounds(current), bounds(before)) {
        (Some((_, next)), Some((oldest, _))) => next < oldest,
        _ => false,
    }
}

/// The oldest running transaction, and the next to begin.
fn bounds(snapshot: &str) -> Option<(u64, u64)> {
    let mut parts = snapshot.split(':');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_counts_anew_is_noticed() {
        assert!(counts_anew("740:745:741", "900:905:"));
        assert!(!counts_anew("900:905:", "900:905:"));
        assert!(!counts_anew("900:901:", "740:905:740,900"), "one transaction has been open for long");
        assert!(!counts_anew("", "900:905:"));
    }
}
