//! The configuration: every option of OPA's, from text, variables and flags to typed values.
//!
//! What is wrong is told all at once, with the key and the line. What is not known is warned of.
//! Read first: `load` below, then `read.rs`, then a part such as `bundles.rs`.
//!
//! Must not know: what the options do, files and the environment (both are handed in).

mod active;
mod bundles;
mod caching;
mod decision_logs;
mod discovery;
mod error;
mod path;
mod plugins;
mod polling;
mod read;
mod server;
mod services;
mod set;
mod status;
mod storage;
mod telemetry;
mod text;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path as FilePath, PathBuf};

use portcullis_remote::{KeyConfig, ServiceConfig};
use serde_json::{Map, Value};

pub use active::active_document;
pub use bundles::{BundleConfig, SigningConfig};
pub use caching::{BuiltinCacheConfig, CacheLimit, CachingConfig, ValueCacheConfig};
pub use decision_logs::{DecisionLogsConfig, LogBuffer, ReportingConfig, SpillConfig};
pub use discovery::DiscoveryConfig;
pub use error::{ConfigError, Place, Problem};
pub use plugins::{FILE_LOGGER, FileLoggerConfig, LogLevel, PluginsConfig};
pub use polling::{Polling, Trigger};
pub use server::ServerConfig;
pub use status::StatusConfig;
pub use storage::DiskConfig;

use path::{Path, shorten};
use read::{Report, Section};
use services::Names;
use text::Places;

use crate::telemetry::options::{DistributedTracingConfig, MetricsExportConfig};

/// Largest text of a configuration, with its variables put in, and of a file of `--set-file`.
pub const BYTES_MAX: usize = 16 << 20;

/// Deepest nesting of a configuration.
pub const DEPTH_MAX: usize = 64;

/// What `POST /` answers with unless another decision is configured.
pub const DEFAULT_DECISION: &str = "/system/main";

/// What authorizes requests unless another decision is configured.
pub const AUTHORIZATION_DECISION_DEFAULT: &str = "/system/authz/allow";

/// The directory below the working directory where bundles are kept by default.
const PERSISTENCE_DIRECTORY_DEFAULT: &str = ".opa";

/// Longest text of a flag that is shown whole, in characters.
const SHOWN_FLAG_MAX: usize = 60;

/// What a configuration is made of; later parts override earlier ones.
pub struct Sources<'a> {
    /// The name and the text of the configuration file, in JSON or YAML.
    pub text: Option<(&'a str, &'a str)>,
    /// Texts of `--set`, such as `a.b=c,d[0]=e`.
    pub set: Vec<String>,
    /// Texts of `--set-file`, such as `a.b=path`.
    pub set_file: Vec<String>,
    /// Looks up a variable of the environment; none: it is not set.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// Reads a file of `--set-file`.
    pub read_file: &'a dyn Fn(&FilePath) -> io::Result<String>,
}

/// A configuration that has been loaded.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The options.
    pub config: Config,
    /// The document they were read from, with all sources merged. Holds secrets.
    pub document: Value,
    /// What does not keep the configuration from being used.
    pub warnings: Vec<String>,
}

/// The options of a configuration, with defaults where nothing is said.
///
/// Source: OPA's configuration reference.
#[derive(Clone, Debug)]
pub struct Config {
    /// `services`, by name.
    pub services: BTreeMap<String, ServiceConfig>,
    /// The service that was written first: plugins use it unless they name one.
    pub default_service: Option<String>,
    /// `labels`, without `id` and `version`.
    pub labels: BTreeMap<String, String>,
    /// `default_decision`: what `POST /` answers with; `/system/main` by default.
    pub default_decision: String,
    /// `default_authorization_decision`; `/system/authz/allow` by default.
    pub default_authorization_decision: String,
    /// `persistence_directory`; see the method of the same name for the default.
    pub persistence_directory: Option<PathBuf>,
    /// `plugins`.
    pub plugins: PluginsConfig,
    /// `nd_builtin_cache`, here or in `decision_logs`: whether results of nondeterministic builtins
    /// are recorded; not by default.
    pub nd_builtin_cache: bool,
    /// `bundles`, by name; the deprecated `bundle` is one of them.
    pub bundles: BTreeMap<String, BundleConfig>,
    /// `discovery`.
    pub discovery: Option<DiscoveryConfig>,
    /// `decision_logs`; none also where they would go nowhere.
    pub decision_logs: Option<DecisionLogsConfig>,
    /// `status`; none also where it would go nowhere.
    pub status: Option<StatusConfig>,
    /// `keys`, by id.
    pub keys: BTreeMap<String, KeyConfig>,
    /// `caching`.
    pub caching: CachingConfig,
    /// `distributed_tracing`; none also where its `type` leaves it off.
    pub distributed_tracing: Option<DistributedTracingConfig>,
    /// `metrics_export`; none also where its `type` leaves it off.
    pub metrics_export: Option<MetricsExportConfig>,
    /// `storage.disk`; none: policies and data are in memory alone.
    pub storage: Option<DiskConfig>,
    /// `server`.
    pub server: ServerConfig,
}

