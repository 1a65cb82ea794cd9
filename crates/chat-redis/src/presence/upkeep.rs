use super::RedisPresence;
use super::scripts::{Lease, Renewed};
use crate::fault::RedisFault;
use async_trait::async_trait;
use chat_domain::UserId;
use chat_domain::presence::PresenceUpkeep;
use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How often a node renews its lease within one lease.
const RENEWALS_PER_LEASE: u32 = 3;

/// The state that upkeeps pass on.
#[derive(Debug)]
pub(super) struct Upkeep {
    lease: Duration,
    /// The connection of the last attempt; 0: none.
    tried_over: u64,
    /// The connection over which this node was last written completely; 0: none.
    written_over: u64,
    /// The id of the Redis data set into which it was written.
    filling: Option<String>,
    /// Before this time no node is considered dead: while Redis was unreachable, no node could renew its lease.
    claims_from: Instant,
    /// Before this time leases of live nodes may be missing.
    complete_from: Instant,
    /// Whether Redis could not be reached at some attempt.
    was_away: bool,
    /// Whether dead nodes have more users than the last upkeep took over.
    has_more: bool,
}

impl Upkeep {
    pub(super) fn new(lease: Duration) -> Self {
        Self {
            lease,
            tried_over: 0,
            written_over: 0,
            filling: None,
            claims_from: Instant::now() + lease,
            complete_from: Instant::now() + lease,
            was_away: false,
            has_more: false,
        }
    }
}

#[async_trait]
impl PresenceUpkeep for RedisPresence {
    async fn due(&self) {
        let (tried_over, has_more) = {
            let upkeep = self.upkeep.lock().await;
            (upkeep.tried_over, upkeep.has_more)
        };
        if has_more && self.redis.is_connected() {
            return;
        }
        tokio::select! {
            () = sleep(self.redis.settings().presence_lease / RENEWALS_PER_LEASE) => {}
            () = self.wake.notified() => {}
            () = self.redis.link().up_after(tried_over) => {}
        }
    }

    async fn keep_up(&self) -> Vec<UserId> {
        let mut upkeep = self.upkeep.lock().await;
        match self.keep_up_with(&mut upkeep).await {
            Ok(users) => users,
            Err(fault) => {
                upkeep.was_away = true;
                self.redis.note(&fault, "cannot renew presence");
                Vec::new()
            }
        }
    }

    async fn retire(&self) -> Vec<UserId> {
        let mut users = Vec::new();
        loop {
            match self.scripts.claim(true).await {
                Ok(claimed) => {
                    users.extend(claimed.users);
                    if !claimed.has_more {
                        return users;
                    }
                }
                Err(fault) => {
                    self.redis.note(&fault, "cannot end presence");
                    return users;
                }
            }
        }
    }
}

impl RedisPresence {
    async fn keep_up_with(&self, upkeep: &mut Upkeep) -> Result<Vec<UserId>, RedisFault> {
        upkeep.has_more = false;
        let generation = self.redis.link().generation();
        upkeep.tried_over = generation;
        let Renewed { lease, filling, is_young, releases } = self.scripts.renew().await?;
        if lease != Lease::Good || generation != upkeep.written_over {
            upkeep.claims_from = Instant::now() + upkeep.lease;
            // Redis may have been restored to a state without the lease of a live node. A node that has just started
            // waits until every live node has renewed its lease once; after a time without Redis, for a whole lease.
            let is_start = upkeep.filling.is_none() && !upkeep.was_away;
            let wait = if is_start { upkeep.lease / RENEWALS_PER_LEASE } else { upkeep.lease };
            upkeep.complete_from = Instant::now() + wait;
        }
        self.releases.note(&releases, is_young || Instant::now() < upkeep.complete_from);
        let mut changed = BTreeSet::new();
        let is_astray = self.is_astray.load(Ordering::Acquire);
        if is_astray || lease == Lease::Lost || generation != upkeep.written_over {
            // If Redis was emptied, it lists users as new who were online all along; otherwise, users whom the other
            // nodes saw go offline.
            let is_refilling = upkeep.filling.as_ref().is_some_and(|known| *known != filling);
            changed.extend(self.write_anew(is_refilling).await?);
            upkeep.written_over = generation;
            upkeep.filling = Some(filling);
        }
        if Instant::now() >= upkeep.claims_from {
            match self.scripts.claim(false).await {
                Ok(claimed) => {
                    upkeep.has_more = claimed.has_more;
                    changed.extend(claimed.users);
                }
                // The users that were written again are still to be reported.
                Err(fault) => self.redis.note(&fault, "cannot take over the users of dead nodes"),
            }
        }
        Ok(changed.into_iter().collect())
    }

    /// Writes to Redis what this node knows. Returns the users whose presence changed by it, and those whose change
    /// could not be reported before.
    async fn write_anew(&self, is_refilling: bool) -> Result<BTreeSet<UserId>, RedisFault> {
        let _nobody_comes_or_goes = self.whole.write().await;
        self.is_astray.store(false, Ordering::Release);
        let untold = self.here.take_untold();
        match self.write_differences(is_refilling, &untold).await {
            Ok(mut changed) => {
                changed.extend(untold);
                Ok(changed)
            }
            Err(fault) => {
                self.go_astray();
                self.here.leave_untold(untold);
                Err(fault)
            }
        }
    }

    async fn write_differences(
        &self,
        is_refilling: bool,
        untold: &HashSet<UserId>,
    ) -> Result<BTreeSet<UserId>, RedisFault> {
        let here: BTreeSet<_> = self.here.users().into_iter().collect();
        let there = self.scripts.users_of_this_node().await?;
        let gone: Vec<_> = there.difference(&here).copied().collect();
        let missing: Vec<_> = here.difference(&there).copied().collect();
        let choices = self.here.choices();

        let left = self.scripts.leave(&gone).await?;
        let came = self.scripts.enter(&missing).await?;
        let chose = self.scripts.choose(&choices).await?;
        if !gone.is_empty() || !missing.is_empty() {
            tracing::info!(gone = gone.len(), missing = missing.len(), "wrote presence again");
        }

        let is_news = |user: &UserId| !is_refilling || untold.contains(user);
        let went_offline = gone.into_iter().zip(left.changed).filter(|(_, changed)| *changed).map(|(user, _)| user);
        let came_online = missing.into_iter().zip(came.changed).filter(|(_, changed)| *changed).map(|(user, _)| user);
        let chose =
            choices.into_iter().zip(chose).filter(|(_, changed)| *changed == Some(true)).map(|((user, _), _)| user);
        Ok(went_offline.chain(came_online.chain(chose).filter(is_news)).collect())
    }
}
