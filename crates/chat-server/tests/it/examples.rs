//! Runs the example clients of `docs/realtime.md` as a reader would.

use crate::start;
use chat_blackbox::Server;
use serde_json::{Value, json};
use std::cmp::Ordering;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// The time limit of an example. One that misses an event waits for it until then.
const DEADLINE: Duration = Duration::from_mins(1);

/// The time limit for cargo to build the Rust example.
const BUILD_DEADLINE: Duration = Duration::from_mins(10);

/// The `pos` of the third message: the conversation's creation is 1.
const POS_OF_THREE: u64 = 4;

/// The output of every example, in any language.
const PRINTED: &str = "\
Bob has one
Bob is away, and still has one
Bob is back, and has one, two, three
Ann sends four twice under one key: one message
Both have what is stored: one, two, three, four
";

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples")
}

fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target folder")
}

/// The folder in which `scripts/install-clients.sh` installs.
pub(crate) fn clients() -> PathBuf {
    target().join("clients")
}

/// Returns the path of an installed file. Panics if it does not exist.
pub(crate) fn installed(path: &str) -> PathBuf {
    let path = clients().join(path);
    assert!(path.exists(), "{} is missing: run scripts/install-clients.sh", path.display());
    path
}

/// Returns a command with an empty environment except `PATH`.
pub(crate) fn program(path: impl AsRef<Path>) -> Command {
    let mut command = Command::new(path.as_ref());
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

async fn prints_what_it_should(server: &Server, make: impl Fn() -> Command) {
    // Once directly, and once through a proxy that rejects two tokens, makes a `resume` late, answers it as the
    // previous release does, skips a change and begins a new epoch.
    for base in [server.base().to_owned(), through_a_proxy(server.base(), 2).await] {
        let running = make().arg(&base).stdin(Stdio::null()).kill_on_drop(true).output();
        let output = tokio::time::timeout(DEADLINE, running).await.expect("an end in time").expect("the program runs");
        let (printed, complaints) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(printed, PRINTED, "{complaints}\n{}", server.log());
        assert!(output.status.success(), "{}: {complaints}", output.status);
    }
    let renewed = server.log().matches("/api/v1/auth/refresh").count();
    assert_eq!(renewed, 2, "each 4001 is answered by a renewed token");
    server.assert_untroubled();
}

/// Starts a proxy to the server that closes the first `count` WebSocket connections with 4001. Ann and Bob open the
/// next two. When Bob is back, his `resume` is too late, `resumed` has the fields of the previous release, and he is
/// told that the change after the third message was skipped. When he connects again, the epoch is another one.
async fn through_a_proxy(base: &str, count: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let address = listener.local_addr().expect("an address");
    let server = base.trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        let (opened, has_skipped) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        while let Ok((client, _)) = listener.accept().await {
            let (server, opened, has_skipped) = (server.clone(), opened.clone(), has_skipped.clone());
            tokio::spawn(async move { drop(pass_on(client, &server, &opened, count, &has_skipped).await) });
        }
    });
    format!("http://{address}")
}

async fn pass_on(
    mut client: TcpStream,
    server: &str,
    opened: &AtomicUsize,
    count: usize,
    has_skipped: &AtomicBool,
) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if client.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let value = |name: &str| {
        let mut headers = text.lines().filter_map(|line| line.split_once(": "));
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    };
    let key = value("sec-websocket-key");
    let place = key.map_or(0, |_| opened.fetch_add(1, SeqCst));
    let Some(key) = key.filter(|_| place < count) else {
        let mut server = TcpStream::connect(server).await?;
        server.write_all(&head).await?;
        if key.is_none() {
            return tokio::io::copy_bidirectional(&mut client, &mut server).await.map(drop);
        }
        let ((mut from_client, to_client), (from_server, mut to_server)) = (client.split(), server.split());
        let pass_on_commands = async {
            from_client.readable().await?;
            if place == count + 2 {
                to_server.write_all(&empty_resume()).await?;
            }
            tokio::io::copy(&mut from_client, &mut to_server).await
        };
        let alter = match place.cmp(&(count + 2)) {
            Ordering::Less => replace_epoch,
            Ordering::Equal => remove_epoch_and_reset,
            Ordering::Greater => |_: &mut [u8]| {},
        };
        return tokio::select! {
            end = pass_on_commands => end.map(drop),
            end = pass_on_frames(from_server, to_client, has_skipped, alter) => end,
        };
    };
    let accept = derive_accept_key(key.as_bytes());
    let protocol = value("sec-websocket-protocol").map_or("", |_| "Sec-WebSocket-Protocol: bearer\r\n");
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: \
         {accept}\r\n{protocol}\r\n"
    );
    let close = [&[0x88, 2][..], &4001_u16.to_be_bytes()].concat();
    client.write_all(&[answer.as_bytes(), &close].concat()).await?;
    tokio::io::copy(&mut client, &mut tokio::io::sink()).await.map(drop)
}

/// A frame that makes the client's own `resume` too late: like the server's deadline, it causes a `resumed` without a
/// replay.
fn empty_resume() -> Vec<u8> {
    let text = json!({"event": "resume", "data": {"resume": {}}}).to_string();
    let length = u8::try_from(text.len()).expect("a short frame");
    let no_mask = [0; 4];
    [&[0x81, 0x80 | length][..], &no_mask, text.as_bytes()].concat()
}

