mod any;
mod names;

use super::*;
use any::{any_change, any_envelope};
use chat_domain::changes::Effect;
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
    fn every_envelope_arrives_as_it_was_sent(envelope in any_envelope(), sender: u128, is_new: bool) {
        let form = if is_new { Form::Records } else { Form::Events };
        let bytes = write_packet(node(sender), &envelope, form).expect("a packet");
        prop_assert_eq!(Packet::sender(&bytes), Some(node(sender)));
        let packet = Packet::read(&bytes).expect("a head");
        prop_assert_eq!(packet.head.sender, node(sender));
        match (&packet.head.about, &envelope.event) {
            (About::Changes(heads), Event::Change(change)) => {
                let [head] = heads.as_slice() else { return Err(TestCaseError::fail("one head")) };
                prop_assert_eq!((head.conversation_id, head.pos), (change.conversation_id, change.pos));
                prop_assert_eq!(head.effect.joiners().to_vec(), change.kind.effect().joiners().to_vec());
            }
            (About::Event { audience, except }, _) => {
                prop_assert_eq!((audience, except), (&envelope.audience, &envelope.except));
            }
            other => return Err(TestCaseError::fail(format!("{other:?}"))),
        }
        prop_assert_eq!(packet.into_envelopes(), Ok(vec![envelope]));
    }

    #[test]
    fn several_changes_in_one_packet_arrive_in_their_order(
        changes in proptest::collection::vec(any_change(), 1..5)
    ) {
        let bytes = changes::write(node(1), &changes.iter().collect::<Vec<_>>()).expect("a packet");
        let packet = Packet::read(&bytes).expect("heads");
        let About::Changes(heads) = &packet.head.about else { return Err(TestCaseError::fail("changes")) };
        for (head, change) in heads.iter().zip(&changes) {
            prop_assert_eq!((head.conversation_id, head.pos), (change.conversation_id, change.pos));
            prop_assert_eq!(&head.effect, &change.kind.effect().to_owned());
        }
        let sent: Vec<_> = changes.into_iter().map(Envelope::change).collect();
        prop_assert_eq!(packet.into_envelopes(), Ok(sent));
    }

    #[test]
    fn a_commit_is_as_few_packets_as_fit_and_loses_no_change(
        changes in proptest::collection::vec(any_change(), 0..12), copies in 1..120_usize
    ) {
        let many: Vec<_> = changes.iter().cycle().take(changes.len() * copies).collect();
        let mut arrived = Vec::new();
        for packet in write_changes(node(1), &many) {
            let packet = packet.expect("a packet");
            prop_assert!(packet.len() <= SPLIT_BYTES);
            arrived.extend(Packet::read(&packet).and_then(Packet::into_envelopes).expect("changes"));
        }
        let places = |change: &Change| (change.conversation_id, change.pos, change.kind.tag());
        let arrived: Vec<_> = arrived
            .iter()
            .map(|envelope| match &envelope.event {
                Event::Change(change) => places(change),
                other => panic!("no change: {other:?}"),
            })
            .collect();
        prop_assert_eq!(arrived, many.into_iter().map(places).collect::<Vec<_>>());
    }

    #[test]
    fn any_bytes_are_read_or_refused_without_a_panic(bytes: Vec<u8>) {
        let _ = Packet::sender(&bytes);
        let _ = Packet::read(&bytes).and_then(Packet::into_envelopes);
    }

    #[test]
    fn a_damaged_packet_is_read_or_refused_without_a_panic(
        envelope in any_envelope(), at: prop::sample::Index, byte: u8, cut: prop::sample::Index, is_new: bool,
    ) {
        let form = if is_new { Form::Records } else { Form::Events };
        let mut bytes = write_packet(node(1), &envelope, form).expect("a packet");
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = Packet::read(&bytes).and_then(Packet::into_envelopes);
        bytes.truncate(cut.index(bytes.len()));
        prop_assert!(Packet::read(&bytes).and_then(Packet::into_envelopes).is_err(), "a cut packet must be rejected");
    }
}

