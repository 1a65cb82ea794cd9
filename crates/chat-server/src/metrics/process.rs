//! What the operating system knows about this process, under the names of Prometheus' own client libraries. Linux only.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fmt::Result;

#[derive(Debug)]
pub(super) struct Process;

#[cfg(not(target_os = "linux"))]
impl Collector for Process {
    fn encode(&self, _: DescriptorEncoder<'_>) -> Result {
        Ok(())
    }
}

#[cfg(target_os = "linux")]
impl Collector for Process {
    /// Leaves out the numbers that the system does not provide.
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result {
        let Ok(process) = procfs::process::Process::myself() else { return Ok(()) };
        if let Ok(stat) = process.stat() {
            let ticks = procfs::ticks_per_second();
            let seconds = as_seconds(stat.utime + stat.stime, ticks);
            metric(&mut encoder, "process_cpu_seconds", "CPU time, in seconds", &ConstCounter::new(seconds))?;
            let resident = stat.rss * procfs::page_size();
            gauge(&mut encoder, "process_resident_memory_bytes", "Resident memory", resident)?;
            gauge(&mut encoder, "process_virtual_memory_bytes", "Virtual memory", stat.vsize)?;
            gauge(&mut encoder, "process_threads", "Threads", u64::try_from(stat.num_threads).unwrap_or_default())?;
            if let Ok(booted) = procfs::boot_time_secs() {
                let started = as_seconds(booted * ticks + stat.starttime, ticks);
                let help = "Start time of the process, in seconds since the Unix epoch";
                metric(&mut encoder, "process_start_time_seconds", help, &ConstGauge::new(started))?;
            }
        }
        if let Ok(open) = process.fd_count() {
            gauge(&mut encoder, "process_open_fds", "Open files and sockets", open as u64)?;
        }
        if let Ok(limits) = process.limits()
            && let procfs::process::LimitValue::Value(most) = limits.max_open_files.soft_limit
        {
            gauge(&mut encoder, "process_max_fds", "Maximum number of open files and sockets", most)?;
        }
        Ok(())
    }
}

#[cfg(target_os = "linux")]
fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> Result {
    metric(encoder, name, help, &ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX)))
}

#[cfg(target_os = "linux")]
fn metric(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: &impl EncodeMetric) -> Result {
    value.encode(encoder.encode_descriptor(name, help, None, value.metric_type())?)
}

/// Clock ticks in seconds. Exact up to 2^53 ticks, which is some million years.
#[cfg(target_os = "linux")]
#[allow(clippy::cast_precision_loss)]
fn as_seconds(ticks: u64, per_second: u64) -> f64 {
    ticks as f64 / per_second as f64
}
