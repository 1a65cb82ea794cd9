use super::find::list_by_ids;
use crate::fault::Stored;
use crate::id::Id;
use chat_domain::users::{MAX_SEARCH_MATCHES, SearchTerm, User};
use chat_domain::{Page, PageRequest, UserId};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};
use std::collections::HashMap;

/// Both halves are prefix ranges of a covering index, in which `%` and `_` have no special meaning.
const MATCHES: &str = "SELECT id FROM (
         SELECT * FROM (
             SELECT id, username_key FROM users WHERE username_key >= ? AND username_key < ?
             ORDER BY username_key LIMIT ?)
         UNION
         SELECT * FROM (
             SELECT id, username_key FROM users WHERE name_key >= ? AND name_key < ?
             ORDER BY name_key, username_key LIMIT ?))
     ORDER BY username_key";

#[derive(QueryableByName)]
struct MatchRow {
    #[diesel(sql_type = Binary)]
    id: Id,
}

pub(super) fn search(connection: &mut SqliteConnection, term: &SearchTerm, request: PageRequest) -> Stored<Page<User>> {
    let first = term.key();
    let end = end_of_prefix(&first);
    let most = i64::from(MAX_SEARCH_MATCHES);
    let matches: Vec<MatchRow> = diesel::sql_query(MATCHES)
        .bind::<Text, _>(&first)
        .bind::<Text, _>(&end)
        .bind::<BigInt, _>(most)
        .bind::<Text, _>(&first)
        .bind::<Text, _>(&end)
        .bind::<BigInt, _>(most)
        .load(connection)?;
    let offset = usize::try_from(request.offset()).unwrap_or(usize::MAX);
    let total = matches.len() as u64;
    let ids: Vec<UserId> =
        matches.into_iter().skip(offset).take(request.limit.get() as usize).map(|row| row.id.into()).collect();
    let mut users: HashMap<_, _> = list_by_ids(connection, &ids)?.into_iter().map(|user| (user.id, user)).collect();
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
