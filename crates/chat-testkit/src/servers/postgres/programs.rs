use super::USER;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Returns the command line that runs a program as a user that `PostgreSQL` accepts.
pub(super) fn as_server(program: &Path) -> Vec<String> {
    let program = program.display().to_string();
    if !is_root() {
        return vec![program];
    }
    let drop_root = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"];
    drop_root.iter().map(ToString::to_string).chain([program]).collect()
}

/// Changes the owner of the folder to the user that the server runs as.
pub(super) fn own_by_server(folder: &Path) {
    if is_root() {
        let id = |option: &str| {
            let output = Command::new("id").args([option, USER]).output().expect("id");
            String::from_utf8_lossy(&output.stdout).trim().parse().ok()
        };
        let (user, group) = (id("-u"), id("-g"));
        assert!(user.is_some(), "if tests run as root, PostgreSQL needs a user {USER}");
        std::os::unix::fs::chown(folder, user, group).expect("to give the folder to PostgreSQL");
    }
}

/// Returns the folder of the newest `PostgreSQL` on this machine.
pub(super) fn find_programs() -> PathBuf {
    let in_path =
        std::env::var_os("PATH").into_iter().flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let mut debian: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    debian.sort_unstable_by(|one, other| other.cmp(one));
    debian
        .into_iter()
        .map(|(_, folder)| folder)
        .chain(in_path)
        .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
        .expect("PostgreSQL is not installed: see the documentation of chat_testkit::servers")
}
