use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Starts the server, prints its process id, and waits for a word on its standard input. The input ends with the test's
/// process, even if that is killed; then the guard ends the server and removes its folder. After the word `keep` and a
/// process id, the guard does so when that process has ended. (`SIGTERM` ends Redis. `PostgreSQL` would wait for its
/// clients, except on `SIGQUIT`, which Redis inherits ignored.)
const GUARD: &str = r#"
trap '' HUP
folder=$1
shift
"$@" </dev/null >>"$folder/log" 2>&1 &
server=$!
echo "$server"
read -r word owner
if [ "$word" = keep ]; then
    while kill -0 "$owner" 2>/dev/null; do sleep 0.2; done
fi
case "$word" in
    stop) kill -INT "$server" ;;
    kill) kill -KILL "$server" ;;
    # A background process of a shell ignores SIGQUIT unless it handles it, and a frozen server receives only
    # SIGCONT.
    *) kill -QUIT "$server"; kill -TERM "$server"; kill -CONT "$server" ;;
esac 2>/dev/null
wait "$server"
case "$word" in
    stop | kill) ;;
    *) rm -rf "$folder" ;;
esac
"#;

/// A running server and the shell that guards it.
pub(super) struct Process {
    guard: Child,
    pid: u32,
}

/// How a server ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Orderly; its folder stays.
    Stop,
    /// By `SIGKILL`; its folder stays.
    Kill,
    /// At once; its folder is removed.
    Remove,
}

impl Process {
    /// Starts the command and writes its output to the file `log` in the folder.
    pub(super) fn start(folder: &Path, command: &[String]) -> Self {
        let mut guard = Command::new("sh")
            .args(["-c", GUARD, "guard"])
            .arg(folder)
            .args(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // Signals to the test's process group, such as Ctrl-C, must not reach the guard, which has to clean up.
            .process_group(0)
            .spawn()
            .expect("sh");
        let mut line = String::new();
        let output = guard.stdout.take().expect("piped");
        BufReader::new(output).read_line(&mut line).expect("the server's process id");
        let pid = line.trim().parse().expect("the server's process id");
        Self { guard, pid }
    }

    pub(super) const fn pid(&self) -> u32 {
        self.pid
    }

    /// Ends the server and waits until it has ended.
    pub(super) fn end(mut self, ending: Ending) {
        self.end_by(ending);
    }

    /// Makes the server live as long as another process.
    pub(super) fn give_to(mut self, owner: u32) {
        let mut input = self.guard.stdin.take().expect("a server that runs");
        writeln!(input, "keep {owner}").expect("the guard reads");
    }

    fn end_by(&mut self, ending: Ending) {
        let Some(mut input) = self.guard.stdin.take() else { return };
        let word = match ending {
            Ending::Stop => "stop\n",
            Ending::Kill => "kill\n",
            Ending::Remove => "\n",
        };
        // If the guard has ended, so has the server.
        let _ = input.write_all(word.as_bytes());
        drop(input);
        let _ = self.guard.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end_by(Ending::Remove);
    }
}
