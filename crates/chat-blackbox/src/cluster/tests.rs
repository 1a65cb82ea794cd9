//! Tests that the checker finds faults: each kind of fault is put into a faultless run.

use super::{Acked, Fault, History, Seen, Stored, check};
use std::collections::BTreeSet;

const LENGTH: u64 = 8;

/// The stored messages, those that Ben was shown, and those that were acked.
struct Run {
    history: History,
    log: Vec<Seen>,
    acked: Vec<Acked>,
}

fn faultless() -> Run {
    let stored = |seq: u64| Stored { seq, id: format!("id-{seq}"), content: format!("content-{seq}") };
    let seen = |seq: u64| Seen { conversation: "c".into(), seq, pos: seq + 1, id: format!("id-{seq}") };
    let acked =
        |seq: u64| Acked { conversation: "c".into(), id: format!("id-{seq}"), content: format!("content-{seq}") };
    Run {
        history: [("c".to_owned(), (1..=LENGTH).map(stored).collect())].into(),
        log: (1..=LENGTH).map(seen).collect(),
        acked: (1..=LENGTH).map(acked).collect(),
    }
}

fn faults(run: Run) -> BTreeSet<Fault> {
    check(&run.history, &[("ben".into(), vec!["c".into()], run.log)], &run.acked)
}

fn at(fault: fn(String, String, u64) -> Fault, seq: u64) -> BTreeSet<Fault> {
    [fault("c".into(), "ben".into(), seq)].into()
}

#[test]
fn a_faultless_run_has_no_faults() {
    assert!(faults(faultless()).is_empty());
}

#[test]
fn a_message_that_a_member_was_never_shown_is_a_gap_wherever_it_stood() {
    for seq in 1..=LENGTH {
        let mut run = faultless();
        run.log.retain(|seen| seen.seq != seq);
        assert_eq!(faults(run), at(Fault::Gap, seq), "{seq} of {LENGTH}");
    }
    let mut run = faultless();
    run.log.clear();
    assert_eq!(faults(run).len() as u64, LENGTH, "a member who was shown nothing misses every message");
}

#[test]
fn a_message_that_a_member_was_shown_again_is_a_repeat() {
    for seq in 1..=LENGTH {
        let mut run = faultless();
        let again = run.log[usize::try_from(seq).expect("small") - 1].clone();
        run.log.push(again);
        assert_eq!(faults(run), at(Fault::Repeat, seq));
    }
}

#[test]
fn two_messages_in_the_wrong_order_are_a_swap() {
    for index in 0..LENGTH - 1 {
        let mut run = faultless();
        let index = usize::try_from(index).expect("small");
        run.log.swap(index, index + 1);
        assert_eq!(faults(run), at(Fault::Swap, index as u64 + 1));
    }
}

#[test]
fn numbers_of_changes_that_do_not_grow_are_a_swap() {
    let mut run = faultless();
    run.log[4].pos = run.log[3].pos;
    assert_eq!(faults(run), at(Fault::Swap, 5));
}

#[test]
fn what_the_history_does_not_have_is_a_stranger() {
    let mut run = faultless();
    run.log[2].id = "another".into();
    assert_eq!(faults(run), at(Fault::Stranger, 3));
}

#[test]
fn an_acked_message_that_is_not_stored_is_lost() {
    let mut run = faultless();
    run.acked.push(Acked { conversation: "c".into(), id: "id-9".into(), content: "content-9".into() });
    assert_eq!(faults(run), [Fault::Lost("c".into(), "content-9".into())].into());
}

#[test]
fn one_send_that_is_stored_twice_and_a_history_that_miscounts_are_found() {
    let mut run = faultless();
    if let Some(messages) = run.history.get_mut("c") {
        messages[6].content = "content-3".into();
        messages[7].seq = 9;
    }
    let found = faults(run);
    assert!(found.contains(&Fault::Twice("c".into(), "content-3".into())), "{found:?}");
    assert!(found.contains(&Fault::Miscounted("c".into())), "{found:?}");
}
