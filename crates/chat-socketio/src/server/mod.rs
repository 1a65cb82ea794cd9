//! The gateway from a server's view: a request arrives on any worker thread and is passed to its session's home thread.

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

/// What the caller does with a new session: usually it spawns a local task that reads the session's messages. Runs on
/// the session's home thread.
pub type Opening = Box<dyn FnOnce(Rc<Session>)>;

/// The request with which a client opens a session.
#[derive(Debug, Clone, Copy)]
pub struct Handshake<'request> {
    /// The request's line and headers.
    pub head: &'request RequestHead,
    /// The client's address, from [`Application::address`].
    pub address: Option<IpAddr>,
    /// Whether the session starts on a WebSocket.
    pub is_websocket: bool,
}

/// The caller's side of a gateway: which clients may open sessions, and what happens with these.
pub trait Application: Send + Sync + 'static {
    /// Whether pages of the request's origin may use the gateway; called for every request.
    fn allows_origin(&self, head: &RequestHead) -> bool;

    /// The client's address. A caller behind a trusted proxy returns the address that the proxy reports.
    fn address(&self, head: &RequestHead) -> Option<IpAddr> {
        head.peer_addr.map(|peer| peer.ip())
    }

    /// Whether an address is exempt from [`Settings::strangers_per_address`].
    fn spares(&self, _: Option<IpAddr>) -> bool {
        false
    }

    /// Decides whether a client may open a session, and what happens with the session.
    fn admit(&self, handshake: Handshake<'_>) -> Result<Opening, Refusal>;
}

/// A gateway. Cheap to clone; all clones, on all threads, share their state.
#[derive(Clone)]
pub struct Server {
    shared: Arc<Shared>,
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Server").field("sessions", &self.sessions()).finish_non_exhaustive()
    }
}

/// The state that all threads of a gateway share.
pub(crate) struct Shared {
    settings: Arc<Settings>,
    application: Box<dyn Application>,
    counts: Arc<Counts>,
    workers: Mutex<Vec<UnboundedSender<Job>>>,
}

impl Server {
    /// Makes a gateway.
    pub fn new(settings: Settings, application: impl Application) -> Self {
        let counts = Arc::new(Counts::new(&settings));
        Self::with(Arc::new(settings), counts, application)
    }

    /// Another gateway, for example on another port, with the same settings and shared limits. Each knows only its own
    /// sessions.
    #[must_use]
    pub fn beside(&self, application: impl Application) -> Self {
        Self::with(Arc::clone(&self.shared.settings), Arc::clone(&self.shared.counts), application)
    }

    fn with(settings: Arc<Settings>, counts: Arc<Counts>, application: impl Application) -> Self {
        let application = Box::new(application);
        Self { shared: Arc::new(Shared { settings, application, counts, workers: Mutex::default() }) }
    }

    /// The number of sessions of this gateway and of those made with [`Self::beside`].
    pub fn sessions(&self) -> usize {
        self.shared.counts.sessions()
    }

    /// How many of these sessions are not connected to a namespace.
    pub fn strangers(&self) -> usize {
        self.shared.counts.strangers()
    }

    /// Passes a job to its session's home thread.
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
            // If the worker is gone, so are its sessions.
            Some(home) => drop(home.send(job).map_err(|lost| here.run(lost.0))),
            None => here.run(job),
        }
    }

    /// Admits a client, or returns the reason for refusing it.
    fn admit(&self, head: &RequestHead, is_websocket: bool) -> Result<(Place, Opening), Fault> {
        let address = self.shared.application.address(head);
        let is_spared = self.shared.application.spares(address);
        let place = self.shared.counts.take(address, is_spared).map_err(Fault::Forbidden)?;
        let handshake = Handshake { head, address, is_websocket };
        let opening = self.shared.application.admit(handshake).map_err(Fault::Forbidden)?;
        Ok((place, opening))
    }
}
