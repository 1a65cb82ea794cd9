//! The successful responses of handlers: the envelope, and its schema in the OpenAPI document.

use crate::openapi::only_null;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, Responder};
use apistos::paths::{MediaType, Response, Responses};
use apistos::reference_or::ReferenceOr;
use apistos::{ApiComponent, Schema};
use chat_domain::Page;
use chat_domain::conversations::Listing;
use chat_protocol::{CursorPage, NumberedPage, Pagination, Success};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::marker::PhantomData;

/// How the document describes a success: the statuses, the schema of `pagination`, and the suffix of the envelope's
/// name.
pub(crate) trait Shape {
    const STATUSES: &'static [(u16, &'static str)];
    const PAGINATION: Option<&'static str> = None;
    const SUFFIX: &'static str;
}

macro_rules! shapes {
    ($($name:ident $suffix:literal { $statuses:expr, $pagination:expr })*) => {$(
        #[derive(Debug)]
        pub(crate) struct $name;

        impl Shape for $name {
            const STATUSES: &'static [(u16, &'static str)] = &$statuses;
            const PAGINATION: Option<&'static str> = $pagination;
            const SUFFIX: &'static str = $suffix;
        }
    )*};
}

shapes! {
    Plain "Answer" { [(200, "Done.")], None }
    New "CreatedAnswer" { [(201, "Created.")], None }
    NewOrReplayed "SentAnswer" {
        [
            (201, "Stored."),
            (200, "Already stored under the same key: the first message again, with `duplicate: true`."),
        ],
        None
    }
    NewOrFound "OpenedAnswer" { [(201, "Created."), (200, "It was there already.")], None }
    Numbered "PageAnswer" { [(200, "A page of the list.")], Some("NumberedPage") }
    PageOrCursor "ListAnswer" { [(200, "A part of the list, newest activity first.")], Some("Pagination") }
    History "HistoryAnswer" { [(200, "A part of the history, newest first.")], Some("Pagination") }
    OldestFirst "ChatPageAnswer" { [(200, "A page of the chat, oldest first.")], Some("NumberedPage") }
    InOrder "PartAnswer" { [(200, "A part of the list, in its order.")], Some("CursorPage") }
    Missed "Answer" { [(200, "A part of the changes, oldest first.")], Some("CursorPage") }
    NotArrived "UndeliveredAnswer" { [(200, "Undelivered messages, oldest first.")], Some("CursorPage") }
}

/// A success.
#[derive(Debug)]
pub(crate) struct Answer<T, S = Plain> {
    body: Success<T>,
    shape: PhantomData<S>,
}

/// 201: the object was created.
pub(crate) type Created<T> = Answer<T, New>;
/// 201, or 200 if the message was already stored.
pub(crate) type Sent<T> = Answer<T, NewOrReplayed>;
/// 201, or 200 if the object was there already.
pub(crate) type Opened<T> = Answer<T, NewOrFound>;
/// A page-numbered list.
pub(crate) type Listed<T> = Answer<Vec<T>, Numbered>;
/// A part of a list of conversations, by page number or by cursor.
pub(crate) type ListedPart<T> = Answer<Vec<T>, PageOrCursor>;
/// A part of a history.
pub(crate) type HistoryAnswer<T> = Answer<Vec<T>, History>;
/// A page of a chat.
pub(crate) type ChatPage<T> = Answer<Vec<T>, OldestFirst>;
/// A part of a list that is read forwards by cursor.
pub(crate) type Part<T> = Answer<Vec<T>, InOrder>;
/// A part of what a client missed.
pub(crate) type MissedAnswer<T> = Answer<T, Missed>;
/// Undelivered messages.
pub(crate) type Undelivered<T> = Answer<Vec<T>, NotArrived>;

impl<T, S> Answer<T, S> {
    fn of(status: StatusCode, data: T, pagination: Option<Pagination>) -> Self {
        let body = Success { pagination, ..Success::new(status.as_u16(), data) };
        Self { body, shape: PhantomData }
    }

    /// Creates an answer with this status.
    pub(crate) fn with_status(status: StatusCode, data: T) -> Self {
        Self::of(status, data, None)
    }
}

impl<T> Answer<T> {
    pub(crate) fn ok(data: T) -> Self {
        Self::of(StatusCode::OK, data, None)
    }
}

impl<T> Created<T> {
    pub(crate) fn created(data: T) -> Self {
        Self::of(StatusCode::CREATED, data, None)
    }
}

