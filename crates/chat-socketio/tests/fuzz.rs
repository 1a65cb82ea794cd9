//! The parsers against random input, for a few seconds. `FUZZ_CASES=10000000` runs that many cases.

use chat_socketio::{ARGUMENTS_PER_PACKET, ATTACHMENTS_PER_PACKET, Packet, Payload, SocketPacket};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

const CASES: u32 = 20_000;

fn runner() -> TestRunner {
    let cases = std::env::var("FUZZ_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES);
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

/// Parts of packets, in any order, with random characters between them.
fn text() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "0",
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "7",
        "b",
        "-",
        "/",
        "/chat",
        ",",
        "[",
        "]",
        "{",
        "}",
        "\"",
        "\"e\"",
        ":",
        "\u{1e}",
        "\\",
        "\\u",
        "d800",
        "null",
        "true",
        "-1.5e",
        "99999999999999999999",
        "_placeholder",
        "num",
        "AQID",
        "=",
        "é",
        "😀",
        "\0",
        " ",
        "probe",
        "[\"e\",",
        "4",
        "42[\"a\"]",
        "451-",
    ]);
    prop_oneof![
        4 => prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat()),
        1 => prop::collection::vec(any::<char>(), 0..24).prop_map(|characters| characters.into_iter().collect()),
    ]
}

#[test]
fn no_payload_breaks_the_parser_or_becomes_more_than_it_was() {
    let tried = runner().run(&text(), |text| {
        let mut bytes = 0;
        for packet in Payload::new(&text) {
            match packet {
                Ok(Packet::Message(data) | Packet::Ping(data) | Packet::Pong(data)) => bytes += data.len() + 1,
                Ok(Packet::Binary(data)) => bytes += data.len() + 1,
                Ok(Packet::Close | Packet::Upgrade | Packet::Noop) => bytes += 1,
                Err(_) => {}
            }
        }
        prop_assert!(bytes <= text.len());
        Ok(())
    });
    assert!(tried.is_ok(), "{tried:?}");
}

#[test]
fn no_message_breaks_the_parser_or_becomes_more_than_it_was() {
    let tried = runner().run(&text(), |text| {
        if let Ok((namespace, packet)) = SocketPacket::parse(&text, ATTACHMENTS_PER_PACKET) {
            prop_assert!(namespace.starts_with('/'));
            if let SocketPacket::Event(event, attachments) | SocketPacket::Ack(event, attachments) = packet {
                prop_assert!(attachments <= ATTACHMENTS_PER_PACKET);
                prop_assert!(event.arguments.len() <= ARGUMENTS_PER_PACKET);
                let bytes: usize = event.arguments.iter().map(|argument| argument.get().len()).sum();
                prop_assert!(bytes + event.name.len() <= text.len());
            }
        }
        Ok(())
    });
    assert!(tried.is_ok(), "{tried:?}");
}
