//! Registration, sign-in and the account's sessions.

use crate::answer::{Answer, Created};
use crate::extract::{Bearer, Client, JsonBody, OptionalJsonBody, OptionalToken, SessionPath};
use crate::limits::RequestKind;
use crate::operation::Operation;
use crate::{ApiError, HttpState};
use actix_web::web::Data;
use apistos::api_operation;
use apistos::web::{ServiceConfig, delete, get, post, resource};
use chat_app::{LoginIdentity, RegisterUser, SignedIn};
use chat_domain::ErrorCode;
use chat_protocol::auth::{
    Identity, LoginBody, RefreshBody, RegisterBody, RegisteredView, Registration, SessionView, SignedInView, TOKEN_TYPE,
};

pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(resource("/auth/register").route(post().to(register)))
        .service(resource("/auth/login").route(post().to(login)))
        .service(resource("/auth/refresh").route(post().to(refresh)))
        .service(resource("/auth/logout").route(post().to(logout)))
        .service(resource("/auth/logout-all").route(post().to(logout_all)))
        .service(resource("/auth/sessions").route(get().to(list_sessions)))
        .service(resource("/auth/sessions/{id}").route(delete().to(end_session)));
}

fn view(signed_in: SignedIn) -> SignedInView {
    SignedInView {
        access_token: signed_in.access_token,
        refresh_token: signed_in.refresh_token.reveal().to_owned(),
        token_type: TOKEN_TYPE.to_owned(),
        expires_in: signed_in.expires_in.as_secs(),
        user: signed_in.user.into(),
    }
}

fn command(registration: Registration) -> RegisterUser {
    RegisterUser {
        email: registration.email,
        username: registration.username,
        name: registration.name,
        first_name: registration.first_name,
        last_name: registration.last_name,
        avatar: registration.avatar,
        password: registration.password,
        invite_code: registration.invite_code,
    }
}

/// The rate limit and the failures of each operation.
pub(crate) const OPERATIONS: &[Operation] = {
    use ErrorCode::{
        EmailTaken, InvalidCredentials, InviteRequired, RefreshTokenReused, RegistrationClosed, SessionNotFound,
        SessionRevoked, TokenExpired, TokenInvalid, Unauthenticated, UsernameTaken,
    };
    &[
        Operation::new(
            "register",
            RequestKind::Registration,
            &[RegistrationClosed, InviteRequired, EmailTaken, UsernameTaken],
        ),
        Operation::new("login", RequestKind::Other, &[InvalidCredentials]),
        Operation::new(
            "refresh",
            RequestKind::Other,
            &[Unauthenticated, TokenInvalid, TokenExpired, SessionRevoked, RefreshTokenReused],
        ),
        Operation::new("logout", RequestKind::Other, &[]),
        Operation::new("logoutAll", RequestKind::Other, &[]),
        Operation::new("listSessions", RequestKind::Other, &[]),
        Operation::new("endSession", RequestKind::Other, &[SessionNotFound]),
    ]
};

#[api_operation(
    operation_id = "register",
    tag = "Auth",
    summary = "Register an account and sign in",
    description = "Send `name`, `username` or both. If `username` is missing, the server derives it from the email \
        address. If `name` is missing, the server uses first and last name, or else the username. `inviteCode` is \
        needed if the server registers by invitation (`REGISTRATION=invite`)."
)]
async fn register(
    state: Data<HttpState>,
    client: Client,
    body: JsonBody<RegisterBody>,
) -> Result<Created<RegisteredView>, ApiError> {
    let auth = state.app.auth.clone();
    let registration = body.parse(|body| body.parse(auth.password_policy()))?;
    let signed_in = state.run(async move { auth.register(command(registration), client.0).await }).await??;
    Ok(Created::created(view(signed_in).into()))
}

#[api_operation(
    operation_id = "login",
    tag = "Auth",
    summary = "Sign in",
    description = "Send `email` or `username`. The error for an unknown account and for a wrong password is the same."
)]
async fn login(
    state: Data<HttpState>,
    client: Client,
    body: JsonBody<LoginBody>,
) -> Result<Answer<SignedInView>, ApiError> {
    let (identity, password) = body.parse(LoginBody::parse)?;
    let identity = match identity {
        Identity::Email(email) => LoginIdentity::Email(email),
        Identity::Username(username) => LoginIdentity::Username(username),
    };
    let auth = state.app.auth.clone();
    let signed_in = state.run(async move { auth.login(identity, password, client.0).await }).await??;
    Ok(Answer::ok(view(signed_in)))
}

#[api_operation(
    operation_id = "refresh",
    tag = "Auth",
    summary = "Exchange a refresh token for new tokens",
    description = "Send the refresh token in the body, or as `Authorization: Bearer`. A refresh token can be used \
        once. A client that repeats the call within 60 s, because it missed the answer, gets the same new tokens, \
        if these have not been used yet. Any other reuse of a spent token ends the session."
)]
async fn refresh(
    state: Data<HttpState>,
    client: Client,
    header: OptionalToken,
    body: OptionalJsonBody<RefreshBody>,
) -> Result<Answer<SignedInView>, ApiError> {
    let token = match (body.parse(RefreshBody::parse)?, header.0) {
        (Some(Some(token)), _) => token.reveal().to_owned(),
        (Some(None) | None, Some(token)) => token,
        (Some(None), None) => return Err(ApiError::invalid("refreshToken", "is required")),
        (None, None) => return Err(ApiError::new(ErrorCode::Unauthenticated, "This needs a refresh token")),
    };
    let auth = state.app.auth.clone();
    let signed_in = state.run(async move { auth.refresh(&token, client.0).await }).await??;
    Ok(Answer::ok(view(signed_in)))
}

#[api_operation(
    operation_id = "logout",
    tag = "Auth",
    summary = "Sign out",
    description = "Ends the current session: its tokens are revoked, and its sockets close on every node within a \
        second."
)]
async fn logout(state: Data<HttpState>, actor: Bearer) -> Result<Answer<()>, ApiError> {
    let auth = state.app.auth.clone();
    state.run(async move { auth.logout(actor.0).await }).await??;
    Ok(Answer::ok(()))
}

#[api_operation(
    operation_id = "logoutAll",
    tag = "Auth",
    summary = "Sign out on all devices",
    description = "Ends all sessions of the account, the current one included."
)]
async fn logout_all(state: Data<HttpState>, actor: Bearer) -> Result<Answer<()>, ApiError> {
    let auth = state.app.auth.clone();
    state.run(async move { auth.logout_all(actor.0).await }).await??;
    Ok(Answer::ok(()))
}

#[api_operation(
    operation_id = "listSessions",
    tag = "Auth",
    summary = "List the account's sessions",
    description = "One session per signed-in device, the most recently used first."
)]
async fn list_sessions(state: Data<HttpState>, actor: Bearer) -> Result<Answer<Vec<SessionView>>, ApiError> {
    let (auth, actor) = (state.app.auth.clone(), actor.0);
    let sessions = state.run(async move { auth.sessions(actor).await }).await??;
    Ok(Answer::ok(sessions.into_iter().map(|session| SessionView::new(session, actor.session_id)).collect()))
}

#[api_operation(
    operation_id = "endSession",
    tag = "Auth",
    summary = "End a session",
    description = "Signs one device out: its tokens are revoked, and its sockets close."
)]
async fn end_session(state: Data<HttpState>, actor: Bearer, path: SessionPath) -> Result<Answer<()>, ApiError> {
    let auth = state.app.auth.clone();
    state.run(async move { auth.end_session(actor.0, path.0).await }).await??;
    Ok(Answer::ok(()))
}
