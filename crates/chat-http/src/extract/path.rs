use super::undocumented;
use crate::ApiError;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use apistos::ApiComponent;
use apistos::paths::{Parameter, ParameterDefinition, ParameterIn};
use chat_domain::{ConversationId, InvalidId, SessionId, UserId};
use schemars::schema::{InstanceType, Schema, SchemaObject};
use std::future::{Ready, ready};
use std::str::FromStr;

fn id<T: FromStr<Err = InvalidId>>(request: &HttpRequest, name: &str) -> Result<T, ApiError> {
    let text = request.match_info().get(name).unwrap_or_default();
    text.parse().map_err(|fault| ApiError::invalid(name, fault))
}

fn parameter(name: &str, description: &str) -> Parameter {
    let schema = SchemaObject {
        instance_type: Some(InstanceType::String.into()),
        format: Some("uuid".to_owned()),
        ..SchemaObject::default()
    };
    Parameter {
        name: name.to_owned(),
        _in: ParameterIn::Path,
        description: Some(description.to_owned()),
        required: Some(true),
        definition: Some(ParameterDefinition::Schema(Box::new(Schema::from(schema).into()))),
        ..Parameter::default()
    }
}

/// Declares what a path holds: ids, in the order of the path.
macro_rules! paths {
    ($($(#[$doc:meta])* $name:ident { $($type:ty = $param:literal: $description:literal),+ })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub(crate) struct $name($(pub(crate) $type),+);

        impl FromRequest for $name {
            type Error = ApiError;
            type Future = Ready<Result<Self, ApiError>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                let read = || Ok(Self($(id::<$type>(request, $param)?),+));
                ready(read())
            }
        }

        impl ApiComponent for $name {
            undocumented!();

            fn parameters() -> Vec<Parameter> {
                vec![$(parameter($param, $description)),+]
            }
        }
    )*};
}

paths! {
    /// `/users/{id}`
    UserPath { UserId = "id": "The user." }
    /// `/auth/sessions/{id}`
    SessionPath { SessionId = "id": "The session." }
    /// `/conversations/{id}`
    ConversationPath { ConversationId = "id": "The conversation." }
    /// `/conversations/{id}/participants/{userId}`
    MemberPath { ConversationId = "id": "The conversation.", UserId = "userId": "The participant." }
}
