//! How a connection that is signed in comes into the flow of events.

use super::session::{Session, Stage};
use crate::ApiError;
use chat_domain::ErrorCode;
use chat_protocol::realtime::{CloseCode, Resume};
use chat_realtime::Connection;

impl Session {
    /// Signed in: holds delivery where a `resume` frame was announced and has not come, else attaches.
    pub(super) async fn go_live(&mut self, resume: Option<&Resume>, then: impl FnOnce(&Connection)) {
        if self.is_waiting() && resume.is_none() {
            self.realtime.hub.await_resume(&self.connection);
            then(&self.connection);
        } else {
            self.attach(resume, then).await;
        }
    }

    /// The announced `resume` frame did not come in time: the client is treated as new, and told where everything
    /// stands, since what happened while it was waited for passed it by.
    pub(super) async fn stop_waiting(&mut self) {
        self.attach(Some(&Resume::default()), |_| ()).await;
    }

    /// `then` is run when nothing passes by unnoticed any more, before anything is sent.
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
            let error =
                ApiError::new(ErrorCode::Unavailable, "The service is not available right now, please try again")
                    .caused_by(error);
            self.refuse(None, &error, CloseCode::Internal);
        }
    }
}
