use super::outbox::Nothing;
use super::{Ending, Outbox, Session, Transport};
use crate::wire::{Wire, Written, frames};
use std::future::poll_fn;
use std::task::{Context, Poll, ready};

/// The stage of ending a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Sending what the caller had queued.
    Flushing,
    /// Sending the last frame.
    Closing,
    /// Waiting for the client to close the connection: dropping a socket with unread input would destroy the last
    /// frame.
    Lingering,
}

impl Session {
    /// Ends the session: sends what is left in `outbox`, then a Close frame with `code`, or a close packet to a polling
    /// client. Returns when the client has received it, at the latest after the close timeout. If the session has
    /// already ended by itself, sends only the close.
    pub async fn finish(&self, outbox: &mut (impl Outbox + ?Sized), code: u16) {
        if self.ending.get().is_none() {
            self.ending.set(Some(Ending::Server));
            self.inbox.borrow_mut().clear();
            self.pop();
        }
        let mut stage = Stage::Flushing;
        let goodbye = poll_fn(|context| self.poll_finish(outbox, code, &mut stage, context));
        // A client that does not receive it within the timeout is dropped.
        let _ = tokio::time::timeout(self.settings.close_timeout, goodbye).await;
        *self.transport.borrow_mut() = Transport::Gone;
        self.forget();
    }

    fn poll_finish(
        &self,
        outbox: &mut (impl Outbox + ?Sized),
        code: u16,
        stage: &mut Stage,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        self.keep_waker(context);
        let ending = self.ending.get().unwrap_or(Ending::Server);
        let control = &mut *self.control.borrow_mut();
        loop {
            match &mut *self.transport.borrow_mut() {
                Transport::Gone => return Poll::Ready(()),
                Transport::Polling(polling) => {
                    polling.answer(control, outbox, self.settings.packets_per_poll, self.settings.max_payload);
                    if !polling.has_poll() || !outbox.is_empty() {
                        return Poll::Pending;
                    }
                    polling.release_poll("1");
                    return Poll::Ready(());
                }
                Transport::Socket(wire) if *stage == Stage::Flushing => {
                    if ending == Ending::Server {
                        ready!(poll_written(wire, |wire| wire.write(control, outbox), context));
                    }
                    // Nothing can be sent in the middle of a frame.
                    if !wire.is_mid_frame() {
                        let code = ending.close_code(self.settings.overload_code).unwrap_or(code);
                        let _ = control.push(frames::close(Some(code)));
                    }
                    *stage = Stage::Closing;
                }
                Transport::Socket(wire) if *stage == Stage::Closing => {
                    if !wire.is_mid_frame() {
                        ready!(poll_written(wire, |wire| wire.write(control, &mut Nothing), context));
                    }
                    if ending == Ending::Client {
                        // The client has closed its side, and waits for ours.
                        return Poll::Ready(());
                    }
                    wire.hang_up();
                    *stage = Stage::Lingering;
                }
                Transport::Socket(wire) => return wire.poll_ignored(context),
            }
        }
    }
}

fn poll_written(wire: &mut Wire, mut write: impl FnMut(&mut Wire) -> Written, context: &mut Context<'_>) -> Poll<()> {
    while write(wire) == Written::Blocked {
        ready!(wire.poll_writable(context));
    }
    Poll::Ready(())
}
