//! What the nodes of a cluster share: presence, typing, the bus and the counters of rate limits. They are in Redis or,
//! for a node that runs alone, in its memory.

use crate::config::Config;
use crate::cut;
use anyhow::Context as _;
use chat_domain::changes::{AllFeatures, WritableFeatures};
use chat_domain::presence::{PresenceRegistry, PresenceUpkeep};
use chat_domain::rate_limits::{InProcessRateLimiter, RateLimiter};
use chat_domain::typing::TypingRegistry;
use chat_domain::{Clock, EventBus, NodeId};
use chat_realtime::{FanOut, InProcessPresence, InProcessTyping, LocalBus};
use chat_redis::{BusHooks, Redis, RedisBus, RedisPresence, RedisRateLimiter, RedisTyping, Releases};
use std::sync::Arc;
use uuid::Uuid;

/// The ports that nodes share.
pub(crate) struct Shared {
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) presence: Arc<dyn PresenceRegistry>,
    pub(crate) typing: Arc<dyn TypingRegistry>,
    pub(crate) rate_limiter: Arc<dyn RateLimiter>,
    pub(crate) features: Arc<dyn WritableFeatures>,
    /// `None` for a node that runs alone.
    pub(crate) cluster: Option<Cluster>,
}

/// This node's part in a cluster.
#[derive(Clone)]
pub(crate) struct Cluster {
    pub(crate) redis: Redis,
    pub(crate) bus: Arc<RedisBus>,
    pub(crate) upkeep: Arc<dyn PresenceUpkeep>,
    pub(crate) releases: Arc<Releases>,
}

/// Builds the shared ports, and starts to connect to Redis if it is configured. Does not wait for Redis: a node serves
/// without it.
pub(crate) fn share(config: &Config, fan_out: &Arc<FanOut>, clock: Arc<dyn Clock>) -> anyhow::Result<Shared> {
    let local = cut::bus(Arc::new(LocalBus::new(fan_out.clone())), &config.cut.unknown);
    let Some(settings) = config.redis.as_ref() else {
        return Ok(Shared {
            bus: local,
            presence: Arc::new(InProcessPresence::new()),
            typing: Arc::new(InProcessTyping::new()),
            rate_limiter: Arc::new(InProcessRateLimiter::new(clock)),
            features: Arc::new(AllFeatures),
            cluster: None,
        });
    };
    let redis = Redis::open(settings.clone()).context("cannot use REDIS_URL")?;
    let node = NodeId::new(Uuid::now_v7());
    tracing::info!(%node, redis = %settings.url, "joining the cluster");
    let bus = Arc::new(RedisBus::start(&redis, node, local, hooks(fan_out)));
    let releases = Arc::new(config.cut.releases());
    let presence = Arc::new(RedisPresence::of_release(&redis, node, releases.clone()));
    Ok(Shared {
        bus: bus.clone(),
        presence: presence.clone(),
        typing: Arc::new(RedisTyping::new(&redis)),
        rate_limiter: Arc::new(RedisRateLimiter::new(&redis, clock)),
        features: releases.clone(),
        cluster: Some(Cluster { redis, bus, upkeep: presence, releases }),
    })
}

/// Checks at once for events that may have been lost.
fn hooks(fan_out: &Arc<FanOut>) -> BusHooks {
    let (asked, told) = (fan_out.clone(), fan_out.clone());
    BusHooks { is_needed: Arc::new(move |head| asked.needs(head)), on_gap: Arc::new(move || told.check_tails_soon()) }
}
