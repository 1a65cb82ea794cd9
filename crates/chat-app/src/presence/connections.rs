use super::Presence;
use chat_domain::auth::Actor;
use chat_domain::presence::PresenceStatus;
use chat_domain::{ConnectionId, UserId};

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
                self.seen_now(actor.user_id).await;
                self.0.announce_presence(actor.user_id, Some(actor.user_id)).await;
            }
            Ok(false) => {}
            Err(fault) => {
                tracing::warn!(error = &fault as &dyn std::error::Error, %connection, "a connection was not forgotten");
            }
        }
    }

    /// The presence of these users changed without a connection of this node: their node died, or could not tell of them. Whoever may know
    /// learns how they are now.
    pub async fn tell(&self, users: Vec<UserId>) {
        for user in users {
            match self.0.presence.statuses(&[user]).await {
                Ok(statuses) if statuses.first() == Some(&PresenceStatus::Offline) => self.seen_now(user).await,
                // Told all the same: who reads the status next says why it cannot be read.
                _ => {}
            }
            self.0.announce_presence(user, Some(user)).await;
        }
    }

    async fn seen_now(&self, user: UserId) {
        if let Err(fault) = self.0.users.touch_last_seen(user, self.0.now()).await {
            tracing::warn!(error = &fault as &dyn std::error::Error, "last seen was not stored");
        }
    }
}
