//! `status`: where the state of plugins and bundles is reported to.
//!
//! Must not know: what a report says.

use super::polling::{TRIGGERS, Trigger, trigger};
use super::read::Section;
use super::services::Names;

/// How many buckets `bundle_loading_duration_ns` has by default; each twice as wide as the one
/// before, from 1000 ns.
const BUNDLE_BUCKETS_COUNT: i32 = 20;

/// Where the state of plugins and bundles is reported to.
///
/// Source: OPA's configuration reference, `status`.
#[derive(Clone, Debug, PartialEq)]
pub struct StatusConfig {
    /// The service it is posted to; the first one if there is neither console nor Prometheus.
    pub service: Option<String>,
    /// The last part of the path it is posted to, `/status/<name>`; none: `/status`.
    pub partition_name: Option<String>,
    /// Whether it is written to the console; not by default.
    pub console: bool,
    /// Whether it is told to Prometheus; not by default.
    pub prometheus: bool,
    /// Upper bounds of the buckets of `bundle_loading_duration_ns`, in nanoseconds.
    pub bundle_loading_buckets: Vec<f64>,
    /// What sets reports off.
    pub trigger: Trigger,
}

impl StatusConfig {
    /// Reads `status`. None where it names no place that reports could go to.
    pub(super) fn read(top: &Section<'_>, names: &Names) -> Option<Self> {
        let section = top.section("status")?;
        let console = section.flag("console").unwrap_or(false);
        let prometheus = section.flag("prometheus").unwrap_or(false);
        if let Some(name) = section.name("plugin") {
            section
                .unfit("plugin", format!("no plugin called `{name}` takes reports of the status"));
        }
        let has_other = console || prometheus || section.is_set("plugin");
        let service = match has_other {
            true => names.named_service(&section),
            false => names.service(&section),
        };
        let read = Self {
            service,
            partition_name: section.text("partition_name").filter(|name| !name.is_empty()),
            console,
            prometheus,
            bundle_loading_buckets: bundle_buckets(&section),
            trigger: trigger(&section, TRIGGERS, names.discovery),
        };
        if read.service.is_none() && !has_other && !section.is_set("service") {
            top.warn("status", "the status is not reported: no service, console or prometheus");
            return None;
        }
        Some(read)
    }
}

fn bundle_buckets(section: &Section<'_>) -> Vec<f64> {
    let prometheus = section.section_or_empty("prometheus_config");
    let collectors = prometheus.section_or_empty("collectors");
    let collector = collectors.section_or_empty("bundle_loading_duration_ns");
    let default = || (0..BUNDLE_BUCKETS_COUNT).map(|at| 1000.0 * 2f64.powi(at)).collect();
    collector.buckets("buckets").unwrap_or_else(default)
}
