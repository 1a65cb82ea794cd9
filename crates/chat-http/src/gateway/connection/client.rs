use super::dispatch::dispatch;
use super::farewell::Farewell;
use super::flood::Flood;
use super::sends::Directs;
use super::sign_in::Door;
use super::{Credentials, Greeting, Realtime, ResumeAsked, answers};
use crate::ApiError;
use crate::commands::name_of;
use crate::error::status_of;
use chat_domain::auth::Actor;
use chat_domain::{ConversationId, ErrorCode};
use chat_protocol::Failure;
use chat_protocol::realtime::{ClientFrame, CloseCode, Command, InvalidFrame, Rejected};
use chat_realtime::{Connection, Life};
use chat_socketio::websocket::Allowance;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Instant;
use tokio::sync::oneshot;

/// A command with the id for its answer, or its fault.
pub(super) type Heard = Result<(Option<String>, Command), Rejected>;

/// Parses the command in a frame.
pub(super) fn understand(frame: &ClientFrame<'_>) -> Heard {
    match Command::parse(frame) {
        Ok(command) => Ok((frame.id.clone(), command)),
        Err(fault) => Err((frame.id.clone(), fault)),
    }
}

/// The progress of a client's sign-in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stage {
    /// The client has not authenticated.
    Stranger {
        /// Whether it will send its positions in a separate frame.
        announces_resume: bool,
    },
    /// The client is authenticated, and has yet to send its positions: delivery is held.
    Waiting(Actor),
    /// The connection is attached, and receives events.
    Live(Actor),
}

/// The client of a connection, as the server sees it: runs its commands one after the other. Dropping it announces the
/// end of the connection to other users.
pub(super) struct Client {
    pub(super) realtime: Rc<Realtime>,
    pub(super) connection: Rc<Connection>,
    pub(super) stage: Stage,
    pub(super) welcomed: Option<oneshot::Receiver<()>>,
    pub(super) typing: Vec<ConversationId>,
    pub(super) directs: Directs,
    /// The limits of the connection before sign-in.
    pub(super) allowance: Allowance,
    /// The client's address, if known.
    pub(super) address: Option<IpAddr>,
    pub(super) protocol_errors: u16,
    pub(super) flood: Flood,
    pub(super) is_flooding: bool,
}

impl Client {
    pub(super) fn new(realtime: Rc<Realtime>, connection: Rc<Connection>, address: Option<IpAddr>) -> Self {
        Self {
            realtime,
            connection,
            address,
            stage: Stage::Stranger { announces_resume: false },
            welcomed: None,
            typing: Vec::new(),
            directs: Directs::default(),
            allowance: Allowance::new(),
            protocol_errors: 0,
            flood: Flood::new(),
            is_flooding: false,
        }
    }

    pub(super) const fn is_signed_in(&self) -> bool {
        !matches!(self.stage, Stage::Stranger { .. })
    }

    /// Whether an announced `resume` frame has not arrived yet.
    pub(super) const fn is_waiting(&self) -> bool {
        matches!(self.stage, Stage::Waiting(_))
    }

