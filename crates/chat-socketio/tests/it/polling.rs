use crate::gateway::{Gateway, quiet};
use chat_socketio::Settings;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[actix_web::test]
async fn messages_come_back_in_order_and_no_more_than_sixteen_at_a_time() {
    let gateway = Gateway::start(quiet());
    let poller = gateway.open("engine.io").await;
    let sent: Vec<_> = (0..40).map(|number| format!("4{number}")).collect();
    assert_eq!(poller.post(sent.join("\u{1e}")).await, (200, "ok".to_owned()));
    let mut received = Vec::new();
    while received.len() < sent.len() {
        let (_, payload) = poller.poll().await;
        let packets: Vec<_> = payload.split('\u{1e}').map(str::to_owned).collect();
        assert!(packets.len() <= 16);
        received.extend(packets);
    }
    assert_eq!(received, sent);
    assert_eq!(poller.post("bAQIDBA==").await.0, 200);
    assert_eq!(poller.poll().await, (200, "bAQIDBA==".to_owned()));
    gateway.stop().await;
}

#[actix_web::test]
async fn a_second_poll_ends_the_session() {
    let gateway = Gateway::start(quiet());
    let poller = gateway.open("engine.io").await;
    let (first, second) = tokio::join!(poller.poll(), poller.poll());
    let mut answers = [first, second];
    answers.sort();
    assert_eq!(answers[0], (200, "1".to_owned()));
    assert_eq!(answers[1].0, 400);
    assert_eq!(poller.poll().await.0, 400);
    gateway.settles_at(0).await;
    gateway.stop().await;
}

#[actix_web::test]
async fn a_poll_that_is_given_up_ends_the_session() {
    let gateway = Gateway::start(quiet());
    for _ in 0..4 {
        let poller = gateway.open("engine.io").await;
        let given_up = poller.get().timeout(Duration::from_millis(100)).send().await;
        assert!(given_up.is_err());
        gateway.settles_at(0).await;
        assert_eq!(poller.poll().await.0, 400);
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn a_payload_is_no_longer_than_was_announced() {
    let gateway = Gateway::start(Settings { max_payload: 1_000, ..quiet() });
    let poller = gateway.open("engine.io").await;
    assert_eq!(poller.post(format!("4{}", "x".repeat(1_000))).await.0, 413);
    // The same request without a Content-Length to check.
    let mut stream = TcpStream::connect(gateway.address()).await.expect("a connection");
    let head = format!("POST /{} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", poller.path());
    let chunk = format!("200\r\n{}\r\n", "4".repeat(512));
    stream.write_all([head, chunk.repeat(2)].concat().as_bytes()).await.expect("written");
    let mut status = [0; 12];
    stream.read_exact(&mut status).await.expect("an answer");
    assert_eq!(&status, b"HTTP/1.1 413");
    assert_eq!(poller.post(format!("4{}", "x".repeat(999))).await.0, 200);
    assert_eq!(poller.poll().await.1.len(), 1_000);
    gateway.stop().await;
}

#[actix_web::test]
async fn a_payload_is_read_for_a_session_that_there_is_and_one_at_a_time() {
    let gateway = Gateway::start(quiet());
    let poller = gateway.open("engine.io").await;
    let address = gateway.address();
    let begin = |path: String| async move {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let head = format!("POST /{path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n4");
        stream.write_all(head.as_bytes()).await.expect("written");
        stream
    };
    let mut unknown = begin("engine.io/?EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAAAAAAAAAA".into()).await;
    let mut status = [0; 12];
    unknown.read_exact(&mut status).await.expect("an answer before the payload has come");
    assert_eq!(&status, b"HTTP/1.1 400");
    let mut streams = [begin(poller.path().to_owned()).await, begin(poller.path().to_owned()).await];
    let [first, second] = &mut streams;
    let mut other = [0; 12];
    tokio::select! {
        read = first.read_exact(&mut status) => drop(read.expect("an answer")),
        read = second.read_exact(&mut other) => {
            read.expect("an answer");
            status = other;
        }
    }
    assert_eq!(&status, b"HTTP/1.1 400");
    assert_eq!(poller.poll().await.0, 400, "the order of two concurrent polls is undefined");
    gateway.stop().await;
}

#[actix_web::test]
async fn a_payload_that_is_none_ends_the_session() {
    let gateway = Gateway::start(Settings { packets_per_payload: 3, ..quiet() });
    for payload in ["", "abc", "4a\u{1e}", "2", "4a\u{1e}4b\u{1e}4c\u{1e}4d"] {
        let poller = gateway.open("engine.io").await;
        assert_eq!(poller.post(payload).await.0, 400, "{payload:?}");
        assert_eq!(poller.poll().await.0, 400, "{payload:?}");
    }
    let poller = gateway.open("engine.io").await;
    assert_eq!(poller.post(vec![b'4', 0xFF]).await.0, 400);
    gateway.settles_at(0).await;
    gateway.stop().await;
}

#[actix_web::test]
async fn a_post_is_answered_when_the_caller_has_caught_up() {
    let gateway = Gateway::start(quiet());
    let poller = gateway.open("engine.io").await;
    assert_eq!(poller.post("4wait").await.0, 200);
    let large = format!("4{}\u{1e}4{}", "a".repeat(100_000), "b".repeat(100_000));
    let post = poller.post(large);
    tokio::pin!(post);
    // The caller is busy, so nothing happens; a tenth of a second shows as much as an hour.
    assert!(tokio::time::timeout(Duration::from_millis(100), &mut post).await.is_err());
    gateway.go.notify_one();
    assert_eq!(post.await, (200, "ok".to_owned()));
    let lengths: Vec<_> = poller.take(2).await.iter().map(String::len).collect();
    assert_eq!(lengths, [100_001, 100_001]);
    gateway.stop().await;
}

#[actix_web::test]
async fn whoever_says_goodbye_is_let_go() {
    let gateway = Gateway::start(quiet());
    let poller = gateway.open("engine.io").await;
    let (poll, post) = tokio::join!(poller.poll(), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        poller.post("1").await
    });
    assert_eq!((poll, post), ((200, "6".to_owned()), (200, "ok".to_owned())));
    assert_eq!(poller.poll().await.0, 400);
    gateway.settles_at(0).await;
    gateway.stop().await;
}

#[actix_web::test]
async fn a_session_that_the_server_ends_gives_away_what_it_had_left_and_says_goodbye() {
    let gateway = Gateway::start(quiet());
    let poller = gateway.open("engine.io").await;
    assert_eq!(poller.post("4a\u{1e}4b\u{1e}4bye").await.0, 200);
    assert_eq!(poller.take(3).await, ["4a", "4b", "1"]);
    assert_eq!(poller.poll().await.0, 400);
    gateway.settles_at(0).await;
    gateway.stop().await;
}

#[actix_web::test]
async fn pings_go_to_those_who_poll_and_silence_ends_the_session() {
    let settings =
        Settings { ping_interval: Duration::from_millis(100), ping_timeout: Duration::from_millis(300), ..quiet() };
    let gateway = Gateway::start(settings);
    let poller = gateway.open("engine.io").await;
    for _ in 0..5 {
        assert_eq!(poller.poll().await, (200, "2".to_owned()));
        assert_eq!(poller.post("3").await.0, 200);
    }
    gateway.settles_at(0).await;
    assert_eq!(poller.poll().await.0, 400);
    gateway.stop().await;
}