impl Config {
    /// Reads a configuration: the text, with `${NAME}` replaced by variables that are set, then
    /// `--set`, then `--set-file` over it.
    ///
    /// Errors: see [`ConfigError`]; wrong values are all in one.
    ///
    /// Source: OPA's configuration reference.
    pub fn load(sources: &Sources<'_>) -> Result<Loaded, ConfigError> {
        let (mut document, places) = match sources.text {
            Some((file, text)) => {
                let read = text::read(file, text, sources.env)?;
                (read.value, read.places)
            }
            None => (Value::Object(Map::new()), Places::default()),
        };
        let overrides = overrides(sources)?;
        set::merge(&mut document, overrides.clone());
        read_document(document, &Origin { places: &places, overrides: &overrides })
    }

    /// Reads a configuration that is there as a document already, as discovery has it. Errors have
    /// no places. See [`substitute`] for variables.
    ///
    /// Errors: wrong values, all in one; a document that is no object or nested too deeply.
    pub fn from_value(document: Value) -> Result<Loaded, ConfigError> {
        let problem = |message: String| {
            ConfigError::Invalid(vec![Problem { path: String::new(), place: None, message }])
        };
        if !document.is_object() {
            return Err(problem("expected an object of options".to_owned()));
        }
        if !is_shallow(&document) {
            return Err(problem(format!("nested deeper than {DEPTH_MAX} levels")));
        }
        let (places, overrides) = (Places::default(), Value::Null);
        read_document(document, &Origin { places: &places, overrides: &overrides })
    }

    /// Returns where bundles are kept: as configured, or `.opa` in the working directory.
    pub fn persistence_directory(&self, working_directory: &FilePath) -> PathBuf {
        let default = || working_directory.join(PERSISTENCE_DIRECTORY_DEFAULT);
        self.persistence_directory.clone().unwrap_or_else(default)
    }

    fn read(top: &Section<'_>, places: &Places) -> Self {
        let (services, service_names) = services::services(top, places);
        let keys = services::keys(top);
        let mut names = Names {
            services: service_names,
            keys: keys.keys().cloned().collect(),
            discovery: None,
        };
        let discovery = DiscoveryConfig::read(top, &names);
        names.discovery = discovery.as_ref().map(|discovery| discovery.trigger);
        let plugins = plugins::read(top);
        Self {
            default_service: names.services.first().cloned(),
            labels: top.text_map("labels"),
            default_decision: decision(top, "default_decision", DEFAULT_DECISION),
            default_authorization_decision: decision(
                top,
                "default_authorization_decision",
                AUTHORIZATION_DECISION_DEFAULT,
            ),
            persistence_directory: top.name("persistence_directory").map(PathBuf::from),
            nd_builtin_cache: nd_builtin_cache(top),
            bundles: bundles::read(top, &names),
            decision_logs: DecisionLogsConfig::read(top, &names, &plugins),
            status: StatusConfig::read(top, &names),
            caching: CachingConfig::read(top),
            distributed_tracing: telemetry::tracing(top),
            metrics_export: telemetry::metrics(top),
            storage: DiskConfig::read(top),
            server: ServerConfig::read(top, &plugins),
            services,
            keys,
            discovery,
            plugins,
        }
    }
}

