//! All clients lose their connections and reconnect at once, each with its positions.

mod client;

pub(crate) use client::{Client, Positions};

use crate::client::{Endpoint, Link};
use crate::contest::Entrant;
use crate::disk::micros;
use crate::progress::Progress;
use crate::report::{Kind, Report};
use crate::say;
use crate::site::{Settings, Site, StoreKind};
use crate::stage::{self, Team};
use chat_blackbox::{Person, Setup};
use futures_util::StreamExt as _;
use hdrhistogram::Histogram;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

const SCENARIO: &str = "reconnect-storm";
const CONNECTING: usize = 64;
/// Longest wait for something that must happen.
const PATIENCE: Duration = Duration::from_mins(3);
const COUNTING: &str = " PostgreSQL counts statements from the first\n  \
    connection to the last: all of them, including BEGIN, COMMIT and those of new messages.";
const POLL: Duration = Duration::from_millis(50);

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Number of clients, each of a different user
    #[arg(long, default_value_t = 10_000)]
    clients: usize,
    /// Conversations of each user
    #[arg(long, default_value_t = 20)]
    conversations: usize,
    /// Members of each conversation
    #[arg(long, default_value_t = 20)]
    members: usize,
    /// Messages per conversation that are sent while all clients are disconnected
    #[arg(long, default_value_t = 1)]
    missed: usize,
    /// Messages per second that are sent while the clients reconnect
    #[arg(long, default_value_t = 20.0)]
    live: f64,
    /// Number of rounds
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How they connect; may be given several times
    #[arg(long = "entrant", value_enum, default_values_t = [Entrant::Plain, Entrant::SocketIo])]
    entrants: Vec<Entrant>,
    /// The store of the server; queries are counted on `PostgreSQL`
    #[arg(long, value_enum, default_value_t = StoreKind::Postgres)]
    store: StoreKind,
    #[command(flatten)]
    settings: Settings,
}

/// The results of one round.
struct Storm {
    time: Duration,
    /// Time of each client, in microseconds.
    each: Histogram<u64>,
    refusals: Vec<String>,
    events: u64,
    live: u64,
    cpu: Duration,
    statements: Option<(f64, String)>,
}

pub(crate) async fn run(setup: &Setup, options: &Options, report: &mut Report) {
    say(format!(
        "reconnect-storm: {} clients, each of a different user in {} conversations of {} members, lose their \
         connections; {} message(s) are stored in each\n  \
         conversation. Then all connect and resume at once, and retry after a random pause if refused, while {} \
         messages per second are sent. The time ends when the last client\n  \
         has received `resumed`. Each client checks that it receives every `pos` once and in order; in the end all \
         clients must have everything. {}.{}",
        options.clients,
        options.conversations,
        options.members,
        options.missed,
        options.live,
        options.store.name(),
        if options.store == StoreKind::Postgres { COUNTING } else { "" },
    ));
    let site = Site::start(setup, options.store, &options.settings.counting_statements()).await;
    let people = stage::people(&site.server, "u", options.clients).await;
    let teams = stage::teams(&people, options.members, options.conversations).await;
    for &entrant in &options.entrants {
        let Some(endpoint) = entrant.endpoint(site.server.base()) else { continue };
        let scene = Scene { site: &site, endpoint, people: &people, teams: &teams, options };
        let mut clients = scene.arrive().await;
        let mut storms = Vec::new();
        for round in 1..=options.rounds {
            let progress = Progress::of(options.rounds);
            progress.begin(&format!("reconnect-storm: {}, round {round}", entrant.name()));
            storms.push(scene.storm(&mut clients).await);
        }
        tell(report, entrant.name(), options, &storms);
    }
    let log = site.server.log();
    assert!(!log.contains("panicked at"), "the server's log contains a panic");
    let errors = log.lines().filter(|line| line.contains(r#""level":"ERROR""#)).count();
    let kind = Kind { scenario: SCENARIO, figure: "errors in the server's log", unit: "lines" };
    report.figure(kind, options.store.name(), errors as f64);
    say("  Every client received every event once and in order.");
}

struct Scene<'a> {
    site: &'a Site,
    endpoint: Endpoint,
    people: &'a [Person],
    teams: &'a [Team],
    options: &'a Options,
}

impl Scene<'_> {
    /// Returns every conversation with a member who can send to it.
    fn everywhere(&self) -> impl Iterator<Item = (&Person, &String)> {
        self.teams.iter().flat_map(|team| team.conversations.iter().map(|id| (&self.people[team.people.start], id)))
    }

    /// Connects all clients once, and disconnects them.
    async fn arrive(&self) -> Vec<Client> {
        let arriving = self.people.iter().map(|person| async {
            let mut client = Client::new(&person.access_token);
            let link = client.arrive(&self.endpoint).await;
            (client, link)
        });
        let all: Vec<_> = futures_util::stream::iter(arriving).buffered(CONNECTING).collect().await;
        all.into_iter().map(|(client, _link)| client).collect()
    }

    async fn nobody_is_here(&self) {
        let gone = async {
            while self.site.metric("chat_connections").await > 0.0 {
                tokio::time::sleep(POLL).await;
            }
        };
        tokio::time::timeout(PATIENCE, gone).await.expect("the server notices that all clients have disconnected");
    }

    async fn storm(&self, clients: &mut Vec<Client>) -> Storm {
        self.nobody_is_here().await;
        // The positions that the clients have, plus one for each missed message.
        let mut goal: Positions = Positions::new();
        for (id, pos) in clients.iter().flat_map(|client| &client.have) {
            let highest = goal.entry(id.clone()).or_default();
            *highest = (*pos).max(*highest);
        }
        let missed: Vec<_> = (0..self.options.missed).flat_map(|_| self.everywhere()).collect();
        let sending = missed.iter().map(|(person, id)| send(person, id));
        stage::all("sending what is missed", missed.len(), sending).await;
        for (_, id) in &missed {
            *goal.get_mut(*id).expect("a conversation that all have seen") += 1;
        }
        self.site.reset_statements();
        let (cpu, events) = (self.site.meter().cpu(), clients.iter().map(|client| client.events).sum::<u64>());
        let (back, mut coming_back) = mpsc::unbounded_channel();
        let (tell_goal, goal_told) = watch::channel(None);
        let (start, mut tasks) = (Instant::now(), JoinSet::new());
        for client in clients.drain(..) {
            tasks.spawn(life(client, self.endpoint.clone(), back.clone(), goal_told.clone()));
        }
        let mut each: Histogram<u64> = Histogram::new(3).expect("three digits");
        let mut refusals = Vec::new();
        let all_back = async {
            for _ in 0..tasks.len() {
                let (at, refused): (Instant, Vec<String>) = coming_back.recv().await.expect("clients");
                each.record(micros(at - start)).expect("a histogram that grows");
                refusals.extend(refused);
            }
            Instant::now()
        };
        let mut live = 0;
        let end = tokio::select! {
            end = tokio::time::timeout(PATIENCE, all_back) => end.expect("all clients reconnect in time"),
            () = self.go_on(&mut goal, &mut live) => unreachable!("sending never ends"),
        };
        let (cpu, statements) = (self.site.meter().cpu().saturating_sub(cpu), self.site.statements());
        tell_goal.send_replace(Some(Arc::new(goal)));
        let done =
            tokio::time::timeout(PATIENCE, tasks.join_all()).await.expect("all clients receive everything in time");
        *clients = done;
        let events = clients.iter().map(|client| client.events).sum::<u64>() - events;
        Storm { time: end - start, each, refusals, events, live, cpu, statements }
    }

    /// Sends messages over REST, one after the other, until it is cancelled.
    async fn go_on(&self, goal: &mut Positions, live: &mut u64) {
        if self.options.live <= 0.0 {
            return std::future::pending().await;
        }
        let mut ticks = tokio::time::interval(Duration::from_secs_f64(self.options.live.recip()));
        let everywhere: Vec<_> = self.everywhere().collect();
        for (person, id) in everywhere.iter().cycle() {
            ticks.tick().await;
            // A send that is cancelled here may still be stored. Its event goes beyond the goal, which is no fault.
            send(person, id).await;
            *goal.get_mut(*id).expect("a conversation that all have seen") += 1;
            *live += 1;
        }
    }
}

