//! Creates the users and conversations of a measurement.

use crate::progress::Progress;
use chat_blackbox::{Person, Server};
use futures_util::StreamExt as _;

/// Number of concurrent requests.
const AT_ONCE: usize = 32;

/// Registers `count` users, whose names begin with `name`.
pub(crate) async fn people(server: &Server, name: &str, count: usize) -> Vec<Person> {
    let rest = server.rest();
    let registering = (0..count).map(|number| {
        let (rest, name) = (rest.clone(), format!("{name}{number}"));
        async move { Person::register(&rest, &name).await }
    });
    all(&format!("registering {count} users"), count, registering).await
}

/// Users who share all of their conversations, like colleagues.
pub(crate) struct Team {
    /// Their indexes in the list of all users.
    pub(crate) people: std::ops::Range<usize>,
    pub(crate) conversations: Vec<String>,
}

/// Creates teams of `size` users (the last may be smaller). Each team has `conversations` conversations with all of its
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
    let ids: Vec<_> = all(&format!("creating {count} conversations"), count, creating).await;
    for (team, ids) in teams.iter_mut().zip(ids.chunks(conversations)) {
        team.conversations = ids.to_vec();
    }
    teams
}

/// Runs the requests, some of them concurrently. Returns their results in order.
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