/// Replaces each `${NAME}` within the strings of a document by the variable, if it is set.
///
/// Errors: the document would become too large.
///
/// Source: OPA's documentation of discovery.
pub fn substitute(
    document: &mut Value,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<(), ConfigError> {
    text::substitute_strings(document, env)
}

fn decision(top: &Section<'_>, key: &'static str, default: &str) -> String {
    top.name(key).unwrap_or_else(|| default.to_owned())
}

/// Reads the option at the top, or the one it had in `decision_logs` before.
fn nd_builtin_cache(top: &Section<'_>) -> bool {
    let at_top = top.flag("nd_builtin_cache");
    let Some(value) = top.value("decision_logs").and_then(|it| it.get("nd_builtin_cache")) else {
        return at_top.unwrap_or(false);
    };
    if value.is_null() {
        return at_top.unwrap_or(false);
    }
    let legacy = value.as_bool();
    if legacy.is_none() {
        let path = top.path("decision_logs").key("nd_builtin_cache");
        top.report().wrong(path, "expected true or false".to_owned());
    }
    at_top.unwrap_or(false) || legacy.unwrap_or(false)
}

/// Reads the flags into one document.
fn overrides(sources: &Sources<'_>) -> Result<Value, ConfigError> {
    let mut overrides = Value::Null;
    let shown = |flag: &'static str, text: &str, message: String| {
        // The values may be secrets: only what stands before them is shown.
        let key = text.split_once('=').map_or(text, |(key, _)| key);
        ConfigError::Flag { flag, text: shorten(key, SHOWN_FLAG_MAX), message }
    };
    for text in &sources.set {
        let set = set::assign(text, &mut overrides, set::Values::Typed);
        set.map_err(|message| shown("--set", text, message))?;
    }
    for text in &sources.set_file {
        let mut failed = None;
        let mut read = |path: &str| match read_trimmed(path, sources) {
            Ok(value) => Ok(value),
            Err(error) => {
                failed = Some(error);
                Err(String::new())
            }
        };
        let set = set::assign(text, &mut overrides, set::Values::Read(&mut read));
        if let Some(error) = failed {
            return Err(error);
        }
        set.map_err(|message| shown("--set-file", text, message))?;
    }
    Ok(if overrides.is_null() { Value::Object(Map::new()) } else { overrides })
}

fn read_trimmed(path: &str, sources: &Sources<'_>) -> Result<Value, ConfigError> {
    let path = FilePath::new(path);
    let text = (sources.read_file)(path)
        .map_err(|source| ConfigError::SetFile { path: path.to_owned(), source })?;
    if text.len() > BYTES_MAX {
        let what = format!("`{}`", path.display());
        return Err(ConfigError::TooLarge { what, limit: BYTES_MAX });
    }
    Ok(Value::from(text.trim()))
}

/// Where the values of a document come from.
struct Origin<'a> {
    places: &'a Places,
    overrides: &'a Value,
}

impl Origin<'_> {
    /// Returns where a path was said, or the nearest one above it.
    fn place(&self, path: &Path) -> Option<Place> {
        let in_text = self.places.find(path);
        let text_steps = in_text.as_ref().map_or(0, |(_, steps)| *steps);
        let mut at = path.clone();
        while !at.0.is_empty() {
            let set = at.find(self.overrides);
            // An object that is set is merged into the one of the text, anything else replaces it.
            if set.is_some_and(|value| !value.is_object() || at.0.len() > text_steps) {
                return Some(Place { file: "--set".to_owned(), position: None, line: None });
            }
            at.0.pop();
        }
        in_text.map(|(place, _)| place)
    }
}

/// Reads the options of a merged document.
fn read_document(document: Value, origin: &Origin<'_>) -> Result<Loaded, ConfigError> {
    let report = Report::default();
    let config = {
        let top = Section::new(&document, Path::default(), &report);
        Config::read(&top, origin.places)
    };
    let (problems, warnings) = report.into_parts();
    if !problems.is_empty() {
        let problems = problems.into_iter().map(|(path, message)| Problem {
            path: path.to_string(),
            place: origin.place(&path),
            message,
        });
        let mut problems: Vec<_> = problems.collect();
        // As they are written; those of flags have no position and come last.
        problems.sort_by_key(|problem| {
            let position = problem.place.as_ref().and_then(|place| place.position);
            (position.is_none(), position)
        });
        return Err(ConfigError::Invalid(problems));
    }
    let warnings = warnings.into_iter().map(|(path, message)| match origin.place(&path) {
        Some(Place { file, position: Some((row, _)), .. }) => format!("{message} ({file}:{row})"),
        Some(Place { file, .. }) => format!("{message} ({file})"),
        None => message,
    });
    Ok(Loaded { config, warnings: warnings.collect(), document })
}

/// Whether a document is nested no deeper than [`DEPTH_MAX`].
fn is_shallow(document: &Value) -> bool {
    let mut waiting = vec![(document, DEPTH_MAX)];
    while let Some((value, depth_left)) = waiting.pop() {
        let Some(below) = depth_left.checked_sub(1) else {
            if value.is_object() || value.is_array() {
                return false;
            }
            continue;
        };
        match value {
            Value::Object(members) => waiting.extend(members.values().map(|it| (it, below))),
            Value::Array(items) => waiting.extend(items.iter().map(|it| (it, below))),
            _ => {}
        }
    }
    true
}
