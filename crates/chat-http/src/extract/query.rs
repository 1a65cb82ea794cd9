//! Query strings. Known parameters are checked, and the error lists all faults. Unknown parameters are ignored, since
//! links collect parameters of other programs.

use super::parameters::{
    boolean, cursor_parameters, limit_parameter, list_parameters, page_parameters, parameter, search_parameters, text,
};
use super::undocumented;
use crate::ApiError;
use actix_web::dev::Payload;
use actix_web::web::Query;
use actix_web::{FromRequest, HttpRequest};
use apistos::ApiComponent;
use apistos::paths::Parameter;
use chat_domain::conversations::{ListCursor, ListRequest, ParticipantPlace};
use chat_domain::messages::{Anchor, Emoji, HistoryRequest, Reacting, ReactorsWanted};
use chat_domain::users::SearchTerm;
use chat_domain::{PageLimit, PageNumber, PageRequest, Pos, Seq};
use chat_protocol::conversations::{ListCursorText, ParticipantCursorText};
use chat_protocol::schemas::patterns;
use chat_protocol::{Fault, Field as _, InvalidBody};
use schemars::schema::{InstanceType, SchemaObject};
use std::fmt::Display;
use std::future::{Ready, ready};

struct Pairs {
    pairs: Vec<(String, String)>,
    faults: Vec<Fault>,
}

impl Pairs {
    fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let pairs = Query::<Vec<(String, String)>>::from_query(request.query_string());
        let pairs = pairs.map_err(|_| ApiError::invalid("query", "must consist of names and values"))?;
        Ok(Self { pairs: pairs.into_inner(), faults: Vec::new() })
    }

    fn fault(&mut self, name: &str, problem: impl Display) {
        self.faults.push(Fault::new(name, problem));
    }

    fn text(&mut self, name: &str) -> Option<String> {
        let mut values = self.pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone());
        let (value, another) = (values.next(), values.next());
        if another.is_some() {
            self.fault(name, "must not be given twice");
        }
        // Decoding puts this character in the place of bytes that are not UTF-8.
        if value.as_ref().is_some_and(|value| value.contains(char::REPLACEMENT_CHARACTER)) {
            self.fault(name, "must be UTF-8");
        }
        value
    }

    fn read<T, E: Display>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        let text = self.text(name)?;
        parse(&text).map_err(|fault| self.fault(name, fault)).ok()
    }

    fn number<T, E: Display>(&mut self, name: &str, parse: impl FnOnce(u64) -> Result<T, E>) -> Option<T> {
        self.read(name, |text| {
            let number = text.parse().map_err(|_| "must be a whole number".to_owned())?;
            parse(number).map_err(|fault| fault.to_string())
        })
    }

    fn page(&mut self, default: PageLimit) -> PageRequest {
        PageRequest {
            number: self.number("page", PageNumber::parse).unwrap_or(PageNumber::FIRST),
            limit: self.number("limit", PageLimit::parse).unwrap_or(default),
        }
    }

    /// Reads a part of a list: by page number, or by cursor if one is given. An empty cursor is the start of the list.
    fn part_of_list(&mut self, default: PageLimit) -> ListRequest {
        let page = self.page(default);
        let cursor = self.read("cursor", ListCursorText::parse);
        self.refuse_together(&["page", "cursor"]);
        cursor.map_or(ListRequest::Page(page), |cursor| ListRequest::Cursor(cursor, page.limit))
    }

    fn refuse_together(&mut self, names: &[&str]) {
        let given: Vec<_> =
            names.iter().copied().filter(|name| self.pairs.iter().any(|(key, _)| key == name)).collect();
        if let [first, _, ..] = given[..] {
            self.fault(first, format!("cannot be combined: give one of {}", given.join(", ")));
        }
    }

    fn finish<T>(self, value: T) -> Result<T, ApiError> {
        InvalidBody::from_faults(self.faults).map_or(Ok(value), |invalid| Err(invalid.into()))
    }
}

/// `?page&limit`
#[derive(Debug)]
pub(crate) struct PageQuery(pub(crate) PageRequest);

impl PageQuery {
    fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let mut pairs = Pairs::of(request)?;
        let page = pairs.page(PageLimit::DEFAULT);
        pairs.finish(Self(page))
    }
}

/// `?q&page&limit`
#[derive(Debug)]
pub(crate) struct SearchQuery(pub(crate) SearchTerm, pub(crate) PageRequest);

impl SearchQuery {
    fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let mut pairs = Pairs::of(request)?;
        let page = pairs.page(PageLimit::DEFAULT);
        let term = SearchTerm::parse(&pairs.text("q").unwrap_or_default());
        let term = term.map_err(|fault| pairs.fault("q", fault)).ok();
        match pairs.finish(term)? {
            Some(term) => Ok(Self(term, page)),
            None => Err(ApiError::invalid("q", "is required")),
        }
    }
}

/// `?page&limit` or `?cursor&limit` of a list of conversations
#[derive(Debug)]
pub(crate) struct ConversationsQuery(pub(crate) ListRequest);

