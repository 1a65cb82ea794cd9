use crate::gateway::{Gateway, Poller, Socket, quiet};
use chat_socketio::Settings;
use std::time::Duration;

async fn candidate(gateway: &Gateway, poller: &Poller) -> Socket {
    gateway.connect(&format!("engine.io/?EIO=4&transport=websocket&sid={}", poller.sid)).await
}

#[actix_web::test]
async fn a_session_moves_to_a_websocket_on_whichever_thread_either_came_in() {
    let gateway = Gateway::start(quiet());
    for _ in 0..6 {
        let poller = gateway.open("engine.io").await;
        let mut socket = candidate(&gateway, &poller).await;
        let (poll, ()) = tokio::join!(poller.poll(), async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            socket.say("2probe").await;
        });
        assert_eq!(poll, (200, "6".to_owned()));
        assert_eq!(socket.hear().await, "3probe");
        // Until the client has switched, packets go to its poll.
        assert_eq!(poller.post("4before").await.0, 200);
        assert_eq!(poller.poll().await, (200, "4before".to_owned()));
        assert_eq!(poller.post("4left").await.0, 200);
        socket.say("5").await;
        socket.say("4after").await;
        assert_eq!((socket.hear().await, socket.hear().await), ("4left".to_owned(), "4after".to_owned()));
        assert_eq!(poller.poll().await.0, 400);
        drop(socket);
        gateway.settles_at(0).await;
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn data_of_an_upgrade_packet_or_a_noop_is_not_looked_at() {
    let gateway = Gateway::start(quiet());
    for upgrade in ["5", "52", "5probe", "5{\"data\":1}"] {
        let poller = gateway.open("engine.io").await;
        let mut socket = candidate(&gateway, &poller).await;
        for packet in ["2probe", "6", "6data", upgrade, "4after"] {
            socket.say(packet).await;
        }
        assert_eq!((socket.hear().await, socket.hear().await), ("3probe".to_owned(), "4after".to_owned()), "{upgrade}");
        // The same holds for packets without an effect, after the WebSocket has taken over.
        for packet in ["5again", "6data", "3data", "4still"] {
            socket.say(packet).await;
        }
        assert_eq!(socket.hear().await, "4still", "{upgrade}");
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn a_proxy_that_swallows_every_frame_leaves_the_session_polling() {
    let gateway = Gateway::start(Settings { upgrade_timeout: Duration::from_millis(200), ..quiet() });
    let poller = gateway.open("engine.io").await;
    let mut swallowed = candidate(&gateway, &poller).await;
    assert_eq!(poller.post("4hello").await.0, 200);
    assert_eq!(poller.poll().await, (200, "4hello".to_owned()));
    assert_eq!(swallowed.closed().await, Some(1000));
    // A WebSocket that is lost before the upgrade does no harm, and another one may try.
    let mut lost = candidate(&gateway, &poller).await;
    lost.say("2probe").await;
    assert_eq!(lost.hear().await, "3probe");
    drop(lost);
    let mut socket = loop {
        let mut socket = candidate(&gateway, &poller).await;
        socket.say("2probe").await;
        if let Some(frame) = socket.frame().await
            && frame.to_text().is_ok_and(|text| text == "3probe")
        {
            break socket;
        }
    };
    socket.say("5").await;
    socket.say("4there").await;
    assert_eq!(socket.hear().await, "4there");
    gateway.stop().await;
}

#[actix_web::test]
async fn a_second_websocket_of_one_session_is_closed_and_the_first_lives() {
    let gateway = Gateway::start(quiet());
    let poller = gateway.open("engine.io").await;
    let mut first = candidate(&gateway, &poller).await;
    first.say("2probe").await;
    assert_eq!(first.hear().await, "3probe");
    assert_eq!(candidate(&gateway, &poller).await.closed().await, Some(1000));
    first.say("5").await;
    first.say("4mine").await;
    assert_eq!(first.hear().await, "4mine");
    assert_eq!(candidate(&gateway, &poller).await.closed().await, Some(1000));
    first.say("4still").await;
    assert_eq!(first.hear().await, "4still");
    gateway.stop().await;
}

#[actix_web::test]
async fn what_is_no_probe_is_shown_the_door_and_the_session_stays() {
    let gateway = Gateway::start(quiet());
    let poller = gateway.open("engine.io").await;
    for frame in ["5", "4hello", "2", "abc", "1"] {
        let mut socket = candidate(&gateway, &poller).await;
        socket.say(frame).await;
        assert_eq!(socket.closed().await, Some(1000), "{frame}");
    }
    assert_eq!(poller.post("4here").await.0, 200);
    assert_eq!(poller.poll().await, (200, "4here".to_owned()));
    gateway.stop().await;
}

#[actix_web::test]
async fn what_is_sent_while_the_session_moves_arrives_once_and_in_order() {
    let gateway = Gateway::start(quiet());
    for round in 0..10 {
        let poller = gateway.open("engine.io").await;
        let mut socket = candidate(&gateway, &poller).await;
        socket.say("2probe").await;
        assert_eq!(socket.hear().await, "3probe");
        let sent: Vec<_> = (0..50).map(|number| format!("4{number}")).collect();
        assert_eq!(poller.post(sent[..40].join("\u{1e}")).await.0, 200);
        // A poll races the change of transport: whichever transport answers it, nothing is lost.
        let (polled, ()) = tokio::join!(poller.poll(), async {
            tokio::time::sleep(Duration::from_micros(300 * round)).await;
            socket.say("5").await;
        });
        for message in &sent[40..] {
            socket.say(message.clone()).await;
        }
        let mut received: Vec<_> = match polled {
            (200, payload) => payload.split('\u{1e}').filter(|packet| *packet != "6").map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        while received.len() < sent.len() {
            received.push(socket.hear().await);
        }
        assert_eq!(received, sent);
    }
    gateway.stop().await;
}
