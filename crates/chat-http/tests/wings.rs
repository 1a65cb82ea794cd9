//! Checks the imports between the modules of this crate: REST and sockets are two wings that do not import each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A part of the crate: its modules, and the parts whose modules they may import beside their own.
struct Wing {
    name: &'static str,
    modules: &'static [&'static str],
    may_import: &'static [&'static str],
}

const WINGS: [Wing; 4] = [
    Wing {
        name: "shared",
        modules: &[
            "commands",
            "error",
            "headers",
            "identity",
            "limits",
            "origin",
            "paths",
            "proxies",
            "request_id",
            "request_log",
            "running",
            "sending",
            "state",
            "stats",
        ],
        may_import: &[],
    },
    Wing {
        name: "rest",
        modules: &[
            "answer",
            "asyncapi",
            "auth",
            "changes",
            "chat",
            "conversations",
            "extract",
            "health",
            "messages",
            "middleware",
            "openapi",
            "operation",
            "receipts",
            "rest",
            "threads",
            "users",
        ],
        may_import: &["shared"],
    },
    Wing { name: "gateway", modules: &["gateway"], may_import: &["shared"] },
    Wing { name: "server", modules: &["server"], may_import: &["shared", "rest", "gateway"] },
];

/// The modules of the gateway, from the top down: each may import those after it.
const GATEWAY: [&str; 4] = ["upgrade", "socketio", "connection", "admission"];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Returns every source file below a folder: the path of its module, and its code without comments and unit tests.
fn modules(folder: &Path, path: &[String]) -> Vec<(Vec<String>, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let entry = entry.expect("an entry").path();
        let name = entry.file_stem().expect("a name").to_string_lossy().into_owned();
        let mut module = path.to_vec();
        if entry.is_dir() {
            module.push(name);
            found.extend(modules(&entry, &module));
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            if name != "mod" && name != "lib" {
                module.push(name);
            }
            let code = fs::read_to_string(&entry).expect("a source file");
            let code = code.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default();
            let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            found.push((module, lines.collect::<Vec<_>>().join("\n")));
        }
    }
    found
}

/// Returns the first names after a prefix such as `crate::`: one, or those of a group in braces.
fn first_names(rest: &str) -> Vec<String> {
    let name = |text: &str| text.chars().take_while(|sign| sign.is_alphanumeric() || *sign == '_').collect::<String>();
    let Some(group) = rest.strip_prefix('{') else { return vec![name(rest)] };
    let (mut names, mut depth, mut item) = (Vec::new(), 1, String::new());
    for sign in group.chars() {
        match sign {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 || (depth == 1 && sign == ',') {
            names.push(name(item.trim()));
            item.clear();
        } else {
            item.push(sign);
        }
        if depth == 0 {
            break;
        }
    }
    names.into_iter().filter(|name| !name.is_empty()).collect()
}

/// Returns the paths that a module imports by `crate::` and `super::`, from the crate's root and two names deep.
fn imports(module: &[String], code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        for first in first_names(rest) {
            let within = rest.strip_prefix(&first).and_then(|rest| rest.strip_prefix("::"));
            let seconds = within.map(first_names).unwrap_or_default();
            found.push(vec![first.clone()]);
            found.extend(seconds.into_iter().map(|second| vec![first.clone(), second]));
        }
    }
    let is_continued = |at: usize| code[..at].ends_with("super::");
    for (at, _) in code.match_indices("super::").filter(|(at, _)| !is_continued(*at)) {
        let (mut rest, mut parents) = (&code[at..], 0);
        while let Some(after) = rest.strip_prefix("super::") {
            (rest, parents) = (after, parents + 1);
        }
        assert!(parents <= module.len(), "{}: `super` leaves the crate", module.join("::"));
        let parent = &module[..module.len() - parents];
        found.extend(first_names(rest).into_iter().map(|name| [parent, &[name]].concat()));
    }
    found
}

/// Returns the names that the root re-exports, and the module of each.
fn re_exports(root: &str) -> BTreeMap<String, String> {
    let ours = root.lines().filter_map(|line| line.strip_prefix("pub use ")).filter_map(|line| line.split_once("::"));
    ours.flat_map(|(module, rest)| {
        first_names(rest.trim_end_matches(';')).into_iter().map(|name| (name, module.to_owned()))
    })
    .collect()
}

fn wing_of(module: &str) -> &'static Wing {
    WINGS.iter().find(|wing| wing.modules.contains(&module)).unwrap_or_else(|| {
        panic!("the module `{module}` belongs to no wing: add it to the table in chat-http/tests/wings.rs")
    })
}

#[test]
fn each_wing_imports_only_its_own_modules_and_those_that_it_may() {
    let all = modules(&source(), &[]);
    let (_, root) = all.iter().find(|(module, _)| module.is_empty()).expect("lib.rs");
    let re_exports = re_exports(root);
    let declared: BTreeSet<_> = all.iter().filter_map(|(module, _)| module.first().map(String::as_str)).collect();
    let listed: BTreeSet<_> = WINGS.iter().flat_map(|wing| wing.modules.iter().copied()).collect();
    assert_eq!(listed, declared, "the table in chat-http/tests/wings.rs lists exactly the modules of the crate");

    let mut count = 0;
    for (module, code) in all.iter().filter(|(module, _)| !module.is_empty()) {
        let own = wing_of(&module[0]);
        for import in imports(module, code) {
            let name = re_exports.get(&import[0]).unwrap_or(&import[0]);
            if !declared.contains(name.as_str()) {
                // A re-export of another crate's item.
                continue;
            }
            let other = wing_of(name);
            assert!(
                own.name == other.name || own.may_import.contains(&other.name),
                "{} ({}) imports `{}` ({}): it may import {:?} only. Modules that both wings need are beside them.",
                module.join("::"),
                own.name,
                import.join("::"),
                other.name,
                own.may_import
            );
            count += 1;
        }
    }
    assert!(count > 100, "only {count} imports were found: the scan is broken");
}

#[test]
fn the_modules_of_the_gateway_import_only_those_below_them() {
    let rank = |name: &str| GATEWAY.iter().position(|module| *module == name);
    let mut count = 0;
    for (module, code) in modules(&source().join("gateway"), &["gateway".to_owned()]) {
        let Some(own) = module.get(1) else { continue };
        let own_rank = rank(own).unwrap_or_else(|| panic!("`gateway::{own}` has no place in the order of wings.rs"));
        for import in imports(&module, &code).iter().filter(|import| import[0] == "gateway") {
            let Some(other_rank) = import.get(1).and_then(|name| rank(name)) else { continue };
            assert!(
                own_rank <= other_rank,
                "{} imports `{}`, which is above it: the order is {}",
                module.join("::"),
                import.join("::"),
                GATEWAY.join(", ")
            );
            count += usize::from(own_rank < other_rank);
        }
    }
    assert!(count >= 5, "only {count} imports were found: the scan is broken");
}

#[test]
fn the_scan_reads_groups_and_parents() {
    let module = ["a", "b", "c"].map(str::to_owned);
    let code =
        "use crate::{x, y::{self, z}, W};\nuse crate::p::{q, r::s};\nuse super::super::t;\nlet u = super::v::w();";
    let found: Vec<_> = imports(&module, code).iter().map(|import| import.join("::")).collect();
    assert_eq!(found, ["x", "y", "W", "p", "p::q", "p::r", "a::t", "a::b::v"]);
}
