use super::wheel::{TICK, Tick, ticks};
use super::{Connection, Hub, Life};
use crate::frames;
use chat_protocol::realtime::CloseCode;
use std::rc::Rc;
use std::time::Duration;

impl Hub {
    pub(super) fn now(&self) -> Tick {
        self.wheel.borrow().now()
    }

    pub(super) fn at(&self, after: Duration) -> Tick {
        self.now().saturating_add(ticks(after))
    }

    /// The token expires after this time (close code 4002).
    pub fn expire_after(&self, connection: &Rc<Connection>, lifetime: Duration) {
        connection.deadlines.token.set(self.at(lifetime));
        self.arm(connection);
    }

    /// Notes that a `resume` frame is announced; see [`Connection::is_resume_due`].
    pub fn await_resume(&self, connection: &Rc<Connection>) {
        connection.deadlines.resume.set(self.at(self.fan_out.settings().resume_timeout));
        self.arm(connection);
    }

    /// The connection is closing: abandons its socket soon, whatever the peer does.
    pub fn linger(&self, connection: &Rc<Connection>) {
        if connection.deadlines.linger.get() == 0 {
            connection.deadlines.linger.set(self.at(self.fan_out.settings().close_linger));
            self.arm(connection);
        }
    }

    /// Notes that the client has sent data.
    pub fn heard(&self, connection: &Connection) {
        connection.deadlines.heard.set(self.now());
        connection.deadlines.pinged.set(0);
    }

    pub(super) fn arm(&self, connection: &Rc<Connection>) {
        let Some(next) = self.next_deadline(connection) else { return };
        let armed = connection.deadlines.armed.get();
        if armed == 0 || next < armed {
            connection.deadlines.armed.set(next);
            self.wheel.borrow_mut().insert(next, Rc::downgrade(connection));
        }
    }

    fn next_deadline(&self, connection: &Connection) -> Option<Tick> {
        let deadlines = &connection.deadlines;
        let settings = self.fan_out.settings();
        match connection.life() {
            Life::Gone => None,
            Life::Closing => Some(deadlines.linger.get()).filter(|at| *at > 0),
            Life::Open => {
                let heartbeat = match deadlines.pinged.get() {
                    _ if connection.is_within_a_session() => 0,
                    0 => deadlines.heard.get().saturating_add(ticks(settings.heartbeat_interval)),
                    pinged => pinged.saturating_add(ticks(settings.heartbeat_timeout)),
                };
                [heartbeat, deadlines.sign_in.get(), deadlines.resume.get(), deadlines.token.get()]
                    .into_iter()
                    .filter(|at| *at > 0)
                    .min()
            }
        }
    }

    /// Advances the wheel to the present.
    pub(super) fn tick(&self) {
        let elapsed = self.started.elapsed().as_millis() / TICK.as_millis();
        let now = Tick::try_from(elapsed).unwrap_or(Tick::MAX / 2).saturating_add(1);
        let mut due = Vec::new();
        self.wheel.borrow_mut().advance(now, &mut due);
        for (at, connection) in due {
            let Some(connection) = connection.upgrade() else { continue };
            if connection.deadlines.armed.get() == at {
                connection.deadlines.armed.set(0);
                self.act(&connection, now);
                self.arm(&connection);
            }
        }
    }

    fn act(&self, connection: &Connection, now: Tick) {
        let deadlines = &connection.deadlines;
        let is_due = |deadline: Tick| deadline > 0 && deadline <= now;
        let settings = self.fan_out.settings();
        if connection.life() == Life::Closing {
            if is_due(deadlines.linger.get()) {
                connection.abandon();
            }
        } else if is_due(deadlines.sign_in.get()) {
            connection.close(CloseCode::AuthenticationFailed);
        } else if is_due(deadlines.token.get()) {
            connection.close(CloseCode::TokenExpired);
        } else if is_due(deadlines.resume.get()) {
            deadlines.resume.set(0);
            connection.wake();
        } else if connection.is_within_a_session() {
            // The session sends the heartbeats.
        } else if deadlines.pinged.get() > 0 {
            if now >= deadlines.pinged.get().saturating_add(ticks(settings.heartbeat_timeout)) {
                if connection.is_reading() {
                    connection.close(CloseCode::HeartbeatMissed);
                } else if connection.has_taken() || connection.is_in_line.get() {
                    // A command is running, so nothing is read: the client's answer may be in the socket, or come when
                    // it is its turn.
                    deadlines.pinged.set(now);
                } else {
                    // The running command may be waiting for this client only.
                    connection.close(CloseCode::TooSlow);
                }
            }
        } else if now >= deadlines.heard.get().saturating_add(ticks(settings.heartbeat_interval)) {
            deadlines.pinged.set(now);
            connection.has_taken();
            connection.push(frames::ping());
            connection.flush();
        }
    }
}
