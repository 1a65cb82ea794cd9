//! What handlers return: the envelope of a success, which also documents itself.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, Responder};
use apistos::paths::{MediaType, Response, Responses};
use apistos::reference_or::ReferenceOr;
use apistos::{ApiComponent, Schema};
use chat_domain::Page;
use chat_domain::conversations::Listing;
use chat_protocol::{CursorPage, NumberedPage, Pagination, Success};
use schemars::schema::{InstanceType, ObjectValidation, SchemaObject, SubschemaValidation};
use serde::Serialize;
use std::collections::BTreeMap;
use std::marker::PhantomData;

/// How a success looks in the document: which statuses, and what stands beside `data`.
pub(crate) trait Shape {
    const STATUSES: &'static [(u16, &'static str)];
    const PAGINATIONS: &'static [&'static str] = &[];
}

macro_rules! shapes {
    ($($name:ident { $statuses:expr, $paginations:expr })*) => {$(
        #[derive(Debug)]
        pub(crate) struct $name;

        impl Shape for $name {
            const STATUSES: &'static [(u16, &'static str)] = &$statuses;
            const PAGINATIONS: &'static [&'static str] = &$paginations;
        }
    )*};
}

shapes! {
    Plain { [(200, "Done.")], [] }
    New { [(201, "Made.")], [] }
    NewOrReplayed {
        [(201, "Stored."), (200, "Stored before, under the same key: the first message again, with `duplicate: true`.")],
        []
    }
    Numbered { [(200, "A page of the list.")], ["NumberedPage"] }
    PageOrCursor { [(200, "A part of the list, newest activity first.")], ["NumberedPage", "CursorPage"] }
    History { [(200, "A part of the history, newest first.")], ["NumberedPage", "CursorPage"] }
    OldestFirst { [(200, "A page of the chat, oldest first.")], ["NumberedPage"] }
    NotArrived { [(200, "What has not arrived yet, oldest first.")], ["CursorPage"] }
}

/// A success.
#[derive(Debug)]
pub(crate) struct Answer<T, S = Plain> {
    body: Success<T>,
    shape: PhantomData<S>,
}

/// 201.
pub(crate) type Created<T> = Answer<T, New>;
/// 201, or 200 where it was there already.
pub(crate) type Sent<T> = Answer<T, NewOrReplayed>;
/// A page-numbered list.
pub(crate) type Listed<T> = Answer<Vec<T>, Numbered>;
/// A part of a list of conversations, by page number or by cursor.
pub(crate) type ListedPart<T> = Answer<Vec<T>, PageOrCursor>;
/// A part of a history.
pub(crate) type HistoryAnswer<T> = Answer<Vec<T>, History>;
/// A page of a chat.
pub(crate) type ChatPage<T> = Answer<Vec<T>, OldestFirst>;
/// Messages that have not arrived yet.
pub(crate) type Undelivered<T> = Answer<Vec<T>, NotArrived>;

impl<T, S> Answer<T, S> {
    fn of(status: StatusCode, data: T, pagination: Option<Pagination>) -> Self {
        let body = Success { pagination, ..Success::new(status.as_u16(), data) };
        Self { body, shape: PhantomData }
    }

    /// With this status.
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

impl<T, S> Answer<Vec<T>, S> {
    /// A part of a history.
    pub(crate) fn history(data: Vec<T>, pagination: Pagination) -> Self {
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

fn object(kind: InstanceType) -> SchemaObject {
    SchemaObject { instance_type: Some(kind.into()), ..SchemaObject::default() }
}

fn only(kind: InstanceType, values: Vec<serde_json::Value>) -> Schema {
    SchemaObject { enum_values: Some(values), ..object(kind) }.into()
}

pub(crate) fn reference(name: &str) -> Schema {
    Schema::new_ref(format!("#/components/schemas/{name}"))
}

fn one_of(names: &[&str]) -> Schema {
    match names {
        [name] => reference(name),
        names => SchemaObject {
            subschemas: Some(Box::new(SubschemaValidation {
                one_of: Some(names.iter().map(|name| reference(name)).collect()),
                ..SubschemaValidation::default()
            })),
            ..SchemaObject::default()
        }
        .into(),
    }
}

fn envelope<T: ApiComponent, S: Shape>(status: u16) -> Schema {
    let data = match T::schema() {
        // A list describes itself by a reference to its items; anything else is found by its name.
        Some((_, ReferenceOr::Object(Schema::Object(list)))) if list.array.is_some() => Schema::Object(list),
        // Beside a reference nothing else counts.
        Some((name, _)) if !T::required() => SchemaObject {
            subschemas: Some(Box::new(SubschemaValidation {
                all_of: Some(vec![reference(&name)]),
                ..SubschemaValidation::default()
            })),
            extensions: [("nullable".to_owned(), true.into())].into(),
            ..SchemaObject::default()
        }
        .into(),
        Some((name, _)) => reference(&name),
        None => {
            SchemaObject { extensions: [("nullable".to_owned(), true.into())].into(), ..SchemaObject::default() }.into()
        }
    };
    let mut validation = ObjectValidation::default();
    let mut property = |name: &str, schema| {
        validation.required.insert(name.to_owned());
        validation.properties.insert(name.to_owned(), schema);
    };
    property("success", only(InstanceType::Boolean, vec![true.into()]));
    property("statusCode", only(InstanceType::Integer, vec![status.into()]));
    property("data", data);
    if !S::PAGINATIONS.is_empty() {
        property("pagination", one_of(S::PAGINATIONS));
    }
    SchemaObject { object: Some(Box::new(validation)), ..object(InstanceType::Object) }.into()
}

impl<T: ApiComponent, S: Shape> ApiComponent for Answer<T, S> {
    fn child_schemas() -> Vec<(String, ReferenceOr<Schema>)> {
        let mut schemas = T::child_schemas();
        schemas.extend(T::schema().filter(
            |(_, schema)| !matches!(schema, ReferenceOr::Object(Schema::Object(list)) if list.array.is_some()),
        ));
        schemas.extend(NumberedPage::schema());
        schemas.extend(CursorPage::schema());
        schemas
    }

    fn schema() -> Option<(String, ReferenceOr<Schema>)> {
        None
    }

    fn responses(_: Option<String>) -> Option<Responses> {
        let answers = S::STATUSES.iter().map(|(status, description)| {
            let media = MediaType { schema: Some(envelope::<T, S>(*status).into()), ..MediaType::default() };
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
