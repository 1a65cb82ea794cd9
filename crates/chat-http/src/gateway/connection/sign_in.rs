//! Authentication of a connection: the first token, and each fresh one.

use super::client::{Client, Stage};
use super::close::close_code_of;
use super::farewell::welcome;
use crate::{ApiError, HttpState};
use chat_domain::auth::Actor;
use chat_domain::{ErrorCode, Refusal};
use chat_protocol::realtime::{AuthenticatedView, CloseCode, Resume};
use chat_realtime::Connection;

/// Returns the user of this token. Without the leeway that requests have: a socket with an expired token would be
/// closed at once, and its client would reconnect with the same token again and again.
pub(crate) fn authenticate(state: &HttpState, token: &str) -> Result<Actor, ApiError> {
    let actor = state.app.auth.authenticate(token)?;
    if actor.token_expires_at <= state.clock.now() {
        return Err(Refusal::TokenExpired.into());
    }
    Ok(actor)
}

impl Client {
    /// Handles the first frame `auth`. A failure is final.
    pub(super) async fn introduce(&mut self, id: Option<&str>, token: &str, resume: Option<&Resume>) {
        match self.authenticate(token).and_then(|actor| self.sign_in(actor, token).map(|()| actor)) {
            Ok(actor) => self.go_live(resume, |connection| acknowledge_sign_in(connection, id, actor)).await,
            Err(error) => self.refuse(id, &error, first_close_code(&error)),
        }
    }

    pub(super) fn authenticate(&self, token: &str) -> Result<Actor, ApiError> {
        authenticate(&self.realtime.state, token)
    }

    pub(super) fn sign_in(&mut self, actor: Actor, token: &str) -> Result<(), ApiError> {
        let hub = &self.realtime.hub;
        hub.sign_in(&self.connection, actor.user_id, actor.session_id)
            .map_err(|error| ApiError::new(ErrorCode::TooManyConnections, error.to_string()))?;
        let announces_resume = matches!(self.stage, Stage::Stranger { announces_resume: true });
        self.stage = if announces_resume { Stage::Waiting(actor) } else { Stage::Live(actor) };
        // A session that ended between the first check and its registration in the hub would be missed by both.
        self.authenticate(token)?;
        self.expire_with(actor);
        self.allowance.give_back();
        self.welcomed = Some(welcome(&self.realtime.state, actor, self.connection.id()));
        Ok(())
    }

    fn expire_with(&self, actor: Actor) {
        let lifetime = actor.token_expires_at.since(self.realtime.state.clock.now());
        self.realtime.hub.expire_after(&self.connection, lifetime);
    }

    /// Handles a fresh token of the same user on the open socket. Returns `false` if it was invalid.
    pub(super) fn renew(&mut self, id: Option<&str>, before: Actor, token: &str) -> bool {
        let renewed = self.authenticate(token).and_then(|actor| {
            if actor.user_id == before.user_id {
                Ok(actor)
            } else {
                Err(ApiError::new(ErrorCode::Forbidden, "This connection belongs to another user"))
            }
        });
        match renewed {
            Ok(actor) => {
                self.realtime.hub.renew(&self.connection, actor.session_id);
                self.stage = match self.stage {
                    Stage::Waiting(_) => Stage::Waiting(actor),
                    Stage::Stranger { .. } | Stage::Live(_) => Stage::Live(actor),
                };
                if let Err(error) = self.authenticate(token) {
                    self.refuse(id, &error, close_code_of(error.failure().code));
                    return false;
                }
                self.expire_with(actor);
                acknowledge_sign_in(&self.connection, id, actor);
                true
            }
            Err(error) => {
                self.answer_error(id, &error);
                false
            }
        }
    }
}

/// Admits or refuses a client that signs in with its handshake.
pub(super) trait Door {
    /// Admits the client: its queued data may be sent.
    fn open(self, connection: &Connection);

    /// Refuses the client.
    fn shut(self, client: &Client, error: &ApiError);
}

/// A token that is refused now counts as a failed sign-in, even if it was valid before; a full server does not.
pub(super) fn first_close_code(error: &ApiError) -> CloseCode {
    match error.failure().code {
        ErrorCode::TokenExpired | ErrorCode::SessionRevoked => CloseCode::AuthenticationFailed,
        code => close_code_of(code),
    }
}

fn acknowledge_sign_in(connection: &Connection, id: Option<&str>, actor: Actor) {
    if let Some(id) = id {
        let view = AuthenticatedView {
            user_id: actor.user_id.as_uuid(),
            session_id: actor.session_id.as_uuid(),
            expires_at: actor.token_expires_at.into(),
        };
        connection.send_ack(id, &view);
    }
}
