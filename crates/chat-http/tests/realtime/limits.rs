use crate::house::{FIN, House, PING, PONG, command, frame};
use chat_app::SendDirect;
use chat_domain::messages::MessageBody;
use chat_domain::presence::PresenceStatus;
use chat_domain::users::UserSummary;
use chat_domain::{Audience, Envelope, Event, Timestamp};
use chat_realtime::RealtimeSettings;
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_is_closed_and_others_are_not_kept_waiting() {
    let house = House::open();
    let (ann, ben) = (house.register("ann").await, house.register("ben").await);
    let mut slow = house.connect(&ann).await;
    let mut quick = house.connect(&ben).await;
    let event = |number: usize| Envelope {
        audience: Audience::Everyone,
        except: None,
        event: Event::UserOnline {
            user: UserSummary {
                id: ben.id,
                username: None,
                name: format!("{number:06}{}", "x".repeat(9_994)),
                avatar: None,
            },
            status: PresenceStatus::Online,
            at: Timestamp::default(),
        },
    };
    // More than the kernel's buffers and the queue hold together.
    for number in 0..3_000 {
        house.state.fan_out.accept(event(number));
        // The fast client reads everything, so that only the other one is slow.
        let name = loop {
            let name = quick.event("user:online").await["data"]["name"].as_str().expect("a name").to_owned();
            if name.len() == 10_000 {
                break name;
            }
        };
        assert_eq!(&name[..6], format!("{number:06}"));
    }
    assert_eq!(slow.close_code().await, 4008);
    quick.write(&command("presence:get", &json!({"userId": ben.id.to_string()}), "1")).await;
    assert_eq!(quick.event("ack").await["id"], "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_answers_no_ping_is_gone_and_so_is_its_presence() {
    let quick = Duration::from_millis(150);
    let house = House::with(RealtimeSettings {
        heartbeat_interval: quick,
        heartbeat_timeout: quick,
        close_linger: quick,
        ..RealtimeSettings::default()
    });
    let (ann, ben) = (house.register("ann").await, house.register("ben").await);
    house.group(&[&ann, &ben]).await;
    let mut at_ben = house.connect(&ben).await;
    let offline = tokio::spawn(async move {
        loop {
            let (first, payload) = at_ben.frame().await.expect("the socket of a client that answers stays open");
            if first == FIN | PING {
                at_ben.write(&frame(FIN | PONG, &payload)).await;
            } else if let Ok(event) = serde_json::from_slice::<serde_json::Value>(&payload)
                && event["event"] == "user:offline"
            {
                break event["data"]["userId"].clone();
            }
        }
    });
    let mut socket = house.connect(&ann).await;
    while socket.frame().await.expect("a frame").0 != FIN | PING {}
    assert_eq!(socket.close_code().await, 4004);
    let gone = tokio::time::timeout(Duration::from_secs(5), offline).await.expect("offline");
    assert_eq!(gone.expect("an event"), ann.id.to_string());
    let actor = house.state.app.auth.authenticate(&ann.token).expect("an actor");
    let profile = house.state.app.presence.status_of(actor, ann.id).await.expect("a profile");
    assert_eq!(profile.status, Some(PresenceStatus::Offline));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_tells_everyone_when_to_come_back_and_ends() {
    let house = House::open();
    let ann = house.register("ann").await;
    let (mut socket, mut stranger) = (house.connect(&ann).await, house.strange_socket().await);
    let fan_out = house.state.fan_out.clone();
    let draining = tokio::spawn(async move { fan_out.drain().await });
    let (_, payload) = socket.frame().await.expect("a Close frame");
    assert_eq!(u16::from_be_bytes([payload[0], payload[1]]), 4012);
    let reason: serde_json::Value = serde_json::from_slice(&payload[2..]).expect("JSON");
    assert!(reason["retryAfterMs"].as_u64().is_some_and(|pause| pause < 5_000), "{reason}");
    socket.write(&frame(0x88, &payload[..2])).await;
    assert_eq!(stranger.close_code().await, 4012);
    tokio::time::timeout(Duration::from_secs(5), draining).await.expect("in time").expect("drained");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_s_connection_too_many_is_told_and_closed() {
    let house = House::with(RealtimeSettings { max_connections_per_user: 1, ..RealtimeSettings::default() });
    let ann = house.register("ann").await;
    let _first = house.connect(&ann).await;
    let mut second = house.connect(&ann).await;
    assert_eq!(second.event("error").await["data"]["code"], "TOO_MANY_CONNECTIONS");
    assert_eq!(second.close_code().await, 4009);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_many_large_pages_at_once_gets_them_all_as_fast_as_they_are_read() {
    const PAGES: usize = 20;
    let house = House::open();
    let (ann, ben) = (house.register("ann").await, house.register("ben").await);
    let actor = house.state.app.auth.authenticate(&ann.token).expect("an actor");
    let long = "\u{1F600}".repeat(2_000);
    for _ in 0..100 {
        let body = MessageBody::parse(&long).expect("a body");
        let send = SendDirect { receiver: ben.id, content: body.into(), client_message_id: None };
        house.state.app.messages.send_direct(actor, send).await.expect("sent");
    }
    let mut socket = house.connect_camel(&ben).await;
    let fetch = json!({"senderId": ann.id.to_string(), "receiverId": ben.id.to_string(), "limit": 100});
    let asked: Vec<u8> = (0..PAGES).flat_map(|number| command("fetchMessages", &fetch, &number.to_string())).collect();
    socket.write(&asked).await;
    // The network is blocked until the server waits: the requested pages exceed all buffers on the way.
    let patience = Duration::from_secs(5);
    let blocked = async { while house.state.fan_out.queue_stats(patience).await.waiting == 0 {} };
    tokio::time::timeout(patience, blocked).await.expect("the server waits for the client");
    for number in 0..PAGES {
        let ack = socket.event("ack").await;
        assert_eq!(ack["id"], number.to_string());
        assert_eq!(ack["data"]["messages"].as_array().map(Vec::len), Some(100));
    }
}
