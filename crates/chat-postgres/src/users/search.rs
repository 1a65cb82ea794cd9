use super::find::list_by_ids;
use crate::fault::Stored;
use chat_domain::users::{SearchTerm, User};
use chat_domain::{Page, PageRequest, UserId};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::collections::HashMap;
use uuid::Uuid;

/// Both halves are ranges of an index in the order of code points, which also keeps `%` and `_` ordinary.
const MATCHES: &str = "SELECT id, username_key FROM users WHERE username_key >= $1 AND username_key < $2
     UNION
     SELECT id, username_key FROM users WHERE name_key >= $1 AND name_key < $2";

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = BigInt)]
    total: i64,
}

#[derive(QueryableByName)]
struct MatchRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

pub(super) async fn search(
    connection: &mut AsyncPgConnection,
    term: &SearchTerm,
    request: PageRequest,
) -> Stored<Page<User>> {
    let first = term.as_str().to_lowercase();
    let end = end_of_prefix(&first);
    let counted: CountRow = diesel::sql_query(format!("SELECT count(*) AS total FROM ({MATCHES}) AS matches"))
        .bind::<Text, _>(&first)
        .bind::<Text, _>(&end)
        .get_result(connection)
        .await?;
    let matches: Vec<MatchRow> = diesel::sql_query(format!("{MATCHES} ORDER BY username_key LIMIT $3 OFFSET $4"))
        .bind::<Text, _>(&first)
        .bind::<Text, _>(&end)
        .bind::<BigInt, _>(i64::from(request.limit.get()))
        .bind::<BigInt, _>(i64::try_from(request.offset()).unwrap_or(i64::MAX))
        .load(connection)
        .await?;
    let ids: Vec<UserId> = matches.into_iter().map(|row| UserId::new(row.id)).collect();
    let mut users: HashMap<_, _> =
        list_by_ids(connection, &ids).await?.into_iter().map(|user| (user.id, user)).collect();
    Ok(Page {
        items: ids.iter().filter_map(|id| users.remove(id)).collect(),
        total: u64::try_from(counted.total).unwrap_or(0),
        request,
    })
}

/// The least text that is greater than every text which begins with this one, in the order of code points, which is the
/// order of their UTF-8. Text that ends in the greatest code point is shortened first; no name consists of it alone.
fn end_of_prefix(prefix: &str) -> String {
    let mut stem: Vec<char> = prefix.chars().collect();
    while let Some(last) = stem.pop() {
        // The range skips what is not a character, such as the surrogates.
        if let Some(next) = (last..=char::MAX).nth(1) {
            stem.push(next);
            break;
        }
    }
    stem.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::end_of_prefix;

    #[test]
    fn the_end_of_a_prefix_follows_all_that_begins_with_it() {
        for prefix in ["a", "an", "100%", "é", "日本", "\u{d7ff}", "x\u{10ffff}"] {
            let end = end_of_prefix(prefix);
            assert!(end.as_str() > prefix);
            assert!(end > format!("{prefix}\u{10ffff}\u{10ffff}"), "{prefix:?} {end:?}");
        }
        assert_eq!(end_of_prefix("an"), "ao");
        assert_eq!(end_of_prefix("x\u{10ffff}"), "y");
    }
}
