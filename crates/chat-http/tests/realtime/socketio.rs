//! The namespace `/chat` of Socket.IO: the same connection as on the plain WebSocket.

use crate::engine::{Answer, Client, Poller, ack_in, event_in, request};
use crate::house::House;
use chat_domain::auth::LiveConnections as _;
use chat_domain::rate_limits::Quota;
use chat_http::Quotas;
use chat_realtime::RealtimeSettings;
use serde_json::{Value, json};
use std::time::Duration;

fn send(group: &str, content: &str) -> Value {
    json!({"conversationId": group, "content": content})
}

#[tokio::test]
async fn a_callback_gets_what_was_stored_and_everybody_the_event() {
    let house = House::open();
    let (ann, ben) = (house.register("ann").await, house.register("ben").await);
    let group = house.group(&[&ann, &ben]).await;
    let mut sender = Client::connect(house.address, &ann, json!({})).await;
    let mut receiver = Client::connect(house.address, &ben, json!({})).await;
    let answer = sender.ask("message:send", &send(&group, "Hello"), 7).await;
    assert_eq!((&answer["success"], &answer["data"]["seq"]), (&json!(true), &json!(1)), "{answer}");
    let event = receiver.event("message:received").await;
    assert_eq!((&event["content"], &event["seq"]), (&json!("Hello"), &json!(1)));
    let joined = receiver.ask("conversation:join", &json!({"conversationId": group}), 1).await;
    assert_eq!(joined, json!({"success": true, "data": {}}));
    let empty = sender.ask("typing:start", &json!({"conversationId": group}), 8).await;
    assert_eq!(empty, json!({"success": true, "data": {}}));
    assert_eq!(receiver.event("typing:update").await["isTyping"], true);
}

#[tokio::test]
async fn whoever_polls_is_served_the_same() {
    let house = House::open();
    let (ann, ben) = (house.register("ann").await, house.register("ben").await);
    let group = house.group(&[&ann, &ben]).await;
    let (sender, receiver) = (Poller::connect(&house, &ann).await, Poller::connect(&house, &ben).await);
    let packets: Vec<_> =
        (0..20).map(|id| format!("42/chat,{id}{}", json!(["message:send", send(&group, "Hello")]))).collect();
    let payload = packets.join("\u{1e}");
    let ((), mut heard) = tokio::join!(sender.say(&payload), receiver.hear());
    while heard.len() < 20 {
        let more = receiver.hear().await;
        assert!(more.len() <= 16, "no more than clients take");
        heard.extend(more);
    }
    let seqs: Vec<_> =
        heard.iter().filter_map(|packet| event_in(packet, "message:received")?["seq"].as_u64()).collect();
    assert_eq!(seqs, (1..=20).collect::<Vec<_>>());
    let mut answers = Vec::new();
    while answers.len() < 20 {
        answers.extend(sender.hear().await.iter().filter_map(|packet| (0..20).find_map(|id| ack_in(packet, id))));
    }
    assert!(answers.iter().all(|answer| answer["success"] == true), "{answers:?}");
}

