use super::Presence;
use chat_domain::auth::Actor;
use chat_domain::presence::PresenceStatus;
use chat_domain::{ConnectionId, Timestamp, UserId};

impl Presence {
    /// Records a new connection of the actor. If it is the user's first, notifies the users who may see it, in turn if
    /// many connect at once. Never fails a connection.
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

    /// Records the end of a connection. If it was the user's last, notifies the users who may see it, and stores the
    /// user's last-seen time.
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

    /// Notifies the users who may see that the presence of these users changed without a connection of this node: their
    /// node died, or could not report the change.
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
