//! Clients generated from the OpenAPI document pass the strictest type checks of their languages, sign in, send
//! messages and page by cursor.

use crate::examples::{clients, installed, program};
use crate::start;
use chat_blackbox::Server;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::Command;

/// The time limit of each program.
const DEADLINE: Duration = Duration::from_mins(2);

/// The output of both programs.
const PRINTED: &str = "message 5, message 4, message 3, message 2, message 1\n3 conversations\n";

/// Makes a folder with the server's document and one of the programs, below the installed packages.
async fn folder_with(server: &Server, name: &str) -> TempDir {
    let folder = tempfile::tempdir_in(generated()).expect("a folder");
    let document = server.rest().get("~/api/openapi.json").await.body.to_string();
    std::fs::write(folder.path().join("openapi.json"), document).expect("the document");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/documents").join(name);
    std::fs::copy(source, folder.path().join(name)).expect("a copy of the program");
    folder
}

fn generated() -> PathBuf {
    clients().join("generated")
}

/// Runs a program that must succeed, and returns what it prints.
async fn run(folder: &TempDir, mut command: Command) -> String {
    let running = command.current_dir(folder.path()).stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(DEADLINE, running).await.expect("an end in time").expect("the program runs");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}: {printed}\n{}", String::from_utf8_lossy(&output.stderr));
    printed
}

fn node(script: &str) -> Command {
    let mut node = program("node");
    node.arg(installed(&format!("generated/node_modules/{script}")));
    node
}

#[tokio::test]
async fn a_client_by_openapi_typescript_passes_strict_checks_and_pages_by_cursor() {
    let server = start().await;
    let folder = folder_with(&server, "page.ts").await;
    let mut generate = node("openapi-typescript/bin/cli.js");
    generate.args(["openapi.json", "--output", "api.d.ts"]);
    run(&folder, generate).await;
    let mut compile = node("typescript/bin/tsc");
    compile.args(["--strict", "--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom", "page.ts"]);
    run(&folder, compile).await;
    // The compiler writes ECMAScript modules beside the `package.json` that declares them.
    let mut page = program("node");
    page.arg("page.js").arg(server.base());
    assert_eq!(run(&folder, page).await, PRINTED);
    server.assert_untroubled();
}

#[tokio::test]
async fn a_client_by_openapi_python_client_passes_strict_checks_and_pages_by_cursor() {
    let server = start().await;
    let folder = folder_with(&server, "page.py").await;
    let mut generate = program(installed("generated/python/bin/openapi-python-client"));
    generate.args(["generate", "--path", "openapi.json", "--output-path", "chat_client", "--meta", "none"]);
    run(&folder, generate).await;
    let mut check = program(installed("generated/python/bin/mypy"));
    check.args(["--strict", "--cache-dir", "types", "page.py", "chat_client"]);
    run(&folder, check).await;
    let mut page = program(installed("generated/python/bin/python"));
    page.arg("page.py").arg(server.base());
    assert_eq!(run(&folder, page).await, PRINTED);
    server.assert_untroubled();
}
