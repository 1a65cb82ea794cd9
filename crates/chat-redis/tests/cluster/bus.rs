use crate::support::{ABus, node, prefix, settings};
use chat_domain::changes::{ChangeRecord, ChangeTag, Effect};
use chat_domain::{Audience, Change, ChangeKind, ConversationId, Envelope, Event, EventBus, Pos, Timestamp, UserId};
use chat_protocol::node::{Form, write_packet};
use chat_redis::RedisSettings;
use chat_testkit::nodes::eventually;
use chat_testkit::servers::RedisServer;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use uuid::Uuid;

fn event(number: u128) -> Envelope {
    let user_id = UserId::new(Uuid::from_u128(number));
    Envelope {
        audience: Audience::Everyone,
        except: None,
        event: Event::UserOffline { user_id, last_seen: Timestamp::default() },
    }
}

/// Waits for this event; returns everything that arrived until then.
async fn arrived(bus: &ABus, last: &Envelope) -> Vec<Envelope> {
    let mut all = Vec::new();
    eventually("the event has arrived", async || {
        all.extend(bus.arrived.take());
        all.contains(last)
    })
    .await;
    all
}

/// Publishes on one node until an event arrives on the other.
async fn flows(from: &ABus, to: &ABus, number: u128) {
    eventually("events flow again", async || {
        from.bus.publish(event(number));
        to.arrived.take().contains(&event(number))
    })
    .await;
    from.arrived.take();
}

async fn two(settings: RedisSettings) -> (ABus, ABus) {
    (ABus::start(settings.clone(), 1).await, ABus::start(settings, 2).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restart_of_redis_events_flow_again_and_both_nodes_are_told_of_a_gap() {
    let server = RedisServer::start();
    let (one, other) = two(settings(&server, "chat")).await;
    for round in 0..3 {
        let before = (one.gaps(), other.gaps());
        if round == 1 {
            server.stop();
        } else {
            server.kill9();
        }
        eventually("the loss is noticed", async || !one.bus.is_connected() && !other.bus.is_connected()).await;
        server.resume();
        eventually("the gap is reported", async || one.gaps() > before.0 && other.gaps() > before.1).await;
        flows(&one, &other, 1).await;
        flows(&other, &one, 2).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_events_are_delivered_here_at_once_and_dropped_for_the_others() {
    let server = RedisServer::start();
    let (one, other) = two(settings(&server, "chat")).await;
    server.kill9();
    eventually("the loss is noticed", async || !one.bus.is_connected()).await;
    let began = Instant::now();
    for number in 0..1_000 {
        one.bus.publish(event(number));
    }
    assert!(began.elapsed() < Duration::from_secs(2), "a thousand failing calls took {:?}", began.elapsed());
    assert_eq!(one.arrived.take().len(), 1_000);
    assert_eq!(one.bus.stats().dropped, 1_000);

    let before = other.gaps();
    server.resume();
    eventually("the other node is notified", async || other.gaps() > before).await;
    one.bus.connected().await;
    one.bus.publish(event(7_777));
    assert_eq!(arrived(&other, &event(7_777)).await, [event(7_777)], "old events are not sent later");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_drops_instead_of_waiting_and_the_others_are_told() {
    let server = RedisServer::start();
    let settings = RedisSettings { publish_queue_bytes: 4_096, ..settings(&server, "chat") };
    let (one, other) = two(settings).await;
    let before = other.gaps();
    server.freeze();
    let began = Instant::now();
    for number in 0..1_000 {
        one.bus.publish(event(number));
    }
    assert!(began.elapsed() < Duration::from_secs(2), "publishing waited for {:?}", began.elapsed());
    assert_eq!(one.arrived.take().len(), 1_000);
    assert!(one.bus.stats().dropped > 900, "{:?}", one.bus.stats());
    server.thaw();
    eventually("the other node is notified", async || other.gaps() > before).await;
    flows(&one, &other, 5_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_neither_answers_nor_hangs_up_is_given_up_and_found_again() {
    let server = RedisServer::start();
    let (one, other) = two(settings(&server, "chat")).await;
    server.freeze();
    eventually("the silence is noticed", async || !one.bus.is_connected() && !other.bus.is_connected()).await;
    server.thaw();
    flows(&one, &other, 1).await;
    flows(&other, &one, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_here_needs_is_not_delivered() {
    let (one, other) = two(settings(RedisServer::shared(), &prefix())).await;
    other.is_needed.store(false, Ordering::Release);
    one.bus.publish(event(1));
    eventually("it was received", async || other.bus.stats().received == 1).await;
    other.is_needed.store(true, Ordering::Release);
    one.bus.publish(event(2));
    let all = arrived(&other, &event(2)).await;
    let stats = other.bus.stats();
    // The first packet may still have waited when it became needed; then it was delivered in order.
    assert_eq!(all.len() as u64, stats.delivered);
    assert!(all == [event(2)] || all == [event(1), event(2)]);
    assert_eq!(one.bus.stats().received, 0, "its own packet does not count as another node's");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_arrive_in_either_form_of_packet_and_unknown_ones_with_their_effect() {
    let server = RedisServer::shared();
    let (one, other) = two(settings(server, &prefix())).await;
    let (conversation_id, member) = (ConversationId::new(Uuid::from_u128(7)), UserId::new(Uuid::from_u128(8)));
    let change = |number, kind| {
        Envelope::change(Change { conversation_id, pos: Pos::new(number), at: Timestamp::default(), kind })
    };
    let left = |number| change(number, ChangeKind::ParticipantRemoved { user_id: member });
    let tag = ChangeTag::from_stored("of_a_later_release");
    let record = ChangeRecord {
        effect: Effect::Joins(vec![member]),
        ..ChangeRecord::new(conversation_id, Pos::new(3), Timestamp::default(), tag)
    };
    let unknown = change(3, ChangeKind::Unknown(Box::new(record)));
    one.bus.publish(left(1));
    one.bus.write_form(Form::Records);
    one.bus.publish(left(2));
    one.bus.publish(unknown.clone());
    assert_eq!(arrived(&other, &unknown).await, [left(1), left(2), unknown]);
    assert_eq!(other.bus.stats().refused, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_is_skipped_and_the_next_arrives() {
    let server = RedisServer::shared();
    let prefix = prefix();
    let (one, other) = two(settings(server, &prefix)).await;
    let newer = {
        let mut packet = write_packet(node(9), &event(1), Form::NEWEST).expect("a packet");
        packet[0] = 77;
        packet.iter().fold(String::new(), |text, byte| text + &format!("\\x{byte:02x}"))
    };
    for bytes in ["nonsense", &newer, ""] {
        assert_eq!(server.ask(&format!("PUBLISH {prefix}:{{bus:5}} \"{bytes}\"")), ":2\r\n", "both listen");
    }
    one.bus.publish(event(2));
    assert_eq!(arrived(&other, &event(2)).await, [event(2)]);
    assert_eq!(other.bus.stats().refused, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clusters_of_different_prefix_do_not_hear_each_other() {
    let server = RedisServer::shared();
    let (one, other) = two(settings(server, &prefix())).await;
    let stranger = ABus::start(settings(server, &prefix()), 3).await;
    stranger.bus.publish(event(1));
    stranger.bus.publish(Envelope { audience: Audience::Conversation(ConversationId::new(Uuid::nil())), ..event(2) });
    eventually("it was published", async || stranger.bus.stats().published == 2).await;
    one.bus.publish(event(3));
    assert_eq!(arrived(&other, &event(3)).await, [event(3)]);
}