/// Reconnects, stays until the final positions are known, and reaches them.
async fn life(
    mut client: Client,
    endpoint: Endpoint,
    back: mpsc::UnboundedSender<(Instant, Vec<String>)>,
    mut goal: watch::Receiver<Option<Arc<Positions>>>,
) -> Client {
    let (mut link, refusals): (Link, Vec<String>) = client.come_back(&endpoint).await;
    let _ = back.send((Instant::now(), refusals));
    let goal = tokio::select! {
        ended = link.until(|heard| { client.hear(heard); false }) => panic!("a connection ended: {ended:?}"),
        goal = told(&mut goal) => goal,
    };
    if !client.has(&goal) {
        let reading = link.until(|heard| {
            client.hear(heard);
            client.has(&goal)
        });
        reading.await.expect("a connection that lasts");
    }
    client
}

/// Waits until the final positions are known.
pub(crate) async fn told(goal: &mut watch::Receiver<Option<Arc<Positions>>>) -> Arc<Positions> {
    let known = goal.wait_for(Option::is_some).await.expect("the sender of the goal");
    known.clone().expect("the awaited positions")
}

async fn send(person: &Person, conversation: &str) {
    person.say(conversation, "something that was missed").await;
}

fn tell(report: &mut Report, subject: &str, options: &Options, storms: &[Storm]) {
    let clients = options.clients as f64;
    let kind = |figure, unit| Kind { scenario: SCENARIO, figure, unit };
    let of = |of: &dyn Fn(&Storm) -> f64| storms.iter().map(of).collect::<Vec<_>>();
    report.rounds(kind("until all have resumed", "s"), subject, &of(&|storm| storm.time.as_secs_f64()));
    report.rounds(
        kind("until half have resumed", "s"),
        subject,
        &of(&|storm| storm.each.value_at_quantile(0.5) as f64 / 1e6),
    );
    report.rounds(
        kind("CPU per client, all processes", "ms"),
        subject,
        &of(&|storm| storm.cpu.as_secs_f64() * 1e3 / clients),
    );
    report.rounds(kind("missed events per client", ""), subject, &of(&|storm| storm.events as f64 / clients));
    report.rounds(kind("refused attempts", ""), subject, &of(&|storm| storm.refusals.len() as f64));
    report.rounds(kind("sent meanwhile", "messages"), subject, &of(&|storm| storm.live as f64));
    if let Some(refusal) = storms.iter().find_map(|storm| storm.refusals.first()) {
        say(format!("    first reason of a refusal: {refusal}"));
    }
    let statements: Vec<_> =
        storms.iter().filter_map(|storm| storm.statements.as_ref()).map(|(count, _)| count / clients).collect();
    if statements.is_empty() {
        return;
    }
    report.rounds(kind("statements per client", ""), subject, &statements);
    if let Some((_, most)) = storms.last().and_then(|storm| storm.statements.as_ref()) {
        say(format!("    most frequent:\n      {}", most.replace('\n', "\n      ")));
    }
}
