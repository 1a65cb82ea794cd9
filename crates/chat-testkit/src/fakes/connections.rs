use super::lock;
use chat_domain::SessionId;
use chat_domain::auth::LiveConnections;
use std::sync::Mutex;

/// Connections that keep count of the sessions whose sockets were to be closed, in order.
#[derive(Debug, Default)]
pub struct RecordingConnections(Mutex<Vec<SessionId>>);

impl RecordingConnections {
    /// The sessions that were closed since this was last asked.
    pub fn take(&self) -> Vec<SessionId> {
        std::mem::take(&mut *lock(&self.0))
    }
}

impl LiveConnections for RecordingConnections {
    fn close_session(&self, session: SessionId) {
        lock(&self.0).push(session);
    }
}
