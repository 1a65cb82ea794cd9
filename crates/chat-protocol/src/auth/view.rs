use crate::TimestampView;
use crate::users::MeView;
use chat_domain::SessionId;
use chat_domain::auth::Session;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How access tokens are presented.
pub const TOKEN_TYPE: &str = "Bearer";

/// What signing in and refreshing give.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct SignedInView {
    /// A JWT, for `Authorization: Bearer`.
    pub access_token: String,
    /// Opaque; good once, for `POST /auth/refresh`.
    pub refresh_token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// How long the access token holds, in seconds.
    pub expires_in: u64,
    /// Who is signed in.
    pub user: MeView,
}

impl std::fmt::Debug for SignedInView {
    /// Tokens stay out of logs.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SignedInView").field("user", &self.user.id).finish_non_exhaustive()
    }
}

/// What registering gives: the account at the top, and what signing in gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct RegisteredView {
    /// The account.
    #[serde(flatten)]
    pub account: MeView,
    /// The tokens, and the account once more as `user`.
    #[serde(flatten)]
    pub signed_in: SignedInView,
}

impl From<SignedInView> for RegisteredView {
    fn from(signed_in: SignedInView) -> Self {
        Self { account: signed_in.user.clone(), signed_in }
    }
}

/// A device that is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct SessionView {
    /// For `DELETE /auth/sessions/{id}`.
    pub id: Uuid,
    /// The program that last used it.
    pub user_agent: Option<String>,
    /// The address that last used it.
    pub ip: Option<String>,
    /// When it began.
    pub created_at: TimestampView,
    /// When it was last refreshed.
    pub last_used_at: TimestampView,
    /// When it ends, unless it is refreshed.
    pub expires_at: TimestampView,
    /// Whether it is the one that asks.
    pub is_current: bool,
}

impl SessionView {
    /// As the session `current` sees it.
    pub fn new(session: Session, current: SessionId) -> Self {
        Self {
            id: session.id.as_uuid(),
            user_agent: session.client.user_agent,
            ip: session.client.ip,
            created_at: session.created_at.into(),
            last_used_at: session.last_used_at.into(),
            expires_at: session.expires_at.into(),
            is_current: session.id == current,
        }
    }
}
