use crate::house::{CLOSE, FIN, ForwardClock, House, Person, Socket, TEXT, command};
use chat_domain::rate_limits::Quota;
use chat_http::Quotas;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Longer than any test runs.
const LONG: Duration = Duration::from_hours(10);

async fn conversation(house: &House, by: &Person, with: &Person) -> String {
    let body = json!({"participantIds": [with.id.to_string()]});
    let (status, answer) = post(house, by, "/api/v1/conversations", &body).await;
    assert_eq!(status, 201, "{answer}");
    answer["data"]["id"].as_str().expect("an id").to_owned()
}

async fn post(house: &House, person: &Person, path: &str, body: &Value) -> (u16, Value) {
    let (body, mut socket) = (body.to_string(), Socket::to(house.address).await);
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        person.token,
        body.len()
    );
    socket.write(&[head.as_bytes(), body.as_bytes()].concat()).await;
    let answer = socket.rest().await;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    let body = answer.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str(body).ok());
    (status, body.expect("JSON"))
}

#[tokio::test(flavor = "multi_thread")]
async fn sends_of_a_user_are_counted_together_over_sockets_and_rest() {
    let house = House::limited(Quotas { sends: Quota::new(3, LONG), ..Quotas::default() });
    let (ann, ben) = (house.register("ann").await, house.register("ben").await);
    let place = conversation(&house, &ann, &ben).await;
    let (mut one, mut other) = (house.connect(&ann).await, house.connect(&ann).await);
    let message = json!({"conversationId": place, "content": "hello"});
    one.write(&command("message:send", &message, "1")).await;
    one.event("ack").await;
    let path = format!("/api/v1/conversations/{place}/messages");
    assert_eq!(post(&house, &ann, &path, &json!({"content": "hello"})).await.0, 201);
    other.write(&command("message:send", &message, "2")).await;
    other.event("ack").await;

    one.write(&command("message:send", &message, "3")).await;
    let refused = one.event("error").await;
    assert_eq!((&refused["id"], &refused["data"]["code"]), (&json!("3"), &json!("RATE_LIMITED")));
    let pause = refused["data"]["retryAfterMs"].as_u64().expect("a pause");
    assert!(u128::from(pause) <= LONG.as_millis() / 3 && u128::from(pause) > LONG.as_millis() / 4, "{pause}");
    let (status, answer) = post(&house, &ann, &path, &json!({"content": "hello"})).await;
    assert_eq!((status, &answer["code"]), (429, &json!("RATE_LIMITED")));

    one.write(&command("presence:update", &json!({"status": "away"}), "4")).await;
    assert_eq!(one.event("ack").await["id"], "4", "other commands are still accepted");
    let mut of_ben = house.connect(&ben).await;
    of_ben.write(&command("message:send", &message, "5")).await;
    assert_eq!(of_ben.event("ack").await["id"], "5", "and so are those of other users");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_on_although_it_is_refused_is_closed() {
    let house = House::limited(Quotas { signals: Quota::new(5, LONG), ..Quotas::default() });
    let ann = house.register("ann").await;
    let mut socket = house.connect(&ann).await;
    let flood: Vec<u8> = (0..200).flat_map(|_| command("presence:update", &json!({"status": "busy"}), "x")).collect();
    socket.write(&flood).await;
    let (mut taken, mut refused) = (0, 0);
    let code = loop {
        let (first, payload) = socket.frame().await.expect("a Close frame before the end");
        if first == FIN | CLOSE {
            break u16::from_be_bytes([payload[0], payload[1]]);
        }
        if first == FIN | TEXT {
            let answer: Value = serde_json::from_slice(&payload).expect("JSON");
            match answer["event"].as_str() {
                Some("ack") => taken += 1,
                Some("error") => refused += usize::from(answer["data"]["code"] == "RATE_LIMITED"),
                _ => {}
            }
        }
    };
    assert_eq!((code, taken, refused), (4009, 5, 100));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_waits_as_told_is_never_closed() {
    let quota = Quota::new(1, Duration::from_millis(100));
    let clock = Arc::new(ForwardClock::default());
    let house = House::limited_by(Quotas { signals: quota, ..Quotas::default() }, clock.clone());
    let ann = house.register("ann").await;
    let mut socket = house.connect(&ann).await;
    let mut refused = 0;
    // More often than a client that does not wait may be refused in this time.
    while refused < 150 {
        if let Err(error) = socket.ask("presence:update", &json!({"status": "busy"}), "1").await {
            refused += 1;
            clock.advance(error["retryAfterMs"].as_u64().expect("a pause"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_command_counts_too_and_coming_back_does_not() {
    let house = House::limited(Quotas { requests: Quota::new(2, LONG), ..Quotas::default() });
    let ann = house.register("ann").await;
    let bearer = format!("Bearer {}", ann.token);
    let mut socket = house.connect(&ann).await;
    socket.write(&command("nobody:knows", &json!({}), "1")).await;
    assert_eq!(socket.event("error").await["data"]["code"], "UNKNOWN_EVENT");
    socket.write(&command("auth", &json!({"token": ann.token}), "2")).await;
    assert_eq!(socket.event("ack").await["id"], "2");
    for (event, id) in [("nobody:knows", "3"), ("auth", "4"), ("presence:get", "5")] {
        socket.write(&command(event, &json!({"token": ann.token, "userId": ann.id.to_string()}), id)).await;
        let refused = socket.event("error").await;
        assert_eq!((&refused["id"], &refused["data"]["code"]), (&json!(id), &json!("RATE_LIMITED")));
    }
    let mut again = Socket::to(house.address).await;
    again.upgrade("/api/v1/ws?resume=true", &[("Authorization", &bearer)], b"").await;
    again.write(&command("resume", &json!({"resume": {}}), "6")).await;
    assert!(again.event("resumed").await["data"]["positions"].is_object());
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_are_opened_so_often_from_one_address() {
    let house = House::limited(Quotas { connects: Quota::new(2, LONG), ..Quotas::default() });
    let ann = house.register("ann").await;
    let bearer = format!("Bearer {}", ann.token);
    let open = async |path: &str, forwarded_for: &str| {
        let mut socket = Socket::to(house.address).await;
        let headers = [("Authorization", bearer.as_str()), ("X-Forwarded-For", forwarded_for)];
        (socket.upgrade(path, &headers, b"").await, socket)
    };
    let (answer, _first) = open("/api/v1/ws", "192.0.2.7").await;
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    let (answer, _second) = open("/api/v1/ws?dialect=klingon", "192.0.2.7").await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    let (answer, mut third) = open("/api/v1/ws", "203.0.113.1, 192.0.2.7").await;
    assert!(answer.starts_with("HTTP/1.1 429"), "{answer}");
    let answer = answer.to_ascii_lowercase();
    for header in ["ratelimit-limit: 2\r\n", "ratelimit-remaining: 0\r\n", "ratelimit-reset: ", "retry-after: "] {
        assert!(answer.contains(header), "{header} is missing in {answer}");
    }
    let body: Value = serde_json::from_str(&third.rest().await).expect("the envelope");
    assert_eq!((&body["code"], &body["statusCode"]), (&json!("RATE_LIMITED"), &json!(429)));
    let (answer, _other) = open("/api/v1/ws", "192.0.2.8").await;
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
}
