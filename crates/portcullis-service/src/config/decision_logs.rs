//! `decision_logs`: where decisions are logged to, and what is left out of them.
//!
//! Must not know: how an event is made and sent.

use std::path::PathBuf;
use std::time::Duration;

use super::plugins::{PluginsConfig, plugin};
use super::polling::{LOG_TRIGGERS, Trigger, delays, trigger};
use super::read::Section;
use super::services::Names;

const RESOURCE_DEFAULT: &str = "/logs";
const MASK_DECISION_DEFAULT: &str = "/system/log/mask";
const DROP_DECISION_DEFAULT: &str = "/system/log/drop";
const UPLOAD_SIZE_DEFAULT: u64 = 32_768;
const UPLOAD_SIZE_MIN: u64 = 90;
const UPLOAD_SIZE_MAX: u64 = 1 << 32;
const BUFFER_EVENTS_DEFAULT: u64 = 10_000;
const DELAYS_DEFAULT: (Duration, Duration) = (Duration::from_secs(300), Duration::from_secs(600));

/// Most events that a buffer may be configured to hold.
const BUFFER_EVENTS_MAX: u64 = 1 << 32;

/// Where decisions are logged to.
///
/// Source: OPA's configuration reference, `decision_logs`.
#[derive(Clone, Debug, PartialEq)]
pub struct DecisionLogsConfig {
    /// The service they are uploaded to; the first one if there is neither console nor plugin.
    pub service: Option<String>,
    /// The plugin of `plugins` they are handed to.
    pub plugin: Option<String>,
    /// Whether they are written to the console; not by default.
    pub console: bool,
    /// Path below the service's address; `/logs` by default.
    pub resource: String,
    /// Path of the rule that says what is masked; `/system/log/mask` by default.
    pub mask_decision: String,
    /// Path of the rule that says which are dropped; `/system/log/drop` by default.
    pub drop_decision: String,
    /// Names of headers of the request that are logged.
    pub request_headers: Vec<String>,
    /// How they are kept and uploaded.
    pub reporting: ReportingConfig,
}

/// The default of `spill_size_limit_bytes`.
const SPILL_SIZE_DEFAULT: u64 = 1 << 30;

/// The least room for decisions on disk: a few uploads.
const SPILL_SIZE_MIN: u64 = 1 << 20;

/// How decisions are kept and uploaded.
///
/// Source: OPA's configuration reference, `decision_logs.reporting`.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportingConfig {
    /// What is kept until it is uploaded.
    pub buffer: LogBuffer,
    /// Largest upload, compressed, in bytes; 32768 by default.
    pub upload_size_limit_bytes: u64,
    /// Shortest wait between uploads; 300 s by default.
    pub min_delay: Duration,
    /// Longest wait between uploads; 600 s by default.
    pub max_delay: Duration,
    /// Most decisions that are kept a second, greater than 0; none: no limit.
    pub max_decisions_per_second: Option<f64>,
    /// What sets uploads off.
    pub trigger: Trigger,
    /// Where decisions are kept until they are uploaded, instead of `buffer`, so that a crash loses
    /// none; none: in memory. Ours.
    pub spill: Option<SpillConfig>,
}

/// `spill_directory` and `spill_size_limit_bytes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpillConfig {
    /// The directory; made where there is none.
    pub directory: PathBuf,
    /// Most bytes in it; 1 GiB by default.
    pub size_limit_bytes: u64,
}

/// What is kept until it is uploaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogBuffer {
    /// Compressed chunks, up to so many bytes; none: without a limit. The default.
    Size {
        /// Most bytes.
        limit_bytes: Option<u64>,
    },
    /// Events, up to so many.
    Events {
        /// Most events; 10000 by default.
        limit: u64,
    },
}

#[derive(Clone, Copy, PartialEq)]
enum BufferType {
    Size,
    Event,
}

