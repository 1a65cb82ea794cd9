//! Compares the table of `ARCHITECTURE.md` with `cargo metadata`: which of our crates may depend on which, and which of
//! them may use certain external crates.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

const TABLE: &str = include_str!("../../../../ARCHITECTURE.md");

/// External crates that only some of our crates may depend on.
const CONFINED: &[(&str, &[&str])] = &[
    ("diesel", &["chat-postgres", "chat-sqlite"]),
    ("diesel_migrations", &["chat-postgres", "chat-sqlite"]),
    ("diesel-async", &["chat-postgres"]),
    ("tokio-postgres", &["chat-postgres"]),
    ("redis", &["chat-redis"]),
    ("deadpool-redis", &["chat-redis"]),
    ("prometheus-client", &["chat-server"]),
    ("libsqlite3-sys", &["chat-sqlite"]),
    ("actix-web", &["chat-http", "chat-server", "chat-socketio"]),
    ("apistos", &["chat-http", "chat-protocol (optional)"]),
    ("bcrypt", &["chat-auth"]),
    ("jsonwebtoken", &["chat-auth"]),
    ("actix-ws", &["chat-http"]),
    // HTTP clients are slow to build, so tests of stores must not need them.
    ("reqwest", &["chat-bench", "chat-blackbox"]),
    ("tokio-tungstenite", &["chat-blackbox", "chat-server"]),
    ("anyhow", &["chat-bench", "chat-server"]),
    ("clap", &["chat-bench", "chat-server"]),
];

/// The suffix of a dependency that only a feature turns on.
const OPTIONAL: &str = " (optional)";

/// Returns our crates, each with its normal dependencies. Read as plain JSON: a library for it would change features of
/// `serde_json` in the tests, so that cargo would build the server a second time without them.
fn packages() -> BTreeMap<String, Vec<String>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).args(["metadata", "--no-deps", "--format-version", "1"]).output().expect("cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let name = |entry: &Value| entry["name"].as_str().expect("a name").to_owned();
    let list = |value: &Value| value.as_array().expect("a list").clone();
    let normal = |package: &Value| {
        let normal = list(&package["dependencies"]).into_iter().filter(|dependency| dependency["kind"].is_null());
        normal
            .map(
                |dependency| {
                    if dependency["optional"] == true { name(&dependency) + OPTIONAL } else { name(&dependency) }
                },
            )
            .collect()
    };
    list(&metadata["packages"]).iter().map(|package| (name(package), normal(package))).collect()
}

/// Reads the rows `| `crate` | what it owns | a, b |` as a map from each crate to the crates of ours that it may
/// import.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    TABLE
        .lines()
        .filter_map(|line| {
            let cells: Vec<_> = line.trim().trim_matches('|').split(" | ").map(str::trim).collect();
            let [name, _, imports] = cells.as_slice() else { return None };
            let name = name.strip_prefix("`chat-")?.strip_suffix('`')?;
            let imports = imports.split([',', ' ']).filter(|import| !import.is_empty() && *import != "–");
            Some((format!("chat-{name}"), imports.map(|import| format!("chat-{import}")).collect()))
        })
        .collect()
}

#[test]
fn each_crate_uses_those_of_ours_that_the_table_names_and_no_others() {
    let documented = documented();
    let packages = packages();
    assert!(documented.keys().eq(packages.keys()), "every crate has a row");
    for (package, dependencies) in &packages {
        let used: BTreeSet<_> = dependencies.iter().filter(|name| packages.contains_key(*name)).cloned().collect();
        let allowed = &documented[package];
        assert!(used.is_subset(allowed), "{package} uses {:?}", used.difference(allowed).collect::<Vec<_>>());
    }
}

#[test]
fn heavy_crates_stay_where_they_belong() {
    for (package, dependencies) in packages() {
        for dependency in dependencies {
            let (name, optional) =
                dependency.strip_suffix(OPTIONAL).map_or((dependency.as_str(), ""), |name| (name, OPTIONAL));
            let Some((_, allowed)) = CONFINED.iter().find(|(confined, _)| *confined == name) else { continue };
            assert!(allowed.contains(&format!("{package}{optional}").as_str()), "{package} may not use {dependency}");
        }
    }
}

#[test]
fn the_domain_knows_no_io() {
    let forbidden = ["tokio", "serde", "serde_json", "diesel", "actix-web", "tracing"];
    assert!(packages()["chat-domain"].iter().all(|dependency| !forbidden.contains(&dependency.as_str())));
}
