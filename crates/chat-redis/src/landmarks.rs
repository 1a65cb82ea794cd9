//! A committed change that the nodes of a cluster remember outside their database, by which a node that starts notices
//! a database that was restored.

use crate::Redis;
use chat_domain::{Epoch, Landmark};
use redis::{AsyncCommands as _, Script};

/// One landmark for each epoch: the latest that any node noted. Losing it is harmless.
pub struct RedisLandmarks {
    redis: Redis,
    script: Script,
}

impl RedisLandmarks {
    /// Runs nothing by itself.
    pub fn new(redis: &Redis) -> Self {
        Self { redis: redis.clone(), script: Script::new(include_str!("note.lua")) }
    }

    /// Returns when Redis is reachable.
    pub async fn connected(&self) {
        self.redis.connected().await;
    }

    fn key(&self, epoch: Epoch) -> String {
        self.redis.key(&format!("landmark:{epoch}"))
    }

    /// Returns the landmark of this epoch; `None` also if Redis does not answer.
    pub async fn find(&self, epoch: Epoch) -> Option<Landmark> {
        let key = self.key(epoch);
        match self.redis.run(async |mut connection| connection.get::<_, Option<String>>(key).await).await {
            Ok(text) => text.and_then(|text| Landmark::from_text(&text)),
            Err(fault) => {
                self.redis.note(&fault, "cannot read the landmark of the database");
                None
            }
        }
    }

    /// Notes a landmark, unless a later one is noted. Best effort; returns whether Redis accepted it.
    pub async fn note(&self, epoch: Epoch, landmark: Landmark) -> bool {
        let mut call = self.script.key(self.key(epoch));
        call.arg(landmark.to_text()).arg(landmark.at().as_unix_micros());
        let noted = self.redis.run(async |mut connection| call.invoke_async::<()>(&mut connection).await).await;
        if let Err(fault) = &noted {
            self.redis.note(fault, "cannot note a landmark of the database");
        }
        noted.is_ok()
    }
}
