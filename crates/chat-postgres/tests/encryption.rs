//! `sslmode`, against a server with a certificate of an authority of our own.

use chat_postgres::{OpenError, PostgresConfig, PostgresStore};
use chat_testkit::servers::Postgres;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

struct Authority {
    _folder: tempfile::TempDir,
    path: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

fn authority() -> Authority {
    let key = KeyPair::generate().expect("a key");
    let mut parameters = CertificateParams::new(Vec::new()).expect("parameters");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ca.pem");
    fs::write(&path, parameters.self_signed(&key).expect("a certificate").pem()).expect("written");
    Authority { _folder: folder, path, issuer: Issuer::new(parameters, key) }
}

/// A server whose certificate is for this host.
fn encrypted_server(authority: &Authority, host: &str) -> Postgres {
    let server = Postgres::start();
    let key = KeyPair::generate().expect("a key");
    let parameters = CertificateParams::new(vec![host.to_owned()]).expect("parameters");
    let certificate = parameters.signed_by(&key, &authority.issuer).expect("a certificate");
    let data = server.folder().join("data");
    give(&data, "server.crt", &certificate.pem());
    give(&data, "server.key", &key.serialize_pem());
    server.psql("postgres", "ALTER SYSTEM SET ssl = on");
    server.restart();
    server
}

fn give(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    let owner = fs::metadata(folder).expect("a folder");
    fs::write(&path, text).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("permissions");
    chown(&path, Some(owner.uid()), Some(owner.gid())).expect("an owner");
}

/// Whether the store opens, and then whether what it sends is encrypted.
async fn open(server: &Postgres, database: &str, parameters: &str) -> Result<bool, OpenError> {
    let store = PostgresStore::open(&PostgresConfig::at(format!("{}?{parameters}", server.url(database)))).await?;
    store.ping().await.expect("an answer");
    let sql = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'chat'";
    let is_encrypted = server.psql("postgres", sql) == "t";
    store.close().await;
    Ok(is_encrypted)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_mode_trusts_what_it_says() {
    let (ours, theirs) = (authority(), authority());
    let server = encrypted_server(&ours, "127.0.0.1");
    server.psql("postgres", "CREATE DATABASE chat");
    let (ours, theirs) = (ours.path.display(), theirs.path.display());
    for (parameters, is_encrypted) in [
        ("sslmode=disable".to_owned(), false),
        ("sslmode=prefer".to_owned(), true),
        (format!("sslmode=require&sslrootcert={ours}"), true),
        (format!("sslmode=verify-ca&sslrootcert={ours}"), true),
        (format!("sslmode=verify-full&sslrootcert={ours}"), true),
    ] {
        let opened = open(&server, "chat", &parameters).await;
        assert!(matches!(opened, Ok(found) if found == is_encrypted), "{parameters}: {opened:?}");
    }
    for parameters in [
        format!("sslmode=require&sslrootcert={theirs}"),
        format!("sslmode=verify-ca&sslrootcert={theirs}"),
        format!("sslmode=verify-full&sslrootcert={theirs}"),
    ] {
        let opened = open(&server, "chat", &parameters).await;
        assert!(matches!(opened, Err(OpenError::Refused(_))), "{parameters}: {opened:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_host_counts_unless_only_the_authority_does() {
    let authority = authority();
    let server = encrypted_server(&authority, "db.example");
    server.psql("postgres", "CREATE DATABASE chat");
    let path = authority.path.display();
    let full = open(&server, "chat", &format!("sslmode=verify-full&sslrootcert={path}")).await;
    assert!(matches!(full, Err(OpenError::Refused(_))), "{full:?}");
    assert!(matches!(open(&server, "chat", &format!("sslmode=verify-ca&sslrootcert={path}")).await, Ok(true)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_encryption_serves_those_alone_who_do_not_insist() {
    let server = Postgres::start();
    server.psql("postgres", "CREATE DATABASE chat");
    assert!(matches!(open(&server, "chat", "sslmode=prefer").await, Ok(false)));
    let url = format!("{}?sslmode=require", server.url("chat"));
    let config = PostgresConfig { start_timeout: std::time::Duration::ZERO, ..PostgresConfig::at(url) };
    assert!(PostgresStore::open(&config).await.is_err());
}
