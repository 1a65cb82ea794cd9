use super::lock;
use chat_domain::SessionId;
use chat_domain::auth::LiveConnections;
use std::sync::Mutex;

/// Records the sessions whose sockets were to be closed, in order.
#[derive(Debug, Default)]
pub struct RecordingConnections(Mutex<Vec<SessionId>>);

impl RecordingConnections {
    /// Returns the sessions that were closed since the last call.
    pub fn take(&self) -> Vec<SessionId> {
        std::mem::take(&mut *lock(&self.0))
    }
}

impl LiveConnections for RecordingConnections {
    fn close_session(&self, session: SessionId) {
        lock(&self.0).push(session);
    }
}
