//! Lists of conversations, newest activity first: by page number, or by cursor. Lists of participants, by cursor.

use super::Participant;
use crate::{ConversationId, Page, PageLimit, PageRequest, Timestamp, UserId};
use uuid::Uuid;

/// The place of a conversation in a list: newest activity first, ties by id, descending. Activity is its creation, a
/// joining or a new message; no other change moves it up, and nothing moves it down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListPlace {
    /// The time of its last activity.
    pub active_at: Timestamp,
    /// The conversation's id.
    pub id: ConversationId,
}

impl ListPlace {
    /// Above every conversation.
    pub const NEWEST: Self =
        Self { active_at: Timestamp::from_unix_micros(i64::MAX), id: ConversationId::new(Uuid::max()) };
}

/// Where a reading of a list starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListCursor {
    /// At the newest activity.
    Newest,
    /// Below this place, downwards.
    OlderThan(ListPlace),
    /// Above this place, upwards.
    NewerThan(ListPlace),
}

/// A request for a part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListRequest {
    /// A numbered page, with the total.
    Page(PageRequest),
    /// At most this many conversations from a cursor on.
    Cursor(ListCursor, PageLimit),
}

impl From<PageRequest> for ListRequest {
    fn from(page: PageRequest) -> Self {
        Self::Page(page)
    }
}

/// A part of a list that was read by cursor. A conversation that moves between two readings moves to the beginning of
/// the list, so reading on towards older ones neither skips nor repeats conversations that stayed in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CursorPage<T> {
    /// The items, newest activity first, at most `limit`.
    pub items: Vec<T>,
    /// The requested limit.
    pub limit: PageLimit,
    /// The cursor towards older ones; `None` if there are none.
    pub older: Option<ListPlace>,
    /// The cursor towards newer ones; `None` if there were none.
    pub newer: Option<ListPlace>,
    /// Whether there are more in the direction of the reading.
    pub has_more: bool,
}

impl<T> CursorPage<T> {
    /// Creates a page from the items found from `cursor` on, in the direction of the reading: one more than the limit,
    /// if there are that many.
    pub fn of(cursor: ListCursor, limit: PageLimit, mut found: Vec<T>, place: impl Fn(&T) -> ListPlace) -> Self {
        let size = limit.get() as usize;
        let has_more = found.len() > size;
        found.truncate(size);
        if matches!(cursor, ListCursor::NewerThan(_)) {
            found.reverse();
        }
        let (first, last) = (found.first().map(&place), found.last().map(&place));
        let (newer, older) = match cursor {
            ListCursor::Newest => (None, last.filter(|_| has_more)),
            ListCursor::OlderThan(from) => (first.or(Some(from)), last.filter(|_| has_more)),
            ListCursor::NewerThan(from) => (first.filter(|_| has_more), last.or(Some(from))),
        };
        Self { items: found, limit, older, newer, has_more }
    }
}

/// A part of a list, in the requested form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    /// The items, newest activity first.
    pub items: Vec<T>,
    /// The place of the items in the list.
    pub part: ListPart,
}

/// The place of a part in a list, with its cursors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListPart {
    /// A numbered page.
    Page {
        /// The number of the page.
        request: PageRequest,
        /// The number of items on all pages together.
        total: u64,
    },
    /// A part that was read by cursor. The fields are those of [`CursorPage`].
    Cursor {
        /// See [`CursorPage::limit`].
        limit: PageLimit,
        /// See [`CursorPage::older`].
        older: Option<ListPlace>,
        /// See [`CursorPage::newer`].
        newer: Option<ListPlace>,
        /// See [`CursorPage::has_more`].
        has_more: bool,
    },
}

impl<T> Listing<T> {
    /// The length of the whole list, if it was counted: for numbered pages.
    pub const fn total(&self) -> Option<u64> {
        match self.part {
            ListPart::Page { total, .. } => Some(total),
            ListPart::Cursor { .. } => None,
        }
    }
}

impl<T> From<Page<T>> for Listing<T> {
    fn from(page: Page<T>) -> Self {
        let Page { items, total, request } = page;
        Self { items, part: ListPart::Page { request, total } }
    }
}

impl<T> From<CursorPage<T>> for Listing<T> {
    fn from(page: CursorPage<T>) -> Self {
        let CursorPage { items, limit, older, newer, has_more } = page;
        Self { items, part: ListPart::Cursor { limit, older, newer, has_more } }
    }
}

/// The place of a participant in the list of a conversation's participants: in order of joining, ties by id. A user who
/// rejoins moves to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParticipantPlace {
    /// When the user joined.
    pub joined_at: Timestamp,
    /// The user's id.
    pub user_id: UserId,
}

