use super::*;
use crate::packets;
use crate::settings::ARGUMENTS_PER_PACKET;
use crate::wire::frames::{self, Carried};
use proptest::prelude::*;

fn parse(text: &str) -> Result<(&str, SocketPacket), InvalidSocketPacket> {
    SocketPacket::parse(text, 10)
}

fn event(text: &str) -> (String, Event, usize) {
    match parse(text) {
        Ok((namespace, SocketPacket::Event(event, attachments))) => (namespace.to_owned(), event, attachments),
        other => panic!("{other:?}"),
    }
}

fn json(arguments: &[Box<RawValue>]) -> Vec<&str> {
    arguments.iter().map(|argument| argument.get()).collect()
}

#[test]
fn a_client_connects_with_and_without_a_word() {
    for (text, expected, said) in [
        ("0", "/", None),
        ("0{\"token\":\"1\"}", "/", Some("{\"token\":\"1\"}")),
        ("0/chat", "/chat", None),
        ("0/chat,", "/chat", None),
        ("0/chat,{}", "/chat", Some("{}")),
    ] {
        let Ok((namespace, SocketPacket::Connect { auth })) = parse(text) else { panic!("{text}") };
        assert_eq!((namespace, auth.as_ref().map(|auth| auth.get())), (expected, said), "{text}");
    }
    assert!(matches!(parse("1/chat,"), Ok(("/chat", SocketPacket::Disconnect))));
}

#[test]
fn an_event_is_its_name_and_json_that_nobody_has_looked_into() {
    let (namespace, read, attachments) = event(r#"2/chat,12["message",1, {"a":[1.0]},"x"]"#);
    assert_eq!((namespace.as_str(), read.name.as_str(), read.id, attachments), ("/chat", "message", Some(12), 0));
    assert_eq!(json(&read.arguments), ["1", r#"{"a":[1.0]}"#, r#""x""#]);
    let (_, read, attachments) = event(r#"52-["b",{"_placeholder":true,"num":1},{"num":1},[]]"#);
    assert_eq!((read.id, attachments), (None, 2));
    let placeholders: Vec<_> = read.arguments.iter().map(|argument| super::super::placeholder(argument)).collect();
    assert_eq!(placeholders, [Some(1), None, None]);
    let Ok((_, SocketPacket::Ack(ack, 0))) = parse("37[true]") else { panic!("an ack") };
    assert_eq!((ack.id, json(&ack.arguments)), (Some(7), vec!["true"]));
}

#[test]
fn what_is_no_packet_of_a_client_is_refused() {
    let many = format!("2[\"a\"{}]", ",1".repeat(ARGUMENTS_PER_PACKET + 1));
    let long = format!("0/{}", "n".repeat(NAMESPACE_BYTES));
    for text in [
        "",
        "abc",
        "2",
        "2{}",
        "2[]",
        "2[1]",
        "2[\"a\"",
        "2[\"a\"]x",
        "2abc[\"a\"]",
        "2[\"connect\"]",
        "2[\"disconnect\",1]",
        "3[1]",
        "31",
        "3x[]",
        "4{\"message\":\"no\"}",
        "0[]",
        "0\"a\"",
        "0{",
        "07{}",
        "1{}",
        "11",
        "7",
        "5[\"a\"]",
        "5-[\"a\"]",
        "511-[\"a\"]",
        "5+1-[\"a\"]",
        "299999999999999999999[\"a\"]",
        "é",
        "2/chat[\"a\"]",
        &many,
        &long,
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
}

/// The payload of one of our text frames, as a message from the other side.
fn message(frame: &Bytes) -> String {
    let Some(Carried::Text(text)) = frames::open(frame) else { panic!("a text frame") };
    let text = String::from_utf8(text.to_vec()).expect("text");
    text.strip_prefix('4').expect("a message").to_owned()
}

fn words() -> impl Strategy<Value = String> {
    proptest::string::string_regex("[a-z\"\\\\é ]{0,12}").expect("a pattern")
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC*") {
        let read = parse(&text);
        prop_assert!(read.is_err() || !text.is_empty());
    }

    #[test]
    fn what_looks_like_a_packet_is_read_or_refused(
        text in r#"[0-6][0-9]{0,3}-?(/[a-z]{0,3},?)?[0-9]{0,3}[\[{]?("[a-z]"|,|:|\[|\]|\{|\}|[0-9])*"#
    ) {
        if let Ok((namespace, _)) = parse(&text) {
            prop_assert!(namespace.starts_with('/'));
        }
    }

    #[test]
    fn what_we_write_is_what_we_read(
        namespace in "/[a-z]{0,8}", id in proptest::option::of(any::<u64>()), name in words(), data in words(),
        binaries in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..9), 0..4)
    ) {
        let argument = serde_json::to_string(&data).expect("a string");
        let attachments: Vec<Bytes> = binaries.into_iter().map(Bytes::from).collect();
        let frames = packets::event(&namespace, id, &name, &[&argument], &attachments);
        prop_assert_eq!(frames.len(), 1 + attachments.len());
        let (read_namespace, read, count) = event(&message(&frames[0]));
        let expected = (namespace, name.as_str(), id, attachments.len());
        prop_assert_eq!((read_namespace, read.name.as_str(), read.id, count), expected);
        prop_assert_eq!(json(&read.arguments), vec![argument.as_str()]);
        for (frame, attachment) in frames[1..].iter().zip(attachments) {
            prop_assert_eq!(frames::open(frame), Some(Carried::Binary(attachment)));
        }
    }
}
