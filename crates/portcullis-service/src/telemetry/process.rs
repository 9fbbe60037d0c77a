//! What the system knows about this process, as Prometheus metrics: the names of Prometheus'
//! process collector, and those of its Go collector that say something about any program.
//!
//! Read from `/proc` when asked; where there is none, there are no such metrics. Must not know:
//! what the process does.

use std::fs;

use prometheus::core::{Collector, Desc};
use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};

/// Most open files that are counted.
const FDS_MAX: usize = 1 << 20;

/// One metric and what it stands for.
struct Known {
    name: &'static str,
    help: &'static str,
    kind: MetricType,
    read: fn(&Sample) -> Option<f64>,
}

const KNOWN: &[Known] = &[
    gauge("process_resident_memory_bytes", "Resident memory size in bytes.", |s| s.resident),
    gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", |s| s.virtual_size),
    gauge("process_start_time_seconds", "Start time since the epoch in seconds.", |s| s.started),
    gauge("process_open_fds", "Number of open file descriptors.", |s| s.open_fds),
    gauge("process_max_fds", "Maximum number of open file descriptors.", |s| s.max_fds),
    Known {
        name: "process_cpu_seconds_total",
        help: "Total user and system CPU time spent in seconds.",
        kind: MetricType::COUNTER,
        read: |s| s.cpu_seconds,
    },
    gauge("go_threads", "Number of OS threads.", |s| s.threads),
    gauge("go_goroutines", "Number of OS threads (there are no goroutines).", |s| s.threads),
    gauge("go_memstats_alloc_bytes", "Resident memory that no file backs.", |s| s.anonymous),
    gauge("go_memstats_heap_alloc_bytes", "Resident memory that no file backs.", |s| s.anonymous),
    gauge("go_memstats_heap_inuse_bytes", "Resident memory that no file backs.", |s| s.anonymous),
    gauge("go_memstats_sys_bytes", "Resident memory size in bytes.", |s| s.resident),
];

const fn gauge(name: &'static str, help: &'static str, read: fn(&Sample) -> Option<f64>) -> Known {
    Known { name, help, kind: MetricType::GAUGE, read }
}

/// Reads the metrics of this process whenever they are gathered.
pub(super) struct ProcessCollector {
    descriptions: Vec<Desc>,
}

impl ProcessCollector {
    /// Describes the metrics; reads nothing yet.
    ///
    /// Errors: none with the names above; they are checked as any other.
    pub(super) fn new() -> Result<Self, prometheus::Error> {
        let describe =
            |known: &Known| Desc::new(known.name.into(), known.help.into(), vec![], <_>::default());
        let info =
            Desc::new(GO_INFO.into(), GO_INFO_HELP.into(), vec!["version".into()], <_>::default());
        let descriptions = KNOWN.iter().map(describe).chain([info]).collect::<Result<_, _>>()?;
        Ok(Self { descriptions })
    }
}

const GO_INFO: &str = "go_info";
const GO_INFO_HELP: &str = "Information about the environment (which is not Go).";

impl Collector for ProcessCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let sample = Sample::read();
        let mut families: Vec<_> =
            KNOWN.iter().filter_map(|known| Some(family(known, (known.read)(&sample)?))).collect();
        families.push(go_info());
        families
    }
}

fn family(known: &Known, value: f64) -> MetricFamily {
    let metric = if known.kind == MetricType::COUNTER {
        let mut counter = Counter::default();
        counter.set_value(value);
        let mut metric = Metric::default();
        metric.set_counter(counter);
        metric
    } else {
        let mut gauge = Gauge::default();
        gauge.set_value(value);
        Metric::from_gauge(gauge)
    };
    named(known.name, known.help, known.kind, metric)
}

fn go_info() -> MetricFamily {
    let mut gauge = Gauge::default();
    gauge.set_value(1.0);
    let mut label = LabelPair::default();
    label.set_name("version".to_string());
    label.set_value("none".to_string());
    let mut metric = Metric::from_gauge(gauge);
    metric.set_label(vec![label]);
    named(GO_INFO, GO_INFO_HELP, MetricType::GAUGE, metric)
}

fn named(name: &str, help: &str, kind: MetricType, metric: Metric) -> MetricFamily {
    let mut family = MetricFamily::default();
    family.set_name(name.to_string());
    family.set_help(help.to_string());
    family.set_field_type(kind);
    family.set_metric(vec![metric]);
    family
}

/// What one look at `/proc` gives: bytes, seconds and counts.
#[derive(Default)]
struct Sample {
    resident: Option<f64>,
    anonymous: Option<f64>,
    virtual_size: Option<f64>,
    threads: Option<f64>,
    cpu_seconds: Option<f64>,
    started: Option<f64>,
    open_fds: Option<f64>,
    max_fds: Option<f64>,
}

impl Sample {
    fn read() -> Sample {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let kib = |key: &str| field(&status, key).map(|kib| kib * 1024.0);
        let mut sample = Sample {
            resident: kib("VmRSS:"),
            anonymous: kib("RssAnon:"),
            virtual_size: kib("VmSize:"),
            threads: field(&status, "Threads:"),
            open_fds: fs::read_dir("/proc/self/fd")
                .ok()
                .map(|fds| fds.take(FDS_MAX).count() as f64),
            max_fds: fs::read_to_string("/proc/self/limits")
                .ok()
                .and_then(|l| open_files_limit(&l)),
            ..Sample::default()
        };
        let ticks = rustix::param::clock_ticks_per_second().max(1) as f64;
        if let Some(times) = fs::read_to_string("/proc/self/stat").ok().and_then(|s| times(&s)) {
            sample.cpu_seconds = Some((times.user + times.system) / ticks);
            let booted = fs::read_to_string("/proc/stat").ok().and_then(|s| field(&s, "btime "));
            sample.started = booted.map(|booted| booted + times.started / ticks);
        }
        sample
    }
}

/// Returns the number after a key at the beginning of a line.
fn field(text: &str, key: &str) -> Option<f64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(key))?;
    rest.split_whitespace().next()?.parse().ok()
}

/// Returns the soft limit of open files; none, if there is no limit.
fn open_files_limit(limits: &str) -> Option<f64> {
    field(limits, "Max open files")
}

/// Times of `/proc/self/stat`, in ticks of the clock.
struct Times {
    user: f64,
    system: f64,
    started: f64,
}

/// Reads the times. The name of the program, in brackets, may hold anything; the rest is numbers.
fn times(stat: &str) -> Option<Times> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut numbers = rest.split_whitespace();
    // The fields as the manual counts them: 3 is the first after the name.
    let user = numbers.nth(14 - 3)?.parse().ok()?;
    let system = numbers.next()?.parse().ok()?;
    let started = numbers.nth(22 - 16)?.parse().ok()?;
    Some(Times { user, system, started })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_odd_programs() {
        let stat = "7 (a) b) c) S 1 7 7 0 -1 4194560 100 0 0 0 31 11 0 0 20 0 3 0 12345 9 9";
        let times = times(stat).unwrap();
        assert_eq!((times.user, times.system, times.started), (31.0, 11.0, 12345.0));
        assert!(super::times("7 (x) S 1 2").is_none());
        assert!(super::times("").is_none());
        assert_eq!(open_files_limit("Max open files   1024  4096  files\n"), Some(1024.0));
        assert_eq!(open_files_limit("Max open files   unlimited  4096  files\n"), None);
    }
}
