mod any;

use super::*;
use any::any_envelope;
use chat_domain::conversations::{ConversationDetails, ConversationKind, MAX_LISTED_PARTICIPANTS, MAX_PARTICIPANTS};
use chat_domain::users::AvatarUrl;
use chat_domain::{Audience, Change, ChangeKind, ConversationId, Event, Pos, Timestamp, UserId};
use proptest::prelude::*;
use uuid::Uuid;

fn node(number: u128) -> NodeId {
    NodeId::new(Uuid::from_u128(number))
}

fn typing(audience: Audience) -> Envelope {
    let (conversation_id, user_id) = (ConversationId::new(Uuid::from_u128(7)), UserId::new(Uuid::from_u128(8)));
    let kind = ConversationKind::Group;
    let event = Event::TypingChanged { conversation_id, kind, user_id, is_typing: true };
    Envelope { audience, except: Some(user_id), event }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_envelope_arrives_as_it_was_sent(envelope in any_envelope(), sender: u128) {
        let bytes = write_packet(node(sender), &envelope).expect("a packet");
        prop_assert_eq!(Packet::sender(&bytes), Some(node(sender)));
        let packet = Packet::read(&bytes).expect("a head");
        prop_assert_eq!(&packet.head, &Head::of(node(sender), &envelope));
        prop_assert_eq!(packet.into_envelope(), Ok(envelope));
    }

    #[test]
    fn any_bytes_are_read_or_refused_without_a_panic(bytes: Vec<u8>) {
        let _ = Packet::sender(&bytes);
        let _ = Packet::read(&bytes).and_then(Packet::into_envelope);
    }

    #[test]
    fn a_damaged_packet_is_read_or_refused_without_a_panic(
        envelope in any_envelope(), at: prop::sample::Index, byte: u8, cut: prop::sample::Index,
    ) {
        let mut bytes = write_packet(node(1), &envelope).expect("a packet");
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = Packet::read(&bytes).and_then(Packet::into_envelope);
        bytes.truncate(cut.index(bytes.len()));
        prop_assert!(Packet::read(&bytes).and_then(Packet::into_envelope).is_err(), "a part is not the whole");
    }
}

#[test]
fn the_head_says_who_joins_and_which_change_it_is() {
    let (conversation_id, member) = (ConversationId::new(Uuid::from_u128(7)), UserId::new(Uuid::from_u128(8)));
    let details = any::details(conversation_id, Vec::new());
    let kind = ChangeKind::Created { details: Box::new(details), member_ids: vec![member] };
    let change = Change { conversation_id, pos: Pos::new(1), at: Timestamp::default(), kind };
    let bytes = write_packet(node(1), &Envelope::change(change)).expect("a packet");
    let head = Packet::read(&bytes).expect("a head").head;
    assert_eq!((head.kind, head.change), (Kind::ConversationCreated, Some((conversation_id, Pos::new(1)))));
    assert_eq!((head.audience, head.joining), (Audience::Conversation(conversation_id), vec![member]));
}

#[test]
fn what_a_newer_node_means_is_refused_by_name() {
    let bytes = write_packet(node(1), &typing(Audience::Everyone)).expect("a packet");
    let kind_at = PREFIX_BYTES + 16;
    let audience_at = kind_at + 2 + 16;
    for (at, expected) in [
        (0, PacketError::UnknownVersion(200)),
        (kind_at, PacketError::UnknownKind(200)),
        (audience_at, PacketError::UnknownAudience(200)),
    ] {
        let mut newer = bytes.clone();
        newer[at] = 200;
        let fault = Packet::read(&newer).expect_err("it is newer");
        assert!(fault.is_of_another_version());
        assert_eq!(fault, expected);
    }
    assert!(!PacketError::MalformedHead.is_of_another_version());
}

#[test]
fn what_a_newer_node_appends_to_head_or_body_is_skipped() {
    let envelope = typing(Audience::Everyone);
    let bytes = write_packet(node(1), &envelope).expect("a packet");
    let head_ends = PREFIX_BYTES + usize::from(bytes[4]);
    let mut newer = bytes[..head_ends].to_vec();
    newer[4] += 3;
    newer.extend_from_slice(b"new");
    let body = String::from_utf8(bytes[head_ends..].to_vec()).expect("JSON");
    newer.extend_from_slice(body.replace("\"is_typing\"", "\"hands\":2,\"is_typing\"").as_bytes());
    assert_eq!(Packet::read(&newer).and_then(Packet::into_envelope), Ok(envelope));
}

#[test]
fn the_largest_envelope_fits_into_half_a_packet_and_more_is_refused() {
    let conversation_id = ConversationId::new(Uuid::from_u128(7));
    // Quotes are written as two bytes, letters beyond ASCII as up to four.
    let wide = "\u{10ffff}".repeat(AvatarUrl::MAX_CHARS - 1);
    let avatar = AvatarUrl::parse(&format!("/{wide}")).expect("an address");
    let details: ConversationDetails = any::details(conversation_id, vec![avatar; MAX_LISTED_PARTICIPANTS]);
    let member_ids = (0..MAX_PARTICIPANTS).map(|number| UserId::new(Uuid::from_u128(number as u128))).collect();
    let kind = ChangeKind::Created { details: Box::new(details), member_ids };
    let change = Change { conversation_id, pos: Pos::new(1), at: Timestamp::default(), kind };
    let bytes = write_packet(node(1), &Envelope::change(change)).expect("a packet");
    assert!(bytes.len() > 800_000 && bytes.len() < MAX_PACKET_BYTES / 2, "{}", bytes.len());

    let many = |count| typing(Audience::Conversations(vec![conversation_id; count]));
    assert!(write_packet(node(1), &many(MAX_IDS)).is_ok());
    assert_eq!(write_packet(node(1), &many(MAX_IDS + 1)), Err(PacketError::TooLarge));
    assert_eq!(Packet::read(&vec![VERSION; MAX_PACKET_BYTES + 1]), Err(PacketError::TooLarge));
}
