use super::process::{Ending, Process};
use super::{eventually, free_port, has_ended};
use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};

/// How many ports are tried, since another process may take one first.
const ATTEMPTS: usize = 5;

/// A temporary reverse proxy, nginx or Caddy, with the test's configuration.
pub struct Proxy {
    port: u16,
    // The guard of the process removes the folder.
    _process: Process,
}

impl Proxy {
    /// Starts nginx. `http` returns the content of the `http` block for the port to listen on, such as `server { listen
    /// 127.0.0.1:{port}; location / { proxy_pass http://...; } }`.
    pub fn nginx(http: impl Fn(u16) -> String) -> Self {
        Self::start("nginx", |folder, port| {
            // As root, nginx would run its workers as `nobody`, who cannot write to the folder. If it is not root, it
            // must not change its user.
            let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                .map(|name| format!("{name}_temp_path {}/{name};", folder.display()))
                .join(" ");
            let user = if rustix::process::geteuid().is_root() { "user root;" } else { "" };
            let config = format!(
                "daemon off; {user} worker_processes 1; pid {0}/pid; error_log stderr notice;\n\
                 events {{ worker_connections 512; }}\nhttp {{ access_log off; {paths}\n{1}\n}}\n",
                folder.display(),
                http(port)
            );
            let file = folder.join("nginx.conf");
            fs::write(&file, config).expect("a configuration");
            [program("nginx"), "-e".into(), "stderr".into(), "-p".into(), text(folder), "-c".into(), text(&file)].into()
        })
    }

    /// Starts Caddy. `caddyfile` returns the whole file for the port to listen on, such as `http://:{port} {
    /// reverse_proxy ... }`. Its global options should include `admin off`.
    pub fn caddy(caddyfile: impl Fn(u16) -> String) -> Self {
        Self::start("caddy", |folder, port| {
            let file = folder.join("Caddyfile");
            fs::write(&file, caddyfile(port)).expect("a configuration");
            let keeping =
                ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"].map(|name| format!("{name}={}", folder.display()));
            let run = [
                program("caddy"),
                "run".into(),
                "--adapter".into(),
                "caddyfile".into(),
                "--config".into(),
                text(&file),
            ];
            std::iter::once("env".to_owned()).chain(keeping).chain(run).collect()
        })
    }

    fn start(name: &str, command: impl Fn(&Path, u16) -> Vec<String>) -> Self {
        let mut said = String::new();
        for _ in 0..ATTEMPTS {
            let folder = tempfile::Builder::new().prefix("chat-proxy-").tempdir().expect("a folder").keep();
            let port = free_port();
            let process = Process::start(&folder, &command(&folder, port));
            let mut is_up = false;
            eventually(|| {
                is_up = !has_ended(process.pid()) && TcpStream::connect(("127.0.0.1", port)).is_ok();
                is_up || has_ended(process.pid())
            });
            if is_up {
                return Self { port, _process: process };
            }
            said = fs::read_to_string(folder.join("log")).unwrap_or_default();
            process.end(Ending::Remove);
        }
        panic!("{name} did not start; is it installed?\n{said}");
    }

    /// Returns the port on which it listens, at 127.0.0.1.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// `http://address:port`.
    pub fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Debian installs servers in a folder that only root has in `PATH`.
fn program(name: &str) -> String {
    let file = PathBuf::from("/usr/sbin").join(name);
    if file.exists() { text(&file) } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};

    fn get(proxy: &Proxy) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", proxy.port())).expect("a connection");
        stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("written");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }

    #[test]
    fn nginx_and_caddy_serve_and_are_gone_with_their_value() {
        let nginx = Proxy::nginx(|port| format!("server {{ listen 127.0.0.1:{port}; return 200 'here'; }}"));
        let caddy =
            Proxy::caddy(|port| format!("{{\n admin off\n}}\nhttp://:{port} {{\n bind 127.0.0.1\n respond here\n}}\n"));
        for proxy in [nginx, caddy] {
            let answer = get(&proxy);
            assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("here"), "{answer}");
            let port = proxy.port();
            drop(proxy);
            assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "the proxy must not listen any more");
        }
    }
}
