//! Streams of our own.

use crate::house::{House, on_a_worker, session, settings, until, user};
use bytes::Bytes;
use chat_realtime::{Format, Life, OwnedSocket, Sink};
use std::future::poll_fn;
use std::task::Poll;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let address = listener.local_addr().expect("an address");
    let (near, far) = tokio::join!(TcpStream::connect(address), listener.accept());
    (near.expect("a stream"), far.expect("a stream").0)
}

#[test]
fn a_socket_that_would_block_is_written_on_by_the_connection_s_task() {
    on_a_worker(async {
        let house = House::with(chat_realtime::RealtimeSettings { queue_bytes: 64 << 20, ..settings() });
        let (mut peer, ours) = pair().await;
        let connection = house.hub.connect(Sink::Socket(OwnedSocket::new(ours)), Format::default());
        house.hub.sign_in(&connection, user(1), session(1)).expect("room");
        connection.uncork(Some(Bytes::from_static(b"first")));
        let block = Bytes::from(vec![7; 1 << 20]);
        for _ in 0..32 {
            connection.push(block.clone());
        }
        connection.flush();
        assert!(!connection.is_flushed(), "no socket takes this at once");
        let task = tokio::task::spawn_local({
            let connection = connection.clone();
            async move {
                poll_fn(|context| {
                    connection.poll_write(context);
                    if connection.is_flushed() { Poll::Ready(()) } else { Poll::Pending }
                })
                .await;
            }
        });
        let mut received = vec![0; 5 + (32 << 20)];
        peer.read_exact(&mut received).await.expect("all of it");
        task.await.expect("written");
        assert_eq!(&received[..6], b"first\x07");
        assert!(received[5..].iter().all(|byte| *byte == 7));
    });
}

#[test]
fn a_socket_that_is_gone_is_noticed() {
    on_a_worker(async {
        let house = House::with(settings());
        let (peer, ours) = pair().await;
        let connection = house.hub.connect(Sink::Socket(OwnedSocket::new(ours)), Format::default());
        connection.uncork(None);
        drop(peer);
        until("writing fails", || {
            connection.send_empty_ack("anybody?");
            connection.life() == Life::Gone
        })
        .await;
    });
}
