use super::{HiddenReactions, Message};
use crate::receipts::ParticipantPositions;
use crate::{MessageId, PageLimit, PageRequest, Pos, Seq};
use std::ops::Range;

/// The maximum size of the messages of one answer as JSON, in bytes, unless a single message is larger. Together with
/// what is left of earlier data they fit into the send queue of a connection, of 1 MiB.
pub const MAX_PAGE_BYTES: usize = 900 * 1024;

/// A place in the history, named by the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// The message with this id.
    Message(MessageId),
    /// The message with this number, whether it exists or not.
    Seq(Seq),
}

/// A request for a part of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryRequest {
    /// The page with this number, newest first.
    Page(PageRequest),
    /// The newest messages.
    Latest(PageLimit),
    /// The newest messages before the anchor.
    Before(Anchor, PageLimit),
    /// The oldest messages after the anchor.
    After(Anchor, PageLimit),
    /// The anchor with the messages around it.
    Around(Anchor, PageLimit),
}

impl HistoryRequest {
    /// Returns the anchor, if there is one, for the store to look up.
    pub const fn anchor(self) -> Option<Anchor> {
        match self {
            Self::Page(_) | Self::Latest(_) => None,
            Self::Before(anchor, _) | Self::After(anchor, _) | Self::Around(anchor, _) => Some(anchor),
        }
    }

    /// Returns the numbers to read, if the newest message is `last` and the anchor is the message `anchor`. Since
    /// numbers have no gaps, every page is one range of the primary key, and its cost does not depend on depth.
    pub fn range(self, anchor: Seq, last: Seq) -> SeqRange {
        let (anchor, last) = (anchor.get(), last.get());
        match self {
            Self::Page(page) => SeqRange::down_from(last.saturating_sub(page.offset()), page.limit),
            Self::Latest(limit) => SeqRange::down_from(last, limit),
            Self::Before(_, limit) => SeqRange::down_from(last.min(anchor.saturating_sub(1)), limit),
            Self::After(_, limit) => {
                let first = anchor.saturating_add(1);
                SeqRange::new(first, last.min(anchor.saturating_add(u64::from(limit.get()))))
            }
            Self::Around(_, limit) => {
                let limit = u64::from(limit.get());
                let highest = last.min(anchor.saturating_add(limit.saturating_sub(1) / 2).max(limit));
                SeqRange::new((highest + 1).saturating_sub(limit), highest)
            }
        }
    }
}

/// The messages `first..=last`; empty if `first` is greater. Never reaches below 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeqRange {
    /// The number of the oldest message.
    pub first: Seq,
    /// The number of the newest message.
    pub last: Seq,
}

impl SeqRange {
    /// A range without messages.
    pub const EMPTY: Self = Self { first: Seq::new(1), last: Seq::ZERO };

    fn new(first: u64, last: u64) -> Self {
        Self { first: Seq::new(first.max(1)), last: Seq::new(last) }
    }

    fn down_from(last: u64, limit: PageLimit) -> Self {
        Self::new((last + 1).saturating_sub(u64::from(limit.get())), last)
    }

    /// The number of messages in the range.
    pub fn len(self) -> u64 {
        (self.last.get() + 1).saturating_sub(self.first.get())
    }

    /// Whether the range is empty.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl Anchor {
    fn is_of(self, message: &Message) -> bool {
        match self {
            Self::Message(id) => message.id == id,
            Self::Seq(seq) => message.seq <= seq,
        }
    }
}

/// The items around `begin` whose sizes are at most `most` together; at least the one at `begin`, if it exists.
fn fitting(sizes: &[usize], begin: usize, most: usize) -> Range<usize> {
    let Some(first) = sizes.get(begin) else { return 0..0 };
    let (mut kept, mut total) = (begin..begin + 1, *first);
    loop {
        let before = kept.clone();
        if let Some(size) = sizes.get(kept.end).filter(|size| total + **size <= most) {
            total += size;
            kept.end += 1;
        }
        let lower = kept.start.checked_sub(1);
        if let Some(size) = lower.and_then(|at| sizes.get(at)).filter(|size| total + **size <= most) {
            total += size;
            kept.start -= 1;
        }
        if kept == before {
            return kept;
        }
    }
}

