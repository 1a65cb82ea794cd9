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

/// Every metric at one moment, in the order of the page.
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
        page.gauge("ready", "1 if the node is ready for requests", u64::from(state.readiness.is_ready()))?;
        page.build()?;
        page.gauge("connections", "Open sockets, authenticated or not", state.fan_out.connection_count() as u64)?;
        page.gauge("connections_limit", "Maximum number of sockets of this node", self.metrics.max_connections as u64)?;
        let sessions = state.stats.socketio_sessions() as u64;
        page.gauge("socketio_sessions", "Open Socket.IO sessions, connected to the namespace or not", sessions)?;
        page.realtime(state.fan_out.stats())?;
        page.gauge("queue_bytes", "Bytes in the send queues of all sockets", self.queues.bytes)?;
        page.gauge("queue_largest_bytes", "Bytes in the longest send queue", self.queues.largest)?;
        page.gauge("queue_waiting_connections", "Sockets whose send queue is not empty", self.queues.waiting)?;
        page.counters("sends", "Messages sent by clients, by outcome", "outcome", &sends.read())?;
        page.counters(
            "rate_limited",
            "Requests, commands and connections that a rate limit rejected",
            "limit",
            &limits.read(),
        )?;
        page.counter(
            "log_lines_lost",
            "Log lines that could not be written to standard output",
            logging::lost_lines(),
        )?;
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
        self.counter("deliveries", "Events put into send queues, one per socket and event", stats.deliveries.get())?;
        self.counter("changes", "Durable changes delivered in order", stats.changes.get())?;
        self.counter("repairs", "Reads of the change log that filled a gap", stats.repairs.get())?;
        self.counter("repaired_changes", "Changes that these reads returned", stats.repaired_changes.get())?;
        self.counter("found_joiners", "New members whose joining the bus had lost", stats.found_joiners.get())?;
        self.counter(
            "abandoned_changes",
            "Changes missing in the database, which delivery skipped",
            stats.abandoned_changes.get(),
        )?;
        self.counter(
            "unknown_changes",
            "Changes of kinds that this release does not know",
            stats.unknown_changes.get(),
        )?;
        let checks = [("done", stats.tail_checks.get()), ("failed", stats.failed_tail_checks.get())];
        self.counters("tail_checks", "Comparisons of the newest positions with the database", "outcome", &checks)?;
        let beginnings = [
            ("fresh", stats.fresh_starts.get()),
            ("resumed", stats.full_resumes.get()),
            ("limited", stats.limited_resumes.get()),
        ];
        self.counters("starts", "Sockets that began to receive events, by kind of start", "outcome", &beginnings)?;
        self.counter("slow_readers", "Sockets closed because their send queue was full", stats.slow_readers.get())?;
        self.counter(
            "overfull_inboxes",
            "Times a worker thread fell so far behind that it told its sockets to reconnect",
            stats.overfull_inboxes.get(),
        )
    }

    fn calls(&mut self, CallStatus { reads, writes }: CallStatus) -> Result {
        let states = [("running", reads.running), ("waiting", reads.waiting)];
        self.gauges("user_reads", "Database reads for users, who take turns", "state", &states)?;
        let states = [("running", writes.running), ("waiting", writes.waiting)];
        self.gauges("user_writes", "Database writes for users, without sends", "state", &states)?;
        let refused = [("read", reads.refused), ("write", writes.refused)];
        self.counters(
            "refused_user_calls",
            "Calls rejected because too many calls of the same user were waiting",
            "kind",
            &refused,
        )
    }

    fn database(&mut self, metrics: &Metrics) -> Result {
        match metrics.store.status() {
            StoreStatus::File(status) => self.sqlite(&status),
            StoreStatus::Server(status) => self.postgres(&status),
        }
    }

    fn sqlite(&mut self, status: &SqliteStatus) -> Result {
        for (name, help, calls) in [
            ("sqlite_writes", "Writes that wait or run, and their limit", status.writes),
            ("sqlite_reads", "Reads that wait or run, and their limit", status.reads),
        ] {
            self.gauges(name, help, "state", &[("under_way", calls.under_way), ("limit", calls.limit)])?;
        }
        self.counter("sqlite_commits", "Committed transactions", status.commits)?;
        self.counter("sqlite_committed_calls", "Calls that these transactions contained", status.committed_calls)?;
        self.counter("sqlite_failures", "Failed writes: a full or failing disk, or a lock", status.failures)?;
        self.gauge("sqlite_file_bytes", "Size of the database file", status.file_bytes)?;
        self.gauge("sqlite_log_bytes", "Size of the write-ahead log", status.log_bytes)
    }

    fn postgres(&mut self, status: &PostgresStatus) -> Result {
        let (pool, sends, shared) = (status.pool, status.sends, status.batches);
        let connections = [("open", pool.open), ("idle", pool.idle), ("limit", pool.limit)];
        self.gauges("database_connections", "Connections for everything except sends", "state", &connections)?;
        self.gauge("database_waiting_calls", "Calls that wait for a connection", pool.waiting as u64)?;
        let queue = [("queued", sends.queued), ("limit", sends.limit)];
        self.gauges("database_send_queue", "Sends that wait for a writer, and their limit", "state", &queue)?;
        self.counter("database_batched_sends", "Sends taken from the queue", sends.taken)?;
        self.counter("database_batches", "Transactions that these sends shared", sends.batches)?;
        self.counter("database_failed_batches", "Transactions of sends that failed", sends.failed_batches)?;
        self.gauge("database_waiting_shared_calls", "Calls that wait for a shared query", shared.waiting as u64)?;
        self.counter("database_shared_calls", "Calls answered by shared queries", shared.calls)?;
        self.counter("database_shared_queries", "Shared queries", shared.batches)?;
        self.counter("database_failed_shared_queries", "Shared queries that failed", shared.failed_batches)
    }

    fn cluster(&mut self, metrics: &Metrics) -> Result {
        let Some(cluster) = &metrics.cluster else { return Ok(()) };
        let bus = cluster.bus.stats();
        self.gauge("redis_connected", "1 if Redis is reachable", u64::from(cluster.redis.is_connected()))?;
        self.gauge(
            "bus_subscribed",
            "1 if this node receives the events of the other nodes",
            u64::from(cluster.bus.is_connected()),
        )?;
        let packets = [
            ("published", bus.published),
            ("dropped", bus.dropped),
            ("received", bus.received),
            ("delivered", bus.delivered),
            ("refused", bus.refused),
        ];
        self.counters("bus_packets", "Packets on the bus between nodes, by outcome", "outcome", &packets)?;
        self.counter("bus_gaps", "Times that the bus may have lost events", bus.gaps)
    }

    fn http(&mut self, metrics: &Metrics) -> Result {
        const HELP: &str = "Seconds from the head of a request to the head of its response";
        let mut family = self.0.encode_descriptor("http_request_seconds", HELP, None, MetricType::Histogram)?;
        for (labels, latency) in metrics.state.stats.read() {
            let class = format!("{}xx", labels.status_class);
            let set = [("method", labels.method), ("route", &labels.route), ("status", &class)];
            encode_latency(&mut family.encode_family(&set)?, &latency)?;
        }
        Ok(())
    }

    fn commands(&mut self, metrics: &Metrics) -> Result {
        const HELP: &str = "Seconds from a command on a socket until its answer is queued";
        let mut family = self.0.encode_descriptor("command_seconds", HELP, None, MetricType::Histogram)?;
        for (command, outcome, latency) in metrics.state.stats.read_commands() {
            let set = [("command", command), ("outcome", outcome)];
            encode_latency(&mut family.encode_family(&set)?, &latency)?;
        }
        Ok(())
    }

    fn build(&mut self) -> Result {
        const HELP: &str = "Always 1; the label is the server's version";
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
