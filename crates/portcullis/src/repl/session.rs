//! The shell without a terminal: a line in, text out.
//!
//! Must not know: prompts on a screen, history, editing.

use anyhow::{Context, Result, anyhow};
use portcullis_service::load::{self, LoadOptions};
use rego::trace::Explain;
use rego::{Compiler, EvalOptions, Policy, Query, QueryOptions, RegoVersion, Value};

use super::command::{self, Command};
use super::continuation::is_open;
use super::definitions::{Defined, Definitions, HOME};
use super::show;
pub(crate) use super::show::Look;
use crate::bundles::{BundleSet, BundleSource, trusting_options};
use crate::command::host;
use crate::report;

/// What the shell starts with.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    /// Files and directories, or bundles.
    pub(crate) paths: Vec<String>,
    /// Whether the paths are bundles.
    pub(crate) bundle: bool,
    /// Names that are passed over inside directories.
    pub(crate) ignore: Vec<String>,
    /// Whether files are read again before each statement.
    pub(crate) watch: bool,
    /// How results are shown.
    pub(crate) look: Look,
    /// The grammar.
    pub(crate) version: RegoVersion,
}

/// What comes of a line.
pub(super) enum Next {
    /// Something to show, or nothing.
    Text(String),
    /// The shell ends.
    Exit,
}

/// Most text that waits for its end, in bytes. Ours.
const BUFFER_BYTES_MAX: usize = 16 << 20;

/// A shell under way.
pub(super) struct Session {
    setup: Setup,
    base: Compiler,
    definitions: Definitions,
    pub(super) policy: Policy,
    buffer: String,
    pub(super) settings: Settings,
    /// The input document, where it was defined at the prompt.
    input: Option<Value>,
}

/// What commands set.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) look: Look,
    pub(super) limit: usize,
    pub(super) strict_builtin_errors: bool,
    pub(super) explain: Option<Explain>,
    pub(super) metrics: bool,
    pub(super) instrument: bool,
    pub(super) profile: bool,
    pub(super) types: bool,
}

impl Session {
    /// Returns a shell with everything loaded.
    ///
    /// Errors: what does not load or compile.
    pub(super) fn start(setup: Setup) -> Result<Self> {
        let base = load(&setup)?;
        let policy =
            base.clone().compile().map_err(|errors| anyhow!("{}", show::errors(&errors)))?;
        let settings = Settings {
            look: setup.look,
            limit: 80,
            strict_builtin_errors: false,
            explain: None,
            metrics: false,
            instrument: false,
            profile: false,
            types: false,
        };
        let definitions = Definitions::new(setup.version);
        let buffer = String::new();
        Ok(Self { setup, base, definitions, policy, buffer, settings, input: None })
    }

