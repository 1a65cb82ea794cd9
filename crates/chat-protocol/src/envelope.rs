//! The envelopes of responses (contract §2).

use crate::conversations::{ListCursorText, ParticipantCursorText};
use crate::{Fault, TimestampView};
use chat_domain::changes::MissedChanges;
use chat_domain::conversations::{ListPart, ParticipantPage};
use chat_domain::messages::{HistoryPage, HistoryRequest, ReactorPage};
use chat_domain::threads::ThreadPage;
use chat_domain::{ErrorCode, Page, PageLimit};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The envelope of a success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Success<T> {
    /// Always `true`.
    pub success: bool,
    /// The HTTP status of the answer.
    pub status_code: u16,
    /// The result.
    pub data: T,
    /// The position in the list. Only for lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pagination: Option<Pagination>,
}

impl<T> Success<T> {
    /// Creates a success without pagination.
    pub const fn new(status_code: u16, data: T) -> Self {
        Self { success: true, status_code, data, pagination: None }
    }
}

/// The position of this part in its list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub enum Pagination {
    /// The position in a list that is read by page number.
    Numbered(NumberedPage),
    /// The position in a list that is read by cursor.
    Cursor(CursorPage),
}

/// The position of a page in a list that is read by page number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct NumberedPage {
    /// The page number, from 1.
    pub page: u32,
    /// The maximum number of items on a page.
    pub limit: u32,
    /// The number of items on all pages.
    pub total: u64,
    /// The number of pages.
    pub total_pages: u64,
    /// Whether there is a next page.
    pub has_more: bool,
    /// The conversation's newest `pos` when the messages were read: they show every change up to it. Omitted in other
    /// lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<u64>"))]
    pub as_of_pos: Option<u64>,
}

/// The position of a part in a list that is read by cursor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct CursorPage {
    /// The maximum number of items in this part.
    pub limit: u32,
    /// The cursor of the next part; `null` on the last part. Send it as `before` for older messages, as `after` in a
    /// list of undelivered messages or of changes, or as `cursor` in a list of conversations or participants.
    pub next_cursor: Option<String>,
    /// The cursor of the previous part; `null` on the first part, and always in lists that only go forward. Send it
    /// as `after` for newer messages, or as `cursor` in a list of conversations.
    pub prev_cursor: Option<String>,
    /// Whether there are more items in the requested direction: newer ones with `after` and in a list of undelivered
    /// messages, later ones in a list of participants or changes, otherwise older ones.
    pub has_more: bool,
    /// The conversation's newest `pos` when the messages were read: they show every change up to it. Omitted in other
    /// lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<u64>"))]
    pub as_of_pos: Option<u64>,
}

impl<T> From<&Page<T>> for NumberedPage {
    fn from(page: &Page<T>) -> Self {
        Self {
            page: page.request.number.get(),
            limit: page.request.limit.get(),
            total: page.total,
            total_pages: page.total_pages(),
            has_more: page.has_more(),
            as_of_pos: None,
        }
    }
}

impl Pagination {
    /// The position in a page-numbered list.
    pub fn numbered<T>(page: &Page<T>) -> Self {
        Self::Numbered(page.into())
    }

    /// The position in a list of conversations, by number or cursor as the client requested it.
    pub fn of_list(part: ListPart) -> Self {
        match part {
            ListPart::Page { request, total } => Self::numbered(&Page { items: Vec::<()>::new(), total, request }),
            ListPart::Cursor { limit, older, newer, has_more } => Self::Cursor(CursorPage {
                limit: limit.get(),
                next_cursor: older.map(|place| ListCursorText::older(place).to_string()),
                prev_cursor: newer.map(|place| ListCursorText::newer(place).to_string()),
                has_more,
                as_of_pos: None,
            }),
        }
    }

