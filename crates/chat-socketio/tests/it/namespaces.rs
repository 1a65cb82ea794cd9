use crate::gateway::{Gateway, Socket, quiet};
use chat_socketio::Settings;
use std::time::Duration;
use tokio_tungstenite::tungstenite::protocol::Message as Frame;

async fn session(gateway: &Gateway) -> Socket {
    let mut socket = gateway.connect("socket.io/?EIO=4&transport=websocket").await;
    socket.hear().await;
    socket
}

async fn connected(gateway: &Gateway) -> Socket {
    let mut socket = session(gateway).await;
    socket.say("40").await;
    assert!(socket.hear().await.starts_with("40{\"sid\":\""));
    socket
}

#[actix_web::test]
async fn events_and_acknowledgements_go_both_ways_in_order() {
    let gateway = Gateway::start(quiet());
    let mut socket = connected(&gateway).await;
    for number in 0..1_000 {
        socket.say(format!("42{number}[\"e\",{number}]")).await;
    }
    for number in 0..1_000 {
        assert_eq!(socket.hear().await, format!("43{number}[{number}]"));
    }
    socket.say("42[\"e\",{\"a\": 1.0}]").await;
    assert_eq!(socket.hear().await, "421[\"e\",{\"a\": 1.0}]");
    socket.say("431[true]").await;
    assert_eq!(socket.hear().await, "42[\"answered\",1]");
    gateway.stop().await;
}

#[actix_web::test]
async fn attachments_come_with_their_event() {
    let gateway = Gateway::start(quiet());
    let mut socket = connected(&gateway).await;
    socket.say(r#"452-7["e",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#).await;
    socket.send(Frame::binary(vec![1])).await;
    socket.send(Frame::binary(vec![2])).await;
    assert_eq!(socket.hear().await, r#"462-7[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#);
    assert_eq!(socket.frame().await, Some(Frame::binary(vec![1])));
    assert_eq!(socket.frame().await, Some(Frame::binary(vec![2])));
    gateway.stop().await;
}

#[actix_web::test]
async fn namespaces_come_and_go_by_themselves() {
    let gateway = Gateway::start(quiet());
    let mut socket = connected(&gateway).await;
    socket.say("40/nowhere,{}").await;
    assert_eq!(socket.hear().await, r#"44/nowhere,{"message":"no","data":{"code":"NO"}}"#);
    socket.say("40/custom,").await;
    assert!(socket.hear().await.starts_with("40/custom,{\"sid\":\""));
    socket.say("42/custom,1[\"e\"]").await;
    assert_eq!(socket.hear().await, "43/custom,1[]");
    socket.say("41/custom,").await;
    assert_eq!(socket.hear().await, "42[\"left\",\"/custom\"]");
    socket.say("40/custom").await;
    assert!(socket.hear().await.starts_with("40/custom,{\"sid\":\""));
    // The server has disconnected the client; packets on their way are dropped.
    socket.say("42/custom,[\"leave\"]").await;
    socket.say("42/custom,2[\"late\"]").await;
    socket.say("423[\"e\"]").await;
    assert_eq!((socket.hear().await, socket.hear().await), ("41/custom,".to_owned(), "433[]".to_owned()));
    gateway.stop().await;
}

#[actix_web::test]
async fn what_breaks_the_protocol_ends_the_session() {
    let gateway = Gateway::start(Settings { attachments_per_packet: 2, max_payload: 1_000, ..quiet() });
    for text in ["42[\"early\"]", "4abc", "44{}", "43[]", "40[]", "45-[\"a\"]"] {
        let mut socket = session(&gateway).await;
        socket.say(text).await;
        assert_eq!(socket.closed().await, Some(1002), "{text}");
    }
    for text in ["40", "42{}", "42/custom,[\"e\"]", "453-[\"e\"]", "42x[\"e\"]"] {
        let mut socket = connected(&gateway).await;
        socket.say(text).await;
        assert_eq!(socket.closed().await, Some(1002), "{text}");
    }
    let mut unasked = connected(&gateway).await;
    unasked.send(Frame::binary(vec![1])).await;
    assert_eq!(unasked.closed().await, Some(1002));
    let mut interrupted = connected(&gateway).await;
    interrupted.say("451-[\"e\"]").await;
    interrupted.say("42[\"e\"]").await;
    assert_eq!(interrupted.closed().await, Some(1002));
    let mut heavy = connected(&gateway).await;
    heavy.say("452-[\"e\"]").await;
    heavy.send(Frame::binary(vec![0; 600])).await;
    heavy.send(Frame::binary(vec![0; 600])).await;
    assert_eq!(heavy.closed().await, Some(1002));
    gateway.settles_at(0).await;
    gateway.stop().await;
}

#[actix_web::test]
async fn whoever_does_not_connect_in_time_is_let_go_and_so_is_whoever_leaves_for_good() {
    let gateway = Gateway::start(Settings { connect_timeout: Duration::from_millis(200), ..quiet() });
    let mut idle = session(&gateway).await;
    assert_eq!(idle.closed().await, Some(1000));
    let mut used = connected(&gateway).await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    used.say("421[\"e\"]").await;
    assert_eq!(used.hear().await, "431[]");
    gateway.stop().await;
}
