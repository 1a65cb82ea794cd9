use crate::FanOut;
use std::sync::Weak;

/// One socket's place on this node. Dropping it, on any thread, frees the place.
#[derive(Debug)]
pub struct Counted {
    fan_out: Weak<FanOut>,
}

impl Counted {
    pub(crate) const fn new(fan_out: Weak<FanOut>) -> Self {
        Self { fan_out }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if let Some(fan_out) = self.fan_out.upgrade() {
            fan_out.let_go();
        }
    }
}
