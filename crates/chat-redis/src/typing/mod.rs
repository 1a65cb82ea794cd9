use crate::Redis;
use crate::fault::RedisFault;
use async_trait::async_trait;
use chat_domain::typing::{TypingError, TypingRegistry};
use chat_domain::{ConversationId, Timestamp, UserId};
use redis::Script;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many entries one call of the script removes.
const CHUNK: usize = 1_000;

/// How many entries a node remembers for a time without Redis; beyond this it forgets the entry that expires first.
const MAX_REMEMBERED: usize = 100_000;

type Typist = (ConversationId, UserId);

/// The users who are typing, on all nodes: one sorted set, ordered by expiry.
///
/// Each node remembers the users who started typing on it. It answers from these while Redis is unreachable, and writes
/// them again when Redis is back: otherwise a user could seem to type for ever because Redis lost the entry. The
/// methods never fail.
pub struct RedisTyping {
    redis: Redis,
    key: String,
    script: Script,
    begun_here: Mutex<BTreeMap<Typist, Timestamp>>,
    /// The connection to which this node last wrote its entries.
    brought_over: AtomicU64,
}

/// The form of an entry in Redis.
fn name((conversation, user): Typist) -> String {
    format!("{conversation}:{user}")
}

fn typist(name: &str) -> Option<Typist> {
    let (conversation, user) = name.split_once(':')?;
    Some((conversation.parse().ok()?, user.parse().ok()?))
}

impl RedisTyping {
    /// Runs nothing by itself; the caller that asks for expired entries keeps it up to date.
    pub fn new(redis: &Redis) -> Self {
        Self {
            redis: redis.clone(),
            key: redis.key("{typing}"),
            script: Script::new(include_str!("take_expired.lua")),
            begun_here: Mutex::default(),
            brought_over: AtomicU64::new(redis.link().generation()),
        }
    }

    fn begun_here(&self) -> MutexGuard<'_, BTreeMap<Typist, Timestamp>> {
        self.begun_here.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the entry is new to this node.
    fn remember(&self, typist: Typist, until: Timestamp) -> bool {
        let mut begun = self.begun_here();
        if begun.len() >= MAX_REMEMBERED && !begun.contains_key(&typist) {
            let soonest = begun.iter().min_by_key(|(_, until)| **until).map(|(typist, _)| *typist);
            soonest.and_then(|soonest| begun.remove(&soonest));
        }
        begun.insert(typist, until).is_none()
    }

    async fn add(&self, typists: &[(Typist, Timestamp)]) -> Result<usize, RedisFault> {
        let mut command = redis::cmd("ZADD");
        command.arg(&self.key);
        for (typist, until) in typists {
            command.arg(until.as_unix_micros()).arg(name(*typist));
        }
        self.redis.run(async |mut connection| command.query_async(&mut connection).await).await
    }

    /// After Redis was unreachable: writes this node's entries again, since Redis may have lost them.
    async fn bring_back(&self) -> Result<(), RedisFault> {
        let generation = self.redis.link().generation();
        if self.brought_over.load(Ordering::Acquire) == generation {
            return Ok(());
        }
        let begun: Vec<_> = self.begun_here().iter().map(|(typist, until)| (*typist, *until)).collect();
        for chunk in begun.chunks(CHUNK) {
            self.add(chunk).await?;
        }
        self.brought_over.store(generation, Ordering::Release);
        Ok(())
    }

    async fn take_from_redis(&self, now: Timestamp) -> Result<BTreeSet<Typist>, RedisFault> {
        let mut expired = BTreeSet::new();
        loop {
            let mut call = self.script.key(&self.key);
            call.arg(now.as_unix_micros()).arg(CHUNK);
            let names: Vec<String> =
                match self.redis.run(async |mut connection| call.invoke_async(&mut connection).await).await {
                    Ok(names) => names,
                    // Removed entries no longer belong to any node.
                    Err(fault) if expired.is_empty() => return Err(fault),
                    Err(_) => return Ok(expired),
                };
            expired.extend(names.iter().filter_map(|name| typist(name)));
            if names.len() < CHUNK {
                return Ok(expired);
            }
        }
    }
}

#[async_trait]
impl TypingRegistry for RedisTyping {
    async fn start(&self, conversation: ConversationId, user: UserId, until: Timestamp) -> Result<bool, TypingError> {
        let typist = (conversation, user);
        let is_new_here = self.remember(typist, until);
        match self.add(&[(typist, until)]).await {
            Ok(added) => Ok(added == 1),
            Err(fault) => {
                self.redis.note(&fault, "cannot write a typing entry");
                Ok(is_new_here)
            }
        }
    }

    async fn stop(&self, conversation: ConversationId, user: UserId) -> Result<bool, TypingError> {
        let typist = (conversation, user);
        let was_here = self.begun_here().remove(&typist).is_some();
        let mut command = redis::cmd("ZREM");
        command.arg(&self.key).arg(name(typist));
        let removed: Result<usize, _> =
            self.redis.run(async |mut connection| command.query_async(&mut connection).await).await;
        match removed {
            Ok(removed) => Ok(removed == 1),
            Err(fault) => {
                self.redis.note(&fault, "cannot remove a typing entry");
                Ok(was_here)
            }
        }
    }

    /// The user may have started on another node.
    fn may_be_typing(&self, _: ConversationId, _: UserId) -> bool {
        true
    }

    async fn take_expired(&self, now: Timestamp) -> Result<Vec<(ConversationId, UserId)>, TypingError> {
        let taken = match self.bring_back().await {
            Ok(()) => self.take_from_redis(now).await,
            Err(fault) => Err(fault),
        };
        let expired_here: Vec<_> =
            self.begun_here().extract_if(.., |_, until| *until <= now).map(|(typist, _)| typist).collect();
        match taken {
            // This node's entries are among them, or another node has removed them.
            Ok(expired) => Ok(expired.into_iter().collect()),
            Err(fault) => {
                self.redis.note(&fault, "cannot expire typing entries");
                Ok(expired_here)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    proptest! {
        #[test]
        fn a_typist_is_read_back_from_the_name(conversation: u128, user: u128, other in ".{0,80}") {
            let who = (ConversationId::new(Uuid::from_u128(conversation)), UserId::new(Uuid::from_u128(user)));
            prop_assert_eq!(typist(&name(who)), Some(who));
            prop_assert!(typist(&other).is_none_or(|who| name(who).eq_ignore_ascii_case(&other)));
        }
    }
}
