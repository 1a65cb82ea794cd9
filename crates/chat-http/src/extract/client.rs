use super::{state, undocumented};
use crate::ApiError;
use crate::request_log::client_info;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use apistos::ApiComponent;
use apistos::paths::{Parameter, ParameterDefinition, ParameterIn};
use chat_domain::ClientMessageId;
use chat_domain::auth::ClientInfo;
use chat_protocol::schemas::patterns;
use schemars::schema::{InstanceType, Schema, SchemaObject, StringValidation};
use std::future::{Ready, ready};

/// The client's address and user agent.
#[derive(Debug)]
pub(crate) struct Client(pub(crate) ClientInfo);

impl FromRequest for Client {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let proxies = state(request).map(|state| &state.settings.trusted_proxies);
        ready(proxies.map(|proxies| Self(client_info(proxies, request.headers(), request.peer_addr()))))
    }
}

impl ApiComponent for Client {
    undocumented!();
}

const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// The header with the same meaning as `clientMessageId`.
#[derive(Debug)]
pub(crate) struct IdempotencyKey(pub(crate) Option<ClientMessageId>);

impl IdempotencyKey {
    fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let Some(value) = request.headers().get(IDEMPOTENCY_KEY) else { return Ok(Self(None)) };
        let key = ClientMessageId::parse(value.to_str().unwrap_or_default());
        key.map(|key| Self(Some(key))).map_err(|fault| ApiError::invalid(IDEMPOTENCY_KEY, fault))
    }
}

impl FromRequest for IdempotencyKey {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

impl ApiComponent for IdempotencyKey {
    undocumented!();

    fn parameters() -> Vec<Parameter> {
        let schema = SchemaObject {
            instance_type: Some(InstanceType::String.into()),
            string: Some(Box::new(StringValidation {
                min_length: Some(1),
                max_length: u32::try_from(ClientMessageId::MAX_BYTES).ok(),
                pattern: Some(patterns::VISIBLE_ASCII.to_owned()),
            })),
            ..SchemaObject::default()
        };
        vec![Parameter {
            name: IDEMPOTENCY_KEY.to_owned(),
            _in: ParameterIn::Header,
            description: Some("The same as `clientMessageId`. If both are sent, they must be equal.".to_owned()),
            required: Some(false),
            definition: Some(ParameterDefinition::Schema(Box::new(Schema::from(schema).into()))),
            ..Parameter::default()
        }]
    }
}
