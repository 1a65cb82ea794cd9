use super::Metrics;
use crate::logging;
use crate::store::StoreStatus;
use chat_app::CallStatus;
use chat_http::{LATENCY_BOUNDS, Latency};
use chat_postgres::PostgresStatus;
use chat_realtime::{QueueStats, RealtimeStats};
use chat_sqlite::SqliteStatus;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fmt::{Debug, Formatter, Result};

type Label<'a> = [(&'a str, &'a str); 1];

/// Every number at one moment, in the order in which they are written.
pub(super) struct Snapshot {
    metrics: Metrics,
    queues: QueueStats,
}

impl Snapshot {
    pub(super) const fn new(metrics: Metrics, queues: QueueStats) -> Self {
        Self { metrics, queues }
    }
}

impl Debug for Snapshot {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        formatter.debug_struct("Snapshot").field("queues", &self.queues).finish_non_exhaustive()
    }
}

impl Collector for Snapshot {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result {
        let mut page = Page(encoder);
        let Metrics { state, sends, limits, .. } = &self.metrics;
        page.gauge("ready", "1 where new work is welcome", u64::from(state.readiness.is_ready()))?;
        page.build()?;
        page.gauge("connections", "Sockets, signed in or not", state.fan_out.connection_count() as u64)?;
        page.gauge("connections_limit", "Sockets that this node takes", self.metrics.max_connections as u64)?;
        let sessions = state.stats.socketio_sessions() as u64;
        page.gauge("socketio_sessions", "Sessions of Socket.IO, connected to the namespace or not", sessions)?;
        page.realtime(state.fan_out.stats())?;
        page.gauge("queue_bytes", "Bytes that wait for sockets", self.queues.bytes)?;
        page.gauge("queue_largest_bytes", "Bytes that wait for the socket with the most", self.queues.largest)?;
        page.gauge("queue_waiting_connections", "Sockets that something waits for", self.queues.waiting)?;
        page.counters("sends", "Sends by what became of them", "outcome", &sends.read())?;
        page.counters(
            "rate_limited",
            "What was refused because there had been too much of it",
            "limit",
            &limits.read(),
        )?;
        page.counter("log_lines_lost", "Lines that the standard output did not take", logging::lost_lines())?;
        page.calls(state.app.call_status())?;
        page.database(&self.metrics)?;
        page.cluster(&self.metrics)?;
        page.http(&self.metrics)?;
        page.commands(&self.metrics)
    }
}

/// A page that is being written.
struct Page<'a>(DescriptorEncoder<'a>);

