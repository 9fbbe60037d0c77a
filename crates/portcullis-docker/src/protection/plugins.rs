//! The gate as a plugin of the daemon: it must not be disabled, removed, upgraded or set anew.
//!
//! Must not know: how its name and id are found out.
//!
//! Source: moby `plugin/store.go`: a plugin is named by its whole id, by its name in any spelling, or
//! by the beginning of its id; `api/server/router/plugin` (names may have slashes).

use rego::Value;

use crate::facts::Asked;
use crate::facts::reference::{Reference, is_hex};

/// What the gate is as a plugin.
#[derive(Clone, Debug, Default)]
pub struct Plugins {
    names: Vec<String>,
    own_id: Option<String>,
    is_named: bool,
}

/// How the gate's plugin is known.
#[derive(Clone, Debug, Default)]
pub struct PluginsOptions {
    /// The name that the daemon is configured with for a gate that runs on the host.
    pub plugin_name: String,
    /// Names of the managed plugin, as whoever runs it says.
    pub named: Vec<String>,
    /// The id of the managed plugin that this process runs in; none where it does not.
    pub own_id: Option<String>,
}

/// What a request would do to a plugin.
struct Deed {
    verb: &'static str,
    plugin: String,
}

impl Plugins {
    /// Returns what is protected of these.
    pub fn new(options: PluginsOptions) -> Self {
        let PluginsOptions { plugin_name, named, own_id } = options;
        let names = named.iter().chain([&plugin_name]).filter(|name| !name.is_empty());
        Self {
            names: names.map(|name| normal(name)).collect(),
            own_id,
            is_named: !named.is_empty(),
        }
    }

    /// Returns what a request would do to the gate's plugin; none where it does nothing to it.
    pub fn touched(&self, asked: &Asked<'_>) -> Option<String> {
        if self.names.is_empty() && self.own_id.is_none() {
            return None;
        }
        let deed = deed(asked)?;
        let Deed { verb, plugin } = &deed;
        if self.is_nameless() {
            return Some(format!(
                "{verb} the plugin `{plugin}` is refused, since it may be this one \
                 (--protect-plugin NAME says which it is, and leaves the others alone)"
            ));
        }
        let is_own = self.names.contains(&normal(plugin)) || self.is_own_id(plugin);
        is_own.then(|| format!("{verb} its plugin `{plugin}` is refused"))
    }

    /// Whether this is a managed plugin of which nobody said the name, so that it may be any: the
    /// daemon does not tell a plugin its name.
    pub fn is_nameless(&self) -> bool {
        self.own_id.is_some() && !self.is_named
    }

    fn is_own_id(&self, plugin: &str) -> bool {
        let plugin = plugin.to_ascii_lowercase();
        match &self.own_id {
            Some(id) => id.starts_with(&plugin),
            // Which id the named plugin has is not known here: it is to be called by its name.
            None => self.is_named && is_hex(&plugin),
        }
    }
}

/// Returns a plugin's registry and repository, in small letters: all tags of a name are protected.
fn normal(name: &str) -> String {
    match Reference::parse(&name.to_ascii_lowercase()) {
        Some(name) => format!("{}/{}", name.registry, name.repository),
        None => name.to_ascii_lowercase(),
    }
}

fn deed(asked: &Asked<'_>) -> Option<Deed> {
    if matches!(asked.method, "GET" | "HEAD" | "OPTIONS") {
        return None;
    }
    let (verb, spelled) = match (asked.method, asked.path.as_slice()) {
        ("DELETE", ["plugins", name @ ..]) => ("removing", name),
        (_, ["plugins", name @ .., "disable"]) => ("disabling", name),
        (_, ["plugins", name @ .., "upgrade"]) => ("upgrading", name),
        (_, ["plugins", name @ .., "set"]) => ("setting", name),
        (_, ["services", ..]) => ("changing by a service", [].as_slice()),
        _ => return None,
    };
    let of_service = || asked.body.get_path(&["TaskTemplate", "PluginSpec", "Name"]);
    let plugin = match spelled {
        [] => of_service().and_then(Value::as_str).unwrap_or_default().to_string(),
        names => names.join("/"),
    };
    (!plugin.is_empty()).then_some(Deed { verb, plugin })
}
