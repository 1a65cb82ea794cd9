//! The signing keys of tokens: their format, their strength, and the files where development keeps generated ones.

use super::weakness::weakness;
use anyhow::Context as _;
use rand::RngCore as _;
use std::fmt;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

/// The minimum length of a secret, in bytes: the key must be at least as long as the HS256 tag (RFC 7518 §3.2).
pub(crate) const MIN_SECRET_BYTES: usize = 32;

/// The id of a secret that is given without one.
const DEFAULT_KEY_ID: &str = "default";

/// The maximum length of a key's id, in bytes: every token's header contains it.
const MAX_KEY_ID_BYTES: usize = 32;

/// A secret whose `Debug` output does not show it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    /// The secret's bytes, for the signer.
    pub(crate) fn reveal(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(..)")
    }
}

/// A key and its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    /// The `kid` in the header of a token.
    pub(crate) id: String,
    pub(crate) secret: Secret,
}

/// One or more keys: the first signs, all verify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Keys(Vec<Key>);

impl Keys {
    /// Reads one secret, or `id:secret,id:secret` for rotation. A secret without an id contains neither `,` nor `:`.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        if !text.contains([':', ',']) {
            return Ok(Self(vec![Key { id: DEFAULT_KEY_ID.to_owned(), secret: Secret(text.to_owned()) }]));
        }
        let mut keys: Vec<Key> = Vec::new();
        for part in text.split(',').map(str::trim) {
            let (id, secret) = part.split_once(':').ok_or("has a key without an id")?;
            let id_ok = (1..=MAX_KEY_ID_BYTES).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
            if !id_ok {
                return Err("has a key id that is not 1 to 32 letters, digits, '-', '_' or '.'");
            }
            if secret.is_empty() {
                return Err("has a key without a secret");
            }
            if keys.iter().any(|key| key.id == id) {
                return Err("has two keys with the same id");
            }
            keys.push(Key { id: id.to_owned(), secret: Secret(secret.to_owned()) });
        }
        Ok(Self(keys))
    }

    /// The keys; never empty.
    pub(crate) fn as_slice(&self) -> &[Key] {
        &self.0
    }

    /// Why production mode rejects the keys, if it does.
    pub(crate) fn weakness(&self) -> Option<&'static str> {
        self.0.iter().find_map(|key| weakness(&key.secret.0))
    }

    /// Whether the two share a secret: a leaked secret of one kind of token would then also sign the other kind.
    pub(crate) fn shares_with(&self, other: &Self) -> bool {
        self.0.iter().any(|key| other.0.iter().any(|another| another.secret == key.secret))
    }

    /// Reads the keys in this file. If there is no file, makes keys and writes them, the file and its folder readable
    /// by their owner only. Several processes that start at once all get the same keys.
    pub(crate) fn kept_in(file: &Path) -> anyhow::Result<Self> {
        if !file.exists() {
            make(file).with_context(|| format!("cannot write the secret to {}", file.display()))?;
        }
        let text =
            std::fs::read_to_string(file).with_context(|| format!("cannot read the secret from {}", file.display()))?;
        Self::parse(text.trim()).ok().filter(|keys| keys.weakness().is_none()).with_context(|| {
            format!(
                "{} does not contain a valid secret: delete the file, and the server makes a new one",
                file.display()
            )
        })
    }
}

fn make(file: &Path) -> std::io::Result<()> {
    // If the database is not a file, nothing else has made the folder.
    if let Some(folder) = file.parent().filter(|folder| *folder != Path::new("")) {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let mut bytes = [0_u8; 48];
    rand::rng().fill_bytes(&mut bytes);
    let text = bytes.map(|byte| format!("{byte:02x}")).concat();
    let unfinished = file.with_extension(format!("{}.new", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let written = options.open(&unfinished).and_then(|mut open| {
        open.write_all(text.as_bytes())?;
        open.sync_all()?;
        // A hard link appears with its whole content or not at all, and does not replace another process's file.
        std::fs::hard_link(&unfinished, file)
    });
    std::fs::remove_file(&unfinished)?;
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    const STRONG: &str = "k3Jv9QxT2mZp7LsW4nRb8YcF6hDg1AeU";

    #[test]
    fn one_secret_needs_no_id_and_several_need_one_each() {
        let one = Keys::parse(STRONG).expect("a key");
        assert_eq!(one.as_slice()[0].id, "default");
        let two = Keys::parse(&format!("new:{STRONG}, old:with:colon")).expect("two keys");
        assert_eq!(two.as_slice().iter().map(|key| key.id.as_str()).collect::<Vec<_>>(), ["new", "old"]);
        assert_eq!(two.as_slice()[1].secret.reveal(), b"with:colon");
        for wrong in ["a,b", "id:", ":secret", "a:x,a:y", "b ad:x", "a:x,"] {
            assert!(Keys::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn weak_secrets_are_known_and_strong_ones_are_not_suspected() {
        let weakness = |text: &str| Keys::parse(text).expect("keys").weakness();
        assert_eq!(weakness(STRONG), None);
        assert_eq!(
            weakness("your_jwt_secret_key_here_minimum_32_characters"),
            Some("contains a secret copied from an example")
        );
        assert_eq!(weakness("your_refresh_secret_key"), Some("contains a secret copied from an example"));
        assert_eq!(weakness("k3Jv9QxT2mZp7LsW4nRb8YcF6hDg1Ae"), Some("contains a secret shorter than 32 bytes"));
        assert_eq!(weakness(&"ab".repeat(30)), Some("contains a secret that repeats a few characters"));
        assert!(weakness(&format!("new:{STRONG},old:short")).is_some(), "each key counts");
    }

    #[test]
    fn made_secrets_are_kept_and_only_their_owner_reads_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().join("data").join("of-its-own");
        let file = folder.join("jwt_secret");
        let first = Keys::kept_in(&file).expect("made, and the folder for it");
        assert_eq!(Keys::kept_in(&file).expect("kept"), first);
        assert_eq!(std::fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::metadata(&folder).expect("a folder").permissions().mode() & 0o777, 0o700);
        assert_ne!(Keys::kept_in(&folder.join("other")).expect("made"), first);
        assert_eq!(std::fs::read_dir(&folder).expect("a folder").count(), 2, "nothing else is left behind");
    }

    #[test]
    fn a_broken_kept_secret_stops_the_start() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("jwt_secret");
        std::fs::write(&file, "").expect("written");
        assert!(Keys::kept_in(&file).is_err_and(|error| error.to_string().contains("delete the file")));
    }

    #[test]
    fn secrets_do_not_show_themselves() {
        let shown = format!("{:?}", Keys::parse(&format!("new:{STRONG}")));
        assert!(shown.contains("new") && !shown.contains(STRONG), "{shown}");
    }
}