/// A part of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryPage {
    /// The messages, newest first. Those that this release cannot read are left out.
    pub messages: Vec<Message>,
    /// The reader's reactions that the messages do not name.
    pub hidden_reactions: HiddenReactions,
    /// The numbers that the page covers.
    pub range: SeqRange,
    /// The number of the conversation's newest message, which is also the number of its messages.
    pub last_seq: Seq,
    /// The conversation's newest change when the page was read. The page shows every change up to here.
    pub last_pos: Pos,
    /// The positions of all participants, from which the status and the readers of each message are derived.
    pub participants: Vec<ParticipantPositions>,
}

/// Messages that a reader asked for by their ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundMessages {
    /// Those that are in the conversation and that this release can read, in any order.
    pub messages: Vec<Message>,
    /// The reader's reactions that the messages do not name.
    pub hidden_reactions: HiddenReactions,
    /// The positions of all participants, from which the status and the readers of each message are derived.
    pub participants: Vec<ParticipantPositions>,
}

impl HistoryPage {
    /// Shortens a page whose messages are larger than [`MAX_PAGE_BYTES`]: keeps those next to where the request begins
    /// to read, at least one.
    #[must_use]
    pub fn cut(mut self, request: HistoryRequest) -> Self {
        let begin = match request {
            HistoryRequest::After(..) => self.messages.len().saturating_sub(1),
            HistoryRequest::Around(anchor, _) => self.messages.iter().position(|one| anchor.is_of(one)).unwrap_or(0),
            HistoryRequest::Page(_) | HistoryRequest::Latest(_) | HistoryRequest::Before(..) => 0,
        };
        let sizes: Vec<usize> = self.messages.iter().map(Message::json_bytes).collect();
        let kept = fitting(&sizes, begin, MAX_PAGE_BYTES);
        if let Some(newer) = kept.start.checked_sub(1).and_then(|at| self.messages.get(at)) {
            self.range.last = Seq::new(newer.seq.get().saturating_sub(1));
        }
        if let Some(older) = self.messages.get(kept.end) {
            self.range.first = older.seq.next();
        }
        self.messages.truncate(kept.end);
        self.messages.drain(..kept.start);
        self
    }

    /// Whether there are messages older than this page; `false` for an empty page, for which this is unknown.
    pub fn has_older(&self) -> bool {
        !self.range.is_empty() && self.range.first > Seq::new(1)
    }

