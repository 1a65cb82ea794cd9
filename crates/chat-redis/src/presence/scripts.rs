use super::here::Choice;
use crate::fault::RedisFault;
use crate::redis_handle::millis;
use crate::{Redis, presence};
use chat_domain::presence::{MAX_UPKEEP_USERS, PresenceStatus};
use chat_domain::{NodeId, UserId};
use redis::Script;
use std::collections::BTreeSet;
use std::time::Duration;

/// How many users one call of a script handles; meanwhile Redis serves no other client.
const CHUNK: usize = 500;

/// How many users one round trip lists.
const LIST_CHUNK: usize = 10_000;

/// The only code that knows how Redis stores presence. All keys have the same hash tag, since the scripts use several
/// of them at once:
///
/// | key | content |
/// | --- | --- |
/// | `leases` | sorted set: node → the millisecond at which its lease ends |
/// | `releases` | hash: node → what it knows; a node of an earlier release has no entry |
/// | `lapsed` | set: dead nodes whose users are still being removed |
/// | `node:<node>` | set: the users on that node |
/// | `user:<user>` | set: the nodes of that user; exists while the user is online |
/// | `online` | sorted set: all users online |
/// | `chosen` | hash: user → microsecond and status of their latest choice |
/// | `filling` | the id of this data set, lost when Redis is emptied |
/// | `young` | exists until one lease after the data set was created |
pub(super) struct Scripts {
    redis: Redis,
    base: String,
    node: String,
    lease: Duration,
    /// The packet form and the features that this node knows, as stored with its lease.
    knowledge: String,
    enter: Script,
    leave: Script,
    choose: Script,
    renew: Script,
    claim: Script,
}

/// The result of a batch of users, in their order.
pub(super) struct Moved {
    /// Whether the node still had its lease, so that the other nodes have its complete state.
    pub(super) had_lease: bool,
    /// For each user, whether it came online, or went offline, by this.
    pub(super) changed: Vec<bool>,
}

/// The state in which a node found its lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lease {
    /// Missing: the node was considered dead, or Redis was emptied.
    Lost,
    /// Expired, but no other node had noticed.
    Ended,
    /// Valid.
    Good,
}

/// The result of renewing the lease.
pub(super) struct Renewed {
    pub(super) lease: Lease,
    /// The id of the Redis data set.
    pub(super) filling: String,
    /// Whether the data set is younger than one lease: nodes that live may not have renewed their leases in it yet.
    pub(super) is_young: bool,
    /// What each node with a lease knows, this node included; empty for a node without an entry.
    pub(super) releases: Vec<String>,
}

/// The result of taking over users of dead nodes.
pub(super) struct Claimed {
    /// The users who are now on no node.
    pub(super) users: Vec<UserId>,
    /// Whether there are more.
    pub(super) has_more: bool,
}

fn texts(users: &[UserId]) -> Vec<String> {
    users.iter().map(ToString::to_string).collect()
}

