use super::Presence;
use chat_domain::auth::Actor;
use chat_domain::presence::PresenceStatus;
use chat_domain::{ConnectionId, Timestamp, UserId};

impl Presence {
    /// A connection of the actor begins. If it is the user's first, the users who may see it are told, in turn if many
    /// connect at once. Never fails a connection.
    pub async fn connected(&self, actor: Actor, connection: ConnectionId) {
        let at = self.0.now();
        match self.0.presence.connect(actor.user_id, connection).await {
            Ok(Some(_)) => {
                let _turn = self.0.turn_to_announce().await;
                self.0.announce_presence(actor.user_id, at).await;
            }
            Ok(None) => {}
            Err(fault) => {
                tracing::warn!(error = &fault as &dyn std::error::Error, %connection, "cannot record a connection");
            }
        }
    }

    /// A connection of the actor has ended. If it was the user's last, the users who may see it are told, and it
    /// becomes the user's last-seen time.
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
                tracing::warn!(error = &fault as &dyn std::error::Error, %connection, "cannot remove a connection");
            }
        }
    }

    /// The presence of these users changed without a connection of this node: their node died, or could not report
    /// them. The users who may see it are told.
    pub async fn tell(&self, users: Vec<UserId>) {
        for user in users {
            let at = self.0.now();
            match self.0.presence.statuses(&[user]).await {
                Ok(statuses) if statuses.first() == Some(&PresenceStatus::Offline) => self.seen(user, at).await,
                // Announced nevertheless: the code that reads the status next reports why it cannot.
                _ => {}
            }
            self.0.announce_presence(user, at).await;
        }
    }

    /// Waits until all earlier changes have been announced.
    pub async fn told(&self) {
        self.0.turns_taken().await;
    }

    async fn seen(&self, user: UserId, at: Timestamp) {
        if let Err(fault) = self.0.store.users().touch_last_seen(user, at).await {
            tracing::warn!(error = &fault as &dyn std::error::Error, "cannot store the last-seen time");
        }
    }
}