    /// Whether there are messages newer than this page.
    pub fn has_newer(&self) -> bool {
        !self.range.is_empty() && self.range.last < self.last_seq
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PageNumber;
    use proptest::prelude::*;

    fn limit(number: u64) -> PageLimit {
        PageLimit::parse(number).expect("a limit")
    }

    fn seq(number: u64) -> Anchor {
        Anchor::Seq(Seq::new(number))
    }

    fn numbers(request: HistoryRequest, anchor: u64, last: u64) -> Vec<u64> {
        let range = request.range(Seq::new(anchor), Seq::new(last));
        (range.first.get()..=range.last.get()).collect()
    }

    proptest! {
        #[test]
        fn walking_backwards_sees_every_message_once(last in 0_u64..300, size in 1_u64..=100) {
            let mut seen = Vec::new();
            let mut request = HistoryRequest::Latest(limit(size));
            let mut anchor = 0;
            loop {
                let page = numbers(request, anchor, last);
                let Some(oldest) = page.first().copied() else { break };
                prop_assert!(page.len() as u64 <= size);
                seen.extend(page.into_iter().rev());
                anchor = oldest;
                request = HistoryRequest::Before(seq(oldest), limit(size));
            }
            prop_assert_eq!(seen, (1..=last).rev().collect::<Vec<_>>());
        }

        #[test]
        fn walking_forwards_sees_every_message_once(last in 0_u64..300, size in 1_u64..=100) {
            let mut seen = Vec::new();
            let mut anchor = 0;
            loop {
                let page = numbers(HistoryRequest::After(seq(anchor), limit(size)), anchor, last);
                let Some(newest) = page.last().copied() else { break };
                prop_assert!(page.len() as u64 <= size);
                seen.extend(page);
                anchor = newest;
            }
            prop_assert_eq!(seen, (1..=last).collect::<Vec<_>>());
        }

        #[test]
        fn numbered_pages_see_every_message_once(last in 0_u64..300, size in 1_u64..=100) {
            let mut seen = Vec::new();
            for number in 1..=(last.div_ceil(size) + 1) {
                let page = PageRequest { number: PageNumber::parse(number).expect("a page"), limit: limit(size) };
                seen.extend(numbers(HistoryRequest::Page(page), 0, last).into_iter().rev());
            }
            prop_assert_eq!(seen, (1..=last).rev().collect::<Vec<_>>());
        }

        #[test]
        fn what_surrounds_a_message_includes_it_and_fills_the_page(
            last in 1_u64..300, size in 1_u64..=100, at in 1_u64..300
        ) {
            let at = at.min(last);
            let page = numbers(HistoryRequest::Around(seq(at), limit(size)), at, last);
            prop_assert!(page.contains(&at), "{page:?} lacks {at}");
            prop_assert!(page.len() as u64 <= size);
            if last >= size { prop_assert_eq!(page.len() as u64, size); }
        }

        #[test]
        fn no_anchor_however_strange_overflows(anchor: u64, last: u64, size in 1_u64..=100) {
            for request in [HistoryRequest::Before, HistoryRequest::After, HistoryRequest::Around] {
                let request = request(seq(anchor), limit(size));
                let range = request.range(Seq::new(anchor), Seq::new(last));
                prop_assert!(range.len() <= size);
                prop_assert!(range.first >= Seq::new(1));
                prop_assert!(request.anchor().is_some());
            }
        }
    }

    proptest! {
        #[test]
        fn what_fits_is_around_the_beginning_and_no_neighbour_fits_too(
            sizes in proptest::collection::vec(0_usize..50, 1..20), begin in 0_usize..20, most in 0_usize..200
        ) {
            let begin = begin.min(sizes.len() - 1);
            let kept = fitting(&sizes, begin, most);
            prop_assert!(kept.contains(&begin));
            let total: usize = sizes[kept.clone()].iter().sum();
            prop_assert!(total <= most || kept.len() == 1);
            for neighbour in [kept.start.checked_sub(1), Some(kept.end)].into_iter().flatten() {
                prop_assert!(sizes.get(neighbour).is_none_or(|size| total + size > most));
            }
        }
    }

    #[test]
    fn an_empty_history_has_an_empty_range() {
        assert_eq!(fitting(&[], 0, 9), 0..0);
        assert!(HistoryRequest::Latest(limit(5)).range(Seq::ZERO, Seq::ZERO).is_empty());
        assert!(HistoryRequest::Around(seq(9), limit(5)).range(Seq::new(9), Seq::ZERO).is_empty());
    }

    #[test]
    fn a_page_knows_what_lies_on_either_side_of_it() {
        let page = |newest: u64, oldest: u64| HistoryPage {
            messages: Vec::new(),
            hidden_reactions: HiddenReactions::default(),
            range: SeqRange::new(oldest, newest),
            last_seq: Seq::new(9),
            last_pos: Pos::new(9),
            participants: Vec::new(),
        };
        let sides = |page: HistoryPage| (page.has_older(), page.has_newer());
        assert_eq!(sides(page(9, 1)), (false, false));
        assert_eq!(sides(page(9, 5)), (true, false));
        assert_eq!(sides(page(5, 1)), (false, true));
        assert_eq!(sides(page(5, 2)), (true, true));
        assert_eq!(sides(page(0, 1)), (false, false), "an empty page");
    }
}
