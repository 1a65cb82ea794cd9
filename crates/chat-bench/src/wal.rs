//! The cost of a durable send in the embedded store: pages and bytes in the write-ahead log, and the writer's CPU.

use crate::report::{Kind, Report};
use crate::say;
use chat_domain::ConversationId;
use chat_domain::messages::{Draft, MessageStore as _};
use chat_domain::receipts::{AdvancePositions, ReceiptStore as _, ReceiptTarget};
use chat_domain::{ClientMessageId, MessageId, UserId};
use chat_sqlite::{SqliteConfig, SqliteStore};
use chat_testkit::stores::{Scene, Stores};
use clap::ValueEnum;
use futures_util::future::join_all;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

const SCENARIO: &str = "wal";

/// Each log page has a header of this many bytes (<https://sqlite.org/fileformat2.html#walformat>).
const FRAME_HEADER: u64 = 24;

/// A round ends when the log has this many bytes. The store does not copy a log of this size into the database yet, so
/// the growth of the file is everything that was written to the log.
const LOG_LIMIT: u64 = 4 * 1_024 * 1_024;

/// Messages that are stored before a round counts, so that statements are prepared and pages are cached.
const WARM_UP: usize = 32;

/// Messages per commit while the database is filled.
const FILL_BATCH: usize = 500;

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Messages in the database before the measurement; repeatable
    #[arg(long, default_values_t = [10_000, 1_000_000])]
    messages: Vec<usize>,
    /// Conversations that receive the messages in turn; repeatable
    #[arg(long, default_values_t = [1, 500])]
    conversations: Vec<usize>,
    /// Messages in one commit; repeatable
    #[arg(long, default_values_t = [1, 16, 64])]
    together: Vec<usize>,
    /// Members of each conversation; all but one of them send in turn
    #[arg(long, default_value_t = 20)]
    members: usize,
    /// Bytes of text of a message
    #[arg(long, default_value_t = 200)]
    bytes: usize,
    /// The key of each message
    #[arg(long, value_enum, default_value_t = Keys::Random)]
    keys: Keys,
    /// How many rounds
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Keys {
    /// A random UUID, as most clients make it
    Random,
    /// A UUID that begins with the time
    Ordered,
    /// Without a key
    None,
}

pub(crate) async fn run(options: &Options, report: &mut Report) {
    say(format!(
        "wal: the embedded store alone, in this process, on a file in {}. Conversations of {} members receive \
         messages of {} bytes in turn;\n  \
         {} members of each send in turn, with keys: {:?}. The database was filled in the same way. The named number \
         of messages shares one commit:\n  \
         they are sent while the writer stores a read position. The bytes are the growth of the log, without the one \
         page of that position;\n  \
         cycles in which the messages were committed otherwise do not count. The CPU is that of the writer's thread, \
         user and kernel,\n  \
         and includes the read position.",
        std::env::temp_dir().display(),
        options.members,
        options.bytes,
        options.members - 1,
        options.keys,
    ));
    for &conversations in &options.conversations {
        for &messages in &options.messages {
            let mut bench = Bench::new(options, conversations).await;
            bench.fill(messages).await;
            say(format!(
                "  {conversations} conversations, {messages} messages before, pages of {} bytes:",
                page_size(bench.folder.path())
            ));
            for &together in &options.together {
                bench.measure(together, options.rounds, messages, report).await;
            }
            bench.store().close();
        }
    }
}

struct Bench {
    folder: tempfile::TempDir,
    store: Option<SqliteStore>,
    scene: Scene,
    members: Vec<UserId>,
    conversations: Vec<ConversationId>,
    text: String,
    keys: Keys,
    /// The number of messages so far.
    sent: usize,
}

/// The cost of one round.
#[derive(Default)]
struct Cost {
    /// The messages of the cycles that had the intended commits.
    messages: usize,
    /// The growth of the log by these.
    log_bytes: u64,
    /// The writer's CPU per message, in microseconds.
    cpu_of_each: f64,
}

impl Bench {
    async fn new(options: &Options, conversations: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = open(folder.path());
        let scene = Scene::new(Stores::of(Arc::new(store.clone()), ()));
        let mut members = Vec::new();
        for number in 0..options.members {
            members.push(scene.user(&format!("member{number}")).await);
        }
        let mut ids = Vec::new();
        for _ in 0..conversations {
            ids.push(scene.group(members[0], &members[1..]).await);
        }
        // Conversations that are active at the same time seldom began at the same time.
        ids.sort_by_key(|id| id.as_uuid().as_u128().reverse_bits());
        Self {
            folder,
            store: Some(store),
            scene,
            members,
            conversations: ids,
            text: "x".repeat(options.bytes),
            keys: options.keys,
            sent: 0,
        }
    }

    fn store(&self) -> &SqliteStore {
        self.store.as_ref().expect("an open store")
    }

    /// Opens the store again, which empties the log.
    fn reopen(&mut self) {
        self.store.take().expect("an open store").close();
        let store = open(self.folder.path());
        self.scene = Scene::new(Stores::of(Arc::new(store.clone()), ()));
        self.store = Some(store);
    }

    async fn fill(&mut self, messages: usize) {
        for _ in 0..messages / FILL_BATCH {
            self.send(FILL_BATCH).await;
        }
    }

