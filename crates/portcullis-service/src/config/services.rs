//! `services` and `keys`, and what other parts of a configuration may name of them.
//!
//! Must not know: how a service is spoken to.

use std::collections::BTreeMap;

use portcullis_remote::{KeyConfig, ServiceConfig};
use serde_json::Value;

use super::path::Path;
use super::polling::Trigger;
use super::read::{Report, Section, typed};
use super::text::Places;

/// The algorithms a key may be for.
const KEY_ALGORITHMS: &[&str] = &[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "HS256",
    "HS384", "HS512",
];

/// The kinds of credentials.
const CREDENTIALS: &[&str] = &[
    "bearer",
    "client_tls",
    "oauth2",
    "s3_signing",
    "gcp_metadata",
    "azure_managed_identity",
    "plugin",
];

/// What may be referred to.
pub(super) struct Names {
    /// The services, the default one first.
    pub(super) services: Vec<String>,
    pub(super) keys: Vec<String>,
    /// How discovery is set off, where it is configured.
    pub(super) discovery: Option<Trigger>,
}

impl Names {
    /// Reads `service` of a plugin: one that exists, or else the default one, if any.
    pub(super) fn service(&self, plugin: &Section<'_>) -> Option<String> {
        let named = self.named_service(plugin);
        if plugin.is_set("service") { named } else { self.services.first().cloned() }
    }

    /// Reads `service` of a plugin: one that exists, or none.
    pub(super) fn named_service(&self, plugin: &Section<'_>) -> Option<String> {
        let name = plugin.name("service")?;
        if !self.services.contains(&name) {
            let known = listed(&self.services);
            plugin.unfit("service", format!("no service is called `{name}`: there {known}"));
        }
        Some(name)
    }

    /// Reads the id of a key that exists.
    pub(super) fn key(&self, section: &Section<'_>, option: &'static str) -> Option<String> {
        let id = section.name(option)?;
        if !self.keys.contains(&id) {
            let known = listed(&self.keys);
            section.unfit(option, format!("no key of `keys` is called `{id}`: there {known}"));
        }
        Some(id)
    }
}

fn listed(names: &[String]) -> String {
    const NAMES_SHOWN_MAX: usize = 8;
    let shown: Vec<_> =
        names.iter().take(NAMES_SHOWN_MAX).map(|name| format!("`{name}`")).collect();
    match shown.as_slice() {
        [] => "are none".to_owned(),
        [one] => format!("is {one}"),
        _ => format!("are {}", shown.join(", ")),
    }
}

/// Reads `services`: an object by name, or a list of services with names. Returns them, and their
/// names in the order they were written in.
pub(super) fn services(
    top: &Section<'_>,
    places: &Places,
) -> (BTreeMap<String, ServiceConfig>, Vec<String>) {
    let mut services = BTreeMap::new();
    let mut names = Vec::new();
    let mut add = |name: &str, value: &Value, path: Path| {
        let service: ServiceConfig = typed(value, &path, top.report());
        if service.url.is_empty() {
            top.report().unfit(path.clone(), "needs a `url`".to_owned());
        }
        check_credentials(top, value, &path);
        check_signing_key(top, value, &path);
        if services.insert(name.to_owned(), service).is_some() {
            top.report().unfit(path, format!("a service before is called `{name}` too"));
            return;
        }
        names.push(name.to_owned());
    };
    let path = top.path("services");
    let Some(Value::Array(items)) = top.value("services") else {
        let mut entries = top.entries("services");
        let last = (usize::MAX, usize::MAX);
        entries.sort_by_key(|(name, _)| places.order(&path.key(name)).unwrap_or(last));
        for (name, value) in entries {
            add(name, &or_empty(value), path.key(name));
        }
        return (services, names);
    };
    for (index, value) in items.iter().enumerate() {
        let path = path.index(index);
        match value.get("name").and_then(Value::as_str) {
            Some(name) => add(name, value, path),
            None => top.report().unfit(path, "a service in a list needs a `name`".to_owned()),
        }
    }
    (services, names)
}

/// Reads what is null like an object without members.
pub(super) fn or_empty(value: &Value) -> Value {
    if value.is_null() { Value::Object(serde_json::Map::new()) } else { value.clone() }
}

/// Checks that a service has one kind of credentials at most, and none of a plugin.
fn check_credentials(top: &Section<'_>, service: &Value, path: &Path) {
    let Some(given) = service.get("credentials").and_then(Value::as_object) else { return };
    let is_given = |name: &&str| given.get(*name).is_some_and(|value| !value.is_null());
    let given: Vec<_> = CREDENTIALS.iter().copied().filter(is_given).collect();
    let path = path.key("credentials");
    if given.len() > 1 {
        let given = given.join(", ");
        top.report().unfit(path, format!("at most one kind can be given, found {given}"));
    } else if given == ["plugin"] {
        top.report().unfit(path.key("plugin"), "there is no plugin for credentials".to_owned());
    }
}

/// Checks that the key with which a service's assertions are signed exists.
fn check_signing_key(top: &Section<'_>, service: &Value, path: &Path) {
    let (credentials, oauth2, key) = ("credentials", "oauth2", "signing_key");
    let id = service.get(credentials).and_then(|it| it.get(oauth2)).and_then(|it| it.get(key));
    let Some(id) = id.and_then(Value::as_str).filter(|id| !id.is_empty()) else { return };
    if top.value("keys").and_then(|keys| keys.get(id)).is_none() {
        let path = path.key(credentials).key(oauth2).key(key);
        top.report().unfit(path, format!("no key of `keys` is called `{id}`"));
    }
}

/// Reads `keys`.
pub(super) fn keys(top: &Section<'_>) -> BTreeMap<String, KeyConfig> {
    let mut keys = BTreeMap::new();
    for (id, value) in top.entries("keys") {
        let path = top.path("keys").key(id);
        let key: KeyConfig = typed(&or_empty(value), &path, top.report());
        check_key(&key, &path, top.report());
        keys.insert(id.to_owned(), key);
    }
    keys
}

fn check_key(key: &KeyConfig, path: &Path, report: &Report) {
    let algorithm = key.algorithm.as_str();
    if !KEY_ALGORITHMS.contains(&algorithm) {
        let known = KEY_ALGORITHMS.join(", ");
        let message = format!("`{algorithm}` is no algorithm: there are {known}");
        report.unfit(path.key("algorithm"), message);
    }
    if key.key.is_empty() && key.private_key.is_empty() {
        report.unfit(path.clone(), "needs a `key` or a `private_key`".to_owned());
    }
}
