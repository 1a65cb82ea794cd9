use super::outbox::Nothing;
use super::{Ending, Outbox, Session, Transport};
use crate::wire::{Wire, Written, frames};
use std::future::poll_fn;
use std::task::{Context, Poll, ready};

/// How far the goodbye has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// What the caller had left goes out.
    Flushing,
    /// The last frame goes out.
    Closing,
    /// The client is to hang up: a socket that is dropped with something unread in it takes the last frame down with
    /// it.
    Lingering,
}

impl Session {
    /// Ends the session, in order: what is left in `outbox`, then the goodbye, a Close frame with `code`, or a close
    /// packet for one who polls. Returns when the client has it, after the close timeout at the latest. After a session
    /// has ended by itself only the goodbye is said.
    pub async fn finish(&self, outbox: &mut (impl Outbox + ?Sized), code: u16) {
        if self.ending.get().is_none() {
            self.ending.set(Some(Ending::Server));
            self.inbox.borrow_mut().clear();
            self.pop();
        }
        let mut stage = Stage::Flushing;
        let goodbye = poll_fn(|context| self.poll_finish(outbox, code, &mut stage, context));
        // A client that does not take it has had its time.
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
                    // Into the middle of a frame nothing can be said.
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
                        // It has said its last, and waits for this side to hang up.
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
