use crate::HttpState;
use chat_domain::auth::Actor;
use chat_domain::{ConnectionId, ConversationId};
use tokio::sync::oneshot;

/// What others are to learn when a connection ends, however it ends.
pub(super) struct Farewell {
    pub(super) actor: Actor,
    pub(super) connection: ConnectionId,
    /// When the welcome has been said; a goodbye must not overtake it.
    pub(super) welcomed: Option<oneshot::Receiver<()>>,
    pub(super) typing: Vec<ConversationId>,
    pub(super) windows: Vec<ConversationId>,
}

impl Farewell {
    /// Says it on the main runtime, which outlives the worker that the connection ran on.
    pub(super) fn say(self, state: &HttpState) {
        let app = state.app.clone();
        state.runtime.spawn(async move {
            if let Some(welcomed) = self.welcomed {
                // An error means that the welcome was cut short: the goodbye is due all the same.
                let _ = welcomed.await;
            }
            app.presence.disconnected(self.actor, self.connection).await;
            // Whoever has left a conversation meanwhile, or cannot be looked up, has nothing to say there.
            for conversation in self.typing {
                let _ = app.typing.stop(self.actor, conversation).await;
            }
            for conversation in self.windows {
                let _ = app.conversations.close_window(self.actor, conversation).await;
            }
        });
    }
}

/// Notes the connection as present, on the main runtime; the receiver hears when that is done.
pub(super) fn welcome(state: &HttpState, actor: Actor, connection: ConnectionId) -> oneshot::Receiver<()> {
    let (done, welcomed) = oneshot::channel();
    let app = state.app.clone();
    state.runtime.spawn(async move {
        app.presence.connected(actor, connection).await;
        // Nobody waits for it as long as the connection lives.
        let _ = done.send(());
    });
    welcomed
}
