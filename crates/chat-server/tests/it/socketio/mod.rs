//! Socket.IO with the official clients; their programs are in `tests/clients`.

mod proxy;

use crate::examples::{clients, installed, program};
use crate::metrics::watched;
use crate::setup;
use chat_blackbox::{Server, Setup, polled};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// The time limit of one program, on a machine that runs other tests too.
const DEADLINE: Duration = Duration::from_mins(3);

/// A port that was free a moment ago.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

fn on_two_ports() -> (Setup, String) {
    let port = free_port();
    (setup().set("REALTIME_PORT", &port.to_string()), format!("http://127.0.0.1:{port}"))
}

fn source(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(file)
}

/// A running client program.
struct Client {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Client {
    fn run(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().expect("the program runs");
        let lines = BufReader::new(process.stdout.take().expect("standard output")).lines();
        Self { process, lines }
    }

    fn in_javascript(scenario: &str, transports: &str, base: &str, realtime: &str, pid: u32) -> Self {
        installed("node_modules/socket.io-client");
        // Node looks for packages in the program's folder. Tests run side by side, so each gets its own whole copy.
        let (file, fresh) = (clients().join("socketio.mjs"), clients().join(format!("{}.mjs", uuid::Uuid::now_v7())));
        std::fs::copy(source("javascript_client.mjs"), &fresh)
            .and_then(|_| std::fs::rename(&fresh, &file))
            .expect("a copy");
        Self::run(program("node").arg(&file).args([scenario, transports, base, realtime, &pid.to_string()]))
    }

    /// Checks the next line that the program prints. If it differs, panics with the program's errors.
    async fn prints(&mut self, expected: &str) {
        let line = tokio::time::timeout(DEADLINE, self.lines.next_line()).await.expect("a line in time");
        let line = line.expect("text");
        if line.as_deref() != Some(expected) {
            let mut complaints = String::new();
            let stderr = self.process.stderr.as_mut().expect("standard error");
            // A part of the errors is enough.
            let _ = stderr.read_to_string(&mut complaints).await;
            panic!("{line:?} instead of {expected:?}: {complaints}");
        }
    }
}

async fn plays(scenario: &str, transports: &str) {
    let (setup, realtime) = on_two_ports();
    let server = setup.start().await;
    Client::in_javascript(scenario, transports, server.base(), &realtime, server.pid()).prints("ok").await;
    server.assert_untroubled();
    assert!(!server.log().contains("sid="), "a session id is a credential");
}

/// Defines one test per transport.
macro_rules! javascript {
    ($($test:ident: $scenario:literal)*) => {$(
        mod $test {
            #[tokio::test]
            async fn by_default() {
                super::plays($scenario, "default").await;
            }

            #[tokio::test]
            async fn by_websocket_only() {
                super::plays($scenario, "websocket").await;
            }

            #[tokio::test]
            async fn by_polling_only() {
                super::plays($scenario, "polling").await;
            }
        }
    )*};
}

javascript! {
    every_event_of_the_colon_dialect: "colon"
    every_event_of_the_camel_dialect: "camel"
    refusals_say_why_and_are_final: "refusal"
    what_is_too_large_is_answered: "large"
    an_answer_that_is_late_is_late_and_no_more: "patience"
    a_thousand_events_stay_in_order: "order"
}

#[tokio::test]
async fn a_token_that_ends_ends_the_connection_and_is_refused_when_it_comes_again() {
    let server = setup().set("JWT_EXPIRATION", "3s").start().await;
    Client::in_javascript("expiry", "default", server.base(), server.base(), server.pid()).prints("ok").await;
    server.assert_untroubled();
}

async fn comes_back(transports: &str) {
    let setup = setup().set("PORT", &free_port().to_string());
    let mut server = setup.start().await;
    let mut client = Client::in_javascript("restart", transports, server.base(), server.base(), server.pid());
    client.prints("restart").await;
    server.terminate();
    assert!(server.ended().await.success());
    server.assert_untroubled();
    let server = server.restart().await;
    client.prints("ok").await;
    server.assert_untroubled();
}

#[tokio::test]
async fn a_client_by_default_comes_back_to_a_server_that_was_restarted() {
    comes_back("default").await;
}

#[tokio::test]
async fn a_client_by_websocket_comes_back_to_a_server_that_was_restarted() {
    comes_back("websocket").await;
}

#[tokio::test]
async fn a_client_by_polling_comes_back_to_a_server_that_was_restarted() {
    comes_back("polling").await;
}

#[tokio::test]
async fn a_client_behind_a_proxy_that_swallows_websockets_stays_on_polling() {
    let server = setup().start().await;
    let proxy = proxy::swallowing(server.base()).await;
    Client::in_javascript("blocked", "default", &proxy, &proxy, server.pid()).prints("ok").await;
    server.assert_untroubled();
}

#[tokio::test]
async fn a_crowd_is_upgraded_and_leaves_nothing_behind() {
    let (server, metrics) = watched(setup().set("MAX_CONNECTIONS_PER_USER", "1000")).await;
    let mut client = Client::in_javascript("crowd", "default", server.base(), server.base(), server.pid());
    client.prints("left").await;
    client.prints("ok").await;
    let emptied = polled(async || {
        let page = metrics.get("~/metrics").await.body.as_str().expect("text").to_owned();
        let empty = ["chat_socketio_sessions 0", "chat_connections 0"];
        empty.iter().all(|line| page.lines().any(|known| known == *line)).then_some(())
    });
    emptied.await.expect("all sockets are closed");
    server.assert_untroubled();
}

async fn plays_python(transports: &str) {
    let (setup, realtime) = on_two_ports();
    let server: Server = setup.start().await;
    let python = installed("python/bin/python");
    let mut command = program(python);
    command.arg(source("python_client.py")).args([transports, server.base(), &realtime]);
    Client::run(&mut command).prints("ok").await;
    server.assert_untroubled();
}

#[tokio::test]
async fn python_by_default() {
    plays_python("default").await;
}

#[tokio::test]
async fn python_by_websocket_only() {
    plays_python("websocket").await;
}

#[tokio::test]
async fn python_by_polling_only() {
    plays_python("polling").await;
}
