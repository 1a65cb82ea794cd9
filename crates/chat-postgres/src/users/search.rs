use super::find::list_by_ids;
use crate::fault::Stored;
use chat_domain::users::{MAX_SEARCH_MATCHES, SearchTerm, User};
use chat_domain::{Page, PageRequest, UserId};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::collections::HashMap;
use uuid::Uuid;

/// Both halves are prefix ranges of an index in the order of code points, in which `%` and `_` have no special meaning.
const MATCHES: &str = "(SELECT id, username_key FROM users WHERE username_key >= $1 AND username_key < $2
      ORDER BY username_key LIMIT $3)
     UNION
     (SELECT id, username_key FROM users WHERE name_key >= $1 AND name_key < $2
      ORDER BY name_key, username_key LIMIT $3)
     ORDER BY username_key";

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
    let first = term.key();
    let matches: Vec<MatchRow> = diesel::sql_query(MATCHES)
        .bind::<Text, _>(&first)
        .bind::<Text, _>(end_of_prefix(&first))
        .bind::<BigInt, _>(i64::from(MAX_SEARCH_MATCHES))
        .load(connection)
        .await?;
    let offset = usize::try_from(request.offset()).unwrap_or(usize::MAX);
    let total = matches.len() as u64;
    let page = matches.into_iter().skip(offset).take(request.limit.get() as usize);
    let ids: Vec<UserId> = page.map(|row| UserId::new(row.id)).collect();
    let mut users: HashMap<_, _> =
        list_by_ids(connection, &ids).await?.into_iter().map(|user| (user.id, user)).collect();
    Ok(Page { items: ids.iter().filter_map(|id| users.remove(id)).collect(), total, request })
}

/// The least text that is greater than every text with this prefix, in the order of code points, which is also the
/// order of UTF-8. A prefix that ends in the greatest code point is shortened first; no name consists of it alone.
pub(crate) fn end_of_prefix(prefix: &str) -> String {
    let mut stem: Vec<char> = prefix.chars().collect();
    while let Some(last) = stem.pop() {
        // The range leaves out values that are not characters, such as surrogates.
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
