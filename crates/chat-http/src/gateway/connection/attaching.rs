//! Attaches a signed-in connection to the live events.

use super::client::{Client, Stage};
use crate::ApiError;
use chat_domain::{ErrorCode, TRY_LATER};
use chat_protocol::realtime::{CloseCode, Resume};
use chat_realtime::Connection;

impl Client {
    /// After sign-in: holds delivery if a `resume` frame was announced and has not arrived, else attaches.
    pub(super) async fn go_live(&mut self, resume: Option<&Resume>, then: impl FnOnce(&Connection)) {
        if self.is_waiting() && resume.is_none() {
            self.realtime.hub.await_resume(&self.connection);
            then(&self.connection);
        } else {
            self.attach(resume, then).await;
        }
    }

    /// The announced `resume` frame did not arrive in time: treats the client as new, and sends it all positions, since
    /// it missed the events during the wait.
    pub(super) async fn stop_waiting(&mut self) {
        self.attach(Some(&Resume::default()), |_| ()).await;
    }

    /// Runs `then` when the connection no longer misses any event, before anything is sent.
    pub(super) async fn attach(&mut self, resume: Option<&Resume>, then: impl FnOnce(&Connection)) {
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
            let error = ApiError::new(ErrorCode::Unavailable, TRY_LATER).caused_by(error);
            self.refuse(None, &error, CloseCode::Internal);
        }
    }
}
