//! Reads the signing keys: when they are required, and which are strong enough.

use super::reader::Reader;
use super::secrets::Keys;

const SECRET_REMEDY: &str = "set it to the output of: openssl rand -base64 48";

/// Both sets of keys; `None` if they are not set and not required.
pub(super) fn read(reader: &mut Reader<'_>, production: bool) -> (Option<Keys>, Option<Keys>) {
    let is_clustered = reader.given("REDIS_URL").is_some();
    let mut read = |name| match reader.given(name).map(Keys::parse) {
        Some(Ok(keys)) => {
            if let (true, Some(weakness)) = (production, keys.weakness()) {
                reader.fault(name, weakness, SECRET_REMEDY);
            }
            Some(keys)
        }
        Some(Err(problem)) => {
            reader.fault(name, problem, "write one secret that contains neither ',' nor ':', or id:secret,id:secret");
            None
        }
        None => {
            if production {
                reader.fault(name, "is missing", SECRET_REMEDY);
            } else if is_clustered {
                reader.fault(
                    name,
                    "is missing: all nodes of a cluster (REDIS_URL) must use the same one",
                    SECRET_REMEDY,
                );
            }
            None
        }
    };
    let keys = (read("JWT_SECRET"), read("JWT_REFRESH_SECRET"));
    if let (true, (Some(access), Some(refresh))) = (production, &keys)
        && access.shares_with(refresh)
    {
        reader.fault("JWT_REFRESH_SECRET", "contains a secret that JWT_SECRET contains too", SECRET_REMEDY);
    }
    keys
}