    /// Handles the handshake. If it carried a token, it is answered only after the connection is attached: a client
    /// whose socket is open misses nothing from then on.
    pub(super) async fn begin(&mut self, greeting: Greeting, door: impl Door) {
        let announces_resume = matches!(greeting.resume, ResumeAsked::Later);
        self.stage = Stage::Stranger { announces_resume };
        let signed_in = match greeting.credentials {
            Credentials::Later => {
                door.open(&self.connection);
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
            Ok(()) => self.go_live(resume, |connection| door.open(connection)).await,
            Err(error) => door.shut(self, &error),
        }
    }

    /// Handles one command of the client, or an invalid frame, to its end. It was counted before.
    pub(super) async fn hear(&mut self, heard: Heard) {
        if self.is_idle_talk(&heard) {
            return;
        }
        match heard {
            Ok((id, command)) => {
                self.protocol_errors = 0;
                self.execute(id, command).await;
            }
            Err((id, fault)) => self.reject(id.as_deref(), fault),
        }
    }

    async fn execute(&mut self, id: Option<String>, command: Command) {
        let id = id.as_deref();
        match (self.stage, command) {
            (Stage::Stranger { .. }, Command::Authenticate { token, dialect, resume }) => {
                if let Some(dialect) = dialect {
                    self.connection.speak(dialect);
                }
                self.introduce(id, &token, resume.as_ref()).await;
            }
            (Stage::Stranger { .. }, _) => {
                let error = ApiError::new(ErrorCode::Unauthenticated, "Please sign in first, with a frame auth");
                self.answer_error(id, &error);
            }
            (_, Command::Authenticate { dialect: Some(dialect), .. })
                if dialect != self.connection.format().dialect =>
            {
                let error = ApiError::invalid("dialect", "cannot change on a socket that is signed in");
                self.answer_error(id, &error);
            }
            (Stage::Live(_), Command::Resume(_) | Command::Authenticate { resume: Some(_), .. }) => {
                let error = ApiError::new(
                    ErrorCode::ResumeTooLate,
                    "This connection already receives events; connect with ?resume=true",
                );
                self.answer_error(id, &error);
            }
            (Stage::Waiting(actor) | Stage::Live(actor), Command::Authenticate { token, resume, .. }) => {
                let renewed = self.renew(id, actor, &token);
                if let (true, Stage::Waiting(_), Some(resume)) = (renewed, self.stage, resume) {
                    self.attach(Some(&resume), |_| ()).await;
                }
            }
            (Stage::Waiting(_), Command::Resume(resume)) => {
                self.attach(Some(&resume), |connection| acknowledge(connection, id)).await;
            }
            (Stage::Waiting(actor) | Stage::Live(actor), command) => self.run(id, actor, command).await,
        }
    }

    async fn run(&mut self, id: Option<&str>, actor: Actor, command: Command) {
        // Pages are large: each is read when there is room for it, so that a client that requests many is not closed as
        // a slow reader.
        if is_for_a_page(&command) && !self.connection.drained().await {
            return;
        }
        let (name, since) = (name_of(&command), Instant::now());
        let done = match dispatch(self, actor, command, id.is_some()).await {
            Ok(outcome) => answers::answer(&self.connection, actor, id, outcome).await,
            Err(error) => Err(error),
        };
        self.finish(id, name, since, done);
    }

    /// Counts a command that was run, and tells the client if it failed.
    pub(super) fn finish(&self, id: Option<&str>, name: &'static str, since: Instant, done: Result<(), ApiError>) {
        self.realtime.state.stats.observe_command(name, done.is_err(), since.elapsed());
        if let Err(error) = done {
            self.answer_error(id, &error);
        }
    }

    pub(super) fn answer_error(&self, id: Option<&str>, error: &ApiError) {
        let failure = error.failure();
        // Neither a user with too many connections nor an upgrade is a fault of the server, and clients repeat both.
        let is_expected = matches!(failure.code, ErrorCode::TooManyConnections | ErrorCode::UpgradePending);
        if status_of(failure.code).is_server_error() && !is_expected {
            let (connection, code) = (self.connection.id(), failure.code.as_str());
            tracing::error!(%connection, code, cause = error.causes(), "a command failed");
        }
        self.connection.send_error(id, failure);
    }

    /// Sends the last event to the client.
    pub(super) fn refuse(&self, id: Option<&str>, error: &ApiError, code: CloseCode) {
        self.answer_error(id, error);
        let reason = match code {
            CloseCode::AuthenticationFailed | CloseCode::TokenExpired | CloseCode::Revoked => {
                error.failure().code.as_str()
            }
            code => code.reason(),
        };
        self.connection.close_with(code, reason);
    }
}

const fn is_for_a_page(command: &Command) -> bool {
    matches!(command, Command::FetchMessages(..) | Command::FetchChat(_) | Command::FetchGroup(_))
}

fn acknowledge(connection: &Connection, id: Option<&str>) {
    if let Some(id) = id {
        connection.send_empty_ack(id);
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.realtime.hub.disconnect(&self.connection);
        if self.connection.life() == Life::Open {
            // The worker stops without a drain.
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
