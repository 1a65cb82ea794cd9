//! The files in `deploy` must work with the programs that they are for.

use crate::metrics::{documented, names, watched};
use crate::setup;
use chat_blackbox::Rest;
use chat_testkit::servers::Proxy;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn deploy(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(file)
}

/// Runs a program. Returns its output, or its errors if it failed.
fn run(program: &str, arguments: &[&str], settings: &[(&str, &str)]) -> Result<String, String> {
    let mut command = Command::new(program);
    let output = command.args(arguments).envs(settings.iter().copied()).output();
    let output = output.unwrap_or_else(|error| panic!("{program} does not run (scripts/test.sh installs it): {error}"));
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed).into_owned();
    if output.status.success() { Ok(printed) } else { Err(printed) }
}

/// Returns the names of our metrics in a text, without the suffixes of histograms.
fn metrics_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    let ours = words.filter(|word| word.starts_with("chat_") || word.starts_with("process_"));
    ours.map(|name| {
        let family = ["_bucket", "_count"].into_iter().find_map(|suffix| name.strip_suffix(suffix));
        family.unwrap_or(name).to_owned()
    })
    .collect()
}

/// Returns `deploy/nginx.conf` for these two nodes, with plain HTTP on this port.
pub(crate) fn nginx_config([first, second]: &[String; 2], port: u16) -> String {
    let config = include_str!("../../../../deploy/nginx.conf");
    let config = config.replace("127.0.0.1:3001", first).replace("127.0.0.1:3002", second);
    let config = config.replace("listen 443 ssl http2;", &format!("listen 127.0.0.1:{port};"));
    config.lines().filter(|line| !line.contains("ssl_certificate")).collect::<Vec<_>>().join("\n")
}

/// Returns the first site of `deploy/Caddyfile` for these two nodes, with plain HTTP on this port. The second site
/// differs only in its nodes.
pub(crate) fn caddy_config([first, second]: &[String; 2], port: u16) -> String {
    let config = include_str!("../../../../deploy/Caddyfile");
    let config = config.replace("{$CHAT_NODES:node-1:3000 node-2:3000}", &format!("{first} {second}"));
    let config = config.replace("{$CHAT_SITE::8080}", &format!("http://127.0.0.1:{port}"));
    config.split_once("# Clients here are sent").expect("the second site").0.to_owned()
}

#[tokio::test]
async fn a_503_for_one_client_takes_no_node_out_of_nginx() {
    let server = setup().set("MAX_CONNECTIONS", "1").start().await;
    let ann = server.register("ann").await;
    let _only = server.connect(&ann).await;
    let node = server.base().trim_start_matches("http://").to_owned();
    let proxy = Proxy::nginx(|port| nginx_config(&[node.clone(), node.clone()], port));
    let through = ann.at(&Rest::new(&proxy.base()));
    for _ in 0..3 {
        let request = through.rest.request(reqwest::Method::GET, "/ws");
        let request = request.header("connection", "upgrade").header("upgrade", "websocket");
        let request =
            request.header("sec-websocket-version", "13").header("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA==");
        let refused = request.send().await;
        refused.assert_failure(503, "TOO_MANY_CONNECTIONS");
        let other = through.rest.get("/users/me").await;
        assert_eq!(other.status, 200, "{other:?}");
    }
}

#[tokio::test]
async fn caddy_answers_in_the_form_of_the_api_while_no_node_is_ready() {
    // No node listens on this port.
    let nodes = ["127.0.0.1:1".to_owned(), "127.0.0.1:1".to_owned()];
    let proxy = Proxy::caddy(|port| caddy_config(&nodes, port));
    let through = Rest::new(&proxy.base());
    for path in ["/users/me?q=%22", "~/socket.io/", "~/%22quoted%0A"] {
        let answer = through.get(path).await;
        answer.assert_failure(503, "UNAVAILABLE");
        assert_eq!(answer.header("retry-after"), "1", "{answer:?}");
        assert_eq!(answer.header("content-type"), "application/json", "{answer:?}");
    }
}

#[test]
fn alert_rules_and_the_dashboard_name_metrics_that_exist() {
    let known = documented();
    for file in ["prometheus/alerts.yml", "grafana/chat-server.json"] {
        let text = std::fs::read_to_string(deploy(file)).expect("the file");
        let named = metrics_in(&text);
        assert!(named.len() > 10, "{file} names metrics: {named:?}");
        assert!(named.is_subset(&known), "{file} names unknown metrics: {:?}", named.difference(&known));
    }
    let dashboard = std::fs::read_to_string(deploy("grafana/chat-server.json")).expect("the file");
    let dashboard: serde_json::Value = serde_json::from_str(&dashboard).expect("the dashboard is JSON");
    let ids: BTreeSet<_> = dashboard["panels"]
        .as_array()
        .expect("panels")
        .iter()
        .map(|panel| &panel["id"])
        .map(ToString::to_string)
        .collect();
    assert_eq!(ids.len(), dashboard["panels"].as_array().map_or(0, Vec::len), "each panel has an id of its own");
}

