//! Compares the table of `ARCHITECTURE.md` with `cargo metadata`: which of our crates may depend on which, and which of
//! them may use certain external crates.

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use std::collections::{BTreeMap, BTreeSet};

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

fn metadata() -> Metadata {
    MetadataCommand::new().no_deps().exec().expect("cargo metadata")
}

fn normal_dependencies(package: &Package) -> impl Iterator<Item = String> {
    package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal).map(|dependency| {
        if dependency.optional { format!("{} (optional)", dependency.name) } else { dependency.name.clone() }
    })
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
    let metadata = metadata();
    let names: BTreeSet<_> = metadata.packages.iter().map(|package| package.name.to_string()).collect();
    assert_eq!(documented.keys().cloned().collect::<BTreeSet<_>>(), names, "every crate has a row");
    for package in &metadata.packages {
        let used: BTreeSet<_> = normal_dependencies(package).filter(|name| names.contains(name)).collect();
        let allowed = &documented[package.name.as_str()];
        assert!(used.is_subset(allowed), "{} uses {:?}", package.name, used.difference(allowed).collect::<Vec<_>>());
    }
}

#[test]
fn heavy_crates_stay_where_they_belong() {
    for package in &metadata().packages {
        for dependency in normal_dependencies(package) {
            let (name, optional) = dependency
                .split_once(" (optional)")
                .map_or((dependency.as_str(), ""), |(name, _)| (name, " (optional)"));
            let Some((_, allowed)) = CONFINED.iter().find(|(confined, _)| *confined == name) else { continue };
            assert!(
                allowed.contains(&format!("{}{optional}", package.name).as_str()),
                "{} may not use {dependency}",
                package.name
            );
        }
    }
}

#[test]
fn the_domain_knows_no_io() {
    let metadata = metadata();
    let domain = metadata.packages.iter().find(|package| package.name.as_str() == "chat-domain").expect("chat-domain");
    let forbidden = ["tokio", "serde", "serde_json", "diesel", "actix-web", "tracing"];
    assert!(normal_dependencies(domain).all(|dependency| !forbidden.contains(&dependency.as_str())));
}
