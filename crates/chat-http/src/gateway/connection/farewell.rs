use crate::HttpState;
use chat_domain::auth::Actor;
use chat_domain::{ConnectionId, ConversationId};
use tokio::sync::oneshot;

/// The messages to other users when a connection ends, for whatever reason.
pub(super) struct Farewell {
    pub(super) actor: Actor,
    pub(super) connection: ConnectionId,
    /// When the arrival has been announced; the end must not be announced before.
    pub(super) welcomed: Option<oneshot::Receiver<()>>,
    pub(super) typing: Vec<ConversationId>,
    pub(super) windows: Vec<ConversationId>,
}

impl Farewell {
    /// Announces the end on the main runtime, which outlives the worker of the connection.
    pub(super) fn say(self, state: &HttpState) {
        let app = state.app.clone();
        state.runtime.spawn(async move {
            if let Some(welcomed) = self.welcomed {
                // An error means that the arrival was interrupted: the end is announced all the same.
                let _ = welcomed.await;
            }
            app.presence.disconnected(self.actor, self.connection).await;
            // A user who has left the conversation, or cannot be looked up, is not announced there.
            for conversation in self.typing {
                let _ = app.typing.stop(self.actor, conversation).await;
            }
            for conversation in self.windows {
                let _ = app.conversations.close_window(self.actor, conversation).await;
            }
        });
    }
}

/// Registers the connection's presence on the main runtime. The receiver is notified when that is done.
pub(super) fn welcome(state: &HttpState, actor: Actor, connection: ConnectionId) -> oneshot::Receiver<()> {
    let (done, welcomed) = oneshot::channel();
    let app = state.app.clone();
    state.runtime.spawn(async move {
        app.presence.connected(actor, connection).await;
        // While the connection exists, no receiver waits for it.
        let _ = done.send(());
    });
    welcomed
}