impl Page<'_> {
    fn gauge(&mut self, name: &str, help: &str, value: u64) -> Result {
        let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
        gauge.encode(self.0.encode_descriptor(name, help, None, gauge.metric_type())?)
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) -> Result {
        let counter = ConstCounter::new(value);
        counter.encode(self.0.encode_descriptor(name, help, None, counter.metric_type())?)
    }

    fn counters(&mut self, name: &str, help: &str, label: &str, values: &[(&str, u64)]) -> Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (value_of_label, value) in values {
            let labels: Label<'_> = [(label, value_of_label)];
            ConstCounter::new(*value).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }

    fn gauges(&mut self, name: &str, help: &str, label: &str, values: &[(&str, usize)]) -> Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (value_of_label, value) in values {
            let labels: Label<'_> = [(label, value_of_label)];
            ConstGauge::new(i64::try_from(*value).unwrap_or(i64::MAX)).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }

    fn realtime(&mut self, stats: &RealtimeStats) -> Result {
        self.counter("deliveries", "Events handed to sockets, one per socket and event", stats.deliveries.get())?;
        self.counter("changes", "Durable changes that passed in order", stats.changes.get())?;
        self.counter("repairs", "Readings of the change log that filled a hole", stats.repairs.get())?;
        self.counter("repaired_changes", "Changes that those readings brought", stats.repaired_changes.get())?;
        self.counter(
            "found_joiners",
            "Users found whose coming into a conversation was lost",
            stats.found_joiners.get(),
        )?;
        self.counter(
            "abandoned_changes",
            "Changes that the database lacks, without which their conversations went on",
            stats.abandoned_changes.get(),
        )?;
        self.counter(
            "unknown_changes",
            "Changes of kinds that this release does not know",
            stats.unknown_changes.get(),
        )?;
        let checks = [("done", stats.tail_checks.get()), ("failed", stats.failed_tail_checks.get())];
        self.counters("tail_checks", "Comparisons of the newest numbers with the database", "outcome", &checks)?;
        let beginnings = [
            ("fresh", stats.fresh_starts.get()),
            ("resumed", stats.full_resumes.get()),
            ("limited", stats.limited_resumes.get()),
        ];
        self.counters("starts", "Sockets that came into the flow of events, by how", "outcome", &beginnings)?;
        self.counter("slow_readers", "Sockets closed because too much waited for them", stats.slow_readers.get())?;
        self.counter(
            "overfull_inboxes",
            "Times a worker thread fell so far behind that its sockets were told to come back",
            stats.overfull_inboxes.get(),
        )
    }

    fn calls(&mut self, CallStatus { reads, writes }: CallStatus) -> Result {
        let states = [("running", reads.running), ("waiting", reads.waiting)];
        self.gauges("user_reads", "Reads of the database for users, which take turns", "state", &states)?;
        let states = [("running", writes.running), ("waiting", writes.waiting)];
        self.gauges("user_writes", "Writes for users other than sends", "state", &states)?;
        let refused = [("read", reads.refused), ("write", writes.refused)];
        self.counters("refused_user_calls", "Calls refused because their user had too many waiting", "kind", &refused)
    }

    fn database(&mut self, metrics: &Metrics) -> Result {
        match metrics.store.status() {
            StoreStatus::File(status) => self.sqlite(&status),
            StoreStatus::Server(status) => self.postgres(&status),
        }
    }

    fn sqlite(&mut self, status: &SqliteStatus) -> Result {
        for (name, help, calls) in [
            ("sqlite_writes", "Calls that wait for the writer or are being written", status.writes),
            ("sqlite_reads", "Calls that wait for a reader or are being read", status.reads),
        ] {
            self.gauges(name, help, "state", &[("under_way", calls.under_way), ("limit", calls.limit)])?;
        }
        self.counter("sqlite_commits", "Transactions that were committed", status.commits)?;
        self.counter("sqlite_committed_calls", "Calls that shared them", status.committed_calls)?;
        self.counter("sqlite_failures", "Times the disk or a lock did not let the database write", status.failures)?;
        self.gauge("sqlite_file_bytes", "Length of the database file", status.file_bytes)?;
        self.gauge("sqlite_log_bytes", "Length of the write-ahead log", status.log_bytes)
    }

    fn postgres(&mut self, status: &PostgresStatus) -> Result {
        let (pool, sends, shared) = (status.pool, status.sends, status.batches);
        let connections = [("open", pool.open), ("idle", pool.idle), ("limit", pool.limit)];
        self.gauges("database_connections", "Connections for everything but sends", "state", &connections)?;
        self.gauge("database_waiting_calls", "Calls that wait for a connection", pool.waiting as u64)?;
        let queue = [("queued", sends.queued), ("limit", sends.limit)];
        self.gauges("database_send_queue", "Sends that wait for a writer, and how many may", "state", &queue)?;
        self.counter("database_batched_sends", "Sends that were taken from the queue", sends.taken)?;
        self.counter("database_batches", "Transactions that they shared", sends.batches)?;
        self.counter("database_failed_batches", "Of those, the ones that failed", sends.failed_batches)?;
        self.gauge("database_waiting_shared_calls", "Calls that wait to share a query", shared.waiting as u64)?;
        self.counter("database_shared_calls", "Calls that were answered together", shared.calls)?;
        self.counter("database_shared_queries", "Queries that they shared", shared.batches)?;
        self.counter("database_failed_shared_queries", "Of those, the ones that failed", shared.failed_batches)
    }

    fn cluster(&mut self, metrics: &Metrics) -> Result {
        let Some(cluster) = &metrics.cluster else { return Ok(()) };
        let bus = cluster.bus.stats();
        self.gauge("redis_connected", "1 where Redis can be reached", u64::from(cluster.redis.is_connected()))?;
        self.gauge("bus_subscribed", "1 where this node hears the others", u64::from(cluster.bus.is_connected()))?;
        let packets = [
            ("published", bus.published),
            ("dropped", bus.dropped),
            ("received", bus.received),
            ("delivered", bus.delivered),
            ("refused", bus.refused),
        ];
        self.counters("bus_packets", "Packets of the bus between nodes, by what became of them", "outcome", &packets)?;
        self.counter("bus_gaps", "How often the bus may have missed something", bus.gaps)
    }

    fn http(&mut self, metrics: &Metrics) -> Result {
        const HELP: &str = "Seconds from the head of a request to the head of its answer";
        let mut family = self.0.encode_descriptor("http_request_seconds", HELP, None, MetricType::Histogram)?;
        for (labels, latency) in metrics.state.stats.read() {
            let class = format!("{}xx", labels.status_class);
            let set = [("method", labels.method), ("route", &labels.route), ("status", &class)];
            encode_latency(&mut family.encode_family(&set)?, &latency)?;
        }
        Ok(())
    }

    fn commands(&mut self, metrics: &Metrics) -> Result {
        const HELP: &str = "Seconds from a command on a socket to its queued answer";
        let mut family = self.0.encode_descriptor("command_seconds", HELP, None, MetricType::Histogram)?;
        for (command, outcome, latency) in metrics.state.stats.read_commands() {
            let set = [("command", command), ("outcome", outcome)];
            encode_latency(&mut family.encode_family(&set)?, &latency)?;
        }
        Ok(())
    }

    fn build(&mut self) -> Result {
        const HELP: &str = "1, with the version of this program";
        let mut family = self.0.encode_descriptor("build_info", HELP, None, MetricType::Gauge)?;
        let labels: Label<'_> = [("version", env!("CARGO_PKG_VERSION"))];
        ConstGauge::new(1i64).encode(family.encode_family(&labels)?)
    }
}

fn encode_latency(encoder: &mut MetricEncoder<'_>, latency: &Latency) -> Result {
    let rest = latency.count.saturating_sub(latency.buckets.iter().sum());
    let buckets: Vec<_> = LATENCY_BOUNDS.into_iter().zip(latency.buckets).chain([(f64::INFINITY, rest)]).collect();
    encoder.encode_histogram::<NoLabelSet>(latency.seconds, latency.count, &buckets, None)
}