fn ids(texts: &[String]) -> Vec<UserId> {
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

impl Scripts {
    pub(super) fn new(redis: Redis, node: NodeId, knowledge: String) -> Self {
        Self {
            base: redis.key("{presence}"),
            node: node.to_string(),
            lease: redis.settings().presence_lease,
            knowledge,
            redis,
            enter: Script::new(include_str!("scripts/enter.lua")),
            leave: Script::new(include_str!("scripts/leave.lua")),
            choose: Script::new(include_str!("scripts/choose.lua")),
            renew: Script::new(include_str!("scripts/renew.lua")),
            claim: Script::new(include_str!("scripts/claim.lua")),
        }
    }

    pub(super) async fn enter(&self, users: &[UserId]) -> Result<Moved, RedisFault> {
        self.moved(users, |chunk| {
            let mut call = self.enter.key(&self.base);
            call.arg(&self.node).arg(millis(self.lease)).arg(&self.knowledge);
            call.arg(texts(chunk));
            call
        })
        .await
    }

    pub(super) async fn leave(&self, users: &[UserId]) -> Result<Moved, RedisFault> {
        self.moved(users, |chunk| {
            let mut call = self.leave.key(&self.base);
            call.arg(&self.node);
            call.arg(texts(chunk));
            call
        })
        .await
    }

    async fn moved<'s>(
        &'s self,
        users: &[UserId],
        call: impl Fn(&[UserId]) -> redis::ScriptInvocation<'s>,
    ) -> Result<Moved, RedisFault> {
        let mut moved = Moved { had_lease: true, changed: Vec::with_capacity(users.len()) };
        for chunk in users.chunks(CHUNK) {
            let call = call(chunk);
            let answer: Vec<i64> =
                self.redis.run(async |mut connection| call.invoke_async(&mut connection).await).await?;
            moved.had_lease &= answer.first() == Some(&1);
            moved.changed.extend(answer.iter().skip(1).map(|changed| *changed == 1));
        }
        Ok(moved)
    }

    /// For each user: whether the status changed; `None` for a user who is offline.
    pub(super) async fn choose(&self, choices: &[(UserId, Choice)]) -> Result<Vec<Option<bool>>, RedisFault> {
        let mut changed = Vec::with_capacity(choices.len());
        for chunk in choices.chunks(CHUNK) {
            let mut call = self.choose.key(&self.base);
            for (user, choice) in chunk {
                let age = u64::try_from(choice.at.elapsed().as_micros()).unwrap_or(u64::MAX);
                call.arg(user.to_string()).arg(choice.status.as_str()).arg(age);
            }
            let answer: Vec<i64> =
                self.redis.run(async |mut connection| call.invoke_async(&mut connection).await).await?;
            changed.extend(answer.into_iter().map(|outcome| (outcome >= 0).then_some(outcome == 1)));
        }
        Ok(changed)
    }

    /// Renews the lease of this node, and stores what the node knows.
    pub(super) async fn renew(&self) -> Result<Renewed, RedisFault> {
        let mut call = self.renew.key(&self.base);
        call.arg(&self.node).arg(millis(self.lease)).arg(uuid::Uuid::new_v4().to_string()).arg(&self.knowledge);
        let (held, filling, is_young, releases): (String, String, bool, Vec<String>) =
            self.redis.run(async |mut connection| call.invoke_async(&mut connection).await).await?;
        let lease = match held.as_str() {
            "2" => Lease::Good,
            "1" => Lease::Ended,
            _ => Lease::Lost,
        };
        Ok(Renewed { lease, filling, is_young, releases })
    }

    pub(super) async fn claim(&self, is_retiring: bool) -> Result<Claimed, RedisFault> {
        let mut call = self.claim.key(&self.base);
        call.arg(MAX_UPKEEP_USERS);
        if is_retiring {
            call.arg(&self.node);
        }
        let answer: Vec<String> =
            self.redis.run_slowly(async |mut connection| call.invoke_async(&mut *connection).await).await?;
        let taken = answer.first().and_then(|count| count.parse().ok()).unwrap_or(0_usize);
        Ok(Claimed { users: ids(answer.get(1..).unwrap_or_default()), has_more: taken >= MAX_UPKEEP_USERS })
    }

    /// The users who are on this node according to Redis.
    pub(super) async fn users_of_this_node(&self) -> Result<BTreeSet<UserId>, RedisFault> {
        let key = format!("{}:node:{}", self.base, self.node);
        let members: Vec<String> = self
            .redis
            .run_slowly(async |mut connection| redis::cmd("SMEMBERS").arg(&key).query_async(&mut *connection).await)
            .await?;
        Ok(ids(&members).into_iter().collect())
    }

    pub(super) async fn statuses(&self, users: &[UserId]) -> Result<Vec<PresenceStatus>, RedisFault> {
        let mut statuses = Vec::with_capacity(users.len());
        for chunk in users.chunks(CHUNK) {
            let texts = texts(chunk);
            let mut pipeline = redis::pipe();
            pipeline.cmd("ZMSCORE").arg(format!("{}:online", self.base)).arg(&texts);
            pipeline.cmd("HMGET").arg(format!("{}:chosen", self.base)).arg(&texts);
            let (online, chosen): (Vec<Option<f64>>, Vec<Option<String>>) =
                self.redis.run(async |mut connection| pipeline.query_async(&mut connection).await).await?;
            statuses.extend(online.iter().zip(&chosen).map(|(online, chosen)| match (online, chosen) {
                (None, _) => PresenceStatus::Offline,
                (Some(_), chosen) => chosen.as_deref().and_then(presence::chosen).unwrap_or(PresenceStatus::Online),
            }));
        }
        Ok(statuses)
    }

    /// The users online, in the order of their ids: ids sort like their texts.
    pub(super) async fn online(&self) -> Result<BTreeSet<UserId>, RedisFault> {
        let key = format!("{}:online", self.base);
        let mut online = BTreeSet::new();
        let mut after = "-".to_owned();
        loop {
            let mut command = redis::cmd("ZRANGEBYLEX");
            command.arg(&key).arg(&after).arg("+").arg("LIMIT").arg(0).arg(LIST_CHUNK);
            let page: Vec<String> =
                self.redis.run_slowly(async |mut connection| command.query_async(&mut *connection).await).await?;
            online.extend(ids(&page));
            match page.last() {
                Some(last) if page.len() == LIST_CHUNK => after = format!("({last}"),
                _ => return Ok(online),
            }
        }
    }
}
