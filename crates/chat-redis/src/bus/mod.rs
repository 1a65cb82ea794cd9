mod publisher;
mod receiver;
mod shard;
mod stats;

pub use stats::BusStats;

use crate::Redis;
use crate::link::{Link, LinkRole};
use async_trait::async_trait;
use chat_domain::{ConversationId, Envelope, EventBus, Expected, NodeId};
use chat_protocol::node::{Form, Head, write_packet};
use publisher::Publisher;
use receiver::Receiver;
use shard::{SHARDS, shard_of};
use stats::{Counters, count};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// What the bus asks and tells the node that it belongs to. Both are called often, must not block, and must not wait.
#[derive(Clone)]
pub struct BusHooks {
    /// Whether anybody here needs the event under this head; where not, its body is never read. Also the place to note
    /// how far a conversation is that nobody here takes part in.
    pub is_needed: Arc<dyn Fn(&Head) -> bool + Send + Sync>,
    /// Something may have been missed: the connection was away and is back, another node could not publish for a while,
    /// or this one could not keep up. The newest numbers of every conversation that somebody here takes part in are to
    /// be compared with the store.
    pub on_gap: Arc<dyn Fn() + Send + Sync>,
}

/// The bus between nodes: this node's own bus first, then the others through Redis.
///
/// Best effort, as the port says. Publishing never waits: what finds the queue full or Redis away is dropped and
/// counted, and the others are told so when it is possible again. What one node publishes arrives in its order, once or
/// not at all.
pub struct RedisBus {
    node: NodeId,
    local: Arc<dyn EventBus>,
    channels: Vec<Arc<str>>,
    publisher: Publisher,
    subscription: Link,
    counters: Arc<Counters>,
    /// The number of the newest [`Form`] that every node reads.
    form: AtomicU8,
}

impl RedisBus {
    /// Subscribes in the background, on the caller's runtime, until it is dropped. `local` gets what this node
    /// publishes, and what arrives from the others.
    pub fn start(redis: &Redis, node: NodeId, local: Arc<dyn EventBus>, hooks: BusHooks) -> Self {
        let counters = Arc::new(Counters::default());
        let channels: Vec<Arc<str>> = (0..SHARDS).map(|shard| redis.key(&format!("{{bus:{shard}}}")).into()).collect();
        let notice_channel = redis.key("{bus:gaps}");
        let queue_bytes = redis.settings().receive_queue_bytes;
        let receiver = Arc::new(Receiver::spawn(
            node,
            notice_channel.clone(),
            queue_bytes,
            local.clone(),
            hooks,
            counters.clone(),
        ));
        let on_message = {
            let receiver = Arc::clone(&receiver);
            Arc::new(move |push| receiver.take(push))
        };
        let role = LinkRole {
            name: "subscribe",
            channels: channels.iter().map(ToString::to_string).chain([notice_channel.clone()]).collect(),
            on_message,
            // The first time too: what was published before this node listened is missed as well.
            on_change: Arc::new(move |is_up| {
                if is_up {
                    receiver.gap();
                }
            }),
        };
        let subscription = redis.spawn_link(role);
        let publisher = Publisher::spawn(redis, node, notice_channel, counters.clone());
        let form = AtomicU8::new(Form::default().number());
        Self { node, local, channels, publisher, subscription, counters, form }
    }

    /// Writes packets in this form from now on: the newest that every live node reads. Until it is called, in the form
    /// that the previous release reads.
    pub fn write_form(&self, form: Form) {
        self.form.store(form.number(), Ordering::Relaxed);
    }

    /// Whether this node hears the others and is heard at the moment.
    pub fn is_connected(&self) -> bool {
        self.subscription.is_up() && self.publisher.link().is_up()
    }

    /// Returns as soon as this node hears the others and is heard.
    pub async fn connected(&self) {
        self.subscription.up().await;
        self.publisher.link().up().await;
    }

    /// What it has done so far.
    pub fn stats(&self) -> BusStats {
        self.counters.read()
    }
}

#[async_trait]
impl EventBus for RedisBus {
    async fn publish(&self, envelope: Envelope) {
        let packet = write_packet(self.node, &envelope, Form::up_to(self.form.load(Ordering::Relaxed)));
        let channel = &self.channels[usize::from(shard_of(&envelope))];
        self.local.publish(envelope).await;
        match packet {
            Ok(packet) => self.publisher.push(channel, packet),
            Err(fault) => {
                count(&self.counters.dropped, 1);
                tracing::warn!(error = &fault as &dyn std::error::Error, "an event cannot be sent to other nodes");
            }
        }
    }

    fn expect(&self, conversation: ConversationId) -> Expected {
        self.local.expect(conversation)
    }
}