#[test]
fn a_change_of_an_unknown_kind_and_a_view_that_cannot_be_read_keep_their_number_and_effect() {
    let (conversation_id, member) = (ConversationId::new(Uuid::from_u128(7)), UserId::new(Uuid::from_u128(8)));
    let details = Box::new(any::details(conversation_id, Vec::new()));
    let kind = ChangeKind::Created { details, member_ids: vec![member] };
    let change = Change { conversation_id, pos: Pos::new(1), at: Timestamp::default(), kind };
    let bytes = write_packet(node(1), &Envelope::change(change), Form::Records).expect("a packet");
    let head_ends = PREFIX_BYTES + usize::from(bytes[4]);
    let body = String::from_utf8(bytes[head_ends..].to_vec()).expect("JSON");
    for newer in [
        body.replace(r#""kind":"created""#, r#""kind":"founded""#),
        body.replace(r#""participant_count":1"#, r#""participant_count":"many""#),
        body.replace(r#""kind":"created""#, r#""kind":"founded","role":"owner","detail":{"a":[1]},"hands":2"#),
    ] {
        assert_ne!(newer, body);
        let newer = [&bytes[..head_ends], newer.as_bytes()].concat();
        let packet = Packet::read(&newer).expect("a head");
        let effect = Effect::Joins(vec![member]);
        assert_eq!(packet.head.about, About::Changes(vec![ChangeHead { conversation_id, pos: Pos::new(1), effect }]));
        let envelopes = packet.into_envelopes().expect("no error");
        let [Envelope { event: Event::Change(change), .. }] = envelopes.as_slice() else { panic!("{envelopes:?}") };
        assert!(change.kind.is_unknown(), "{change:?}");
        assert_eq!((change.pos, change.kind.effect().joiners()), (Pos::new(1), &[member][..]));
    }
}

#[test]
fn what_a_newer_node_means_is_refused_by_name() {
    let bytes = write_packet(node(1), &typing(Audience::Everyone), Form::NEWEST).expect("a packet");
    let kind_at = PREFIX_BYTES + 16;
    let audience_at = kind_at + 2 + 16;
    for (at, expected) in [
        (0, PacketError::UnknownVersion(200)),
        (kind_at, PacketError::UnknownKind(200)),
        (audience_at, PacketError::UnknownAudience(200)),
    ] {
        let mut newer = bytes.clone();
        newer[at] = 200;
        let fault = Packet::read(&newer).expect_err("an unknown version");
        assert!(fault.is_of_another_version());
        assert_eq!(fault, expected);
    }
    assert!(!PacketError::MalformedHead.is_of_another_version());
}

#[test]
fn what_a_newer_node_appends_to_head_or_body_is_skipped() {
    let envelope = typing(Audience::Everyone);
    let bytes = write_packet(node(1), &envelope, Form::NEWEST).expect("a packet");
    let head_ends = PREFIX_BYTES + usize::from(bytes[4]);
    let mut newer = bytes[..head_ends].to_vec();
    newer[4] += 3;
    newer.extend_from_slice(b"new");
    let body = String::from_utf8(bytes[head_ends..].to_vec()).expect("JSON");
    newer.extend_from_slice(body.replace("\"is_typing\"", "\"hands\":2,\"is_typing\"").as_bytes());
    assert_eq!(Packet::read(&newer).and_then(Packet::into_envelopes), Ok(vec![envelope]));
}

#[test]
fn the_largest_envelope_fits_into_half_a_packet_and_more_is_refused() {
    let conversation_id = ConversationId::new(Uuid::from_u128(7));
    // A quote takes two bytes, a character beyond ASCII up to four.
    let wide = "\u{10ffff}".repeat(AvatarUrl::MAX_CHARS - 1);
    let avatar = AvatarUrl::parse(&format!("/{wide}")).expect("an address");
    let details: ConversationDetails = any::details(conversation_id, vec![avatar; MAX_LISTED_PARTICIPANTS]);
    let member_ids = (0..MAX_PARTICIPANTS).map(|number| UserId::new(Uuid::from_u128(number as u128))).collect();
    let kind = ChangeKind::Created { details: Box::new(details), member_ids };
    let change = Change { conversation_id, pos: Pos::new(1), at: Timestamp::default(), kind };
    let envelope = Envelope::change(change);
    for form in [Form::Events, Form::Records] {
        let bytes = write_packet(node(1), &envelope, form).expect("a packet");
        assert!(bytes.len() > 800_000 && bytes.len() < MAX_PACKET_BYTES / 2, "{}", bytes.len());
    }

    let many = |count| typing(Audience::Conversations(vec![conversation_id; count]));
    assert!(write_packet(node(1), &many(MAX_IDS), Form::NEWEST).is_ok());
    assert_eq!(write_packet(node(1), &many(MAX_IDS + 1), Form::NEWEST), Err(PacketError::TooLarge));
    assert_eq!(Packet::read(&vec![3; MAX_PACKET_BYTES + 1]), Err(PacketError::TooLarge));
}
