use super::close::close_code_of;
use super::dispatch::{Answer, dispatch};
use super::farewell::{Farewell, welcome};
use super::{Credentials, Greeting, Realtime, ResumeAsked};
use crate::ApiError;
use crate::error::status_of;
use bytes::Bytes;
use chat_domain::auth::Actor;
use chat_domain::{ConversationId, ErrorCode};
use chat_protocol::Failure;
use chat_protocol::realtime::{
    AuthenticatedView, ClientFrame, CloseCode, Command, InvalidFrame, Resume, ack_text, empty_ack_text, error_text,
    named_text,
};
use chat_realtime::{Connection, Life};
use std::rc::Rc;
use tokio::sync::oneshot;

/// After so many messages in succession that are no frames at all, a client is taken for something else (close code 4000).
const MAX_PROTOCOL_ERRORS: u16 = 100;

/// How far a client has come.
#[derive(Debug, Clone, Copy)]
enum Stage {
    /// It has not said who it is.
    Stranger {
        /// It will say what it has in a frame of its own.
        announces_resume: bool,
    },
    /// It is known, and has yet to say what it has: delivery is held.
    Waiting(Actor),
    /// Events flow.
    Live(Actor),
}

/// Who a connection is and what it is about: runs its commands one after the other. Dropping it is the end of the connection for everybody
/// else.
pub(super) struct Session {
    realtime: Rc<Realtime>,
    connection: Rc<Connection>,
    stage: Stage,
    protocol_errors: u16,
    welcomed: Option<oneshot::Receiver<()>>,
    pub(super) typing: Vec<ConversationId>,
}

impl Session {
    pub(super) const fn new(realtime: Rc<Realtime>, connection: Rc<Connection>) -> Self {
        let stage = Stage::Stranger { announces_resume: false };
        Self { realtime, connection, stage, protocol_errors: 0, welcomed: None, typing: Vec::new() }
    }

    pub(super) const fn is_signed_in(&self) -> bool {
        !matches!(self.stage, Stage::Stranger { .. })
    }

