//! `discovery`: a bundle that says what the rest of the configuration is.
//!
//! Must not know: how that bundle is fetched and evaluated.

use super::bundles::{FILE_SCHEME, SigningConfig, prefixed};
use super::polling::{Polling, TRIGGERS, Trigger, trigger};
use super::read::Section;
use super::services::Names;

/// The bundle that the configuration comes from.
///
/// Source: OPA's configuration reference, `discovery`.
#[derive(Clone, Debug, PartialEq)]
pub struct DiscoveryConfig {
    /// The service it comes from; the first one by default. None only for a `file://` resource.
    pub service: Option<String>,
    /// Path below the service's address.
    pub resource: String,
    /// Path of the document that is the configuration, such as `/a/b`; none: all of `data`.
    pub decision: Option<String>,
    /// Waits between downloads.
    pub polling: Polling,
    /// What sets downloads off; other plugins inherit it.
    pub trigger: Trigger,
    /// How its signature is verified, where that is configured.
    pub signing: Option<SigningConfig>,
    /// Whether it is kept on disk, to start from when the service is away; not by default.
    pub persist: bool,
}

impl DiscoveryConfig {
    /// Reads `discovery`.
    pub(super) fn read(top: &Section<'_>, names: &Names) -> Option<Self> {
        let section = top.section("discovery")?;
        let resource = resource(&section);
        let service = names.service(&section);
        let is_file = resource.starts_with(FILE_SCHEME);
        if service.is_none() && !is_file && !section.is_set("service") {
            section.unfit_whole("needs a service, but `services` has none");
        }
        Some(Self {
            service,
            resource,
            decision: section.text("decision").filter(|decision| !decision.is_empty()),
            polling: Polling::read(&section),
            trigger: trigger(&section, TRIGGERS, None),
            signing: SigningConfig::read(&section, names),
            persist: section.flag("persist").unwrap_or(false),
        })
    }
}

fn resource(section: &Section<'_>) -> String {
    let (name, prefix) = (section.name("name"), section.text("prefix"));
    if section.is_set("name") {
        section.warn("name", "`discovery.name` is deprecated: use `discovery.resource`");
    }
    if let Some(resource) = section.name("resource") {
        return resource;
    }
    match name {
        Some(name) => prefixed(prefix.as_deref(), &name),
        None => {
            if !section.is_set("resource") {
                section.unfit_whole("needs a `resource`");
            }
            String::new()
        }
    }
}