impl DecisionLogsConfig {
    /// Reads `decision_logs`. None where it names no place that decisions could go to.
    pub(super) fn read(top: &Section<'_>, names: &Names, plugins: &PluginsConfig) -> Option<Self> {
        let section = top.section("decision_logs")?;
        let console = section.flag("console").unwrap_or(false);
        let plugin = plugin(&section, "plugin", plugins);
        let has_other = console || section.is_set("plugin");
        let service = match has_other {
            true => names.named_service(&section),
            false => names.service(&section),
        };
        section.value("nd_builtin_cache"); // read with the option of the same name at the top
        let read = Self {
            service,
            plugin,
            console,
            resource: resource(&section),
            mask_decision: decision(&section, "mask_decision", MASK_DECISION_DEFAULT),
            drop_decision: decision(&section, "drop_decision", DROP_DECISION_DEFAULT),
            request_headers: request_headers(&section),
            reporting: ReportingConfig::read(&section, names),
        };
        if read.service.is_none() && !has_other && !section.is_set("service") {
            top.warn("decision_logs", "decisions are not logged: no service, plugin or console");
            return None;
        }
        Some(read)
    }
}

fn decision(section: &Section<'_>, key: &'static str, default: &str) -> String {
    section.name(key).unwrap_or_else(|| default.to_owned())
}

fn resource(section: &Section<'_>) -> String {
    let partition = section.text("partition_name").filter(|partition| !partition.is_empty());
    if partition.is_some() {
        let message = "`decision_logs.partition_name` is deprecated: use `decision_logs.resource`";
        section.warn("partition_name", message);
    }
    let resource = section.name("resource");
    let of_partition = || partition.map(|partition| format!("{RESOURCE_DEFAULT}/{partition}"));
    resource.or_else(of_partition).unwrap_or_else(|| RESOURCE_DEFAULT.to_owned())
}

fn request_headers(section: &Section<'_>) -> Vec<String> {
    let context = section.section_or_empty("request_context");
    context.section_or_empty("http").texts("headers").unwrap_or_default()
}

impl ReportingConfig {
    fn read(plugin: &Section<'_>, names: &Names) -> Self {
        let section = plugin.section_or_empty("reporting");
        let (min_delay, max_delay) = delays(&section, DELAYS_DEFAULT);
        let buffer = buffer(&section);
        let max_decisions_per_second = section.positive("max_decisions_per_second");
        if let (Some(_), true) =
            (max_decisions_per_second, section.is_set("buffer_size_limit_bytes"))
        {
            let message = "cannot go with `buffer_size_limit_bytes`: give one of them";
            section.unfit("max_decisions_per_second", message);
        }
        Self {
            buffer,
            upload_size_limit_bytes: section
                .whole("upload_size_limit_bytes", UPLOAD_SIZE_MIN..=UPLOAD_SIZE_MAX)
                .unwrap_or(UPLOAD_SIZE_DEFAULT),
            min_delay,
            max_delay,
            max_decisions_per_second,
            trigger: trigger(&section, LOG_TRIGGERS, names.discovery),
            spill: spill(&section),
        }
    }
}

fn spill(section: &Section<'_>) -> Option<SpillConfig> {
    let limit = section.whole("spill_size_limit_bytes", SPILL_SIZE_MIN..=u64::MAX);
    let Some(directory) = section.name("spill_directory") else {
        if section.is_set("spill_size_limit_bytes") {
            section.unfit("spill_size_limit_bytes", "goes with `spill_directory` only");
        }
        return None;
    };
    for key in ["buffer_type", "buffer_size_limit_bytes", "buffer_size_limit_events"] {
        if section.is_set(key) {
            section.unfit(key, "does not go with `spill_directory`: nothing waits in memory");
        }
    }
    let size_limit_bytes = limit.unwrap_or(SPILL_SIZE_DEFAULT);
    Some(SpillConfig { directory: PathBuf::from(directory), size_limit_bytes })
}

fn buffer(section: &Section<'_>) -> LogBuffer {
    let types = &[("size", BufferType::Size), ("event", BufferType::Event)];
    let kind = section.choice("buffer_type", types).unwrap_or(BufferType::Size);
    let bytes = section.whole("buffer_size_limit_bytes", 0..=u64::MAX);
    let events = section.whole("buffer_size_limit_events", 1..=BUFFER_EVENTS_MAX);
    let (other, needs) = match kind {
        BufferType::Size => ("buffer_size_limit_events", "event"),
        BufferType::Event => ("buffer_size_limit_bytes", "size"),
    };
    if section.is_set(other) {
        section.unfit(other, format!("goes with the `buffer_type` `{needs}` only"));
    }
    match kind {
        BufferType::Size => LogBuffer::Size { limit_bytes: bytes.filter(|bytes| *bytes > 0) },
        BufferType::Event => LogBuffer::Events { limit: events.unwrap_or(BUFFER_EVENTS_DEFAULT) },
    }
}