impl ConversationsQuery {
    fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let mut pairs = Pairs::of(request)?;
        let part = pairs.part_of_list(PageLimit::DEFAULT);
        pairs.finish(Self(part))
    }
}

/// `?page&limit` or `?cursor&limit` of a list of the caller's chats, with a larger default limit
#[derive(Debug)]
pub(crate) struct RoomsQuery(pub(crate) ListRequest);

impl RoomsQuery {
    fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let mut pairs = Pairs::of(request)?;
        let part = pairs.part_of_list(PageLimit::GREATEST);
        pairs.finish(Self(part))
    }
}

/// `?q&page&limit` of groups
#[derive(Debug)]
pub(crate) struct GroupSearchQuery(pub(crate) SearchTerm, pub(crate) PageRequest);

impl GroupSearchQuery {
    fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        SearchQuery::of(request).map(|SearchQuery(term, page)| Self(term, page))
    }
}

/// `?cursor&limit` of participants
#[derive(Debug)]
pub(crate) struct ParticipantsQuery(pub(crate) Option<ParticipantPlace>, pub(crate) PageLimit);

impl ParticipantsQuery {
    fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let mut pairs = Pairs::of(request)?;
        let after = pairs.read("cursor", ParticipantCursorText::parse).flatten();
        let limit = pairs.number("limit", PageLimit::parse).unwrap_or(PageLimit::GREATEST);
        pairs.finish(Self(after, limit))
    }
}

/// `?unread&cursor&limit` of followed threads
#[derive(Debug)]
pub(crate) struct FollowedQuery(pub(crate) bool, pub(crate) ListCursor, pub(crate) PageLimit);

impl FollowedQuery {
    fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let mut pairs = Pairs::of(request)?;
        let unread = pairs.read("unread", |text| text.parse::<bool>().map_err(|_| "must be true or false"));
        let cursor = pairs.read("cursor", ListCursorText::parse).unwrap_or(ListCursor::Newest);
        let limit = pairs.number("limit", PageLimit::parse).unwrap_or(PageLimit::DEFAULT);
        pairs.finish(Self(unread.unwrap_or(false), cursor, limit))
    }
}

/// `?before&limit` of the threads of a conversation
#[derive(Debug)]
pub(crate) struct ThreadsQuery(pub(crate) Option<Seq>, pub(crate) PageLimit);

impl ThreadsQuery {
    fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let mut pairs = Pairs::of(request)?;
        let before = pairs.read("before", |text| seq(text).ok_or("must be a cursor"));
        let limit = pairs.number("limit", PageLimit::parse).unwrap_or(PageLimit::DEFAULT);
        pairs.finish(Self(before, limit))
    }
}

/// `?after&limit` of undelivered messages
#[derive(Debug)]
pub(crate) struct UndeliveredQuery(pub(crate) Option<Seq>, pub(crate) PageLimit);

impl UndeliveredQuery {
    fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let mut pairs = Pairs::of(request)?;
        let after = pairs.read("after", |text| seq(text).ok_or("must be a cursor"));
        let limit = pairs.number("limit", PageLimit::parse).unwrap_or(PageLimit::GREATEST);
        pairs.finish(Self(after, limit))
    }
}

/// `?after&limit` of changes
#[derive(Debug)]
pub(crate) struct MissedQuery(pub(crate) Pos, pub(crate) PageLimit);

impl MissedQuery {
    fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let mut pairs = Pairs::of(request)?;
        let limit = pairs.number("limit", PageLimit::parse).unwrap_or(PageLimit::GREATEST);
        let after = match pairs.text("after").as_deref() {
            None | Some("") => Err("is required"),
            Some(text) => pos(text).ok_or("must be a position"),
        };
        let after = after.map_err(|fault| pairs.fault("after", fault)).unwrap_or(Pos::ZERO);
        pairs.finish(Self(after, limit))
    }
}

/// `?replace` of a new reaction
#[derive(Debug)]
pub(crate) struct ReactQuery(pub(crate) Reacting);

impl ReactQuery {
    fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let mut pairs = Pairs::of(request)?;
        let replaces = pairs.read("replace", |text| text.parse::<bool>().map_err(|_| "must be true or false"));
        pairs.finish(Self(if replaces == Some(true) { Reacting::Replace } else { Reacting::Add }))
    }
}

/// `?emoji&cursor&limit` of the users who reacted to a message
#[derive(Debug)]
pub(crate) struct ReactorsQuery(pub(crate) ReactorsWanted);

impl ReactorsQuery {
    fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let mut pairs = Pairs::of(request)?;
        let limit = pairs.number("limit", PageLimit::parse).unwrap_or(PageLimit::GREATEST);
        let start = |text: &str| if text.is_empty() { Some(Pos::ZERO) } else { pos(text) };
        let after = pairs.read("cursor", |text| start(text).ok_or(NOT_A_CURSOR)).unwrap_or(Pos::ZERO);
        let emoji = Emoji::parse(&pairs.text("emoji").unwrap_or_default());
        let emoji = emoji.map_err(|fault| pairs.fault("emoji", fault)).ok();
        match pairs.finish(emoji)? {
            Some(emoji) => Ok(Self(ReactorsWanted { emoji, after, limit })),
            None => Err(ApiError::invalid("emoji", "is required")),
        }
    }
}