    /// The position in a history, by number or cursor as the client requested it.
    pub fn of_history(request: HistoryRequest, page: &HistoryPage) -> Self {
        let as_of_pos = Some(page.last_pos.get());
        let limit = match request {
            // A page that was cut is continued by cursor: the next number would skip the rest of its messages.
            HistoryRequest::Page(numbered) if page.range != request.range(page.last_seq, page.last_seq) => {
                numbered.limit
            }
            HistoryRequest::Page(numbered) => {
                let counted = Page { items: Vec::<()>::new(), total: page.last_seq.get(), request: numbered };
                return Self::Numbered(NumberedPage { as_of_pos, ..NumberedPage::from(&counted) });
            }
            HistoryRequest::Latest(limit)
            | HistoryRequest::Before(_, limit)
            | HistoryRequest::After(_, limit)
            | HistoryRequest::Around(_, limit) => limit,
        };
        let (oldest, newest) = (page.range.first, page.range.last);
        Self::Cursor(CursorPage {
            limit: limit.get(),
            next_cursor: page.has_older().then(|| oldest.to_string()),
            prev_cursor: page.has_newer().then(|| newest.to_string()),
            has_more: if matches!(request, HistoryRequest::After(..)) { page.has_newer() } else { page.has_older() },
            as_of_pos,
        })
    }

    /// The position in a list of participants, which is read forwards only.
    pub fn of_participants(page: &ParticipantPage) -> Self {
        Self::Cursor(CursorPage {
            limit: page.limit.get(),
            next_cursor: page.next.map(|place| ParticipantCursorText(place).to_string()),
            prev_cursor: None,
            has_more: page.next.is_some(),
            as_of_pos: None,
        })
    }

    /// The position in a list of threads by their roots, which is read towards older ones only.
    pub fn of_threads(page: &ThreadPage) -> Self {
        Self::Cursor(CursorPage {
            limit: page.limit.get(),
            next_cursor: page.next.map(|root| root.to_string()),
            prev_cursor: None,
            has_more: page.next.is_some(),
            as_of_pos: None,
        })
    }

    /// The position in a list of users who reacted to a message.
    pub fn of_reactors(page: &ReactorPage) -> Self {
        Self::Cursor(CursorPage {
            limit: page.limit.get(),
            next_cursor: page.next.map(|pos| pos.to_string()),
            prev_cursor: None,
            has_more: page.next.is_some(),
            as_of_pos: None,
        })
    }

    /// The position in a list of undelivered messages, which is read from old to new without a way back.
    pub fn oldest_first(limit: PageLimit, page: &HistoryPage) -> Self {
        Self::Cursor(CursorPage {
            limit: limit.get(),
            next_cursor: page.has_newer().then(|| page.range.last.to_string()),
            prev_cursor: None,
            has_more: page.has_newer(),
            as_of_pos: Some(page.last_pos.get()),
        })
    }

    /// The position in a conversation's changes, which are read from old to new without a way back.
    pub fn of_changes(limit: PageLimit, changes: &MissedChanges) -> Self {
        Self::Cursor(CursorPage {
            limit: limit.get(),
            next_cursor: changes.next.map(|pos| pos.to_string()),
            prev_cursor: None,
            has_more: changes.next.is_some(),
            as_of_pos: Some(changes.as_of.get()),
        })
    }
}

/// An invalid field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct FaultView {
    /// The name of the field; empty for the body as a whole.
    pub field: String,
    /// The problem, as a sentence for people.
    pub message: String,
}

impl From<Fault> for FaultView {
    fn from(fault: Fault) -> Self {
        Self { field: fault.field, message: fault.message }
    }
}

/// The envelope of a failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct ErrorBody {
    /// Always `false`.
    pub success: bool,
    /// The HTTP status of the answer.
    pub status_code: u16,
    /// The status's reason phrase.
    pub error: String,
    /// The stable code of the failure, for programs.
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::error_code"))]
    pub code: String,
    /// Sentences for people, at least one.
    pub message: Vec<String>,
    /// The invalid fields. Omitted if no field is invalid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<FaultView>,
    /// The time of the failure.
    pub timestamp: TimestampView,
    /// The path of the request, without its query.
    pub path: String,
    /// The request's id in the server's log; also the header `X-Request-Id`.
    pub request_id: String,
}

