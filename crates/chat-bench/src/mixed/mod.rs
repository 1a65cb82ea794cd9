//! A usual day: messages, receipts, typing, histories and lost connections at once, from users in many small
//! conversations.

mod device;
mod plan;

use crate::contest::Entrant;
use crate::disk::micros;
use crate::http::Connection;
use crate::idle::slope;
use crate::process::resident_kib;
use crate::progress::Progress;
use crate::report::{Kind, Report};
use crate::say;
use crate::site::{Settings, Site, StoreKind};
use crate::stage::{self, Team};
use crate::storm::{Client, Positions};
use chat_blackbox::{Person, Setup};
use device::{Counts, Device, Remote};
use futures_util::StreamExt as _;
use hdrhistogram::Histogram;
use plan::{Action, Chance};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

const SCENARIO: &str = "mixed";
const CONNECTING: usize = 64;
/// Number of connections that read histories.
const READERS: usize = 8;
/// Interval between two reads of the memory.
const LOOK: Duration = Duration::from_secs(1);
/// The part of the time, at the beginning, that is left out of the slope of the memory.
const SETTLING: f64 = 0.25;

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Number of users, each with one device: half of them on the plain WebSocket, half on Socket.IO
    #[arg(long, default_value_t = 1_000)]
    people: usize,
    /// Conversations of each user
    #[arg(long, default_value_t = 20)]
    conversations: usize,
    /// Members of each conversation
    #[arg(long, default_value_t = 20)]
    members: usize,
    /// Actions per second in total, at a fixed rate: of 100 actions, 60 messages, 20 reads, 10 typings, 8 histories, 2
    /// reconnections
    #[arg(long, default_value_t = 500.0)]
    rate: f64,
    /// Duration, in seconds
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// The store of the server
    #[arg(long, value_enum, default_value_t = StoreKind::Sqlite)]
    store: StoreKind,
    #[command(flatten)]
    settings: Settings,
}

pub(crate) async fn run(setup: &Setup, options: &Options, report: &mut Report) {
    say(format!(
        "mixed: {} users in {} conversations of {} members each, half of them on the plain WebSocket, half on \
         Socket.IO; {} actions per second become due for\n  \
         {} s (open loop): of 100 actions, 60 messages, 20 reads, 10 typings, 8 histories, 2 lost connections. Latency \
         is from when a message was due\n  \
         until each member has received it, including members who had to reconnect. {}.",
        options.people,
        options.conversations,
        options.members,
        options.rate,
        options.seconds,
        options.store.name()
    ));
    let site = Site::start(setup, options.store, &options.settings).await;
    let people = stage::people(&site.server, "u", options.people).await;
    let teams = stage::teams(&people, options.members, options.conversations).await;
    let mut day = Day::begin(&site, &people, &teams).await;
    let spent = day.go_on(&site, options).await;
    day.end(&spent, report).await;
    site.server.assert_untroubled();
}

/// The users and devices, and what they must receive.
struct Day<'a> {
    people: &'a [Person],
    teams: &'a [Team],
    remotes: Vec<Arc<Remote>>,
    devices: JoinSet<Client>,
    counts: Arc<Counts>,
    goal: Positions,
    tell_goal: watch::Sender<Option<Arc<Positions>>>,
    looks: mpsc::UnboundedSender<(Instant, String)>,
    readers: JoinSet<Histogram<u64>>,
    commands: u64,
    messages: u64,
}

/// What the run used.
struct Spent {
    cpu: Duration,
    time: Duration,
    /// Pairs of seconds and KiB.
    memory: Vec<(f64, f64)>,
}

impl<'a> Day<'a> {
    async fn begin(site: &Site, people: &'a [Person], teams: &'a [Team]) -> Self {
        let counts = Arc::new(Counts::new());
        let arriving = people.iter().enumerate().map(|(number, person)| {
            let entrant = if number % 2 == 0 { Entrant::Plain } else { Entrant::SocketIo };
            let endpoint = entrant.endpoint(site.server.base()).expect("our server");
            Device::arrive(Client::new(&person.access_token), endpoint, Arc::clone(&counts))
        });
        let arrived: Vec<_> = futures_util::stream::iter(arriving).buffered(CONNECTING).collect().await;
        let (tell_goal, goal_told) = watch::channel(None);
        let (mut goal, mut remotes, mut devices) = (Positions::new(), Vec::new(), JoinSet::new());
        for device in arrived {
            goal.extend(device.client.have.clone());
            remotes.push(Arc::clone(&device.remote));
            devices.spawn(device.live(goal_told.clone()));
        }
        let (looks, readers) = readers(site, &people[0]).await;
        Self { people, teams, remotes, devices, counts, goal, tell_goal, looks, readers, commands: 0, messages: 0 }
    }