#[test]
fn prometheus_accepts_the_alert_rules_and_the_example_configuration() {
    for (check, file) in [("rules", "prometheus/alerts.yml"), ("config", "prometheus/prometheus.yml")] {
        let path = deploy(file);
        let checked = run("promtool", &["check", check, path.to_str().expect("a path")], &[]);
        checked.unwrap_or_else(|fault| panic!("{file}: {fault}"));
    }
}

#[test]
fn caddy_accepts_the_caddyfile_with_and_without_a_site_name() {
    let path = deploy("Caddyfile");
    let arguments = ["adapt", "--adapter", "caddyfile", "--validate", "--config", path.to_str().expect("a path")];
    for site in [":8080", "chat.example.com"] {
        let folder = tempfile::tempdir().expect("a folder");
        let home = folder.path().to_str().expect("a path");
        let settings = [("CHAT_SITE", site), ("HOME", home), ("XDG_DATA_HOME", home), ("XDG_CONFIG_HOME", home)];
        run("caddy", &arguments, &settings).unwrap_or_else(|fault| panic!("{site}: {fault}"));
    }
}

#[tokio::test]
async fn metrics_come_in_the_classic_format_for_tools_that_ask_for_text() {
    let (_server, admin) = watched(setup()).await;
    let classic = admin.request(reqwest::Method::GET, "~/metrics").header("accept", "text/plain").send().await;
    assert!(classic.header("content-type").starts_with("text/plain; version=0.0.4"), "{classic:?}");
    let page = classic.body.as_str().expect("text");
    assert!(page.contains("# TYPE chat_sends_total counter") && !page.contains("# EOF"), "{page}");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("metrics");
    std::fs::write(&file, page).expect("written");
    let checked = run("sh", &["-c", "promtool check metrics <\"$PAGE\""], &[("PAGE", file.to_str().expect("a path"))]);
    // `promtool` also criticises names. Only its parse errors count.
    if let Err(said) = checked {
        assert!(!said.contains("error while"), "{said}");
    }

    let both = concat!(
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,",
        "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
    );
    let preferred = admin.request(reqwest::Method::GET, "~/metrics").header("accept", both).send().await;
    assert!(preferred.header("content-type").starts_with("application/openmetrics-text"), "{preferred:?}");

    let any_text = admin.request(reqwest::Method::GET, "~/metrics").header("accept", "text/*").send().await;
    assert!(any_text.header("content-type").starts_with("text/plain; version=0.0.4"), "{any_text:?}");
    let excluded = admin.request(reqwest::Method::GET, "~/metrics").header("accept", "*/*;q=0").send().await;
    assert_eq!(excluded.status, 406);
    let head = admin.request(reqwest::Method::HEAD, "~/metrics").header("accept", "text/plain").send().await;
    assert_eq!(head.status, 200);
    assert!(head.header("content-type").starts_with("text/plain; version=0.0.4"), "{head:?}");
    for method in [reqwest::Method::POST, reqwest::Method::DELETE, reqwest::Method::PUT] {
        let refused = admin.request(method.clone(), "~/metrics").send().await;
        assert_eq!((refused.status, refused.header("allow")), (405, "GET, HEAD"), "{method}");
    }
}

#[tokio::test]
async fn metrics_tell_of_the_process_the_version_and_commands() {
    let (server, admin) = watched(setup().set("MAX_CONNECTIONS", "77")).await;
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    ann.direct_with(&ben).await;
    let mut at_ann = server.connect(&ann).await;
    at_ann.ask("presence:get", serde_json::json!({"userId": ben.id})).await;
    let page = admin.get("~/metrics").await;
    let page = page.body.as_str().expect("text");
    for line in [
        "chat_connections_limit 77",
        concat!("chat_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
        r#"chat_command_seconds_count{command="presence:get",outcome="ok"} 1"#,
    ] {
        assert!(page.lines().any(|known| known == line), "{line} is not in {page}");
    }
    for name in ["process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds", "process_max_fds"] {
        assert!(names(page).contains(name), "{name} is not in {page}");
    }
}
