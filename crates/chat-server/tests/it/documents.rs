//! Compares the documents with the code that they describe.

use chat_domain::ErrorCode;
use chat_http::error::status_of;
use chat_protocol::realtime::{COMMANDS, Dialect, EVENTS};

#[test]
fn the_table_of_errors_has_every_code_with_its_status() {
    let document = include_str!("../../../../docs/errors.md");
    let documented: Vec<_> = document
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
        .map(|(code, rest)| (code, rest.split(" | ").next().unwrap_or_default()))
        .collect();
    let coded: Vec<_> =
        ErrorCode::ALL.iter().map(|code| (code.as_str(), status_of(*code).as_u16().to_string())).collect();
    for (code, status) in &coded {
        assert!(documented.contains(&(code, status.as_str())), "docs/errors.md lacks `{code}` with {status}");
    }
    assert_eq!(documented.len(), coded.len(), "docs/errors.md names codes that do not exist");
}

#[test]
fn the_realtime_reference_has_every_name_of_both_dialects_and_every_close_code() {
    let document = include_str!("../../../../docs/realtime.md");
    let table = |heading: &str, dialect: Dialect| {
        let section = document.split_once(&format!("\n## {heading}\n")).expect("the section").1;
        let section = section.split_once("\n## ").expect("another section").0;
        let table = section.split_once(&format!("| `{}` | data |", dialect.as_str())).expect("the dialect's table").1;
        table.lines().skip(1).take_while(|line| line.starts_with('|')).map(first_cell).collect::<String>()
    };
    for dialect in Dialect::ALL {
        let (sent, told) = (table("What you send", *dialect), table("What you get", *dialect));
        // `auth` and `resume` are the same in both dialects, and documented once.
        let sent = if *dialect == Dialect::Camel { sent + "`auth` `resume`" } else { sent };
        for entry in COMMANDS.iter().flat_map(|row| row.names).filter(|entry| entry.dialect == *dialect) {
            assert!(sent.contains(&format!("`{}`", entry.name)), "docs/realtime.md lacks the command `{}`", entry.name);
        }
        for entry in EVENTS.iter().flat_map(|row| row.names).filter(|entry| entry.dialect == *dialect) {
            assert!(told.contains(&format!("`{}`", entry.name)), "docs/realtime.md lacks the event `{}`", entry.name);
        }
    }
    for code in chat_protocol::realtime::CloseCode::ALL {
        assert!(
            document.contains(&format!("| {} |", code.number())),
            "docs/realtime.md lacks the close code {}",
            code.number()
        );
    }
}

fn first_cell(row: &str) -> &str {
    row.trim_start_matches('|').split('|').next().unwrap_or_default()
}
