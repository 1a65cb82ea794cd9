//! Several servers, measured in one run. The order of each round is A B C C B A, so that a disturbance of the machine
//! affects all of them alike.

mod entrant;
mod leg;
mod stand;
mod tell;

pub(crate) use entrant::Entrant;
pub(crate) use leg::{Leg, Pace, Start};
pub(crate) use stand::{Size, Stand};
pub(crate) use tell::{Cell, explain_entrants, tell};

use crate::crowd::Crowd;
use crate::progress::Progress;
use crate::say;
use crate::scene::Scene;
use crate::site::{Settings, StoreKind};
use std::time::Duration;

/// The duration of a comparison, and the store of our server.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Terms {
    /// Duration of each leg, in seconds; a round has two legs per entrant
    #[arg(long, default_value_t = 3)]
    pub(crate) seconds: u64,
    /// Number of rounds
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,
    /// Where our server stores messages
    #[arg(long, value_enum, default_value_t = StoreKind::Sqlite)]
    pub(crate) store: StoreKind,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

/// The running servers, each with one conversation and its members. They end on drop.
pub(crate) struct Contest {
    subjects: Vec<Subject>,
}

/// A server with connected members.
pub(crate) struct Subject {
    pub(crate) stand: Stand,
    pub(crate) crowd: Crowd,
}

impl Subject {
    pub(crate) const fn name(&self) -> &'static str {
        self.stand.entrant.name()
    }

    pub(crate) async fn leg(&self, pace: Pace, time: Duration) -> Leg {
        Leg::run(&self.crowd, &self.stand.meter, pace, time).await
    }
}

impl Contest {
    /// Starts the servers, and connects the members, of whom this many may send. Prints which servers are not
    /// installed.
    pub(crate) async fn stage(
        scene: &Scene,
        entrants: &[Entrant],
        terms: &Terms,
        members: usize,
        senders: usize,
    ) -> Self {
        let mut subjects = Vec::new();
        for &entrant in entrants {
            let size = Size { rooms: 1, members };
            let Some(stand) = Stand::start(entrant, scene, terms.store, &terms.settings, size).await else {
                say(format!(
                    "  {} is missing: scripts/install-peers.sh installs other servers, --before names another build",
                    entrant.name()
                ));
                continue;
            };
            let crowd = Crowd::gather(&stand.endpoint, &stand.rooms, senders).await;
            subjects.push(Subject { stand, crowd });
        }
        Self { subjects }
    }

    pub(crate) fn subject(&self, entrant: Entrant) -> Option<&Subject> {
        self.subjects.iter().find(|subject| subject.stand.entrant == entrant)
    }

    /// Runs all rounds, after one warm-up leg for each subject. Returns the rounds of each subject.
    pub(crate) async fn run(&self, what: &str, pace: Pace, terms: &Terms) -> Vec<(&'static str, Vec<Leg>)> {
        let time = Duration::from_secs(terms.seconds);
        let mut progress = Progress::of((terms.rounds * 2 + 1) * self.subjects.len());
        for subject in &self.subjects {
            progress.begin(&format!("{what}: {}, warm-up", subject.name()));
            subject.leg(pace, time).await;
            progress.step();
        }
        let mut results: Vec<_> = self.subjects.iter().map(|subject| (subject.name(), Vec::new())).collect();
        for round in 1..=terms.rounds {
            let mut there = Vec::new();
            for subject in &self.subjects {
                progress.begin(&format!("{what}: {}, round {round}", subject.name()));
                there.push(subject.leg(pace, time).await);
                progress.step();
            }
            for (subject, (_, rounds)) in self.subjects.iter().zip(&mut results).rev() {
                progress.begin(&format!("{what}: {}, round {round}, and back", subject.name()));
                let back = subject.leg(pace, time).await;
                progress.step();
                rounds.push(there.pop().expect("as many legs out as back").and(&back));
            }
        }
        results
    }

    /// Checks that our server has stored exactly what it delivered.
    pub(crate) async fn check(&self) {
        for subject in &self.subjects {
            subject.stand.check(&subject.crowd.sent()).await;
        }
    }
}