    /// Performs each action when it is due, until the time is over.
    async fn go_on(&mut self, site: &Site, options: &Options) -> Spent {
        let (meter, mut chance, mut memory) = (site.meter(), Chance::new(), Vec::new());
        let (start, cpu, interval) = (Instant::now(), meter.cpu(), Duration::from_secs_f64(options.rate.recip()));
        let mut progress = Progress::of(usize::try_from(options.seconds).expect("fewer seconds"));
        for number in 0.. {
            let due = start + interval * number;
            if due - start >= Duration::from_secs(options.seconds) {
                break;
            }
            tokio::time::sleep_until(due.into()).await;
            if start.elapsed() >= LOOK * u32::try_from(memory.len()).expect("fewer looks") {
                memory.push((start.elapsed().as_secs_f64(), resident_kib(site.server.pid()) as f64));
                progress.begin("mixed");
                progress.step();
            }
            self.act(chance.action(), due, &mut chance);
        }
        Spent { cpu: meter.cpu().saturating_sub(cpu), time: start.elapsed(), memory }
    }

    fn act(&mut self, action: Action, due: Instant, chance: &mut Chance) {
        // Skips users who are disconnected.
        for _ in 0..self.people.len() {
            let person = chance.below(self.people.len());
            let Some(team) = self.teams.iter().find(|team| team.people.contains(&person)) else { continue };
            let conversation = &team.conversations[chance.below(team.conversations.len())];
            if self.try_to(action, due, person, conversation) {
                return;
            }
        }
        panic!("no device is connected");
    }

    fn try_to(&mut self, action: Action, due: Instant, person: usize, conversation: &str) -> bool {
        let remote = &self.remotes[person];
        let (name, data) = match action {
            Action::Send => {
                let since = micros(due - self.counts.epoch);
                let content = format!("{since} microseconds after the beginning this was due");
                let key = self.commands;
                (
                    "message:send",
                    format!(r#"{{"conversationId":"{conversation}","content":"{content}","clientMessageId":"{key}"}}"#),
                )
            }
            Action::Read => ("message:read", format!(r#"{{"conversationId":"{conversation}"}}"#)),
            Action::Type => ("typing:start", format!(r#"{{"conversationId":"{conversation}"}}"#)),
            Action::Look => {
                // The readers belong to one user, who is in the first team.
                let own = &self.teams[0].conversations;
                let path = format!("/conversations/{}/messages?limit=50", own[person % own.len()]);
                return self.looks.send((due, path)).is_ok();
            }
            Action::HangUp => return remote.hang_up(),
        };
        self.commands += 1;
        if !remote.command(self.commands, name, &data) {
            return false;
        }
        if action == Action::Send {
            *self.goal.get_mut(conversation).expect("a conversation") += 1;
            self.messages += 1;
        }
        true
    }

    /// Waits until all devices have received everything, and reports.
    async fn end(self, spent: &Spent, report: &mut Report) {
        let Self { devices, counts, goal, tell_goal, looks, readers, messages, .. } = self;
        tell_goal.send_replace(Some(Arc::new(goal)));
        devices.join_all().await;
        drop(looks);
        let mut pages: Histogram<u64> = Histogram::new(3).expect("three digits");
        for reader in readers.join_all().await {
            pages.add(&reader).expect("equal histograms");
        }
        let kind = |figure, unit| Kind { scenario: SCENARIO, figure, unit };
        let latency = counts.latency.lock().expect("nobody panicked");
        let at = |histogram: &Histogram<u64>, quantile| histogram.value_at_quantile(quantile) as f64 / 1_000.0;
        for (figure, quantile) in [("delivery, p50", 0.5), ("delivery, p99", 0.99), ("delivery, p99.9", 0.999)] {
            report.figure(kind(figure, "ms"), "ours", at(&latency, quantile));
        }
        report.figure(kind("history of 50, p99", "ms"), "ours", at(&pages, 0.99));
        report.figure(kind("CPU, all processes", "cores"), "ours", spent.cpu.as_secs_f64() / spent.time.as_secs_f64());
        let settled: Vec<_> =
            spent.memory.iter().copied().filter(|(second, _)| *second >= spent.time.as_secs_f64() * SETTLING).collect();
        report.figure(kind("resident memory, slope", "KiB per minute"), "ours", slope(&settled) * 60.0);
        say(format!(
            "  {messages} messages, {} deliveries, {} answers, {} histories, {} connections lost and resumed. Every \
             device received every event once and in order.",
            latency.len(),
            counts.acked.load(Ordering::Relaxed),
            pages.len(),
            counts.resumed.load(Ordering::Relaxed),
        ));
    }
}

type Readers = (mpsc::UnboundedSender<(Instant, String)>, JoinSet<Histogram<u64>>);

/// Starts the readers of histories. Each takes the next request when it is free; they end when the sender is dropped.
async fn readers(site: &Site, person: &Person) -> Readers {
    let (looks, coming) = mpsc::unbounded_channel::<(Instant, String)>();
    let coming = Arc::new(tokio::sync::Mutex::new(coming));
    let mut readers = JoinSet::new();
    for _ in 0..READERS {
        let mut connection = Connection::open(site.server.base(), &person.access_token).await;
        let coming = Arc::clone(&coming);
        readers.spawn(async move {
            let mut waits = Histogram::new(3).expect("three digits");
            loop {
                let next = coming.lock().await.recv().await;
                let Some((due, path)) = next else { return waits };
                connection.get(&path).await;
                waits.record(micros(due.elapsed())).expect("a histogram that grows");
            }
        });
    }
    (looks, readers)
}
