//! Documents that repeat what the code says.

use chat_domain::ErrorCode;
use chat_http::error::status_of;

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
fn the_realtime_reference_has_every_command_and_close_code() {
    let document = include_str!("../../../../docs/realtime.md");
    for command in chat_protocol::realtime::COLON_COMMANDS {
        assert!(document.contains(&format!("| `{command}` |")), "docs/realtime.md lacks `{command}`");
    }
    for code in chat_protocol::realtime::CloseCode::ALL {
        assert!(
            document.contains(&format!("| {} |", code.number())),
            "docs/realtime.md lacks the close code {}",
            code.number()
        );
    }
}
