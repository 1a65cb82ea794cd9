use super::*;
use proptest::prelude::*;
use std::pin::pin;
use uuid::Uuid;

fn user(number: usize) -> UserId {
    UserId::new(Uuid::from_u128(number as u128))
}

fn turns(at_once: usize, per_user: usize, waiting_per_user: usize) -> Turns {
    Turns::new(TurnLimits { at_once, per_user, waiting_per_user })
}

/// A call that was made and has not ended.
enum Call {
    Waits(Pin<Box<dyn Future<Output = Result<Turn, StoreError>>>>),
    Runs(#[expect(dead_code, reason = "held, never read")] Turn),
}

fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn call(turns: &Turns, user: UserId) -> Result<Call, StoreError> {
    let turns = turns.clone();
    let mut waits: Pin<Box<dyn Future<Output = _>>> = Box::pin(async move { turns.take(user).await });
    match poll(waits.as_mut()) {
        Poll::Ready(turn) => turn.map(Call::Runs),
        Poll::Pending => Ok(Call::Waits(waits)),
    }
}

/// Whether it runs now.
fn runs(call: &mut Call) -> bool {
    if let Call::Waits(waits) = call
        && let Poll::Ready(turn) = poll(waits.as_mut())
    {
        *call = Call::Runs(turn.expect("a turn"));
    }
    matches!(call, Call::Runs(_))
}

#[test]
fn one_user_s_backlog_delays_another_s_call_by_one_turn() {
    let turns = turns(2, 2, 100);
    let mut greedy: VecDeque<_> = (0..50).map(|_| call(&turns, user(1)).expect("a place")).collect();
    let mut other = call(&turns, user(2)).expect("a place");
    assert!(runs(&mut greedy[0]) && runs(&mut greedy[1]) && !runs(&mut other));
    greedy.pop_front();
    assert!(runs(&mut other) && !runs(&mut greedy[1]), "the other is next");
}

#[test]
fn a_user_has_a_bounded_number_of_calls_running_and_waiting() {
    let turns = turns(10, 4, 3);
    let mut calls: Vec<_> = (0..7).map(|_| call(&turns, user(1)).expect("a place")).collect();
    assert_eq!(calls.iter_mut().filter_map(|call| runs(call).then_some(())).count(), 4);
    assert!(matches!(call(&turns, user(1)), Err(StoreError::TooManyCalls)));
    assert!(matches!(call(&turns, user(2)), Ok(Call::Runs(_))), "others do not notice");
    assert_eq!(turns.status(), TurnStatus { running: 4, waiting: 3, refused: 1 });
    calls.clear();
    assert_eq!(turns.status(), TurnStatus { running: 0, waiting: 0, refused: 1 });
    assert!(matches!(call(&turns, user(1)), Ok(Call::Runs(_))));
}

#[test]
fn a_caller_that_gives_up_keeps_nobody_waiting() {
    let turns = turns(1, 1, 10);
    let first = call(&turns, user(1)).expect("a place");
    let gives_up = call(&turns, user(1)).expect("a place");
    let mut last = call(&turns, user(1)).expect("a place");
    drop(gives_up);
    assert!(!runs(&mut last));
    drop(first);
    assert!(runs(&mut last));
    let called = call(&turns, user(2)).expect("a place");
    let mut after = call(&turns, user(3)).expect("a place");
    drop(last);
    drop(called);
    assert!(runs(&mut after), "a turn that has come and is not wanted passes on");
}

#[test]
fn a_future_that_was_never_polled_holds_no_place() {
    let turns = turns(1, 1, 1);
    let _unpolled = pin!(turns.take(user(1)));
    assert!(matches!(call(&turns, user(1)), Ok(Call::Runs(_))));
}

proptest! {
    #[test]
    fn turns_are_bounded_and_none_is_lost(
        steps in proptest::collection::vec((0_usize..4, any::<bool>(), 0_usize..40), 1..200),
        at_once in 1_usize..5, per_user in 1_usize..4
    ) {
        let turns = turns(at_once, per_user, 1_000);
        let mut calls: Vec<(usize, Call)> = Vec::new();
        for (who, comes, which) in steps {
            if comes {
                calls.push((who, call(&turns, user(who)).expect("a place")));
            } else if !calls.is_empty() {
                let index = which % calls.len();
                calls.remove(index);
            }
            let mut running = [0; 4];
            for (who, call) in &mut calls {
                running[*who] += usize::from(runs(call));
            }
            let (all, status) = (running.iter().sum::<usize>(), turns.status());
            prop_assert_eq!((status.running, status.waiting), (all, calls.len() - all));
            prop_assert!(all <= at_once && running.iter().all(|count| *count <= per_user));
            // No turn is free while somebody could have it.
            for (who, running) in running.iter().enumerate() {
                let waits = calls.iter_mut().any(|(whose, call)| *whose == who && !runs(call));
                prop_assert!(!waits || all == at_once || *running == per_user);
            }
        }
    }

    #[test]
    fn users_who_wait_get_their_turns_in_rounds(counts in proptest::collection::vec(1_usize..6, 2..6)) {
        let turns = turns(1, 1, 1_000);
        let mut holder = Some(call(&turns, user(99)).expect("a place"));
        let mut calls: Vec<(usize, Call)> = Vec::new();
        for (who, count) in counts.iter().enumerate() {
            calls.extend((0..*count).map(|_| (who, call(&turns, user(who)).expect("a place"))));
        }
        let mut had = vec![0; counts.len()];
        while !calls.is_empty() {
            drop(holder.take());
            let index = calls.iter_mut().position(|(_, call)| runs(call));
            let (who, call) = calls.remove(index.expect("somebody's turn"));
            had[who] += 1;
            holder = Some(call);
            // Nobody who still waits is a round behind.
            let behind = counts.iter().zip(&had).filter(|(count, had)| had < count).map(|(_, had)| *had).min();
            prop_assert!(behind.is_none_or(|behind| had[who] <= behind + 1));
        }
    }
}