#[tokio::test]
async fn what_comes_together_is_told_apart_for_whoever_polls() {
    // With this setting every conversation counts as large: what several users send at the same time is delivered in
    // one piece.
    let together = RealtimeSettings {
        large_conversation: 1,
        burst_patience: Duration::from_millis(50),
        ..RealtimeSettings::default()
    };
    let house = House::with(together);
    let (ann, ben) = (house.register("ann").await, house.register("ben").await);
    let group = house.group(&[&ann, &ben]).await;
    let receiver = Poller::connect(&house, &ben).await;
    let mut senders = Vec::new();
    for _ in 0..6 {
        senders.push(Client::connect(house.address, &ann, json!({})).await);
    }
    for round in 0..5 {
        let sending =
            senders.iter_mut().map(|sender| async { sender.ask("message:send", &send(&group, "Hello"), 1).await });
        let answers = futures_util::future::join_all(sending).await;
        assert!(answers.iter().all(|answer| answer["success"] == true), "{answers:?}");
        let mut seqs = Vec::new();
        while seqs.len() < 6 {
            let heard = receiver.hear().await;
            seqs.extend(heard.iter().filter_map(|packet| event_in(packet, "message:received")?["seq"].as_u64()));
        }
        assert_eq!(seqs, (round * 6 + 1..=round * 6 + 6).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn what_was_asked_for_before_a_goodbye_is_done() {
    let house = House::open();
    let (ann, ben) = (house.register("ann").await, house.register("ben").await);
    let group = house.group(&[&ann, &ben]).await;
    let mut receiver = Client::connect(house.address, &ben, json!({})).await;
    let sender = Poller::connect(&house, &ann).await;
    let mut packets: Vec<_> =
        (0..10).map(|id| format!("42/chat,{id}{}", json!(["message:send", send(&group, "Hello")]))).collect();
    packets.extend(["41/chat,".to_owned(), "1".to_owned()]);
    sender.say(&packets.join("\u{1e}")).await;
    for seq in 1..=10 {
        assert_eq!(receiver.event("message:received").await["seq"], seq);
    }
}

#[tokio::test]
async fn a_failure_is_told_to_the_callback_or_by_an_event() {
    let house = House::open();
    let ann = house.register("ann").await;
    let mut client = Client::connect(house.address, &ann, json!({})).await;
    let long = client.ask("message:send", &send(&ann.id.to_string(), &"x".repeat(500_000)), 0).await;
    assert_eq!((&long["success"], &long["error"]["code"]), (&json!(false), &json!("VALIDATION_FAILED")), "{long}");
    let nowhere = client.ask("message:send", &send(&ann.id.to_string(), "x"), 1).await;
    assert_eq!(nowhere["error"]["code"], "CONVERSATION_NOT_FOUND");
    let unknown = client.ask("no:such", &json!({}), 2).await;
    assert_eq!(unknown["error"]["code"], "UNKNOWN_EVENT");
    client.say(r#"42/chat,["conversation:join",7,8]"#).await;
    assert_eq!(client.event("error").await["code"], "VALIDATION_FAILED");
    client.say(r#"42/chat,3["presence:get"]"#).await;
    assert_eq!(client.ack(3).await["error"]["code"], "VALIDATION_FAILED", "no argument at all");
}

#[tokio::test]
async fn binary_is_refused_and_the_connection_stays() {
    let house = House::open();
    let ann = house.register("ann").await;
    let mut client = Client::connect(house.address, &ann, json!({})).await;
    client.say(r#"451-/chat,9["message:send",{"_placeholder":true,"num":0}]"#).await;
    client.0.write(&crate::house::frame(crate::house::FIN | crate::house::BINARY, b"\x00\x01")).await;
    let answer = client.ack(9).await;
    assert_eq!(answer["error"]["code"], "VALIDATION_FAILED", "{answer}");
    assert_eq!(client.ask("presence:update", &json!({"status": "away"}), 10).await["success"], true);
}

#[tokio::test]
async fn who_may_not_connect_hears_why_and_may_try_again() {
    let house = House::open();
    let ann = house.register("ann").await;
    let mut client = Client::open(house.address, &[]).await;
    for (auth, code) in [
        ("", "UNAUTHENTICATED"),
        (r#"{"token":"no.such.token"}"#, "TOKEN_INVALID"),
        (r#"{"token":"x","dialect":"klingon"}"#, "VALIDATION_FAILED"),
        (r#"{"token":"x","resume":[]}"#, "VALIDATION_FAILED"),
    ] {
        client.say(&format!("40/chat,{auth}")).await;
        let refusal = client.hear().await;
        let refusal: Value = serde_json::from_str(refusal.strip_prefix("44/chat,").expect("a refusal")).expect("JSON");
        assert_eq!(refusal["data"]["code"], code, "{refusal}");
        assert!(refusal["message"].as_str().is_some_and(|message| !message.is_empty()), "{refusal}");
        if code == "VALIDATION_FAILED" {
            let field = refusal["data"]["details"][0]["field"].as_str().expect("a field");
            assert!(auth.contains(&format!("\"{field}\"")), "{refusal}");
        }
    }
    client.say("40/admin,").await;
    assert_eq!(client.hear().await, r#"44/admin,{"message":"Invalid namespace"}"#);
    assert!(client.introduce(&ann, json!({})).await.starts_with("40/chat,"));
    client.say("40/elsewhere,").await;
    assert_eq!(client.hear().await, r#"44/elsewhere,{"message":"Invalid namespace"}"#);
}

#[tokio::test]
async fn positions_may_be_written_as_floating_point() {
    let house = House::open();
    let (ann, ben) = (house.register("ann").await, house.register("ben").await);
    let group = house.group(&[&ann, &ben]).await;
    let mut client = Client::connect(house.address, &ann, json!({"resume": {&group: 1.0}})).await;
    assert_eq!(client.event("resumed").await["positions"][&group], 1);
    assert_eq!(client.ask("message:send", &send(&group, "Hello"), 1).await["data"]["seq"], 1);
    let read = client.ask("message:read", &json!({"conversationId": group, "seq": 1.0}), 2).await;
    assert_eq!(read["success"], true, "{read}");
    let half = client.ask("message:read", &json!({"conversationId": group, "seq": 1.5}), 3).await;
    assert_eq!(half["error"]["details"][0]["field"], "seq", "{half}");
}

#[tokio::test]
async fn a_token_in_the_handshake_s_header_is_as_good() {
    let house = House::open();
    let ann = house.register("ann").await;
    let mut client = Client::open(house.address, &[("Authorization", &format!("Bearer {}", ann.token))]).await;
    client.say("40/chat,").await;
    assert!(client.hear().await.starts_with("40/chat,{\"sid\":"));
}

#[tokio::test]
async fn the_port_says_the_dialect_unless_the_client_does() {
    let house = House::open();
    let (ann, ben) = (house.register("ann").await, house.register("ben").await);
    let group = house.group(&[&ann, &ben]).await;
    let mut there = Client::connect(house.second, &ann, json!({})).await;
    let mut here = Client::connect(house.address, &ann, json!({"dialect": "camel"})).await;
    let mut other = Client::connect(house.second, &ben, json!({"dialect": "colon"})).await;
    let mut plain = crate::house::Socket::to(house.second).await;
    plain.upgrade("/api/v1/ws", &[("Authorization", &format!("Bearer {}", ben.token))], b"").await;
    let answer = other.ask("message:send", &send(&group, "Hello"), 1).await;
    assert_eq!(answer["data"]["content"], "Hello", "{answer}");
    for client in [&mut there, &mut here] {
        assert_eq!(client.event("groupMessageReceived").await["message"], "Hello");
    }
    assert_eq!(plain.event("groupMessageReceived").await["data"]["message"], "Hello");
    let message = json!({"messageData": {"groupId": group, "message": "Back", "chatType": "GROUP"}});
    let answer = there.ask("sendMessage", &message, 2).await;
    assert_eq!((&answer["success"], &answer["data"]["message"]), (&json!(true), &json!("Back")), "{answer}");
    assert_eq!(other.event("message:received").await["content"], "Back");
}

#[tokio::test]
async fn whoever_comes_back_gets_what_it_missed() {
    let house = House::open();
    let (ann, ben) = (house.register("ann").await, house.register("ben").await);
    let group = house.group(&[&ann, &ben]).await;
    let mut sender = Client::connect(house.address, &ann, json!({})).await;
    let first = sender.ask("message:send", &send(&group, "one"), 1).await;
    for content in ["two", "three"] {
        sender.ask("message:send", &send(&group, content), 2).await;
    }
    let resume = json!({"resume": {&group: first["data"]["pos"]}});
    let mut back = Client::connect(house.address, &ben, resume).await;
    for content in ["two", "three"] {
        assert_eq!(back.event("message:received").await["content"], content);
    }
    assert_eq!(back.event("resumed").await["limited"], json!([]));
    let mut later = Client::connect(house.address, &ben, json!({"resume": true})).await;
    let answer = later.ask("resume", &json!({"resume": {&group: 0}}), 1).await;
    assert_eq!(answer, json!({"success": true, "data": {}}));
    assert_eq!(later.event("resumed").await["limited"], json!([]));
}

#[tokio::test]
async fn a_client_may_leave_the_namespace_and_connect_again() {
    let house = House::open();
    let (ann, ben) = (house.register("ann").await, house.register("ben").await);
    let group = house.group(&[&ann, &ben]).await;
    let mut client = Client::connect(house.address, &ann, json!({})).await;
    let mut witness = Client::connect(house.address, &ben, json!({})).await;
    client.say("41/chat,").await;
    assert_eq!(witness.event("user:offline").await["userId"], json!(ann.id.to_string()));
    let answer = client.introduce(&ann, json!({})).await;
    assert!(answer.starts_with("40/chat,{\"sid\":"), "{answer}");
    assert_eq!(client.ask("message:send", &send(&group, "back"), 1).await["data"]["content"], "back");
}

#[tokio::test]
async fn whoever_was_signed_out_is_told_so_and_let_go_for_good() {
    let house = House::open();
    let ann = house.register("ann").await;
    let mut client = Client::connect(house.address, &ann, json!({})).await;
    let actor = house.state.app.auth.authenticate(&ann.token).expect("an actor");
    house.state.fan_out.close_session(actor.session_id);
    let (packets, code) = client.last_words().await;
    assert_eq!((packets.len(), code), (2, 4003), "{packets:?}");
    assert_eq!(event_in(&packets[0], "error").expect("why")["code"], "SESSION_REVOKED");
    assert_eq!(packets[1], "41/chat,");
}

#[tokio::test]
async fn a_server_that_drains_sends_everybody_away_to_come_back() {
    let house = House::open();
    let ann = house.register("ann").await;
    let mut client = Client::connect(house.address, &ann, json!({})).await;
    let mut stranger = Client::open(house.address, &[]).await;
    let (polling, strange_polling) = (Poller::connect(&house, &ann).await, Poller::open(house.address).await);
    let polling = tokio::spawn(async move { [polling.hear().await, polling.hear().await].concat() });
    let strange_polling = tokio::spawn(async move { strange_polling.hear().await });
    house.state.readiness.drain();
    tokio::time::timeout(Duration::from_secs(20), house.state.fan_out.drain()).await.expect("all sessions have ended");
    let (heard, strange) = (polling.await.expect("heard"), strange_polling.await.expect("heard"));
    let (packets, code) = client.last_words().await;
    let why = event_in(&packets[0], "error").expect("why");
    assert_eq!(
        (&why["code"], code, packets.len()),
        (&json!("UNAVAILABLE"), 4012, 1),
        "no packet that keeps the client from reconnecting"
    );
    assert!(why["retryAfterMs"].is_u64(), "{why}");
    assert_eq!(stranger.last_words().await, (Vec::new(), 4012));
    assert_eq!(
        (event_in(&heard[0], "error").expect("why")["code"].as_str(), heard[1].as_str()),
        (Some("UNAVAILABLE"), "1")
    );
    assert_eq!(strange, ["1"]);
    let Answer { status, body, .. } = request(house.address, "GET /socket.io/?EIO=4&transport=polling", "", "").await;
    assert_eq!(status, 503, "{body}");
}

#[tokio::test]
async fn one_connection_too_many_of_a_user_is_sent_away_to_come_back() {
    let house = House::with(RealtimeSettings { max_connections_per_user: 2, ..RealtimeSettings::default() });
    let ann = house.register("ann").await;
    let mut first = Client::connect(house.address, &ann, json!({})).await;
    let _second = house.connect(&ann).await;
    let mut third = Client::open(house.address, &[]).await;
    third.say(&format!("40/chat,{}", json!({"token": ann.token}))).await;
    assert_eq!(third.last_words().await, (Vec::new(), 4009));
    assert_eq!(first.ask("presence:update", &json!({"status": "busy"}), 1).await["success"], true);
}

#[tokio::test]
async fn a_message_over_the_limit_ends_the_session() {
    let house = House::open();
    let ann = house.register("ann").await;
    let mut client = Client::connect(house.address, &ann, json!({})).await;
    client.say(&"4".repeat(1_000_001)).await;
    assert_eq!(client.last_words().await, (Vec::new(), 1009));
}

#[tokio::test]
async fn whoever_connects_again_and_again_in_one_session_is_counted() {
    let house = House::limited(Quotas { connects: Quota::new(3, Duration::from_hours(1)), ..Quotas::default() });
    let ann = house.register("ann").await;
    let mut client = Client::open(house.address, &[("X-Forwarded-For", "192.0.2.9")]).await;
    client.say("40/chat,").await;
    assert!(client.hear().await.starts_with("44/chat,"));
    for _ in 0..2 {
        assert!(client.introduce(&ann, json!({})).await.starts_with("40/chat,"));
        client.say("41/chat,").await;
    }
    client.say("40/chat,").await;
    assert_eq!(client.last_words().await, (Vec::new(), 4009));
}

#[tokio::test]
async fn refusals_have_the_shape_that_clients_of_socket_io_know() {
    let house = House::limited(Quotas { connects: Quota::new(2, Duration::from_hours(1)), ..Quotas::default() });
    let open = |headers: &'static str| request(house.address, "GET /socket.io/?EIO=4&transport=polling", headers, "");
    let foreign = open("Origin: https://evil.example\r\n").await;
    assert_eq!((foreign.status, foreign.body.as_str()), (403, r#"{"code":4,"message":"Forbidden"}"#));
    let page = "Origin: http://localhost:5173\r\nX-Forwarded-For: 192.0.2.9\r\n";
    let opened = open(page).await;
    assert!(opened.head.contains("access-control-allow-origin: http://localhost:5173"), "{}", opened.head);
    assert_eq!(opened.head.matches("access-control-allow-origin").count(), 1, "{}", opened.head);
    assert!(opened.head.contains("access-control-allow-credentials: true"), "{}", opened.head);
    assert!(opened.head.contains("x-request-id: ") && !opened.head.contains("content-encoding"), "{}", opened.head);
    open(page).await;
    let throttled = open(page).await;
    let body: Value = serde_json::from_str(&throttled.body).expect("JSON");
    assert_eq!((throttled.status, &body["code"]), (429, &json!(4)), "{body}");
    assert!(throttled.head.contains("retry-after: ") && throttled.head.contains("access-control-allow-origin"));
    let unknown = request(house.address, "GET /socket.io/?EIO=4&transport=polling&sid=nobody", page, "").await;
    assert_eq!((unknown.status, unknown.body.as_str()), (400, r#"{"code":1,"message":"Session ID unknown"}"#));
    let elsewhere = request(house.address, "GET /socket.io/more?EIO=4&transport=polling", "", "").await;
    assert_eq!(elsewhere.status, 404);
    assert!(elsewhere.body.contains("ROUTE_NOT_FOUND"), "the envelope: {}", elsewhere.body);
    let mut socket = crate::house::Socket::to(house.address).await;
    let answer =
        socket.upgrade("/socket.io/?EIO=4&transport=websocket", &[("X-Forwarded-For", "192.0.2.9")], b"").await;
    assert!(answer.starts_with("HTTP/1.1 429") && answer.to_ascii_lowercase().contains("retry-after"), "{answer}");
}

#[tokio::test]
async fn every_websocket_counts_for_its_address_unless_it_takes_a_session_over() {
    let house = House::limited(Quotas { connects: Quota::new(3, Duration::from_hours(1)), ..Quotas::default() });
    let page = "X-Forwarded-For: 192.0.2.9\r\n";
    let opened = request(house.address, "GET /socket.io/?EIO=4&transport=polling", page, "").await;
    let open: Value = serde_json::from_str(&opened.body[1..]).expect("an open packet");
    let own = format!("/socket.io/?EIO=4&transport=websocket&sid={}", open["sid"].as_str().expect("a session"));
    let upgrade = async |path: &str| {
        let mut socket = crate::house::Socket::to(house.address).await;
        let head = socket.upgrade(path, &[("X-Forwarded-For", "192.0.2.9")], b"").await;
        (socket, head[9..12].to_owned())
    };
    let (mut socket, status) = upgrade(&own).await;
    assert_eq!(status, "101");
    socket.write(&crate::house::frame(0x81, b"2probe")).await;
    assert_eq!(socket.frame().await.expect("a frame").1, b"3probe");
    socket.write(&crate::house::frame(0x81, b"5")).await;
    socket.write(&crate::house::frame(0x81, b"40/other,")).await;
    assert!(
        socket.frame().await.expect("a frame").1.starts_with(b"44/other,"),
        "the socket has taken over the session"
    );
    // A separate task gives the count back; until then one fewer connection is allowed.
    let mut statuses = Vec::new();
    for path in ["/socket.io/?EIO=4&transport=websocket&sid=nobody", own.as_str(), "/socket.io/?EIO=5&transport=x"] {
        tokio::task::yield_now().await;
        statuses.push(upgrade(path).await.1);
    }
    assert_eq!(statuses, ["400", "101", "429"], "upgrades count, also of unknown and upgraded sessions");
}
