use super::{state, undocumented};
use crate::ApiError;
use crate::identity::bearer_token;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use apistos::ApiComponent;
use apistos::security::SecurityScheme;
use chat_domain::ErrorCode;
use chat_domain::auth::Actor;
use std::collections::BTreeMap;
use std::future::{Ready, ready};

/// The name of the scheme in the document.
pub(crate) const BEARER_SCHEME: &str = "bearer";

/// The authenticated user who acts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bearer(pub(crate) Actor);

impl Bearer {
    fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        // The rate limits have already checked the token.
        if let Some(actor) = request.extensions().get::<Actor>() {
            return Ok(Self(*actor));
        }
        let token = bearer_token(request.headers()).ok_or_else(|| {
            ApiError::new(ErrorCode::Unauthenticated, "This needs an access token in the header Authorization: Bearer")
        })?;
        let actor = state(request)?.app.auth.authenticate(token)?;
        request.extensions_mut().insert(actor);
        Ok(Self(actor))
    }
}

impl FromRequest for Bearer {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

impl ApiComponent for Bearer {
    undocumented!();

    fn securities() -> BTreeMap<String, SecurityScheme> {
        let scheme = serde_json::from_value(serde_json::json!({
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The access token of `POST /api/v1/auth/login`."
        }));
        scheme.map(|scheme| BTreeMap::from([(BEARER_SCHEME.to_owned(), scheme)])).unwrap_or_default()
    }

    fn security_requirement_name() -> Option<String> {
        Some(BEARER_SCHEME.to_owned())
    }
}

/// The token in the header, for operations whose token is not an access token; `None` if there is none.
#[derive(Debug)]
pub(crate) struct OptionalToken(pub(crate) Option<String>);

impl FromRequest for OptionalToken {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(bearer_token(request.headers()).map(str::to_owned))))
    }
}

impl ApiComponent for OptionalToken {
    undocumented!();
}
