use crate::client::{Endpoint, Protocol, Way};
use crate::peer::PeerKind;

/// A measured server with a type of client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Entrant {
    /// Our server with clients of the plain WebSocket
    Plain,
    /// Our server with clients of Socket.IO
    SocketIo,
    /// Another build of our server (`--before`) with clients of the plain WebSocket
    Before,
    /// The official Socket.IO server
    Peer,
    /// A server on `ws` that batches
    Ws,
    /// Bun's WebSocket server
    Bun,
    /// NATS, nothing stored
    Nats,
    /// NATS with `JetStream`, every message synced
    Jetstream,
    /// ejabberd with its archive on Mnesia
    Ejabberd,
    /// ejabberd with its archive on `PostgreSQL`
    EjabberdPostgres,
}

impl Entrant {
    /// Our server and the official Socket.IO server.
    pub(crate) const FEW: [Self; 3] = [Self::Plain, Self::SocketIo, Self::Peer];

    /// Our server with plain WebSocket clients, and every peer.
    pub(crate) const EVERY_PEER: [Self; 8] = [
        Self::Plain,
        Self::Peer,
        Self::Ws,
        Self::Bun,
        Self::Nats,
        Self::Jetstream,
        Self::Ejabberd,
        Self::EjabberdPostgres,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Plain => "ours, plain WebSocket",
            Self::SocketIo => "ours, Socket.IO clients",
            Self::Before => "ours, before",
            Self::Peer => "official Socket.IO server",
            Self::Ws => "ws, batching",
            Self::Bun => "Bun",
            Self::Nats => "NATS, nothing stored",
            Self::Jetstream => "NATS JetStream, synced",
            Self::Ejabberd => "ejabberd, archive on Mnesia",
            Self::EjabberdPostgres => "ejabberd, archive on PostgreSQL",
        }
    }

    /// `None` for our server.
    pub(crate) const fn peer(self) -> Option<PeerKind> {
        match self {
            Self::Plain | Self::SocketIo | Self::Before => None,
            Self::Peer => Some(PeerKind::SocketIo),
            Self::Ws => Some(PeerKind::Ws),
            Self::Bun => Some(PeerKind::Bun),
            Self::Nats => Some(PeerKind::Nats),
            Self::Jetstream => Some(PeerKind::JetStream),
            Self::Ejabberd => Some(PeerKind::Ejabberd),
            Self::EjabberdPostgres => Some(PeerKind::EjabberdPostgres),
        }
    }

    /// Returns how clients reach our server; `None` for a peer.
    pub(crate) fn endpoint(self, base: &str) -> Option<Endpoint> {
        let protocol = match self {
            Self::Plain | Self::Before => Protocol::Plain,
            Self::SocketIo => Protocol::SocketIo,
            _ => return None,
        };
        let address = base.strip_prefix("http://").expect("an address without TLS").to_owned();
        Some(Endpoint { protocol, address, way: Way::Usual, resumes: true })
    }
}