    /// Whether an announced `resume` frame is still to come.
    pub(super) const fn is_waiting(&self) -> bool {
        matches!(self.stage, Stage::Waiting(_))
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(super) fn realtime(&self) -> &Realtime {
        &self.realtime
    }

    /// What the handshake asks for. Where it carried a token, it is answered only when the connection is in the flow of events: a client that sees
    /// its socket open misses nothing from then on.
    pub(super) async fn begin(&mut self, greeting: Greeting, answer: Option<Bytes>) {
        let announces_resume = matches!(greeting.resume, ResumeAsked::Later);
        self.stage = Stage::Stranger { announces_resume };
        let signed_in = match greeting.credentials {
            Credentials::Later => {
                self.connection.uncork(answer);
                return;
            }
            Credentials::Checked(actor, token) => self.sign_in(actor, &token),
            Credentials::Token(token) => self.authenticate(&token).and_then(|actor| self.sign_in(actor, &token)),
        };
        let resume = match &greeting.resume {
            ResumeAsked::Now(resume) => Some(resume),
            ResumeAsked::No | ResumeAsked::Later => None,
        };
        match signed_in {
            Ok(()) => self.go_live(resume, |connection| connection.uncork(answer)).await,
            Err(error) => {
                self.connection.uncork(answer);
                self.refuse(None, &error, first_close_code(&error));
            }
        }
    }

    /// One text message of the client, to its end.
    pub(super) async fn hear(&mut self, text: String) {
        let parsed = ClientFrame::parse(&text).and_then(|frame| match Command::parse(&frame) {
            Ok(command) => Ok((frame.id, command)),
            Err(fault) => Err((frame.id, fault)),
        });
        drop(text);
        match parsed {
            Ok((id, command)) => {
                self.protocol_errors = 0;
                self.execute(id, command).await;
            }
            Err((id, fault)) => self.reject(id.as_deref(), fault),
        }
    }

    fn reject(&mut self, id: Option<&str>, fault: InvalidFrame) {
        if fault.code == ErrorCode::ProtocolError {
            self.protocol_errors += 1;
        }
        self.connection.send(&error_text(id, &fault.into()));
        if self.protocol_errors >= MAX_PROTOCOL_ERRORS {
            self.connection.close(CloseCode::ProtocolError);
        }
    }

    async fn execute(&mut self, id: Option<String>, command: Command) {
        let id = id.as_deref();
        match (self.stage, command) {
            (Stage::Stranger { .. }, Command::Authenticate { token, resume }) => {
                match self.authenticate(&token).and_then(|actor| self.sign_in(actor, &token).map(|()| actor)) {
                    Ok(actor) => {
                        self.go_live(resume.as_ref(), |connection| acknowledge_sign_in(connection, id, actor)).await;
                    }
                    Err(error) => self.refuse(id, &error, first_close_code(&error)),
                }
            }
            (Stage::Stranger { .. }, _) => {
                let error = ApiError::new(ErrorCode::Unauthenticated, "Please sign in first, with a frame auth");
                self.answer_error(id, &error);
            }
            (Stage::Waiting(actor) | Stage::Live(actor), Command::Authenticate { token, resume }) => {
                let renewed = self.renew(id, actor, &token);
                if let (true, Stage::Waiting(_), Some(resume)) = (renewed, self.stage, resume) {
                    self.attach(Some(&resume), |_| ()).await;
                }
            }
            (Stage::Waiting(_), Command::Resume(resume)) => {
                self.attach(Some(&resume), |connection| acknowledge(connection, id)).await;
            }
            (Stage::Live(_), Command::Resume(_)) => {
                let error = ApiError::new(ErrorCode::ResumeTooLate, "Events flow already; connect with ?resume=true");
                self.answer_error(id, &error);
            }
            (Stage::Waiting(actor) | Stage::Live(actor), command) => match dispatch(self, actor, command).await {
                Ok(answer) => self.answer(id, &answer),
                Err(error) => self.answer_error(id, &error),
            },
        }
    }

    fn answer(&self, id: Option<&str>, answer: &Answer) {
        match (id, answer) {
            (Some(id), Answer::Done) => self.connection.send(&empty_ack_text(id)),
            (Some(id), Answer::Effect(data) | Answer::Reply(_, data)) => self.connection.send(&ack_text(id, data)),
            (None, Answer::Reply(event, data)) => self.connection.send(&named_text(event, data)),
            (None, Answer::Done | Answer::Effect(_)) => {}
        }
    }

    fn answer_error(&self, id: Option<&str>, error: &ApiError) {
        let failure = error.failure();
        // A user with too many connections is no fault of ours, and could fill the log with it.
        if status_of(failure.code).is_server_error() && failure.code != ErrorCode::TooManyConnections {
            let (connection, code) = (self.connection.id(), failure.code.as_str());
            tracing::error!(%connection, code, cause = error.causes(), "a command failed");
        }
        self.connection.send(&error_text(id, failure));
    }

    /// The last thing that a client hears.
    fn refuse(&self, id: Option<&str>, error: &ApiError, code: CloseCode) {
        self.answer_error(id, error);
        self.connection.close(code);
    }

    fn authenticate(&self, token: &str) -> Result<Actor, ApiError> {
        Ok(self.realtime.state.app.auth.authenticate(token)?)
    }

    fn sign_in(&mut self, actor: Actor, token: &str) -> Result<(), ApiError> {
        let hub = &self.realtime.hub;
        hub.sign_in(&self.connection, actor.user_id, actor.session_id)
            .map_err(|error| ApiError::new(ErrorCode::TooManyConnections, error.to_string()))?;
        let announces_resume = matches!(self.stage, Stage::Stranger { announces_resume: true });
        self.stage = if announces_resume { Stage::Waiting(actor) } else { Stage::Live(actor) };
        // A session that ended between the first look and the hub's knowing of this connection would be missed by both.
        self.authenticate(token)?;
        self.expire_with(actor);
        self.welcomed = Some(welcome(&self.realtime.state, actor, self.connection.id()));
        Ok(())
    }

    fn expire_with(&self, actor: Actor) {
        let lifetime = actor.token_expires_at.since(self.realtime.state.clock.now());
        self.realtime.hub.expire_after(&self.connection, lifetime);
    }

    /// A fresh token on the open socket, of the same user; `false` where it was none.
    fn renew(&mut self, id: Option<&str>, before: Actor, token: &str) -> bool {
        let renewed = self.authenticate(token).and_then(|actor| {
            if actor.user_id == before.user_id {
                Ok(actor)
            } else {
                Err(ApiError::new(ErrorCode::Forbidden, "This socket is another user's"))
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

    /// Signed in: holds delivery where a `resume` frame was announced and has not come, else attaches.
    async fn go_live(&mut self, resume: Option<&Resume>, then: impl FnOnce(&Connection)) {
        if self.is_waiting() && resume.is_none() {
            self.realtime.hub.await_resume(&self.connection);
            then(&self.connection);
        } else {
            self.attach(resume, then).await;
        }
    }

    /// The announced `resume` frame did not come in time: the client is treated as new, and told where everything stands, since
    /// what happened while it was waited for passed it by.
    pub(super) async fn stop_waiting(&mut self) {
        self.attach(Some(&Resume::default()), |_| ()).await;
    }

    /// `then` is run when nothing passes by unnoticed any more, before anything is sent.
    async fn attach(&mut self, resume: Option<&Resume>, then: impl FnOnce(&Connection)) {
        self.connection.resume_came();
        if let Stage::Waiting(actor) = self.stage {
            self.stage = Stage::Live(actor);
        }
        let replay = self.realtime.hub.attach(&self.connection, resume).await;
        then(&self.connection);
        let done = match replay {
            Ok(replay) => replay.run(&self.realtime.hub, &self.connection).await,
            Err(error) => Err(error),
        };
        if let Err(error) = done {
            let error =
                ApiError::new(ErrorCode::Unavailable, "The service is not available right now, please try again")
                    .caused_by(error);
            self.refuse(None, &error, CloseCode::Internal);
        }
    }
}

/// A token that is refused when one comes is a failure to sign in, however it was good before; a full house is not.
fn first_close_code(error: &ApiError) -> CloseCode {
    match error.failure().code {
        ErrorCode::TokenExpired | ErrorCode::SessionRevoked => CloseCode::AuthenticationFailed,
        code => close_code_of(code),
    }
}

fn acknowledge(connection: &Connection, id: Option<&str>) {
    if let Some(id) = id {
        connection.send(&empty_ack_text(id));
    }
}

fn acknowledge_sign_in(connection: &Connection, id: Option<&str>, actor: Actor) {
    if let Some(id) = id {
        let view = AuthenticatedView {
            user_id: actor.user_id.as_uuid(),
            session_id: actor.session_id.as_uuid(),
            expires_at: actor.token_expires_at.into(),
        };
        connection.send(&ack_text(id, &view));
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.realtime.hub.disconnect(&self.connection);
        if self.connection.life() == Life::Open {
            // The worker stops without having asked.
            self.connection.abandon();
        }
        let (Stage::Waiting(actor) | Stage::Live(actor)) = self.stage else { return };
        let farewell = Farewell {
            actor,
            connection: self.connection.id(),
            welcomed: self.welcomed.take(),
            typing: std::mem::take(&mut self.typing),
            windows: self.connection.take_windows(),
        };
        farewell.say(&self.realtime.state);
    }
}

impl From<InvalidFrame> for ApiError {
    fn from(fault: InvalidFrame) -> Self {
        Failure::from(fault).into()
    }
}
