//! When keys have to be given, and which are good enough.

use super::reader::Reader;
use super::secrets::Keys;

const SECRET_REMEDY: &str = "set it to the output of: openssl rand -base64 48";

/// Both kinds of key; `None` where none are given and none have to be.
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
            reader.fault(name, problem, "write one secret without ',' and ':', or id:secret,id:secret");
            None
        }
        None => {
            if production {
                reader.fault(name, "is missing", SECRET_REMEDY);
            } else if is_clustered {
                reader.fault(name, "is missing, and the nodes of a cluster (REDIS_URL) must share one", SECRET_REMEDY);
            }
            None
        }
    };
    let keys = (read("JWT_SECRET"), read("JWT_REFRESH_SECRET"));
    if let (true, (Some(access), Some(refresh))) = (production, &keys)
        && access.shares_with(refresh)
    {
        reader.fault("JWT_REFRESH_SECRET", "holds a secret of JWT_SECRET too", SECRET_REMEDY);
    }
    keys
}