    async fn measure(&mut self, together: usize, rounds: usize, before: usize, report: &mut Report) {
        let (mut bytes, mut pages, mut cpu) = (Vec::new(), Vec::new(), Vec::new());
        let page = page_size(self.folder.path());
        for _ in 0..rounds {
            let cost = self.round(together, page).await;
            let of_each = cost.log_bytes as f64 / cost.messages as f64;
            bytes.push(of_each);
            pages.push(of_each / (page + FRAME_HEADER) as f64);
            cpu.push(cost.cpu_of_each);
        }
        let subject = format!("{together} of {} in {before}", self.conversations.len());
        let kind = |figure, unit| Kind { scenario: SCENARIO, figure, unit };
        report.rounds(kind("log per message", "bytes"), &subject, &bytes);
        report.rounds(kind("log per message", "pages"), &subject, &pages);
        report.rounds(kind("CPU of the writer per message", "µs"), &subject, &cpu);
    }

    async fn round(&mut self, together: usize, page: u64) -> Cost {
        self.reopen();
        self.send(WARM_UP).await;
        let writer = Writer::find();
        let (mut cost, cpu, mut sent) = (Cost::default(), writer.cpu(), 0);
        let mut now = self.store().status();
        while now.log_bytes < LOG_LIMIT {
            let before = now;
            let first = u64::from(together > 1);
            let is_together = if together > 1 {
                self.send_behind_another(&writer, together).await
            } else {
                self.send(1).await;
                true
            };
            sent += together;
            now = self.store().status();
            if is_together && now.commits - before.commits == first + 1 {
                cost.messages += together;
                cost.log_bytes += now.log_bytes - before.log_bytes - first * (page + FRAME_HEADER);
            }
        }
        // On a busy machine, some cycles have more commits.
        assert!(cost.messages > 0, "none of {sent} messages was committed with others as intended");
        cost.cpu_of_each = writer.cpu().saturating_sub(cpu).as_secs_f64() * 1e6 / sent as f64;
        cost
    }

    /// Sends this many messages while the writer stores a read position. Returns whether they had to wait for it.
    async fn send_behind_another(&mut self, writer: &Writer, together: usize) -> bool {
        let conversation = self.conversations[(self.sent - 1) % self.conversations.len()];
        let reader = *self.members.last().expect("members");
        let drafts: Vec<_> = (0..together).map(|_| self.next_draft()).collect();
        let (store, latest) = (self.store(), AdvancePositions::Read(ReceiptTarget::Latest));
        let turns = writer.turns();
        let mut first = std::pin::pin!(store.advance(conversation, reader, latest));
        if futures_util::poll!(first.as_mut()).is_ready() {
            send(store, drafts).await;
            return false;
        }
        while writer.turns() == turns {
            std::hint::spin_loop();
        }
        let (advanced, ()) = futures_util::join!(first, send(store, drafts));
        assert!(advanced.expect("advanced").moved(), "one page was written");
        true
    }

    /// Stores this many messages, all waiting at once.
    async fn send(&mut self, count: usize) {
        let drafts = (0..count).map(|_| self.next_draft()).collect();
        send(self.store(), drafts).await;
    }

    fn next_draft(&mut self) -> Draft {
        let conversation = self.conversations[self.sent % self.conversations.len()];
        let turn = self.sent / self.conversations.len() + self.sent;
        let sender = self.members[turn % (self.members.len() - 1)];
        self.sent += 1;
        let mut command = self.scene.command(conversation, &self.text, None);
        let key = match self.keys {
            Keys::Random => Some(Uuid::new_v4()),
            Keys::Ordered => Some(Uuid::now_v7()),
            Keys::None => None,
        };
        command.client_message_id = key.map(|key| ClientMessageId::parse(&key.to_string()).expect("a key"));
        command.into_draft(sender, MessageId::new(Uuid::now_v7()), self.scene.now())
    }
}

async fn send(store: &SqliteStore, drafts: Vec<Draft>) {
    let sent = join_all(drafts.into_iter().map(|draft| store.append(draft))).await;
    assert!(sent.iter().all(Result::is_ok), "every message is stored");
}

fn database(folder: &Path) -> PathBuf {
    folder.join("chat.db")
}

fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(&SqliteConfig::at(database(folder))).expect("a store")
}

/// The size of the database's pages, from its header (<https://sqlite.org/fileformat2.html#page_size>).
fn page_size(folder: &Path) -> u64 {
    let mut header = [0; 18];
    fs::File::open(database(folder)).and_then(|mut file| file.read_exact(&mut header)).expect("a database");
    u64::from(u16::from_be_bytes([header[16], header[17]]))
}

/// The store's writing thread, as the kernel sees it (Documentation/scheduler/sched-stats.rst).
struct Writer(PathBuf);

impl Writer {
    fn find() -> Self {
        let threads = fs::read_dir("/proc/self/task").expect("Linux").flatten().map(|thread| thread.path());
        let is_writer =
            |thread: &PathBuf| fs::read_to_string(thread.join("comm")).is_ok_and(|name| name.trim() == "sqlite-writer");
        Self(threads.into_iter().find(is_writer).expect("a thread that writes").join("schedstat"))
    }

    /// Its CPU time, exact to the nanosecond.
    fn cpu(&self) -> Duration {
        Duration::from_nanos(self.field(0))
    }

    /// How often it was given a processor.
    fn turns(&self) -> u64 {
        self.field(2)
    }

    fn field(&self, number: usize) -> u64 {
        let stat = fs::read_to_string(&self.0).expect("a kernel with CONFIG_SCHED_INFO");
        stat.split_whitespace().nth(number).and_then(|field| field.parse().ok()).expect("a number")
    }
}
