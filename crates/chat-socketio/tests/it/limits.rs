use crate::gateway::{Gateway, quiet};
use chat_socketio::Settings;

const WEBSOCKET: &str = "socket.io/?EIO=4&transport=websocket";
const POLLING: &str = "socket.io/?EIO=4&transport=polling";

#[actix_web::test]
async fn an_address_has_only_so_many_sessions_that_have_not_connected() {
    let gateway = Gateway::start(Settings { strangers_per_address: 2, ..quiet() });
    let mut first = gateway.connect(WEBSOCKET).await;
    let _second = gateway.open("socket.io").await;
    assert_eq!(gateway.try_connect(WEBSOCKET).await.err(), Some(429));
    let refused = gateway.request("GET", POLLING).send().await.expect("an answer");
    assert_eq!(refused.status(), 429);
    first.hear().await;
    first.say("40").await;
    first.hear().await;
    assert!(gateway.try_connect(WEBSOCKET).await.is_ok());
    gateway.stop().await;
}

#[actix_web::test]
async fn a_full_house_takes_nobody_in_until_somebody_leaves() {
    let gateway = Gateway::start(Settings { sessions: 1, ..quiet() });
    let socket = gateway.connect("engine.io/?EIO=4&transport=websocket").await;
    assert_eq!(gateway.try_connect(WEBSOCKET).await.err(), Some(503));
    drop(socket);
    gateway.settles_at(0).await;
    assert!(gateway.try_connect(WEBSOCKET).await.is_ok());
    gateway.stop().await;
}

#[actix_web::test]
async fn a_crowd_that_comes_moves_to_websockets_and_leaves_leaves_nothing_behind() {
    let gateway = Gateway::start(quiet());
    let clients = (0..200).map(|number: usize| {
        let gateway = gateway.clone();
        async move {
            let poller = gateway.open("socket.io").await;
            assert_eq!(poller.post("40").await.0, 200);
            assert!(poller.poll().await.1.starts_with("40{"));
            let mut socket = gateway.connect(&format!("{WEBSOCKET}&sid={}", poller.sid)).await;
            socket.say("2probe").await;
            assert_eq!(socket.hear().await, "3probe");
            socket.say("5").await;
            socket.say(format!("421[\"e\",{number}]")).await;
            assert_eq!(socket.hear().await, format!("431[{number}]"));
            socket
        }
    });
    let sockets = futures_util::future::join_all(clients).await;
    assert_eq!((gateway.server.sessions(), gateway.server.strangers()), (200, 0));
    drop(sockets);
    gateway.settles_at(0).await;
    gateway.stop().await;
}