    /// Returns what to show before a line is read.
    pub(super) fn prompt(&self) -> &'static str {
        if self.buffer.is_empty() { "> " } else { "| " }
    }

    /// Forgets lines that wait for more.
    pub(super) fn forget(&mut self) {
        self.buffer.clear();
    }

    /// Takes a line.
    pub(super) fn line(&mut self, line: &str) -> Next {
        if self.buffer.is_empty() {
            if line.trim().is_empty() {
                return Next::Text(String::new());
            }
            if let Some(command) = command::parse(line) {
                return self.command(command);
            }
        }
        let ends = line.trim().is_empty();
        if self.buffer.len() + line.len() > BUFFER_BYTES_MAX {
            self.buffer.clear();
            return Next::Text("the statement is too long".to_string());
        }
        self.buffer.push_str(line);
        self.buffer.push('\n');
        let text = self.buffer.trim().to_string();
        if !ends && is_open(&text) {
            return Next::Text(String::new());
        }
        self.buffer.clear();
        Next::Text(self.statement(&text).unwrap_or_else(|error| format!("{error:#}")))
    }

    /// Takes the end of the input: what waits is evaluated.
    pub(super) fn end(&mut self) -> Next {
        if self.buffer.is_empty() { Next::Exit } else { self.line("") }
    }

    fn statement(&mut self, text: &str) -> Result<String> {
        if self.setup.watch {
            self.base = load(&self.setup)?;
            self.policy = self.compile(&self.definitions)?;
        }
        if let Some(value) = input_definition(text, &self.definitions.package) {
            let query = self.prepare(&self.policy, value)?;
            let options = EvalOptions { host: &host(), ..EvalOptions::default() };
            self.input = query.value(None, &options).map_err(|error| anyhow!("{error}"))?;
            return Ok("Input document defined.".to_string());
        }
        match self.definitions.read(text) {
            Some(defined) => self.define(&defined, text),
            None => self.query(text),
        }
    }

    /// Takes a definition, unless nothing compiles with it.
    fn define(&mut self, defined: &Defined, text: &str) -> Result<String> {
        let mut definitions = self.definitions.clone();
        let said = definitions.add(defined, text);
        self.policy = self.compile(&definitions)?;
        self.definitions = definitions;
        Ok(said)
    }

    fn compile(&self, definitions: &Definitions) -> Result<Policy> {
        let add = |compiler: Compiler, (name, text): (String, String)| {
            compiler.module_of(name, text, self.setup.version)
        };
        let compiler = definitions.texts().fold(self.base.clone(), add);
        compiler.compile().map_err(|errors| anyhow!("{}", show::errors(&errors)))
    }

    pub(super) fn prepare(&self, policy: &Policy, text: &str) -> Result<Query> {
        let options = QueryOptions {
            package: Some(self.definitions.package.clone()),
            imports: self.definitions.imports(),
            version: self.setup.version,
            print: true,
            ..QueryOptions::default()
        };
        let prepared = policy.prepare_with(text, &options);
        prepared.map_err(|errors| anyhow!("{}", show::errors(&errors)))
    }

    /// The input document: what `data.repl.input` is.
    pub(super) fn input(&self) -> Option<Value> {
        if self.input.is_some() {
            return self.input.clone();
        }
        let query = self.policy.prepare("data.repl.input").ok()?;
        query.value(None, &EvalOptions { host: &host(), ..EvalOptions::default() }).ok()?
    }

    fn command(&mut self, command: Command) -> Next {
        let text = match command {
            Command::Exit => return Next::Exit,
            Command::Help(topic) => command::help(topic.as_deref()),
            Command::Usage(usage) => usage.to_string(),
            Command::Show { debug: false } => self.definitions.shown(),
            Command::Show { debug: true } => format!("{:#?}", self.settings),
            Command::Unset(name) if name == "input" && self.input.take().is_some() => String::new(),
            Command::Unset(name) => self.forget_defined(|definitions| definitions.unset(&name)),
            Command::UnsetPackage(name) => {
                self.forget_defined(|definitions| definitions.unset_package(&name))
            }
            Command::Json => self.set(|settings| settings.look = Look::Json),
            Command::Pretty => self.set(|settings| settings.look = Look::Pretty),
            Command::PrettyLimit(limit) => self.set(|settings| settings.limit = limit),
            Command::StrictBuiltinErrors => self.set(|settings| {
                settings.strict_builtin_errors = !settings.strict_builtin_errors;
            }),
            Command::Metrics => self.set(|settings| settings.metrics = !settings.metrics),
            Command::Instrument => self.set(|settings| settings.instrument = !settings.instrument),
            Command::Profile => self.set(|settings| settings.profile = !settings.profile),
            Command::Types => self.set(|settings| settings.types = !settings.types),
            Command::Trace(mode) => self.trace(mode.as_deref()),
            Command::Dump(path) => self.dump(path.as_deref()),
            Command::Unknown => "partial evaluation is not part of this version yet".to_string(),
        };
        Next::Text(text)
    }

    fn set(&mut self, change: impl FnOnce(&mut Settings)) -> String {
        change(&mut self.settings);
        String::new()
    }

    fn trace(&mut self, mode: Option<&str>) -> String {
        let explain = match mode {
            None if self.settings.explain.is_none() => Some(Explain::Full),
            None | Some("off") => None,
            Some(mode) => match Explain::of(mode) {
                Some(explain) => Some(explain),
                None => return "usage: trace [off|full|notes|fails|debug]".to_string(),
            },
        };
        self.set(|settings| settings.explain = explain)
    }

    fn forget_defined(&mut self, forget: impl FnOnce(&mut Definitions) -> bool) -> String {
        let mut definitions = self.definitions.clone();
        if !forget(&mut definitions) {
            return "warning: nothing of that name was defined here".to_string();
        }
        match self.compile(&definitions) {
            Ok(policy) => {
                (self.policy, self.definitions) = (policy, definitions);
                String::new()
            }
            Err(error) => format!("{error:#}"),
        }
    }

    fn dump(&self, path: Option<&str>) -> String {
        let text = self.policy.data().to_json_pretty("  ");
        match path {
            None => text,
            Some(path) => match std::fs::write(path, text) {
                Ok(()) => String::new(),
                Err(error) => format!("{path}: {error}"),
            },
        }
    }
}

/// The value of `input := …` in the shell's own package: a rule cannot have that name, but the shell
/// takes it for its input document.
fn input_definition<'t>(text: &'t str, package: &str) -> Option<&'t str> {
    let value = text.strip_prefix("input")?.trim_start().strip_prefix(":=")?;
    (package == HOME).then_some(value)
}

/// Loads what the shell starts with.
fn load(setup: &Setup) -> Result<Compiler> {
    let compiler = Compiler::new().rego_version(setup.version);
    if setup.bundle {
        let sources = BundleSource::of_paths(&setup.paths, &trusting_options(&setup.ignore));
        let bundles =
            BundleSet::load(sources).map_err(|reports| anyhow!("{}", report::list(&reports)))?;
        let data = bundles
            .data(Value::object(Vec::new()))
            .map_err(|reports| anyhow!("{}", report::list(&reports)))?;
        return Ok(bundles.add_modules(compiler.data(data), setup.version));
    }
    let options = LoadOptions { ignore: setup.ignore.clone(), modules_only: false };
    let loaded = load::load(&setup.paths, &options)
        .map_err(|errors| anyhow!("{}", report::list(&report::of_load_errors(&errors))))
        .context("loading failed")?;
    let compiler = compiler.data(loaded.data);
    Ok(loaded.modules.into_iter().fold(compiler, |compiler, (name, text)| {
        let version = loaded.versions.get(&name).copied().unwrap_or(setup.version);
        compiler.module_of(name, text, version)
    }))
}

#[cfg(test)]
mod tests;
