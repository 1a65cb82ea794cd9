use super::undocumented;
use crate::ApiError;
use actix_web::dev::Payload;
use actix_web::web::Path;
use actix_web::{FromRequest, HttpRequest};
use apistos::ApiComponent;
use apistos::paths::{Parameter, ParameterDefinition, ParameterIn};
use chat_domain::conversations::InviteCode;
use chat_domain::messages::Emoji;
use chat_domain::{ConversationId, InvalidId, MessageId, SessionId, UserId};
use chat_protocol::Field as _;
use schemars::schema::{InstanceType, Schema, SchemaObject, StringValidation};
use serde::Deserialize;
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
    of_schema(name, description, schema)
}

fn of_schema(name: &str, description: &str, schema: SchemaObject) -> Parameter {
    Parameter {
        name: name.to_owned(),
        _in: ParameterIn::Path,
        description: Some(description.to_owned()),
        required: Some(true),
        definition: Some(ParameterDefinition::Schema(Box::new(Schema::from(schema).into()))),
        ..Parameter::default()
    }
}

/// Declares extractors of the ids in a path, in the order of the path.
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
    UserPath { UserId = "id": "The user's id." }
    /// `/auth/sessions/{id}`
    SessionPath { SessionId = "id": "The session's id." }
    /// `/conversations/{id}`
    ConversationPath { ConversationId = "id": "The conversation's id." }
    /// `/threads/{id}`
    ThreadPath { ConversationId = "id": "The thread's id." }
    /// `/conversations/{id}/participants/{userId}`
    MemberPath { ConversationId = "id": "The conversation's id.", UserId = "userId": "The participant's user id." }
    /// `/conversations/{id}/messages/{messageId}`
    ConversationMessagePath {
        ConversationId = "id": "The conversation's id.", MessageId = "messageId": "The message's id."
    }
    /// `/chat/message/{messageId}/status`
    MessagePath { MessageId = "messageId": "The message's id." }
    /// `/chat/messages/.../{userId}/{partnerId}`
    PartnerPath { UserId = "userId": "The caller's id.", UserId = "partnerId": "The partner's user id." }
    /// `/chat/user/{userId}/...`, `/chat/rooms/{userId}`
    ChatUserPath { UserId = "userId": "The user's id." }
    /// `/chat/group/{groupId}`
    GroupPath { ConversationId = "groupId": "The group's id." }
    /// `/chat/group/{groupId}/member/{userId}`
    GroupMemberPath { ConversationId = "groupId": "The group's id.", UserId = "userId": "The member's user id." }
}

/// `/chat/group/join/{inviteCode}`
#[derive(Debug, Clone, Copy)]
pub(crate) struct InvitePath(pub(crate) InviteCode);

const INVITE_CODE: &str = "inviteCode";

impl FromRequest for InvitePath {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let code = InviteCode::parse(request.match_info().get(INVITE_CODE).unwrap_or_default());
        ready(code.map(Self).map_err(|fault| ApiError::invalid(INVITE_CODE, fault)))
    }
}

impl ApiComponent for InvitePath {
    undocumented!();

    fn parameters() -> Vec<Parameter> {
        let pattern = StringValidation { pattern: Some("^[0-9a-fA-F]{32}$".to_owned()), ..StringValidation::default() };
        let schema = SchemaObject {
            instance_type: Some(InstanceType::String.into()),
            string: Some(Box::new(pattern)),
            ..SchemaObject::default()
        };
        vec![of_schema(INVITE_CODE, "The group's invite code.", schema)]
    }
}

/// `/conversations/{id}/messages/{messageId}/reactions/{emoji}`
#[derive(Debug, Clone)]
pub(crate) struct ReactionPath(pub(crate) ConversationMessagePath, pub(crate) Emoji);

const EMOJI: &str = "emoji";

#[derive(Deserialize)]
struct EmojiPart {
    emoji: String,
}

impl FromRequest for ReactionPath {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let mut read = || {
            let place = ConversationMessagePath::from_request(request, payload).into_inner()?;
            // The router leaves `%2B`, which is `+`, as it is; this decodes it.
            let last = Path::<EmojiPart>::from_request(request, payload).into_inner();
            let emoji = Emoji::parse(last.as_ref().map_or("", |last| &last.emoji));
            Ok(Self(place, emoji.map_err(|fault| ApiError::invalid(EMOJI, fault))?))
        };
        ready(read())
    }
}

impl ApiComponent for ReactionPath {
    undocumented!();

    fn parameters() -> Vec<Parameter> {
        let description = "One emoji, or a name of 1 to 32 characters of a-z, 0-9, _, + and -; percent-encoded.";
        let schema = Emoji::schema();
        let mut parameters = ConversationMessagePath::parameters();
        parameters.push(of_schema(EMOJI, description, schema));
        parameters
    }
}
