use crate::TimestampView;
use crate::users::MeView;
use chat_domain::SessionId;
use chat_domain::auth::Session;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How access tokens are presented.
pub const TOKEN_TYPE: &str = "Bearer";

/// The tokens of a session, and its user.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct SignedInView {
    /// An access token (JWT), to be sent as `Authorization: Bearer`.
    pub access_token: String,
    /// An opaque token for `POST /auth/refresh`. It can be used once.
    pub refresh_token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// The lifetime of the access token, in seconds.
    pub expires_in: u64,
    /// The signed-in user.
    pub user: MeView,
}

impl std::fmt::Debug for SignedInView {
    /// Tokens must not be logged.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SignedInView").field("user", &self.user.id).finish_non_exhaustive()
    }
}

/// A new account with its tokens: the fields of the account, and the same fields as `user`.
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

/// A session: one signed-in device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct SessionView {
    /// The session's id.
    pub id: Uuid,
    /// The `User-Agent` of the last sign-in or refresh; `null` if none was sent.
    pub user_agent: Option<String>,
    /// The IP address of the last sign-in or refresh; `null` if unknown.
    pub ip: Option<String>,
    /// The time of the sign-in.
    pub created_at: TimestampView,
    /// The time of the last refresh.
    pub last_used_at: TimestampView,
    /// The time when the session expires, unless it is refreshed.
    pub expires_at: TimestampView,
    /// Whether this is the session that sent the request.
    pub is_current: bool,
}

impl SessionView {
    /// Creates the view of a session for the session `current`.
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