impl ParticipantPlace {
    /// Before every participant.
    pub const START: Self =
        Self { joined_at: Timestamp::from_unix_micros(i64::MIN), user_id: UserId::new(Uuid::nil()) };
}

/// A part of the list of a conversation's participants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParticipantPage {
    /// The participants, at most as many as asked for.
    pub items: Vec<Participant>,
    /// The requested limit.
    pub limit: PageLimit,
    /// The place after which the next page begins; `None` on the last page.
    pub next: Option<ParticipantPlace>,
}

impl ParticipantPage {
    /// Creates a page from the participants found: one more than the limit, if there are that many.
    pub fn of(limit: PageLimit, mut found: Vec<Participant>) -> Self {
        let size = limit.get() as usize;
        let has_more = found.len() > size;
        found.truncate(size);
        let place = |last: &Participant| ParticipantPlace { joined_at: last.joined_at, user_id: last.user.id };
        let next = found.last().map(place).filter(|_| has_more);
        Self { items: found, limit, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn place(at: i64, id: u128) -> ListPlace {
        ListPlace { active_at: Timestamp::from_unix_micros(at), id: ConversationId::new(Uuid::from_u128(id)) }
    }

    /// What a store finds: one more than the limit, in the direction of the reading.
    fn read(list: &[ListPlace], cursor: ListCursor, limit: PageLimit) -> CursorPage<ListPlace> {
        let mut found: Vec<_> = match cursor {
            ListCursor::Newest => list.to_vec(),
            ListCursor::OlderThan(from) => list.iter().copied().filter(|place| *place < from).collect(),
            ListCursor::NewerThan(from) => list.iter().copied().filter(|place| *place > from).collect(),
        };
        found.sort_unstable();
        if !matches!(cursor, ListCursor::NewerThan(_)) {
            found.reverse();
        }
        found.truncate(limit.get() as usize + 1);
        CursorPage::of(cursor, limit, found, |place| *place)
    }

    proptest! {
        #[test]
        fn a_walk_shows_each_that_stays_once_and_none_twice(
            count in 0_u32..40, limit in 1_u64..7, moves in proptest::collection::vec(0_u32..40, 0..20)
        ) {
            let limit = PageLimit::parse(limit).expect("a limit");
            // Some share a time.
            let mut list: Vec<_> = (0..count).map(|number| place(i64::from(number) / 3, u128::from(number))).collect();
            let before = list.clone();
            let mut moves = moves.into_iter();
            let (mut seen, mut cursor, mut now) = (Vec::new(), ListCursor::Newest, 1_000);
            loop {
                let page = read(&list, cursor, limit);
                seen.extend(page.items.iter().map(|place| place.id));
                if let Some(moving) = moves.next().filter(|moving| *moving < count) {
                    now += 1;
                    list[moving as usize].active_at = Timestamp::from_unix_micros(now);
                }
                prop_assert_eq!(page.has_more, page.older.is_some());
                let Some(older) = page.older else { break };
                cursor = ListCursor::OlderThan(older);
            }
            let mut once = seen.clone();
            once.sort_unstable();
            once.dedup();
            prop_assert_eq!(once.len(), seen.len(), "none twice");
            for stayed in list.iter().filter(|place| before.contains(place)) {
                prop_assert!(seen.contains(&stayed.id), "{:?} was skipped", stayed);
            }
        }

        #[test]
        fn the_way_back_shows_the_same(count in 1_u32..40, limit in 1_u64..7) {
            let limit = PageLimit::parse(limit).expect("a limit");
            let list: Vec<_> = (0..count).map(|number| place(i64::from(number) / 3, u128::from(number))).collect();
            let (mut down, mut cursor) = (Vec::new(), ListCursor::Newest);
            let mut last = loop {
                let page = read(&list, cursor, limit);
                down.push(page.items.clone());
                let Some(older) = page.older else { break page };
                cursor = ListCursor::OlderThan(older);
            };
            let mut up = vec![last.items.clone()];
            while let Some(newer) = last.newer {
                last = read(&list, ListCursor::NewerThan(newer), limit);
                prop_assert_eq!(last.has_more, last.newer.is_some());
                up.push(last.items.clone());
            }
            up.reverse();
            prop_assert_eq!(up.concat(), down.concat());
        }
    }

    #[test]
    fn above_the_newest_there_is_nothing_yet_and_the_way_back_remains() {
        let limit = PageLimit::parse(2).expect("a limit");
        let list = [place(1, 1), place(2, 2)];
        let page = read(&list, ListCursor::NewerThan(list[1]), limit);
        assert_eq!((page.items.len(), page.newer, page.older), (0, None, Some(list[1])));
        let page = read(&list, ListCursor::OlderThan(list[0]), limit);
        assert_eq!((page.items.len(), page.newer, page.older), (0, Some(list[0]), None));
    }
}
