mod pause;

use crate::Redis;
use crate::fault::RedisFault;
use async_trait::async_trait;
use chat_domain::Clock;
use chat_domain::rate_limits::{InProcessRateLimiter, LimitKey, Quota, RateLimiter, Verdict};
use pause::Pause;
use redis::Script;
use std::sync::Arc;
use std::time::Duration;

/// The fraction of the command timeout that a rate limit waits: limits delay every request, and this node's own count
/// is nearly as good.
const IMPATIENCE: u32 = 5;

/// After a late answer, how long this node counts by itself before it asks Redis once.
const PAUSE: Duration = Duration::from_secs(1);

/// Counts over all nodes, by Redis' clock. If Redis is unreachable or slow, counts on this node alone.
pub struct RedisRateLimiter {
    redis: Redis,
    script: Script,
    patience: Duration,
    pause: Pause,
    alone: InProcessRateLimiter,
}

impl RedisRateLimiter {
    /// `clock` is used while Redis is unreachable.
    pub fn new(redis: &Redis, clock: Arc<dyn Clock>) -> Self {
        Self {
            redis: redis.clone(),
            script: Script::new(include_str!("take.lua")),
            patience: redis.settings().command_timeout / IMPATIENCE,
            pause: Pause::new(PAUSE),
            alone: InProcessRateLimiter::new(clock),
        }
    }

    async fn move_tokens(&self, key: &LimitKey, quota: Quota, tokens: i64) -> Result<(bool, u64), RedisFault> {
        if self.pause.holds() {
            return Err(RedisFault::Away);
        }
        let mut call = self.script.key(self.redis.key(&format!("{{limit:{}}}", key.as_str())));
        call.arg(quota.micros_per_token()).arg(quota.burst()).arg(tokens);
        let asked = self.redis.run(async |mut connection| call.invoke_async(&mut connection).await);
        // The connection stays as it is: a command with a longer timeout, or the next ping, shows whether it is dead.
        let Ok(answer) = tokio::time::timeout(self.patience, asked).await else {
            self.pause.begin();
            return Err(RedisFault::Late);
        };
        let (is_allowed, missing): (i64, u64) = answer?;
        self.pause.end();
        Ok((is_allowed == 1, missing))
    }
}

#[async_trait]
impl RateLimiter for RedisRateLimiter {
    async fn take(&self, key: &LimitKey, quota: Quota, cost: u32) -> Verdict {
        match self.move_tokens(key, quota, i64::from(cost)).await {
            Ok((is_allowed, missing)) => Verdict::new(quota, cost, is_allowed, missing),
            Err(fault) => {
                self.redis.note(&fault, "cannot count a rate limit");
                self.alone.take(key, quota, cost).await
            }
        }
    }

    async fn give_back(&self, key: &LimitKey, quota: Quota, cost: u32) {
        if let Err(fault) = self.move_tokens(key, quota, -i64::from(cost)).await {
            self.redis.note(&fault, "cannot give back tokens of a rate limit");
            self.alone.give_back(key, quota, cost).await;
        }
    }
}
