use super::Presence;
use chat_domain::ConnectionId;
use chat_domain::auth::Actor;

impl Presence {
    /// A connection of the actor begins. Whoever may know learns of it where it is the first. Never fails a connection.
    pub async fn connected(&self, actor: Actor, connection: ConnectionId) {
        match self.0.presence.connect(actor.user_id, connection).await {
            Ok(Some(_)) => self.0.announce_presence(actor.user_id, Some(actor.user_id)).await,
            Ok(None) => {}
            Err(fault) => {
                tracing::warn!(error = &fault as &dyn std::error::Error, %connection, "a connection was not noted");
            }
        }
    }

    /// A connection of the actor has ended. Whoever may know learns of it where it was the last, and the user was last
    /// seen then.
    pub async fn disconnected(&self, actor: Actor, connection: ConnectionId) {
        match self.0.presence.disconnect(actor.user_id, connection).await {
            Ok(true) => {
                if let Err(fault) = self.0.users.touch_last_seen(actor.user_id, self.0.now()).await {
                    tracing::warn!(error = &fault as &dyn std::error::Error, "last seen was not stored");
                }
                self.0.announce_presence(actor.user_id, Some(actor.user_id)).await;
            }
            Ok(false) => {}
            Err(fault) => {
                tracing::warn!(error = &fault as &dyn std::error::Error, %connection, "a connection was not forgotten");
            }
        }
    }
}
