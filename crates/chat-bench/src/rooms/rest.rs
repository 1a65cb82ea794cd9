use super::phase::Timetable;
use crate::crowd::{Crowd, Room};
use crate::http::Connection;
use crate::site::Site;
use futures_util::future::{join, join_all};
use tokio::sync::{Mutex, mpsc};

/// Keep-alive connections for requests.
const CONNECTIONS: usize = 64;

/// Members who send over REST. A request is made by the next free connection, in its sender's name.
pub(super) struct RestSenders {
    base: String,
    connections: Vec<Connection>,
    /// The members' access tokens, by room.
    tokens: Vec<Vec<String>>,
}

/// A message that is due.
struct Job<'a> {
    token: &'a str,
    path: String,
    body: String,
}

impl RestSenders {
    pub(super) fn new(site: &Site, rooms: &[Room]) -> Self {
        let tokens = rooms.iter().map(|room| room.tokens.clone()).collect();
        Self { base: site.server.base().to_owned(), connections: Vec::new(), tokens }
    }

    /// Opens new connections: the server closes those that have been idle for some seconds.
    pub(super) async fn connect(&mut self) {
        self.connections.clear();
        for _ in 0..CONNECTIONS {
            self.connections.push(Connection::open(&self.base, &self.tokens[0][0]).await);
        }
    }

    /// Sends what is due, and waits for all responses.
    pub(super) async fn send(&mut self, crowd: &Crowd, due: Timetable) {
        let (waiting, next) = mpsc::unbounded_channel();
        let (tokens, next) = (&self.tokens, &Mutex::new(next));
        let feeding = async move {
            due.run(|room, due| {
                let draft = crowd.draft(room, due);
                let turn = usize::try_from(draft.number).expect("few messages") % tokens[room].len();
                let job = Job {
                    token: &tokens[room][turn],
                    path: format!("/conversations/{}/messages", draft.room),
                    body: format!(r#"{{"content":"{}","clientMessageId":"{}"}}"#, draft.text, draft.number),
                };
                // The receiver lives as long as this call.
                let _ = waiting.send(job);
            })
            .await;
        };
        let working = self.connections.iter_mut().map(|connection| async move {
            loop {
                let job: Option<Job<'_>> = next.lock().await.recv().await;
                let Some(job) = job else { break };
                connection.act_as(job.token);
                connection.post(&job.path, &job.body, 201).await;
                crowd.acked();
            }
        });
        join(feeding, join_all(working)).await;
    }
}