const NOT_A_CURSOR: &str = "must be empty, or the nextCursor of an earlier response";

/// `?page&limit`, or one of `?before`, `?after` and `?around` with `limit`
#[derive(Debug)]
pub(crate) struct HistoryQuery(pub(crate) HistoryRequest);

const CURSORS: [&str; 3] = ["before", "after", "around"];

impl HistoryQuery {
    fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let mut pairs = Pairs::of(request)?;
        let page = pairs.page(PageLimit::HISTORY_DEFAULT);
        let anchors = CURSORS.map(|name| pairs.read(name, anchor));
        pairs.refuse_together(&["page", CURSORS[0], CURSORS[1], CURSORS[2]]);
        let request = match anchors {
            [Some(before), _, _] => HistoryRequest::Before(before, page.limit),
            [_, Some(after), _] => HistoryRequest::After(after, page.limit),
            [_, _, Some(around)] => HistoryRequest::Around(around, page.limit),
            [None, None, None] => HistoryRequest::Page(page),
        };
        pairs.finish(Self(request))
    }
}

fn anchor(text: &str) -> Result<Anchor, &'static str> {
    if let Ok(id) = text.parse() {
        return Ok(Anchor::Message(id));
    }
    seq(text).map(Anchor::Seq).ok_or("must be a message's id or seq")
}

fn seq(text: &str) -> Option<Seq> {
    text.parse().ok().filter(|number| *number <= Seq::MAX.get()).map(Seq::new)
}

fn pos(text: &str) -> Option<Pos> {
    text.parse().ok().filter(|number| *number <= Pos::MAX.get()).map(Pos::new)
}

macro_rules! extracted {
    ($($name:ident: $parameters:expr;)*) => {$(
        impl FromRequest for $name {
            type Error = ApiError;
            type Future = Ready<Result<Self, ApiError>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                ready(Self::of(request))
            }
        }

        impl ApiComponent for $name {
            undocumented!();

            fn parameters() -> Vec<Parameter> {
                $parameters
            }
        }
    )*};
}

extracted! {
    PageQuery: page_parameters(PageLimit::DEFAULT);
    SearchQuery: search_parameters("The beginning of a username or name.");
    GroupSearchQuery: search_parameters("A part of the group's name. Case is ignored.");
    ConversationsQuery: list_parameters(PageLimit::DEFAULT);
    RoomsQuery: list_parameters(PageLimit::GREATEST);
    ParticipantsQuery: vec![
        parameter(
            "cursor",
            "Empty for the start of the list, then the `nextCursor` of the previous answer.",
            text(patterns::PARTICIPANT_CURSOR),
        ),
        limit_parameter(PageLimit::GREATEST),
    ];
    FollowedQuery: {
        let unread = parameter("unread", "Only threads with unread messages.", boolean());
        let mut parameters = vec![unread];
        parameters.extend(cursor_parameters(PageLimit::DEFAULT));
        parameters
    };
    ThreadsQuery: vec![
        parameter("before", "The `nextCursor` of the previous answer.", text(patterns::SEQ)),
        limit_parameter(PageLimit::DEFAULT),
    ];
    ReactQuery: {
        let schema = SchemaObject { instance_type: Some(InstanceType::Boolean.into()), ..SchemaObject::default() };
        vec![parameter("replace", "`true`: remove the caller's other reactions to the message.", schema)]
    };
    ReactorsQuery: vec![
        Parameter {
            required: Some(true),
            ..parameter("emoji", "One emoji, or a short name, as in the message's `reactions`.", Emoji::schema())
        },
        parameter(
            "cursor",
            "Empty for the start of the list, then the `nextCursor` of the previous answer.",
            text(patterns::SEQ_CURSOR),
        ),
        limit_parameter(PageLimit::GREATEST),
    ];
    UndeliveredQuery: vec![
        parameter("after", "The `nextCursor` of the previous answer.", text(patterns::SEQ)),
        limit_parameter(PageLimit::GREATEST),
    ];
    MissedQuery: vec![
        Parameter {
            required: Some(true),
            ..parameter("after", "The client's position, then the previous `nextCursor`.", text(patterns::SEQ))
        },
        limit_parameter(PageLimit::GREATEST),
    ];
    HistoryQuery: {
        const CURSOR: &str = "Cannot be combined with another cursor or with `page`.";
        let cursor = |name, what| {
            parameter(name, &format!("{what}: a message's id or `seq`. {CURSOR}"), text(patterns::ANCHOR))
        };
        let mut parameters = page_parameters(PageLimit::HISTORY_DEFAULT);
        parameters.extend([
            cursor("before", "Return the newest messages before this one"),
            cursor("after", "Return the oldest messages after this one"),
            cursor("around", "Return this message and those around it"),
        ]);
        parameters
    };
}

#[cfg(test)]
mod tests;
