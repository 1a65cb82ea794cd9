use super::*;
use crate::realtime::Dialect;
use std::collections::{HashMap, HashSet};

/// The commands of clients of `/conversations`.
const FIRST_COMMANDS: &[&str] =
    &["conversation:join", "conversation:leave", "message:send", "typing:start", "typing:stop", "presence:update"];

/// The events of clients of `/conversations`.
const FIRST_EVENTS: &[&str] =
    &["message:received", "typing:update", "user:online", "user:offline", "participant:added", "error"];

/// The commands of clients of `/chat`.
const SECOND_COMMANDS: &[&str] = &[
    "sendMessage",
    "messageDelivered",
    "messageRead",
    "fetchMessages",
    "userTyping",
    "userStoppedTyping",
    "getUserStatus",
    "updateLastSeen",
    "joinPrivateChat",
    "leavePrivateChat",
    "joinGroup",
    "leaveGroup",
    "getGroupMessages",
    "groupCall",
];

/// The events of clients of `/chat`.
const SECOND_EVENTS: &[&str] = &[
    "messageReceived",
    "groupMessageReceived",
    "messageSent",
    "messageStatus",
    "messagesFetched",
    "userStatus",
    "userJoinedChat",
    "userLeftChat",
    "userJoinedGroup",
    "userLeftGroup",
    "groupMessagesFetched",
    "groupCallIncoming",
    "userOnline",
    "userOffline",
    "error",
];

fn events(dialect: Dialect) -> Vec<&'static EventEntry> {
    EVENTS.iter().flat_map(|row| row.names).filter(|entry| entry.dialect == dialect).collect()
}

fn commands(dialect: Dialect) -> Vec<&'static CommandEntry> {
    COMMANDS.iter().flat_map(|row| row.names).filter(|entry| entry.dialect == dialect).collect()
}

#[test]
fn every_event_and_command_of_both_documents_is_in_the_table() {
    for (dialect, promised) in [(Dialect::Colon, FIRST_EVENTS), (Dialect::Camel, SECOND_EVENTS)] {
        let known: HashSet<_> = events(dialect).iter().map(|entry| entry.name).collect();
        for name in promised {
            assert!(known.contains(name), "no event {name} in {dialect:?}");
        }
    }
    for (dialect, promised) in [(Dialect::Colon, FIRST_COMMANDS), (Dialect::Camel, SECOND_COMMANDS)] {
        let known: HashSet<_> = commands(dialect).iter().map(|entry| entry.name).collect();
        for name in promised {
            assert!(known.contains(name), "no command {name} in {dialect:?}");
        }
    }
}

#[test]
fn a_name_has_one_payload_in_its_dialect() {
    for dialect in [Dialect::Colon, Dialect::Camel] {
        let mut payloads = HashMap::new();
        for entry in events(dialect) {
            assert_eq!(*payloads.entry(entry.name).or_insert(entry.payload), entry.payload, "{}", entry.name);
        }
    }
    // `userTyping` exists in both directions. As a command, a name has one meaning in all dialects.
    let mut payloads = HashMap::new();
    for entry in COMMANDS.iter().flat_map(|row| row.names) {
        assert_eq!(*payloads.entry(entry.name).or_insert(entry.payload), entry.payload, "{}", entry.name);
    }
}

#[test]
fn a_row_of_events_has_each_dialect_at_most_once_and_is_said_in_words() {
    for row in EVENTS {
        let dialects: HashSet<_> = row.names.iter().map(|entry| entry.dialect).collect();
        assert!(dialects.len() == row.names.len() && !row.what.is_empty(), "{row:?}");
    }
}

#[test]
fn an_event_of_the_shared_form_has_one_name_and_one_payload_in_every_dialect() {
    for name in [Both::RESUMED.as_str(), Both::ERROR.as_str()] {
        let entries: Vec<_> = EVENTS.iter().flat_map(|row| row.names).filter(|entry| entry.name == name).collect();
        let dialects: Vec<_> = entries.iter().map(|entry| entry.dialect).collect();
        assert_eq!(dialects, Dialect::ALL, "{name}");
        assert!(entries.iter().all(|entry| entry.payload == entries[0].payload), "{name}");
    }
}