/// A failure before it is encoded for a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The error code.
    pub code: ErrorCode,
    /// Sentences for people, at least one.
    pub messages: Vec<String>,
    /// The invalid fields.
    pub details: Vec<Fault>,
    /// The time after which a retry may succeed, if known. A frame contains it as `retryAfterMs`, HTTP as
    /// `Retry-After`.
    pub retry_after: Option<Duration>,
}

impl Failure {
    /// Creates a failure with one sentence.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, messages: vec![message.into()], details: Vec::new(), retry_after: None }
    }
}

impl From<crate::InvalidBody> for Failure {
    fn from(invalid: crate::InvalidBody) -> Self {
        Self {
            code: ErrorCode::ValidationFailed,
            messages: invalid.faults.iter().map(|fault| fault.message.clone()).collect(),
            details: invalid.faults,
            retry_after: None,
        }
    }
}

impl From<crate::BodyError> for Failure {
    fn from(error: crate::BodyError) -> Self {
        match error {
            crate::BodyError::Invalid(invalid) => invalid.into(),
            malformed @ crate::BodyError::Malformed(_) => Self::new(ErrorCode::MalformedJson, malformed.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_domain::messages::{HiddenReactions, SeqRange};
    use chat_domain::{PageLimit, PageNumber, PageRequest, Pos, Seq};
    use serde_json::json;

    fn limit() -> PageLimit {
        PageLimit::parse(2).expect("a limit")
    }

    #[test]
    fn a_success_carries_its_status_and_no_pagination_unless_it_is_a_list() {
        let json = serde_json::to_value(Success::new(201, json!({"id": 1}))).expect("JSON");
        assert_eq!(json, json!({"success": true, "statusCode": 201, "data": {"id": 1}}));
    }

    #[test]
    fn a_numbered_page_counts() {
        let request = PageRequest { number: PageNumber::FIRST, limit: limit() };
        let page = Page { items: vec![1, 2], total: 3, request };
        assert_eq!(
            serde_json::to_value(Pagination::numbered(&page)).expect("JSON"),
            json!({"page": 1, "limit": 2, "total": 3, "totalPages": 2, "hasMore": true})
        );
    }

    fn page(range: SeqRange, last_seq: Seq) -> HistoryPage {
        HistoryPage {
            messages: vec![],
            hidden_reactions: HiddenReactions::default(),
            range,
            last_seq,
            last_pos: Pos::new(12),
            participants: vec![],
        }
    }

    #[test]
    fn a_page_of_unreadable_messages_leads_to_those_around_it() {
        let page = page(SeqRange { first: Seq::new(3), last: Seq::new(4) }, Seq::new(9));
        assert_eq!(
            serde_json::to_value(Pagination::of_history(HistoryRequest::Latest(limit()), &page)).expect("JSON"),
            json!({"limit": 2, "nextCursor": "3", "prevCursor": "4", "hasMore": true, "asOfPos": 12})
        );
        assert_eq!(
            serde_json::to_value(Pagination::oldest_first(limit(), &page)).expect("JSON"),
            json!({"limit": 2, "nextCursor": "4", "prevCursor": null, "hasMore": true, "asOfPos": 12})
        );
    }

    #[test]
    fn an_empty_history_has_no_cursors() {
        let page = page(SeqRange::EMPTY, Seq::ZERO);
        assert_eq!(
            serde_json::to_value(Pagination::of_history(HistoryRequest::Latest(limit()), &page)).expect("JSON"),
            json!({"limit": 2, "nextCursor": null, "prevCursor": null, "hasMore": false, "asOfPos": 12})
        );
    }
}
