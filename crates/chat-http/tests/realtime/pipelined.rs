//! Consecutive sends of one connection, which do not wait for each other.

use crate::engine::{Client, ack_in, event_in};
use crate::house::{FIN, House, Person, Socket, TEXT, command, frame};
use chat_domain::ConversationId;
use chat_domain::rate_limits::Quota;
use chat_http::Quotas;
use chat_realtime::RealtimeSettings;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;

const NOWHERE: &str = "00000000-0000-0000-0000-000000000001";

fn send(group: &str, number: usize) -> Value {
    json!({"conversationId": group, "content": format!("m{number}"), "clientMessageId": format!("k{number}")})
}

/// The number of messages in the group that the server has stored.
async fn stored(house: &House, person: &Person, group: &str) -> u64 {
    let actor = house.state.app.auth.authenticate(&person.token).expect("an actor");
    let id = ConversationId::new(group.parse().expect("an id"));
    let found = house.state.app.conversations.find(actor, id).await.expect("a conversation");
    found.details.conversation.last_seq.get()
}

/// The next answer to a command: its id, and the error's code or the message's `seq`.
async fn answer(socket: &mut Socket) -> (String, Result<u64, String>) {
    loop {
        let (_, payload) = socket.frame().await.expect("the socket is open");
        let frame: Value = serde_json::from_slice(&payload).expect("JSON");
        let Some(id) = frame["id"].as_str() else { continue };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        return match text(&frame["event"]).as_str() {
            "ack" => (id.to_owned(), Ok(frame["data"]["seq"].as_u64().unwrap_or_default())),
            _ => (id.to_owned(), Err(text(&frame["data"]["code"]))),
        };
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sends_are_stored_and_answered_in_the_order_of_their_frames_and_a_refused_one_refuses_only_itself() {
    let house = House::open();
    let (ann, ben) = (house.register("ann").await, house.register("ben").await);
    let group = house.group(&[&ann, &ben]).await;
    let (mut at_ann, mut at_ben) = (house.connect(&ann).await, house.connect(&ben).await);
    let (mut burst, mut expected, mut seq) = (Vec::new(), Vec::new(), 0);
    for number in 0..300 {
        let id = number.to_string();
        if number % 10 == 3 {
            burst.extend(command("message:send", &send(NOWHERE, number), &id));
            expected.push((id, Err("CONVERSATION_NOT_FOUND".to_owned())));
        } else if number % 10 == 7 {
            // Any other command waits for the sends before it, and those after it wait for it.
            burst.extend(command("message:read", &json!({"conversationId": group, "seq": seq}), &id));
            expected.push((id, Ok(0)));
        } else {
            seq += 1;
            burst.extend(command("message:send", &send(&group, number), &id));
            expected.push((id, Ok(seq)));
        }
    }
    at_ann.write(&burst).await;
    for expected in &expected {
        assert_eq!(&answer(&mut at_ann).await, expected);
    }
    for expected in 1..=seq {
        assert_eq!(at_ben.event("message:received").await["data"]["seq"], expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_sent_before_it_disconnected_is_stored_once_and_in_order() {
    let house = House::open();
    let (ann, ben) = (house.register("ann").await, house.register("ben").await);
    let group = house.group(&[&ann, &ben]).await;
    let (mut at_ann, mut at_ben) = (house.connect(&ann).await, house.connect(&ben).await);
    let burst: Vec<u8> = (0..50).flat_map(|number| command("message:send", &send(&group, number), "id")).collect();
    at_ann.write(&burst).await;
    // Nothing has been read, so this resets the connection: the server may see it before the last frames.
    drop(at_ann);
    let mut again = house.connect(&ann).await;
    again.write(&burst).await;
    for number in 0..50 {
        assert_eq!(answer(&mut again).await, ("id".to_owned(), Ok(number + 1)));
        assert_eq!(at_ben.event("message:received").await["data"]["content"], format!("m{number}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_who_is_removed_in_the_middle_is_refused_from_then_on_and_gets_the_events_before() {
    let house = House::open();
    let (ben, ann) = (house.register("ben").await, house.register("ann").await);
    let group = house.group(&[&ben, &ann]).await;
    let (mut at_ann, mut at_ben) = (house.connect(&ann).await, house.connect(&ben).await);
    let burst: Vec<u8> =
        (0..200).flat_map(|number| command("message:send", &send(&group, number), &number.to_string())).collect();
    at_ann.write(&burst).await;
    let admin = house.state.app.auth.authenticate(&ben.token).expect("an actor");
    assert_eq!(at_ben.event("message:received").await["data"]["seq"], 1);
    let id = ConversationId::new(group.parse().expect("an id"));
    house.state.app.conversations.remove_participant(admin, id, ann.id).await.expect("removed");
    let stored = stored(&house, &ben, &group).await;
    let (mut acked, mut received, mut answers) = (0, 0, 0);
    while answers < 200 {
        let (_, payload) = at_ann.frame().await.expect("the socket is open");
        let frame: Value = serde_json::from_slice(&payload).expect("JSON");
        match frame["event"].as_str() {
            Some("message:received") => {
                received += 1;
                assert_eq!(frame["data"]["seq"], received, "each once, in order");
            }
            Some("ack") => {
                acked += 1;
                assert_eq!((&frame["id"], &frame["data"]["seq"]), (&json!(answers.to_string()), &json!(acked)));
                answers += 1;
            }
            Some("error") => {
                assert_eq!((&frame["id"], acked), (&json!(answers.to_string()), stored), "behind everything stored");
                assert_eq!(frame["data"]["code"], "NOT_A_PARTICIPANT");
                answers += 1;
            }
            _ => {}
        }
    }
    assert_eq!((acked, received), (stored, stored));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overfull_inbox_closes_the_connection_and_what_is_sent_again_is_stored_once_and_in_order() {
    let house = House::with(RealtimeSettings { inbox_events: 3, ..RealtimeSettings::default() });
    let (ann, ben) = (house.register("ann").await, house.register("ben").await);
    let group = house.group(&[&ann, &ben]).await;
    let burst: Vec<u8> =
        (0..50).flat_map(|number| command("message:send", &send(&group, number), &number.to_string())).collect();
    let mut rounds = 0;
    let mut acked = 0;
    while acked < 50 {
        assert!(rounds < 50, "each time more is stored");
        let mut at_ann = house.connect(&ann).await;
        // The connection may be closed meanwhile.
        let _ = at_ann.stream.write_all(&burst).await;
        acked = 0;
        while acked < 50 {
            let Some((first, payload)) = at_ann.frame().await else { break };
            if first & 0xF == crate::house::CLOSE {
                assert_eq!(u16::from_be_bytes([payload[0], payload[1]]), 1011);
                break;
            }
            let frame: Value = serde_json::from_slice(&payload).expect("JSON");
            if frame["event"] == "ack" {
                assert_eq!((&frame["id"], &frame["data"]["seq"]), (&json!(acked.to_string()), &json!(acked + 1)));
                acked += 1;
            }
        }
        rounds += 1;
    }
    assert!(rounds > 1, "the inbox was never overfull");
    assert_eq!(stored(&house, &ann, &group).await, 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_taken_in_the_order_of_the_frames() {
    let quotas = Quotas { sends: Quota::new(20, Duration::from_hours(1)), ..Quotas::default() };
    let house = House::limited(quotas);
    let (ann, ben) = (house.register("ann").await, house.register("ben").await);
    let group = house.group(&[&ann, &ben]).await;
    let mut socket = house.connect(&ann).await;
    let burst: Vec<u8> =
        (0..30).flat_map(|number| command("message:send", &send(&group, number), &number.to_string())).collect();
    socket.write(&burst).await;
    for number in 0..30 {
        let expected = if number < 20 { Ok(number + 1) } else { Err("RATE_LIMITED".to_owned()) };
        assert_eq!(answer(&mut socket).await, (number.to_string(), expected));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_waits_for_the_answers_to_what_is_being_stored() {
    let house = House::open();
    let (ann, ben) = (house.register("ann").await, house.register("ben").await);
    let group = house.group(&[&ann, &ben]).await;
    let (mut at_ann, mut elsewhere) = (house.connect(&ann).await, house.connect(&ann).await);
    let burst: Vec<u8> =
        (0..200).flat_map(|number| command("message:send", &send(&group, number), &number.to_string())).collect();
    at_ann.write(&burst).await;
    assert_eq!(answer(&mut at_ann).await, ("0".to_owned(), Ok(1)));
    let fan_out = house.state.fan_out.clone();
    let draining = tokio::spawn(async move { fan_out.drain().await });
    assert_eq!(elsewhere.close_code().await, 4012);
    let mut acked = 1;
    loop {
        let (first, payload) = at_ann.frame().await.expect("a Close frame before the end");
        if first & 0xF == crate::house::CLOSE {
            assert_eq!(u16::from_be_bytes([payload[0], payload[1]]), 4012);
            break;
        }
        let frame: Value = serde_json::from_slice(&payload).expect("JSON");
        if frame["event"] == "ack" {
            acked += 1;
            assert_eq!(frame["data"]["seq"], acked);
        }
    }
    assert_eq!(stored(&house, &ann, &group).await, acked, "everything that was stored was acked");
    at_ann.write(&crate::house::frame(0x88, &[])).await;
    draining.await.expect("drained");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_message_to_a_user_makes_their_chat_and_all_later_ones_follow_it() {
    let house = House::open();
    let (ann, ben) = (house.register("ann").await, house.register("ben").await);
    let cat = house.register("cat").await;
    let mut socket = house.connect_camel(&ann).await;
    let burst: Vec<u8> = (0..60)
        .flat_map(|number| {
            let receiver = if number % 2 == 0 { ben.id } else { cat.id }.to_string();
            let content = format!("m{number}");
            command("sendMessage", &json!({"messageData": {"receiver": receiver, "message": content}}), &content)
        })
        .collect();
    socket.write(&burst).await;
    for number in 0..60 {
        let confirmed = socket.event("messageSent").await;
        let ack = socket.event("ack").await;
        assert_eq!((&ack["id"], &ack["data"]["seq"]), (&json!(format!("m{number}")), &json!(number / 2 + 1)));
        assert_eq!(ack["data"]["messageId"], confirmed["data"]["messageId"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn callbacks_are_called_in_the_order_of_the_packets() {
    let house = House::open();
    let (ann, ben) = (house.register("ann").await, house.register("ben").await);
    let group = house.group(&[&ann, &ben]).await;
    let mut client = Client::connect(house.address, &ann, json!({})).await;
    for id in 0..100_usize {
        let to = if id % 10 == 3 { NOWHERE } else { &group };
        client.say(&format!("42/chat,{id}{}", json!(["message:send", send(to, id)]))).await;
    }
    let mut seq = 0;
    for id in 0..100_u64 {
        let answer = loop {
            let packet = client.hear().await;
            if packet.starts_with("43") {
                break ack_in(&packet, id).unwrap_or_else(|| panic!("not the answer to {id}: {packet}"));
            }
        };
        if id % 10 == 3 {
            assert_eq!(answer["error"]["code"], "CONVERSATION_NOT_FOUND");
        } else {
            seq += 1;
            assert_eq!(answer["data"]["seq"], seq);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_waits_for_the_callbacks_of_what_is_being_stored() {
    let house = House::open();
    let (ann, ben) = (house.register("ann").await, house.register("ben").await);
    let group = house.group(&[&ann, &ben]).await;
    let mut client = Client::connect(house.address, &ann, json!({})).await;
    let packet = |id| format!("42/chat,{id}{}", json!(["message:send", send(&group, id)]));
    let burst: Vec<u8> = (0..200).flat_map(|id| frame(FIN | TEXT, packet(id).as_bytes())).collect();
    client.0.write(&burst).await;
    assert_eq!(client.ack(0).await["data"]["seq"], 1);
    let fan_out = house.state.fan_out.clone();
    let draining = tokio::spawn(async move { fan_out.drain().await });
    let (packets, code) = client.last_words().await;
    assert_eq!(code, 4012);
    let (mut acked, mut is_told) = (1, false);
    for packet in &packets {
        if packet.starts_with("43") {
            assert!(!is_told, "answers come before the last word: {packet}");
            let answer = ack_in(packet, acked).unwrap_or_else(|| panic!("not the answer to {acked}: {packet}"));
            acked += 1;
            assert_eq!(answer["data"]["seq"], acked);
        } else if let Some(error) = event_in(packet, "error") {
            is_told = error["code"] == "UNAVAILABLE";
        }
    }
    assert!(is_told, "{packets:?}");
    assert_eq!(stored(&house, &ann, &group).await, acked, "everything that was stored was acked");
    drop(client);
    draining.await.expect("drained");
}
