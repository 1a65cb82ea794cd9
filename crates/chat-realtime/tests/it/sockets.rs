//! Streams that the server owns.

use crate::house::{Happening, House, conversation, on_a_worker, session, settings, until, user};
use bytes::Bytes;
use chat_protocol::realtime::{CloseCode, Gateway};
use chat_realtime::{Connection, Flushed, Format, Life, Outlet, OwnedSocket, SendQueue, Sink};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, yield_now};

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let address = listener.local_addr().expect("an address");
    let (near, far) = tokio::join!(TcpStream::connect(address), listener.accept());
    (near.expect("a stream"), far.expect("a stream").0)
}

/// Runs the connection's own task until its queue is empty.
fn write_on(connection: &Rc<Connection>) -> JoinHandle<()> {
    let connection = Rc::clone(connection);
    tokio::task::spawn_local(async move {
        poll_fn(|context| {
            connection.poll_write(context);
            if connection.is_flushed() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    })
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
        assert!(!connection.is_flushed(), "no socket accepts this at once");
        let task = write_on(&connection);
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

/// A session that accepts this many frames at a time.
#[derive(Debug, Default)]
struct Session {
    room: Cell<usize>,
    taken: RefCell<Vec<Bytes>>,
}

#[derive(Debug, Default)]
struct Outside(Rc<Session>);

impl Outlet for Outside {
    fn flush(&self, queue: &mut SendQueue) -> Flushed {
        while self.0.room.get() > 0 {
            let Some(frame) = queue.pop() else { return Flushed::All };
            self.0.room.set(self.0.room.get() - 1);
            self.0.taken.borrow_mut().push(frame);
        }
        if queue.is_empty() { Flushed::All } else { Flushed::Blocked }
    }

    fn is_stream(&self) -> bool {
        false
    }

    fn poll_writable(&self, _: &mut Context<'_>) -> Poll<()> {
        if self.0.room.get() > 0 { Poll::Ready(()) } else { Poll::Pending }
    }
}

#[test]
fn a_connection_within_a_session_is_neither_pinged_nor_said_goodbye_to_in_frames() {
    on_a_worker(async {
        let hasty = chat_realtime::RealtimeSettings { heartbeat_interval: Duration::from_millis(1), ..settings() };
        let house = House::with(hasty);
        let outside = Rc::new(Session::default());
        outside.room.set(2);
        let format = Format { gateway: Gateway::SocketIo, ..Format::default() };
        let connection = house.hub.connect(Sink::Session(Box::new(Outside(Rc::clone(&outside)))), format);
        house.hub.sign_in(&connection, user(1), session(1)).expect("room");
        connection.uncork(None);
        for text in ["one", "two", "three", "four"] {
            connection.push(format.frame(text));
        }
        connection.flush();
        assert_eq!((outside.taken.borrow().len(), connection.is_flushed()), (2, false));
        let other = house.hub.connect(Sink::Pulled, Format::default());
        until("the other connection is pinged", || other.queued_bytes() > 0).await;
        outside.room.set(1);
        poll_fn(|context| {
            connection.poll_write(context);
            Poll::Ready(())
        })
        .await;
        assert_eq!(&outside.taken.borrow()[2][..], b"\x81\x05three", "no ping was sent in between");
        connection.close(CloseCode::TokenExpired);
        assert_eq!((connection.life(), connection.closed_by()), (Life::Closing, Some(CloseCode::TokenExpired)));
        let mut rest = connection.take_queue();
        assert_eq!(rest.pop().as_deref(), Some(&b"\x81\x04four"[..]));
        assert!(rest.is_empty(), "no Close frame waits");
    });
}

#[test]
fn what_a_socket_takes_in_part_goes_on_where_it_stopped() {
    on_a_worker(async {
        let house = House::with(chat_realtime::RealtimeSettings { queue_bytes: 64 << 20, ..settings() });
        let room = conversation(1);
        house.happens(room, Happening::Made(vec![user(1), user(2)]));
        let (mut peer, ours) = pair().await;
        let connection = house.hub.connect(Sink::Socket(OwnedSocket::new(ours)), Format::default());
        house.hub.sign_in(&connection, user(2), session(2)).expect("room");
        let replay = house.hub.attach(&connection, None).await.expect("attached");
        connection.uncork(None);
        replay.run(&house.hub, &connection).await.expect("replayed");
        let (mut bytes, mut said) = (0, 0);
        // Loopback sockets accept some megabytes before they block.
        while connection.is_flushed() || said < 1_000 {
            house.happens(room, Happening::Said(user(1), "€".repeat(2_000)));
            said += 1;
            yield_now().await;
        }
        let task = write_on(&connection);
        for pos in 2..said + 2 {
            let mut head = [0; 4];
            peer.read_exact(&mut head).await.expect("a head");
            assert_eq!(head[..2], [0x81, 126], "a text frame, after {bytes} bytes");
            let mut payload = vec![0; usize::from(u16::from_be_bytes([head[2], head[3]]))];
            peer.read_exact(&mut payload).await.expect("a payload");
            let event: serde_json::Value = serde_json::from_slice(&payload).expect("JSON");
            assert_eq!(event["data"]["pos"], pos);
            bytes += payload.len();
        }
        task.await.expect("written");
    });
}
