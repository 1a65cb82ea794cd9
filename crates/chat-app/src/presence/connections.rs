use super::Presence;
use chat_domain::auth::Actor;
use chat_domain::presence::PresenceStatus;
use chat_domain::{ConnectionId, Timestamp, UserId};

impl Presence {
    /// A connection of the actor begins. Whoever may know learns of it where it is the first; where many come at once,
    /// when it is its turn. Never fails a connection.
    pub async fn connected(&self, actor: Actor, connection: ConnectionId) {
        let at = self.0.now();
        match self.0.presence.connect(actor.user_id, connection).await {
            Ok(Some(_)) => {
                let _turn = self.0.turn_to_announce().await;
                self.0.announce_presence(actor.user_id, at).await;
            }
            Ok(None) => {}
            Err(fault) => {
                tracing::warn!(error = &fault as &dyn std::error::Error, %connection, "a connection was not noted");
            }
        }
    }

    /// A connection of the actor has ended. Whoever may know learns of it where it was the last, and the user was last
    /// seen then.
    pub async fn disconnected(&self, actor: Actor, connection: ConnectionId) {
        let at = self.0.now();
        match self.0.presence.disconnect(actor.user_id, connection).await {
            Ok(true) => {
                let _turn = self.0.turn_to_announce().await;
                self.seen(actor.user_id, at).await;
                self.0.announce_presence(actor.user_id, at).await;
            }
            Ok(false) => {}
            Err(fault) => {
                tracing::warn!(error = &fault as &dyn std::error::Error, %connection, "a connection was not forgotten");
            }
        }
    }

    /// The presence of these users changed without a connection of this node: their node died, or could not tell of
    /// them. Whoever may know learns how they are now.
    pub async fn tell(&self, users: Vec<UserId>) {
        for user in users {
            let at = self.0.now();
            match self.0.presence.statuses(&[user]).await {
                Ok(statuses) if statuses.first() == Some(&PresenceStatus::Offline) => self.seen(user, at).await,
                // Told all the same: who reads the status next says why it cannot be read.
                _ => {}
            }
            self.0.announce_presence(user, at).await;
        }
    }

    /// Waits until others have been told of all who came or went before this.
    pub async fn told(&self) {
        self.0.turns_taken().await;
    }

    async fn seen(&self, user: UserId, at: Timestamp) {
        if let Err(fault) = self.0.store.users().touch_last_seen(user, at).await {
            tracing::warn!(error = &fault as &dyn std::error::Error, "last seen was not stored");
        }
    }
}
