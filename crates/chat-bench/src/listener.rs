use futures_util::StreamExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

pub(crate) type Stream = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

const RESUME: &str = r#"{"event":"resume","data":{"resume":{}}}"#;

/// Connects, and waits until delivery has begun.
pub(crate) async fn connect(url: &str, token: &str) -> Stream {
    let mut request = format!("{url}?resume=true").into_client_request().expect("a URL");
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse().expect("a header"));
    let (mut stream, _) = connect_async(request).await.expect("an upgrade");
    futures_util::SinkExt::send(&mut stream, Message::text(RESUME)).await.expect("sent");
    loop {
        match stream.next().await {
            Some(Ok(Message::Text(text))) if text.contains(r#""event":"resumed""#) => return stream,
            Some(Ok(_)) => {}
            other => panic!("the connection ended before it began: {other:?}"),
        }
    }
}

/// Counts what many members receive, each in order, and wakes whoever waits for a count.
#[derive(Default)]
pub(crate) struct Counter {
    received: AtomicU64,
    wanted: AtomicU64,
    reached: Notify,
}

impl Counter {
    /// Waits until so many messages were received by all members together.
    pub(crate) async fn reaches(&self, count: u64) {
        loop {
            self.wanted.store(count, Ordering::SeqCst);
            let reached = self.reached.notified();
            if self.received.load(Ordering::SeqCst) >= count {
                return;
            }
            reached.await;
        }
    }

    fn add(&self) {
        let received = self.received.fetch_add(1, Ordering::SeqCst) + 1;
        if received >= self.wanted.load(Ordering::SeqCst) {
            self.reached.notify_one();
        }
    }
}

/// Reads a member's messages in a task of its own, and panics where one is missing, repeated or out of order.
pub(crate) fn count(
    tasks: &mut JoinSet<()>,
    mut frames: impl futures_util::Stream<Item = Result<Message, Error>> + Send + Unpin + 'static,
    counter: Arc<Counter>,
) {
    tasks.spawn(async move {
        let mut expected = 1;
        while let Some(Ok(message)) = frames.next().await {
            let Message::Text(text) = message else { continue };
            if !text.contains(r#""event":"message:received""#) {
                continue;
            }
            assert_eq!(number_of(&text, r#""seq":"#), Some(expected), "lost, repeated or out of order: {text}");
            expected += 1;
            counter.add();
        }
    });
}

/// The number behind a name: far cheaper than parsing the frame, and the client's CPU is the machine's too.
fn number_of(text: &str, name: &str) -> Option<u64> {
    let rest = &text[text.find(name)? + name.len()..];
    rest[..rest.find(|character: char| !character.is_ascii_digit())?].parse().ok()
}
