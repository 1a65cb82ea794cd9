use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// A message as a member's device was shown it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The conversation.
    pub conversation: String,
    /// The message's `seq`.
    pub seq: u64,
    /// The message's `pos`.
    pub pos: u64,
    /// The message's id.
    pub id: String,
}

/// A message in the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The message's `seq`.
    pub seq: u64,
    /// The message's id.
    pub id: String,
    /// The content: in these runs, the sender's name for the message.
    pub content: String,
}

/// A message whose sender got an ack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acked {
    /// The conversation.
    pub conversation: String,
    /// The message's id.
    pub id: String,
    /// The sender's name for the message.
    pub content: String,
}

/// The stored messages, by conversation, in order.
pub type History = BTreeMap<String, Vec<Stored>>;

/// A fault in a run. The first text is the conversation. The second is the member,
/// or the content of the message for `Twice` and `Lost`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The history is not numbered 1, 2, 3.
    Miscounted(String),
    /// One send is in the history twice.
    Twice(String, String),
    /// An acked message is not in the history.
    Lost(String, String),
    /// A member was not shown this number.
    Gap(String, String, u64),
    /// A member was shown this number twice.
    Repeat(String, String, u64),
    /// A member was shown this number after a later one.
    Swap(String, String, u64),
    /// A member was shown a message that the history does not have at this number.
    Stranger(String, String, u64),
}

/// Compares what members were shown, and what senders were told, with the stored messages. `logs` has each member's
/// name, the conversations whose whole history the member must have been shown, and what it was shown, in order.
pub fn check(history: &History, logs: &[(String, Vec<String>, Vec<Seen>)], acked: &[Acked]) -> BTreeSet<Fault> {
    let mut faults = BTreeSet::new();
    for (conversation, messages) in history {
        if messages.iter().map(|message| message.seq).ne(1..=messages.len() as u64) {
            faults.insert(Fault::Miscounted(conversation.clone()));
        }
        let mut contents = HashSet::new();
        for message in messages.iter().filter(|message| !contents.insert(&message.content)) {
            faults.insert(Fault::Twice(conversation.clone(), message.content.clone()));
        }
    }
    let stored: HashSet<(&str, &str)> = history
        .iter()
        .flat_map(|(conversation, messages)| {
            messages.iter().map(|message| (conversation.as_str(), message.id.as_str()))
        })
        .collect();
    for ack in acked.iter().filter(|ack| !stored.contains(&(ack.conversation.as_str(), ack.id.as_str()))) {
        faults.insert(Fault::Lost(ack.conversation.clone(), ack.content.clone()));
    }
    for (member, conversations, log) in logs {
        check_log(history, member, conversations, log, &mut faults);
    }
    faults
}

/// What one member has been shown of one conversation.
#[derive(Default)]
struct Shown {
    highest: u64,
    highest_pos: u64,
    missing: BTreeSet<u64>,
}

fn check_log(history: &History, member: &str, conversations: &[String], log: &[Seen], faults: &mut BTreeSet<Fault>) {
    let mut shown: HashMap<&str, Shown> = HashMap::new();
    for seen in log {
        let Seen { conversation, seq, pos, id } = seen;
        let place = (conversation.clone(), member.to_owned(), *seq);
        let is_stored = history
            .get(conversation)
            .and_then(|messages| messages.get(usize::try_from(seq.saturating_sub(1)).ok()?))
            .is_some_and(|message| message.id == *id);
        if !is_stored {
            faults.insert(Fault::Stranger(place.0.clone(), place.1.clone(), place.2));
        }
        let shown = shown.entry(conversation).or_default();
        if *seq > shown.highest {
            shown.missing.extend(shown.highest + 1..*seq);
            if *pos <= shown.highest_pos {
                faults.insert(Fault::Swap(place.0, place.1, place.2));
            }
            (shown.highest, shown.highest_pos) = (*seq, *pos);
        } else if shown.missing.remove(seq) {
            faults.insert(Fault::Swap(place.0, place.1, place.2));
        } else {
            faults.insert(Fault::Repeat(place.0, place.1, place.2));
        }
    }
    for conversation in conversations {
        let shown = shown.remove(conversation.as_str()).unwrap_or_default();
        let last = history.get(conversation).map_or(0, |messages| messages.len() as u64);
        for seq in shown.missing.into_iter().chain(shown.highest + 1..=last) {
            faults.insert(Fault::Gap(conversation.clone(), member.to_owned(), seq));
        }
    }
}
