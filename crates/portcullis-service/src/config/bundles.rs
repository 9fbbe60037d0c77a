//! `bundles`, and the deprecated `bundle` for one alone.
//!
//! Must not know: how bundles are fetched and activated.

use std::collections::BTreeMap;

use super::polling::{Polling, TRIGGERS, Trigger, trigger};
use super::read::Section;
use super::services::Names;

/// Largest file of a bundle that is read by default, in bytes.
const SIZE_LIMIT_DEFAULT: u64 = 1 << 30;

/// Where resources are by default, below the address of the service.
pub(super) const PREFIX_DEFAULT: &str = "bundles";

/// What a `file:` resource begins with.
pub(super) const FILE_SCHEME: &str = "file://";

/// A bundle to fetch and keep fresh.
///
/// Source: OPA's configuration reference, `bundles`.
#[derive(Clone, Debug, PartialEq)]
pub struct BundleConfig {
    /// The service it comes from; the first one by default. None only for a `file://` resource.
    pub service: Option<String>,
    /// Path below the service's address, `bundles/<name>` by default; or `file://` and the path of
    /// a directory or an archive, which is loaded once.
    pub resource: String,
    /// Whether it is kept on disk, to start from when the service is away; not by default.
    pub persist: bool,
    /// Waits between downloads.
    pub polling: Polling,
    /// What sets downloads off.
    pub trigger: Trigger,
    /// How its signature is verified, where that is configured.
    pub signing: Option<SigningConfig>,
    /// Largest size of each file in it, in bytes; 1 GiB by default.
    pub size_limit_bytes: u64,
}

/// How signatures of bundles are verified.
///
/// Source: OPA's configuration reference, `bundles.<name>.signing`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SigningConfig {
    /// The key of `keys`; none: the signature says which.
    pub key_id: Option<String>,
    /// The scope the signature must have; none: that of the key.
    pub scope: Option<String>,
    /// Globs of files that need no signature.
    pub exclude_files: Vec<String>,
}

impl SigningConfig {
    /// Reads a plugin's `signing`.
    pub(super) fn read(plugin: &Section<'_>, names: &Names) -> Option<Self> {
        let section = plugin.section("signing")?;
        if names.keys.is_empty() && !section.is_set("keyid") {
            section.unfit_whole("needs a key in `keys` to verify with");
        }
        Some(Self {
            key_id: names.key(&section, "keyid"),
            scope: section.text("scope").filter(|scope| !scope.is_empty()),
            exclude_files: section.texts("exclude_files").unwrap_or_default(),
        })
    }
}

/// Reads `bundles` and `bundle`.
pub(super) fn read(top: &Section<'_>, names: &Names) -> BTreeMap<String, BundleConfig> {
    let mut bundles = BTreeMap::new();
    for (name, value) in top.entries("bundles") {
        let section = Section::new(value, top.path("bundles").key(name), top.report());
        let resource = section.text("resource").filter(|resource| !resource.is_empty());
        let resource = resource.unwrap_or_else(|| format!("{PREFIX_DEFAULT}/{name}"));
        bundles.insert(name.to_owned(), bundle(&section, resource, names));
    }
    let Some(section) = top.section("bundle") else { return bundles };
    top.warn("bundle", "`bundle` is deprecated: use `bundles`");
    if top.is_set("bundles") {
        top.unfit("bundle", "is the deprecated form of `bundles`: only one of them can be given");
    }
    let prefix = section.text("prefix");
    match section.name("name") {
        Some(name) => {
            let resource = prefixed(prefix.as_deref(), &name);
            bundles.insert(name, bundle(&section, resource, names));
        }
        None => {
            section.unfit_whole("needs a `name`");
            bundle(&section, String::new(), names);
        }
    }
    bundles
}

/// Returns the resource that the deprecated `prefix` and `name` stand for.
pub(super) fn prefixed(prefix: Option<&str>, name: &str) -> String {
    let prefix = prefix.unwrap_or(PREFIX_DEFAULT).trim_matches('/');
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") }
}

fn bundle(section: &Section<'_>, resource: String, names: &Names) -> BundleConfig {
    let service = names.service(section);
    let is_file = resource.starts_with(FILE_SCHEME);
    if service.is_none() && !is_file && !section.is_set("service") {
        section.unfit_whole("needs a service, but `services` has none");
    }
    BundleConfig {
        service,
        resource,
        persist: section.flag("persist").unwrap_or(false),
        polling: Polling::read(section),
        trigger: trigger(section, TRIGGERS, names.discovery),
        signing: SigningConfig::read(section, names),
        size_limit_bytes: section
            .whole("size_limit_bytes", 1..=i64::MAX as u64)
            .unwrap_or(SIZE_LIMIT_DEFAULT),
    }
}
