//! The clients that `docs/realtime.md` shows, run as their readers would run them.

use crate::start;
use chat_testkit::blackbox::Server;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// For a program that is there. One that misses something waits for it in vain.
const DEADLINE: Duration = Duration::from_mins(1);

/// For one that is built first.
const BUILD_DEADLINE: Duration = Duration::from_mins(10);

/// What each of them prints, in whatever language.
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

/// Where `scripts/install-clients.sh` installs.
pub(crate) fn clients() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target folder");
    target.join("clients")
}

/// A file of what is installed there.
pub(crate) fn installed(path: &str) -> PathBuf {
    let path = clients().join(path);
    assert!(path.exists(), "{} is missing: run scripts/install-clients.sh", path.display());
    path
}

/// With nothing of this process's environment but where programs are.
pub(crate) fn program(path: impl AsRef<Path>) -> Command {
    let mut command = Command::new(path.as_ref());
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

async fn prints_what_it_should(server: &Server, command: &mut Command, deadline: Duration) {
    let running = command.arg(server.base()).stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(deadline, running).await.expect("an end in time").expect("the program runs");
    let (printed, complaints) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(printed, PRINTED, "{complaints}\n{}", server.log());
    assert!(output.status.success(), "{}: {complaints}", output.status);
    server.assert_untroubled();
}

#[tokio::test]
async fn the_client_in_javascript_misses_nothing() {
    let server = start().await;
    // Node looks for packages beside the program.
    installed("node_modules/ws");
    let program_file = clients().join("chat.mjs");
    std::fs::copy(examples().join("chat.mjs"), &program_file).expect("a copy of the program");
    prints_what_it_should(&server, program("node").arg(&program_file), DEADLINE).await;
}

#[tokio::test]
async fn the_client_in_python_misses_nothing() {
    let server = start().await;
    let python = installed("python/bin/python");
    prints_what_it_should(&server, program(python).arg(examples().join("chat.py")), DEADLINE).await;
}

#[tokio::test]
async fn the_client_in_rust_misses_nothing() {
    let server = start().await;
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(examples()).args(["run", "--quiet", "--package", "chat-testkit", "--example", "chat", "--"]);
    prints_what_it_should(&server, &mut cargo, BUILD_DEADLINE).await;
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
