use super::Entrant;
use crate::client::Endpoint;
use crate::crowd::Room;
use crate::peer::Peer;
use crate::process::Meter;
use crate::scene::Scene;
use crate::site::{Settings, Site, StoreKind};
use crate::stage;
use chat_blackbox::Person;

/// A running server with rooms and their members, who are not connected yet. It ends on drop.
pub(crate) struct Stand {
    pub(crate) entrant: Entrant,
    pub(crate) endpoint: Endpoint,
    pub(crate) rooms: Vec<Room>,
    pub(crate) meter: Meter,
    /// Our server.
    pub(crate) site: Option<Site>,
    /// Of our server: a member of each room.
    readers: Vec<Person>,
    _peer: Option<Peer>,
}

/// The rooms of a server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) rooms: usize,
    /// Members of each room; nobody is in two.
    pub(crate) members: usize,
}

impl Stand {
    /// Starts the server; `None` if it is not installed.
    pub(crate) async fn start(
        entrant: Entrant,
        scene: &Scene,
        store: StoreKind,
        settings: &Settings,
        size: Size,
    ) -> Option<Self> {
        if let Some(kind) = entrant.peer() {
            let peer = Peer::start(kind, &scene.peers).await?;
            let rooms = (0..size.rooms).map(|room| of_peer(room, size.members)).collect();
            let (endpoint, meter) = (peer.endpoint.clone(), peer.meter());
            return Some(Self { entrant, endpoint, rooms, meter, site: None, readers: Vec::new(), _peer: Some(peer) });
        }
        let setup = match entrant {
            Entrant::Before => scene.setup_before()?,
            _ => scene.setup(),
        };
        let ours = Site::start(&setup, store, settings).await;
        let people = stage::people(&ours.server, "m", size.rooms * size.members).await;
        let teams = stage::teams(&people, size.members, 1).await;
        let (mut rooms, mut readers) = (Vec::new(), Vec::new());
        for team in teams {
            let members = &people[team.people];
            let tokens = members.iter().map(|person| person.access_token.clone()).collect();
            rooms.push(Room { id: team.conversations[0].clone(), tokens, sent: 0 });
            readers.push(members[0].clone());
        }
        let endpoint = entrant.endpoint(ours.server.base()).expect("our server");
        let meter = ours.meter();
        Some(Self { entrant, endpoint, rooms, meter, site: Some(ours), readers, _peer: None })
    }

    /// Checks that each room of our server has as many messages as were sent to it.
    pub(crate) async fn check(&self, sent: &[u64]) {
        let Some(site) = &self.site else { return };
        for ((room, reader), &sent) in self.rooms.iter().zip(&self.readers).zip(sent) {
            let stored = reader.history(&room.id).await.len() as u64;
            assert_eq!(stored, sent, "stored and delivered messages differ");
        }
        site.server.assert_untroubled();
    }
}

/// A room of a peer. Its name is as long as one of our conversation ids.
fn of_peer(room: usize, members: usize) -> Room {
    let tokens = (0..members).map(|member| format!("m{room}-{member}")).collect();
    Room { id: format!("01890a5d-ac96-774b-bcce-{room:012}"), tokens, sent: 0 }
}
