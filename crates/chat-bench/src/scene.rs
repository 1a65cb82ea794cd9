//! The programs that a measurement starts.

use chat_blackbox::Setup;
use std::path::{Path, PathBuf};

/// Where the programs are.
#[derive(Debug)]
pub(crate) struct Scene {
    /// The server's binary.
    pub(crate) server: PathBuf,
    /// Another build of it, to compare with.
    pub(crate) before: Option<PathBuf>,
    /// The folder with the peers that `scripts/install-peers.sh` installs.
    pub(crate) peers: PathBuf,
}

impl Scene {
    /// A new folder for the server, with the settings of all measurements.
    pub(crate) fn setup(&self) -> Setup {
        Self::setup_of(&self.server)
    }

    /// The same for the other build, if there is one.
    pub(crate) fn setup_before(&self) -> Option<Setup> {
        self.before.as_deref().map(Self::setup_of)
    }

    /// The same for another binary. Requests are not logged, because writing the log is not what is measured. Tokens
    /// must not expire during a long setup.
    pub(crate) fn setup_of(binary: &Path) -> Setup {
        let binary = binary.canonicalize().unwrap_or_else(|error| panic!("{}: {error}", binary.display()));
        Setup::new(binary).set("RUST_LOG", "warn,chat_server=info").set("JWT_EXPIRATION", "12h")
    }
}
