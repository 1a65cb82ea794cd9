//! The gateway as a server sees it: requests come in on any worker thread and are taken to the one that their session
//! lives on.

mod answers;
mod cors;
mod counts;
mod poll;
mod probe;
mod query;
mod upgrade;
mod worker;

pub(crate) use counts::Place;
pub use poll::Polling;
pub use upgrade::Upgrade;
pub(crate) use worker::Worker;

use crate::Settings;
use crate::engine::{Fault, Refusal, Sid};
use crate::session::Session;
use actix_http::RequestHead;
use counts::Counts;
use std::fmt;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc::UnboundedSender;
use worker::Job;

/// What the caller does with a session that has been opened: as a rule it spawns a local task that asks it for
/// messages. Runs on the thread that is to be the session's home.
pub type Opening = Box<dyn FnOnce(Rc<Session>)>;

/// The request by which a client opens a session.
#[derive(Debug, Clone, Copy)]
pub struct Handshake<'request> {
    /// The request.
    pub head: &'request RequestHead,
    /// Where it comes from, as [`Application::address`] says.
    pub address: Option<IpAddr>,
    /// Whether the session begins on a websocket.
    pub is_websocket: bool,
}

/// The caller's side of a gateway: who may come in, and what becomes of them.
pub trait Application: Send + Sync + 'static {
    /// Whether pages of the origin that the request names may use the gateway; asked for every request.
    fn allows_origin(&self, head: &RequestHead) -> bool;

    /// Where a request comes from. A caller that trusts a proxy says what that says.
    fn address(&self, head: &RequestHead) -> Option<IpAddr> {
        head.peer_addr.map(|peer| peer.ip())
    }

    /// Whether an address may have more strangers than [`Settings::strangers_per_address`].
    fn spares(&self, _: Option<IpAddr>) -> bool {
        false
    }

    /// Whether a client may open a session, and what becomes of it then.
    fn admit(&self, handshake: Handshake<'_>) -> Result<Opening, Refusal>;
}

/// A gateway. Cheap to clone; all clones, on all threads, are one.
#[derive(Clone)]
pub struct Server {
    shared: Arc<Shared>,
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Server").field("sessions", &self.sessions()).finish_non_exhaustive()
    }
}

/// What all threads of a gateway share.
pub(crate) struct Shared {
    settings: Arc<Settings>,
    application: Box<dyn Application>,
    counts: Arc<Counts>,
    workers: Mutex<Vec<UnboundedSender<Job>>>,
}

impl Server {
    /// A gateway of its own.
    pub fn new(settings: Settings, application: impl Application) -> Self {
        let counts = Arc::new(Counts::new(&settings));
        Self::with(Arc::new(settings), counts, application)
    }

    /// Another gateway, say of another port, with the same settings and within the same limits. Sessions of one are
    /// unknown to the other.
    #[must_use]
    pub fn beside(&self, application: impl Application) -> Self {
        Self::with(Arc::clone(&self.shared.settings), Arc::clone(&self.shared.counts), application)
    }

    fn with(settings: Arc<Settings>, counts: Arc<Counts>, application: impl Application) -> Self {
        let application = Box::new(application);
        Self { shared: Arc::new(Shared { settings, application, counts, workers: Mutex::default() }) }
    }

    /// How many sessions there are, of this gateway and those beside it.
    pub fn sessions(&self) -> usize {
        self.shared.counts.sessions()
    }

    /// How many of them are not connected to a namespace.
    pub fn strangers(&self) -> usize {
        self.shared.counts.strangers()
    }

    /// Takes a job to its session's home.
    fn take_home(&self, sid: Sid, job: Job) {
        let here = Worker::of_this_thread(&self.shared);
        if here.index() == sid.worker() {
            return here.run(job);
        }
        let home = {
            let workers = self.shared.workers.lock().unwrap_or_else(PoisonError::into_inner);
            workers.get(usize::from(sid.worker())).cloned()
        };
        match home {
            // A worker that is gone has taken its sessions with it.
            Some(home) => drop(home.send(job).map_err(|lost| here.run(lost.0))),
            None => here.run(job),
        }
    }

    /// Lets a client in, or says why not.
    fn admit(&self, head: &RequestHead, is_websocket: bool) -> Result<(Place, Opening), Fault> {
        let address = self.shared.application.address(head);
        let is_spared = self.shared.application.spares(address);
        let place = self.shared.counts.take(address, is_spared).map_err(Fault::Forbidden)?;
        let handshake = Handshake { head, address, is_websocket };
        let opening = self.shared.application.admit(handshake).map_err(Fault::Forbidden)?;
        Ok((place, opening))
    }
}
