use super::*;
use actix_web::test::TestRequest;
use chat_domain::conversations::ListCursor;

fn history(query: &str) -> Result<HistoryRequest, Vec<String>> {
    let request = TestRequest::with_uri(&format!("/?{query}")).to_http_request();
    HistoryQuery::of(&request).map(|query| query.0).map_err(|error| error.failure().messages.clone())
}

fn limit(number: u64) -> PageLimit {
    PageLimit::parse(number).expect("a limit")
}

#[test]
fn a_history_is_asked_for_by_page_or_by_one_cursor() {
    let first = PageRequest { number: PageNumber::FIRST, limit: PageLimit::HISTORY_DEFAULT };
    assert_eq!(history(""), Ok(HistoryRequest::Page(first)));
    assert_eq!(history("page=1&limit=50&utm_source=x"), Ok(HistoryRequest::Page(first)));
    assert_eq!(history("before=7&limit=2"), Ok(HistoryRequest::Before(Anchor::Seq(Seq::new(7)), limit(2))));
    let id = "00000000-0000-0000-0000-000000000001";
    let named = Anchor::Message(id.parse().expect("an id"));
    assert_eq!(history(&format!("after={id}&limit=2")), Ok(HistoryRequest::After(named, limit(2))));
    assert_eq!(history("around=0&limit=2"), Ok(HistoryRequest::Around(Anchor::Seq(Seq::ZERO), limit(2))));
}

#[test]
fn a_list_of_conversations_is_asked_for_by_page_or_by_cursor() {
    let list = |query: &str| {
        let request = TestRequest::with_uri(&format!("/?{query}")).to_http_request();
        ConversationsQuery::of(&request).map(|query| query.0).map_err(|error| error.failure().messages.clone())
    };
    let first = PageRequest { number: PageNumber::FIRST, limit: limit(20) };
    assert_eq!(list(""), Ok(ListRequest::Page(first)));
    assert_eq!(list("cursor=&limit=5"), Ok(ListRequest::Cursor(ListCursor::Newest, limit(5))));
    assert!(list("cursor=o1-00000000000000000000000000000001").is_ok());
    let refused = "cursor must be empty, or the nextCursor or prevCursor of an earlier response";
    assert_eq!(list("cursor=x"), Err(vec![refused.to_owned()]));
    assert_eq!(list("cursor=&page=2"), Err(vec!["page cannot be combined: give one of page, cursor".to_owned()]));
}

#[test]
fn cursors_exclude_each_other_and_pages() {
    assert_eq!(history("before=7&page=1"), Err(vec!["page cannot be combined: give one of page, before".to_owned()]));
    assert_eq!(
        history("before=1&after=2"),
        Err(vec!["before cannot be combined: give one of before, after".to_owned()])
    );
}

#[test]
fn everything_that_is_wrong_is_reported_at_once() {
    assert_eq!(
        history("limit=101&before=x"),
        Err(vec!["limit must be between 1 and 100".to_owned(), "before must be a message's id or seq".to_owned()])
    );
    assert_eq!(history("page=-1"), Err(vec!["page must be a whole number".to_owned()]));
    assert_eq!(history("page=0"), Err(vec!["page must be between 1 and 10000000".to_owned()]));
    assert_eq!(history("page=1&page=2"), Err(vec!["page must not be given twice".to_owned()]));
    assert_eq!(history("before="), Err(vec!["before must be a message's id or seq".to_owned()]));
    assert!(history(&format!("before={}", u64::MAX)).is_err());
    assert!(history("limit=%FF").is_err());
}

#[test]
fn a_search_needs_a_term() {
    let search = |query: &str| {
        let request = TestRequest::with_uri(&format!("/?{query}")).to_http_request();
        SearchQuery::of(&request).map(|found| found.0).map_err(|error| error.failure().messages.clone())
    };
    assert_eq!(search("q=an%20n").map(SearchTerm::into_string), Ok("an n".to_owned()));
    assert_eq!(search(""), Err(vec!["q must not be empty".to_owned()]));
    assert_eq!(search("q=a%C3"), Err(vec!["q must be UTF-8".to_owned()]), "half a character");
    assert_eq!(
        search("q=&limit=0"),
        Err(vec!["limit must be between 1 and 100".to_owned(), "q must not be empty".to_owned()])
    );
}
