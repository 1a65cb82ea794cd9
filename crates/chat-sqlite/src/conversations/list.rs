use super::find::overviews;
use super::rows::ConversationRow;
use crate::fault::Stored;
use crate::id::Id;
use crate::schema::{conversations, participants};
use chat_domain::conversations::{Conversation, ConversationFilter, ConversationOverview};
use chat_domain::{Page, PageRequest, UserId};
use diesel::prelude::*;

pub(super) fn list(
    connection: &mut SqliteConnection,
    viewer: UserId,
    filter: ConversationFilter,
    request: PageRequest,
) -> Stored<Page<ConversationOverview>> {
    let of = Wanted::by(filter);
    let total: i64 = participants::table
        .inner_join(conversations::table)
        .filter(participants::user_id.eq(Id::from(viewer)))
        .filter(participants::left_at.is_null())
        .filter(conversations::is_active)
        .filter(conversations::is_group.eq_any(of.kinds))
        .filter(conversations::last_seq.ge(of.least_messages))
        .count()
        .get_result(connection)?;
    let rows: Vec<ConversationRow> = participants::table
        .inner_join(conversations::table)
        .filter(participants::user_id.eq(Id::from(viewer)))
        .filter(participants::left_at.is_null())
        .filter(conversations::is_active)
        .filter(conversations::is_group.eq_any(of.kinds))
        .filter(conversations::last_seq.ge(of.least_messages))
        .order((conversations::updated_at.desc(), conversations::id.desc()))
        .limit(request.limit.get().into())
        .offset(i64::try_from(request.offset()).unwrap_or(i64::MAX))
        .select(ConversationRow::as_select())
        .load(connection)?;
    let page = rows.into_iter().map(Conversation::try_from).collect::<Stored<Vec<_>>>()?;
    let items = overviews(connection, page, viewer)?;
    Ok(Page { items, total: u64::try_from(total).unwrap_or(0), request })
}

/// A filter as what the table's columns are compared with.
#[derive(Clone, Copy)]
struct Wanted {
    /// Of `is_group`.
    kinds: &'static [bool],
    /// Of `last_seq`.
    least_messages: i64,
}

impl Wanted {
    fn by(filter: ConversationFilter) -> Self {
        let (kinds, least_messages): (&[bool], _) = match filter {
            ConversationFilter::All => (&[true, false], 0),
            ConversationFilter::DirectWithMessages => (&[false], 1),
            ConversationFilter::Groups => (&[true], 0),
        };
        Self { kinds, least_messages }
    }
}