impl<T> Listed<T> {
    pub(crate) fn page<U>(page: Page<U>, view: impl FnMut(U) -> T) -> Self {
        let pagination = Pagination::numbered(&page);
        Self::of(StatusCode::OK, page.items.into_iter().map(view).collect(), Some(pagination))
    }
}

impl<T> ListedPart<T> {
    pub(crate) fn part<U>(listing: Listing<U>, view: impl FnMut(U) -> T) -> Self {
        let pagination = Pagination::of_list(listing.part);
        Self::of(StatusCode::OK, listing.items.into_iter().map(view).collect(), Some(pagination))
    }
}

impl<T, S> Answer<T, S> {
    /// A part of a list, with its position.
    pub(crate) fn paged(data: T, pagination: Pagination) -> Self {
        Self::of(StatusCode::OK, data, Some(pagination))
    }
}

impl<T: Serialize, S> Responder for Answer<T, S> {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let status = StatusCode::from_u16(self.body.status_code).unwrap_or(StatusCode::OK);
        HttpResponse::build(status).json(self.body)
    }
}

pub(crate) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// Whether this is the schema of a list, which refers to the schema of its items.
fn is_list(schema: &ReferenceOr<Schema>) -> bool {
    matches!(schema, ReferenceOr::Object(Schema::Object(list)) if list.array.is_some())
}

/// Returns the schema and the name of the envelope around the schema of `T`.
fn envelope<T: ApiComponent, S: Shape>() -> (String, Value) {
    let (subject, data) = match T::schema() {
        Some((name, list)) if is_list(&list) => {
            let kind = if S::PAGINATION.is_none() { "List" } else { "" };
            (format!("{}{kind}", subject(&name)), json!(list))
        }
        Some((name, _)) if !T::required() => {
            (format!("{}OrNull", subject(&name)), json!({"oneOf": [reference(&name), only_null()]}))
        }
        Some((name, _)) => (subject(&name).to_owned(), reference(&name)),
        None => ("Empty".to_owned(), only_null()),
    };
    let statuses: Vec<_> = S::STATUSES.iter().map(|(status, _)| status).collect();
    let mut properties = json!({
        "success": {"type": "boolean", "enum": [true]},
        "statusCode": {"type": "integer", "enum": statuses},
        "data": data,
    });
    let mut required = vec!["success", "statusCode", "data"];
    if let Some(pagination) = S::PAGINATION {
        properties["pagination"] = reference(pagination);
        required.push("pagination");
    }
    let schema = json!({"type": "object", "required": required, "properties": properties});
    (format!("{subject}{}", S::SUFFIX), schema)
}

fn subject(name: &str) -> &str {
    name.strip_suffix("View").unwrap_or(name)
}

fn schema(json: Value) -> ReferenceOr<Schema> {
    // This function wrote the JSON, so it parses as a schema.
    ReferenceOr::Object(serde_json::from_value(json).unwrap_or(Schema::Bool(true)))
}

impl<T: ApiComponent, S: Shape> ApiComponent for Answer<T, S> {
    fn child_schemas() -> Vec<(String, ReferenceOr<Schema>)> {
        let mut schemas = T::child_schemas();
        schemas.extend(T::schema().filter(|(_, schema)| !is_list(schema)));
        let (name, envelope) = envelope::<T, S>();
        schemas.push((name, schema(envelope)));
        match S::PAGINATION {
            Some("NumberedPage") => schemas.extend(NumberedPage::schema()),
            Some("CursorPage") => schemas.extend(CursorPage::schema()),
            Some(_) => schemas.extend(Pagination::child_schemas().into_iter().chain(Pagination::schema())),
            None => {}
        }
        schemas
    }

    fn schema() -> Option<(String, ReferenceOr<Schema>)> {
        None
    }

    fn responses(_: Option<String>) -> Option<Responses> {
        let (name, _) = envelope::<T, S>();
        let answers = S::STATUSES.iter().map(|(status, description)| {
            let media = MediaType { schema: Some(schema(reference(&name))), ..MediaType::default() };
            let response = Response {
                description: (*description).to_owned(),
                content: BTreeMap::from([("application/json".to_owned(), media)]),
                ..Response::default()
            };
            (status.to_string(), ReferenceOr::Object(response))
        });
        Some(Responses { responses: answers.collect(), ..Responses::default() })
    }
}
