//! Consecutive sends of one connection, which do not wait for each other.

use super::answers;
use super::client::{Client, Stage};
use super::pipeline::Pipeline;
use crate::ApiError;
use crate::commands::name_of;
use crate::running::Running;
use crate::sending::{Destination, Sending};
use chat_domain::auth::Actor;
use chat_domain::conversations::ConversationKind;
use chat_domain::messages::{Appended, Message};
use chat_domain::{ConversationId, UserId};
use chat_protocol::chat::ChatReceiver;
use chat_protocol::realtime::Command;
use chat_realtime::InboxWaker;
use std::collections::HashMap;
use std::task::{Context, Poll, ready};
use std::time::Instant;

/// The maximum number of users whose direct conversations a connection remembers.
const MAX_DIRECTS: usize = 256;

/// The direct conversations to which the client of a connection has sent.
#[derive(Debug, Default)]
pub(super) struct Directs(HashMap<UserId, ConversationId>);

impl Directs {
    fn find(&self, user: UserId) -> Option<ConversationId> {
        self.0.get(&user).copied()
    }

    fn remember(&mut self, user: UserId, conversation: ConversationId) {
        if self.0.len() >= MAX_DIRECTS && !self.0.contains_key(&user) {
            // The next send to each of them waits once more.
            self.0.clear();
        }
        self.0.insert(user, conversation);
    }
}

/// What the answer to a send needs.
struct Ticket {
    id: Option<String>,
    actor: Actor,
    name: &'static str,
    since: Instant,
}

/// A send whose conversation is known, so that its first poll hands it to the store: it need not wait for earlier ones.
pub(super) struct Overlapping {
    ticket: Ticket,
    sending: Sending,
}

type Sent = Result<Appended, ApiError>;

/// The sends of a connection that are under way.
pub(super) struct Sends {
    pipeline: Pipeline<Ticket, Running<Sent>, Result<Sent, ApiError>>,
    /// Since the first send.
    waker: Option<InboxWaker>,
}

impl Client {
    /// Returns the send if it may overlap with others. Returns any other command as it is: it is run alone.
    pub(super) fn overlapping(
        &self,
        id: Option<String>,
        command: Command,
    ) -> Result<Overlapping, (Option<String>, Command)> {
        let (Stage::Waiting(actor) | Stage::Live(actor)) = self.stage else { return Err((id, command)) };
        let name = name_of(&command);
        let sending = match command {
            // The message that it forwards is read before it reaches the store.
            Command::SendMessage(message) if message.content.forward_of.is_some() => {
                return Err((id, Command::SendMessage(message)));
            }
            Command::SendMessage(message) => Sending::from(*message),
            Command::SendChatMessage(message) if message.content.forward_of.is_some() => {
                return Err((id, Command::SendChatMessage(message)));
            }
            Command::SendChatMessage(message) => match message.receiver {
                ChatReceiver::Group(_) => Sending::from(*message),
                ChatReceiver::User(user) => match self.directs.find(user) {
                    Some(id) => Sending { to: Destination::Conversation(id), ..Sending::from(*message) },
                    None => return Err((id, Command::SendChatMessage(message))),
                },
            },
            command => return Err((id, command)),
        };
        Ok(Overlapping { ticket: Ticket { id, actor, name, since: Instant::now() }, sending })
    }

    /// Notes that a message was stored: typing ends with it, and its direct conversation is known from now on.
    pub(super) fn note_sent(&mut self, message: &Message) {
        let conversation = message.conversation_id;
        self.typing.retain(|known| *known != conversation);
        if let ConversationKind::Direct(pair) = message.kind {
            self.directs.remember(pair.other(message.sender.id), conversation);
        }
    }
}

impl Sends {
    pub(super) const fn new() -> Self {
        Self { pipeline: Pipeline::new(), waker: None }
    }

    /// Whether all sends are answered.
    pub(super) fn is_empty(&self) -> bool {
        self.pipeline.is_empty()
    }

    /// Whether another frame may be read.
    pub(super) fn has_room(&self) -> bool {
        self.pipeline.has_room()
    }

    /// Whether a send with a frame of this size may begin.
    pub(super) fn fits(&self, bytes: usize) -> bool {
        self.pipeline.fits(bytes)
    }

    /// Begins a send behind all others.
    pub(super) fn begin(&mut self, client: &mut Client, send: Overlapping, bytes: usize) {
        client.protocol_errors = 0;
        let Overlapping { ticket, sending } = send;
        let running = client.realtime.state.prepare_to_send(ticket.actor, sending);
        let waker = self.waker.get_or_insert_with(|| client.realtime.hub.inbox_waker());
        self.pipeline.add(ticket, bytes, running, |running| running.poll_with(waker.waker()));
        client.connection.await_answers(true);
    }

    /// Answers the sends that are done, as far as all earlier ones are. The task of this context is woken when there is
    /// more to answer.
    pub(super) fn answer(&mut self, client: &mut Client, context: &Context<'_>) {
        let Some(waker) = self.waker.as_ref().filter(|_| !self.pipeline.is_empty()) else { return };
        // Not before the hub has delivered the events of the same commits.
        let woken = waker.poll_woken(context);
        let poll = |running: &mut Running<Sent>| {
            ready!(woken);
            running.poll_with(waker.waker())
        };
        while let Poll::Ready((ticket, sent)) = self.pipeline.poll_oldest(poll) {
            // Answers that are ready together are sent in one write.
            client.connection.hold();
            let done = match sent.flatten() {
                Ok(sent) => {
                    client.note_sent(sent.message());
                    answers::confirm(&client.connection, ticket.actor, ticket.id.as_deref(), sent);
                    Ok(())
                }
                Err(error) => Err(error),
            };
            client.finish(ticket.id.as_deref(), ticket.name, ticket.since, done);
        }
        client.connection.await_answers(!self.pipeline.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn so_many_direct_conversations_are_remembered() {
        let (user, conversation) = (
            |number: usize| UserId::new(Uuid::from_u128(number as u128)),
            |number: usize| ConversationId::new(Uuid::from_u128(number as u128)),
        );
        let mut directs = Directs::default();
        for number in 0..MAX_DIRECTS {
            directs.remember(user(number), conversation(number));
        }
        directs.remember(user(0), conversation(0));
        assert_eq!(directs.find(user(MAX_DIRECTS - 1)), Some(conversation(MAX_DIRECTS - 1)));
        directs.remember(user(MAX_DIRECTS), conversation(MAX_DIRECTS));
        assert_eq!((directs.find(user(MAX_DIRECTS)), directs.0.len()), (Some(conversation(MAX_DIRECTS)), 1));
    }
}