/// Passes on what the server sends on a WebSocket, altered. When Bob is back, adds a `change:skipped` with the `pos` of
/// the fourth message, and ends the connection.
async fn pass_on_frames(
    server: impl AsyncRead + Unpin,
    mut client: impl AsyncWrite + Unpin,
    has_skipped: &AtomicBool,
    alter: fn(&mut [u8]),
) -> io::Result<()> {
    let mut server = BufReader::new(server);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && server.read_until(b'\n', &mut head).await? > 0 {}
    client.write_all(&head).await?;
    loop {
        let mut frame = vec![0; 2];
        server.read_exact(&mut frame).await?;
        let length = match frame[1] {
            126 => {
                frame.resize(4, 0);
                server.read_exact(&mut frame[2..]).await?;
                u16::from_be_bytes([frame[2], frame[3]])
            }
            short => u16::from(short),
        };
        let start = frame.len();
        frame.resize(start + usize::from(length), 0);
        server.read_exact(&mut frame[start..]).await?;
        alter(&mut frame[start..]);
        client.write_all(&frame).await?;
        let Ok(event) = serde_json::from_slice::<Value>(&frame[start..]) else { continue };
        if let Some(conversation) = has_three(&event).filter(|_| !has_skipped.swap(true, SeqCst)) {
            let skipped = json!({"conversationId": conversation, "pos": POS_OF_THREE + 1});
            let text = json!({"event": "change:skipped", "data": skipped}).to_string();
            let length = u8::try_from(text.len()).expect("a short frame");
            client.write_all(&[&[0x81, length], text.as_bytes()].concat()).await?;
            client.shutdown().await?;
            // Until the client closes its side: closing with unread data could destroy the frame on its way.
            return std::future::pending().await;
        }
    }
}

/// Replaces the epoch in a `resumed` by a text of the same length.
fn replace_epoch(frame: &mut [u8]) {
    const FIELD: &[u8] = br#""epoch":""#;
    let field = frame.windows(FIELD.len()).position(|window| window == FIELD);
    if let Some(epoch) = field.and_then(|at| frame.get_mut(at + FIELD.len()..)) {
        let length = epoch.iter().position(|byte| *byte == b'"').expect("the end of the epoch");
        epoch[..length].fill(b'0');
    }
}

/// Writes spaces over the fields of a `resumed` that nodes of the previous release do not send.
fn remove_epoch_and_reset(frame: &mut [u8]) {
    for (start, end) in [(r#""epoch":""#, "\","), (",\"reset\":[", "]")] {
        let text = String::from_utf8_lossy(frame);
        let Some(at) = text.find(start) else { continue };
        let length = text[at + start.len()..].find(end).expect("the end of the field");
        frame[at..at + start.len() + length + end.len()].fill(b' ');
    }
}

/// Returns the conversation if this event tells a client that it has all messages up to the third.
fn has_three(event: &Value) -> Option<&String> {
    let (conversation, pos) = event["data"]["positions"].as_object()?.iter().next()?;
    (*pos == POS_OF_THREE).then_some(conversation)
}

#[tokio::test]
async fn the_client_in_javascript_misses_nothing() {
    let server = start().await;
    // Node looks for packages in the program's folder.
    installed("node_modules/ws");
    let program_file = clients().join("chat.mjs");
    std::fs::copy(examples().join("chat.mjs"), &program_file).expect("a copy of the program");
    let make = || {
        let mut node = program("node");
        node.arg(&program_file);
        node
    };
    prints_what_it_should(&server, make).await;
}

#[tokio::test]
async fn the_client_in_python_misses_nothing() {
    let server = start().await;
    let python = installed("python/bin/python");
    let make = || {
        let mut python = program(&python);
        python.arg(examples().join("chat.py"));
        python
    };
    prints_what_it_should(&server, make).await;
}

#[tokio::test]
async fn the_client_in_rust_misses_nothing() {
    let server = start().await;
    let program_file = target().join("debug/examples/chat");
    if !is_up_to_date(&program_file) {
        build_client_in_rust().await;
    }
    prints_what_it_should(&server, || program(&program_file)).await;
}

/// Whether the program is newer than its source and than the versions of its dependencies. A run of the whole suite has
/// built it already, and cargo would wait for the lints that run beside the tests.
fn is_up_to_date(program: &Path) -> bool {
    let changed = |path: &Path| std::fs::metadata(path).and_then(|file| file.modified());
    let sources = [examples().join("chat.rs"), examples().join("../../Cargo.lock")];
    let sources = sources.map(|source| changed(&source).expect("a source file"));
    changed(program).is_ok_and(|built| sources.iter().all(|source| *source < built))
}

async fn build_client_in_rust() {
    // Builds with the features of the whole workspace, as the suite does: otherwise cargo would compile the
    // dependencies again.
    let arguments = ["build", "--quiet", "--workspace", "--example", "chat", "--target-dir"];
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(examples()).args(arguments).arg(target()).kill_on_drop(true);
    let built =
        tokio::time::timeout(BUILD_DEADLINE, cargo.status()).await.expect("an end in time").expect("cargo runs");
    assert!(built.success(), "{built}");
}

#[test]
fn the_guide_shows_the_programs_that_are_run() {
    let guide = include_str!("../../../../docs/realtime.md");
    let programs = [
        ("js", include_str!("../../../../docs/examples/chat.mjs")),
        ("python", include_str!("../../../../docs/examples/chat.py")),
        ("rust", include_str!("../../../../docs/examples/chat.rs")),
        ("text", PRINTED),
    ];
    for (language, program) in programs {
        let shown = format!("\n```{language}\n{program}```\n");
        assert!(
            guide.contains(&shown),
            "docs/realtime.md does not show the {language} program as it is in docs/examples"
        );
    }
}
