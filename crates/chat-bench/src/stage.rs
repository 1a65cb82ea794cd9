//! Who is there before anything is measured.

use crate::progress::Progress;
use chat_blackbox::{Person, Server};
use futures_util::StreamExt as _;

/// Requests under way at once.
const AT_ONCE: usize = 32;

/// Registers so many people, whose names begin with this one.
pub(crate) async fn people(server: &Server, name: &str, count: usize) -> Vec<Person> {
    let rest = server.rest();
    let registering = (0..count).map(|number| {
        let (rest, name) = (rest.clone(), format!("{name}{number}"));
        async move { Person::register(&rest, &name).await }
    });
    all(&format!("registering {count} people"), count, registering).await
}

/// People who have all their conversations with each other, as colleagues do.
pub(crate) struct Team {
    /// Their places in the list of all people.
    pub(crate) people: std::ops::Range<usize>,
    pub(crate) conversations: Vec<String>,
}

/// Makes teams of this size of the people (the last may be smaller), each with so many conversations of all of its
/// members.
pub(crate) async fn teams(people: &[Person], size: usize, conversations: usize) -> Vec<Team> {
    let mut teams: Vec<_> = (0..people.len())
        .step_by(size)
        .map(|first| Team { people: first..people.len().min(first + size), conversations: Vec::new() })
        .collect();
    let count = teams.len() * conversations;
    let creating = (0..count).map(|number| {
        let team = &people[teams[number / conversations].people.clone()];
        async move {
            let others: Vec<_> = team[1..].iter().collect();
            team[0].group_with(&format!("group {number}"), &others).await
        }
    });
    let ids: Vec<_> = all(&format!("making {count} conversations"), count, creating).await;
    for (team, ids) in teams.iter_mut().zip(ids.chunks(conversations)) {
        team.conversations = ids.to_vec();
    }
    teams
}

/// The results of many requests, some of them at once, in order.
pub(crate) async fn all<T>(
    what: &str,
    count: usize,
    requests: impl Iterator<Item = impl Future<Output = T>>,
) -> Vec<T> {
    let mut progress = Progress::of(count);
    let mut results = Vec::with_capacity(count);
    let mut running = std::pin::pin!(futures_util::stream::iter(requests).buffered(AT_ONCE));
    while let Some(result) = running.next().await {
        results.push(result);
        progress.step();
        if results.len() % AT_ONCE == 0 {
            progress.begin(what);
        }
    }
    results
}
