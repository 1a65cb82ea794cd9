//! One connection that sends much at once: its messages are stored and answered in the order of its frames.

use crate::start;
use chat_blackbox::{Person, Server, Socket};
use serde_json::{Value, json};

const SENDS: usize = 10_000;

/// The number of unanswered sends, far more than the server takes at once.
const UNANSWERED: usize = 200;

/// The number of sends of the connection that is cut.
const CUT: usize = 200;

const NOWHERE: &str = "00000000-0000-0000-0000-000000000001";

fn frame(group: &str, number: usize) -> String {
    let data = json!({"conversationId": group, "content": number.to_string(), "clientMessageId": format!("k{number}")});
    json!({"event": "message:send", "data": data, "id": number.to_string()}).to_string()
}

const fn is_refused(number: usize) -> bool {
    number % 100 == 42
}

/// The next answer to a send.
async fn answer(socket: &mut Socket) -> Value {
    loop {
        let frame = socket.next().await;
        if frame["id"].is_string() {
            return frame;
        }
    }
}

/// Sends all, and checks each answer.
async fn send_all(mut socket: Socket, group: String) -> Socket {
    let (mut seq, mut answered) = (0, 0);
    for sent in 1..=SENDS + UNANSWERED {
        if sent <= SENDS {
            socket.send_text(&frame(if is_refused(sent) { NOWHERE } else { &group }, sent)).await;
        }
        if sent > UNANSWERED {
            answered += 1;
            let answer = answer(&mut socket).await;
            assert_eq!(answer["id"], answered.to_string(), "{answer}");
            if is_refused(answered) {
                assert_eq!(answer["data"]["code"], "CONVERSATION_NOT_FOUND");
            } else {
                seq += 1;
                assert_eq!(answer["data"]["seq"], seq, "{answer}");
            }
        }
    }
    socket
}

/// The contents of these messages, in the order of arrival.
async fn received(mut socket: Socket, count: usize) -> Vec<usize> {
    let mut contents = Vec::new();
    while contents.len() < count {
        let message = socket.event("message:received").await;
        contents.push(message["content"].as_str().and_then(|content| content.parse().ok()).expect("a number"));
    }
    contents
}

/// Sends at one node while a member listens at another, which may be the same.
pub(crate) async fn everything_arrives_in_order(here: &Server, there: &Server) {
    let (ann, ben) = (here.register("ann").await, there.register("ben").await);
    let group = ann.group_with("Bots", &[&ben]).await;
    let at_ben = there.connect(&ben).await;
    let stored = SENDS - SENDS / 100;
    let receiving = tokio::spawn(received(at_ben, stored + CUT));
    let socket = send_all(here.connect(&ann).await, group.clone()).await;
    drop(socket);
    cut_and_sent_again(here, &ann, &group, stored).await;
    let expected: Vec<_> = (1..=SENDS).filter(|number| !is_refused(*number)).chain(SENDS + 1..=SENDS + CUT).collect();
    assert_eq!(receiving.await.expect("everything arrives"), expected);
    here.assert_untroubled();
    there.assert_untroubled();
}

/// A connection that is cut in the middle; its client sends everything again with its keys.
async fn cut_and_sent_again(server: &Server, ann: &Person, group: &str, stored: usize) {
    let mut cut = server.connect(ann).await;
    for number in SENDS + 1..=SENDS + CUT {
        cut.send_text(&frame(group, number)).await;
    }
    drop(cut);
    let mut again = server.connect(ann).await;
    for number in SENDS + 1..=SENDS + CUT {
        again.send_text(&frame(group, number)).await;
    }
    for number in 1..=CUT {
        let answer = answer(&mut again).await;
        assert_eq!((&answer["event"], &answer["data"]["seq"]), (&json!("ack"), &json!(stored + number)), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_sends_of_one_connection_arrive_in_order() {
    let server = start().await;
    everything_arrives_in_order(&server, &server).await;
}
