use crate::Redis;
use crate::fault::RedisFault;
use async_trait::async_trait;
use chat_domain::Clock;
use chat_domain::rate_limits::{InProcessRateLimiter, LimitKey, Quota, RateLimiter, Verdict};
use redis::Script;
use std::sync::Arc;

/// Counts over all nodes, by the clock of Redis; without Redis, over this node.
pub struct RedisRateLimiter {
    redis: Redis,
    script: Script,
    alone: InProcessRateLimiter,
}

impl RedisRateLimiter {
    /// The clock serves while Redis is away.
    pub fn new(redis: &Redis, clock: Arc<dyn Clock>) -> Self {
        Self {
            redis: redis.clone(),
            script: Script::new(include_str!("take.lua")),
            alone: InProcessRateLimiter::new(clock),
        }
    }

    async fn move_tokens(&self, key: &LimitKey, quota: Quota, tokens: i64) -> Result<(bool, u64), RedisFault> {
        let mut call = self.script.key(self.redis.key(&format!("{{limit:{}}}", key.as_str())));
        call.arg(quota.micros_per_token()).arg(quota.burst()).arg(tokens);
        let (is_allowed, missing): (i64, u64) =
            self.redis.run(async |mut connection| call.invoke_async(&mut connection).await).await?;
        Ok((is_allowed == 1, missing))
    }
}

#[async_trait]
impl RateLimiter for RedisRateLimiter {
    async fn take(&self, key: &LimitKey, quota: Quota, cost: u32) -> Verdict {
        match self.move_tokens(key, quota, i64::from(cost)).await {
            Ok((is_allowed, missing)) => Verdict::new(quota, cost, is_allowed, missing),
            Err(fault) => {
                self.redis.note(&fault, "a limit could not be counted");
                self.alone.take(key, quota, cost).await
            }
        }
    }

    async fn give_back(&self, key: &LimitKey, quota: Quota, cost: u32) {
        if let Err(fault) = self.move_tokens(key, quota, -i64::from(cost)).await {
            self.redis.note(&fault, "tokens could not be given back");
            self.alone.give_back(key, quota, cost).await;
        }
    }
}
