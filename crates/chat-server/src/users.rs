//! The account commands: `chat-server users ...`. They work on the database, also while servers use it.

use crate::cli::print;
use crate::collisions;
use crate::config::Config;
use crate::store::Store;
use anyhow::Context as _;
use chat_app::{LoginIdentity, Operator};
use chat_auth::{BcryptCost, BcryptHasher, HashingLimits};
use chat_domain::auth::{Password, RegistrationCode};
use chat_domain::users::{EmailAddress, Username};
use clap::{Args, Subcommand};
use rand::Rng as _;
use rand::distr::Alphanumeric;
use std::sync::Arc;
use std::time::Duration;

/// The maximum number of codes made at once.
const MAX_INVITES: u16 = 1_000;

/// The length of a generated password: 119 random bits.
const MADE_PASSWORD_CHARS: usize = 20;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Set a new password for an account, and end all its sessions
    ResetPassword(ResetPassword),
    /// Make registration codes, each valid for one account (REGISTRATION=invite)
    Invite(Invite),
    /// List accounts with the same email, and groups with the same name, after normalisation
    Collisions,
}

#[derive(Debug, Args)]
pub(crate) struct ResetPassword {
    /// The account's email address or username
    account: String,
    /// Read the new password from the first line of standard input; without this, make one and print it
    #[arg(long)]
    stdin: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Invite {
    /// Lifetime of the codes: 30m, 12h, 7d
    #[arg(long, default_value = "7d", value_parser = lifetime)]
    expires: Duration,
    /// Number of codes, 1 to 1000; printed one per line
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=i64::from(MAX_INVITES)))]
    count: u16,
}

fn lifetime(text: &str) -> Result<Duration, String> {
    const LONGEST: Duration = Duration::from_hours(24 * 365);
    crate::config::parse_duration(text)
        .filter(|lifetime| !lifetime.is_zero() && *lifetime <= LONGEST)
        .ok_or_else(|| "must be a duration of at most 365d, such as 30m, 12h or 7d".to_owned())
}

/// Runs the command.
pub(crate) async fn run(command: Command, config: &Config) -> anyhow::Result<()> {
    // Invalid arguments are reported before the database is opened.
    let command = match command {
        Command::ResetPassword(arguments) => Checked::reset(&arguments, config)?,
        Command::Invite(arguments) => Checked::Invite(arguments),
        Command::Collisions => return collisions::run(config).await,
    };
    let store = Store::open_existing(&config.database).await?;
    let operator = Operator {
        store: store.handle(),
        hasher: Arc::new(BcryptHasher::new(BcryptCost::new(config.bcrypt_cost)?, HashingLimits::default())),
        clock: store.clock(),
    };
    let done = match command {
        Checked::Reset { identity, password, is_made } => reset(&operator, identity, password, is_made).await,
        Checked::Invite(arguments) => invite(&operator, &arguments).await,
    };
    drop(operator);
    store.close().await?;
    done
}

enum Checked {
    Reset { identity: LoginIdentity, password: Password, is_made: bool },
    Invite(Invite),
}

impl Checked {
    fn reset(arguments: &ResetPassword, config: &Config) -> anyhow::Result<Self> {
        let identity = if arguments.account.contains('@') {
            // As at sign-in: if accounts share an email, the account with exactly this spelling.
            EmailAddress::from_stored(&arguments.account).map(LoginIdentity::Email)
        } else {
            Username::parse(&arguments.account).map(LoginIdentity::Username)
        };
        let identity = identity.map_err(|fault| anyhow::anyhow!("the account {fault}"))?;
        let text = if arguments.stdin { read_line()? } else { made_password() };
        let password = Password::parse(&text, config.password_policy());
        let password = password.map_err(|fault| anyhow::anyhow!("the new password {fault}"))?;
        Ok(Self::Reset { identity, password, is_made: !arguments.stdin })
    }
}

fn read_line() -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).context("cannot read the new password")?;
    let line = line.strip_suffix('\n').map_or(line.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    Ok(line.to_owned())
}

fn made_password() -> String {
    rand::rng().sample_iter(Alphanumeric).take(MADE_PASSWORD_CHARS).map(char::from).collect()
}

async fn reset(operator: &Operator, identity: LoginIdentity, password: Password, is_made: bool) -> anyhow::Result<()> {
    let made = is_made.then(|| password.reveal().to_owned());
    let reset = operator.reset_password(identity, password).await?;
    let password = made.map(|made| format!("New password: {made}\n")).unwrap_or_default();
    let username = reset.user.username.as_str();
    print(&format!("The password of {username} was reset. Sessions ended: {}.\n{password}", reset.ended_sessions))
}

async fn invite(operator: &Operator, arguments: &Invite) -> anyhow::Result<()> {
    let codes: Vec<_> = (0..arguments.count).map(|_| RegistrationCode::from_random(rand::rng().random())).collect();
    operator.invite(&codes, arguments.expires).await?;
    print(&codes.iter().map(|code| format!("{}\n", code.reveal())).collect::<Vec<_>>().concat())
}
