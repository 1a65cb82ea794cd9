mod packets;
mod publisher;
mod receiver;
mod shard;
mod stats;

pub use stats::BusStats;

use crate::Redis;
use crate::link::{Link, LinkRole};
use chat_domain::{Change, ConversationId, Envelope, EventBus, Expected, NodeId, Wakeup};
use chat_protocol::node::{Form, Head, PacketError, write_packet};
use packets::packets_of;
use publisher::Publisher;
use receiver::Receiver;
use shard::{SHARDS, shard_of};
use stats::{Counters, count};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Callbacks to the node that owns the bus. Both are called often, and must neither block nor wait.
#[derive(Clone)]
pub struct BusHooks {
    /// Whether a connection of this node needs the event with this head; if not, its body is never read. The callback
    /// also learns the position of conversations in which no user of this node takes part.
    pub is_needed: Arc<dyn Fn(&Head) -> bool + Send + Sync>,
    /// Packets may have been lost: the connection was lost and is back, another node could not publish for a while, or
    /// this node was too slow. The node then compares the newest positions of all conversations of its users with the
    /// store.
    pub on_gap: Arc<dyn Fn() + Send + Sync>,
}

/// The bus between nodes: delivers to this node's own bus first, then to the other nodes through Redis.
///
/// Delivery is best effort, as the port says. Publishing never waits: if the queue is full or Redis unreachable, the
/// packet is dropped and counted, and the other nodes are notified as soon as possible. Packets of one node arrive in
/// the order in which it published them, each once or not at all.
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
    /// Subscribes in the background, on the caller's runtime, until it is dropped. `local` receives the events that
    /// this node publishes, and those of other nodes.
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
            // On the first connection too: events published before this node subscribed are missing as well.
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

    /// Whether this node is subscribed and can publish.
    pub fn is_connected(&self) -> bool {
        self.subscription.is_up() && self.publisher.link().is_up()
    }

    /// Returns when this node is subscribed and can publish.
    pub async fn connected(&self) {
        self.subscription.up().await;
        self.publisher.link().up().await;
    }

    fn form(&self) -> Form {
        Form::up_to(self.form.load(Ordering::Relaxed))
    }

    /// Sends a packet to the other nodes. Returns at once.
    fn send(&self, channel: u8, packet: Result<Vec<u8>, PacketError>) {
        match packet {
            Ok(packet) => self.publisher.push(&self.channels[usize::from(channel)], packet),
            Err(fault) => {
                count(&self.counters.dropped, 1);
                tracing::warn!(error = &fault as &dyn std::error::Error, "cannot encode an event for the other nodes");
            }
        }
    }

    /// The counters so far.
    pub fn stats(&self) -> BusStats {
        self.counters.read()
    }
}

impl EventBus for RedisBus {
    fn publish(&self, envelope: Envelope) {
        let packet = write_packet(self.node, &envelope, self.form());
        let channel = shard_of(&envelope);
        self.local.publish(envelope);
        self.send(channel, packet);
    }

    fn publish_changes(&self, changes: Vec<Change>) -> Wakeup {
        let packets = packets_of(self.node, &changes, self.form());
        let wakeup = self.local.publish_changes(changes);
        for (channel, packet) in packets {
            self.send(channel, packet);
        }
        wakeup
    }

    fn expect(&self, conversation: ConversationId) -> Expected {
        self.local.expect(conversation)
    }
}
