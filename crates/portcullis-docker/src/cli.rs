//! The gate's command line, in two spellings: long flags with two dashes, and those of
//! opa-docker-authz with one.
//!
//! Must not know: what a decision is.

mod go_style;
mod guard;

use std::fmt;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use portcullis_service::decide::{Limits, TIMEOUT_DEFAULT};
use portcullis_service::files::PolicyFiles;
use portcullis_service::source::PolicySource;
use rego::{Annotations, RegoVersion};

pub use self::go_style::{GoStyleError, parse_go_style, usage};
pub use self::guard::{Guard, GuardArgs};
use crate::baseline;
use crate::check::check as check_bundles;
use crate::completeness::UnknownRoutes;
use crate::gate::{GateOptions, Logged, Mode, Secrets};
use crate::lint::findings;
use crate::log_output::LogOutput;
use crate::managed;
use crate::metrics_server::MetricsAddress;
use crate::privileges;
use crate::profile::Profile;
use crate::question::{DENY_PATH_BASELINE, PathError, Question};
use crate::recording::{RECORD_BYTES_MAX, RECORD_FILES, RecordOptions};
use crate::rotate::{FILES_MAX, Rotation};
use crate::run::{RunOptions, run as run_gate};
use crate::server::ServerLimits;

/// The name of the original, and the default name of the plugin.
pub const PLUGIN_NAME_DEFAULT: &str = "opa-docker-authz";

/// Which grammar policies are read with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Grammar {
    /// Each file as v1, and where that fails as v0
    #[default]
    Auto,
    /// Rego as before OPA 1.0
    V0,
    /// Rego as of OPA 1.0
    V1,
}

/// Why arguments make no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArgumentError {
    /// A path names no document.
    Path(PathError),
    /// The policy would come from files and from bundles.
    TwoSources,
    /// The host's files are not at this directory: why.
    HostRoot(PathBuf, String),
    /// No header has this name.
    Header(String),
    /// An identity that whoever has none would have.
    BreakGlass,
    /// This flag is about the embedded policies, and others would decide.
    NotEmbedded(&'static str),
}

impl fmt::Display for ArgumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(error) => error.fmt(f),
            Self::HostRoot(path, why) => {
                write!(f, "cannot use `{}` as the host's root: {why}", path.display())
            }
            Self::Header(name) => write!(f, "`{name}` cannot be the name of a header"),
            Self::BreakGlass => f.write_str("an identity of --break-glass is empty"),
            Self::TwoSources => f.write_str(
                "the policy comes from bundles or from files: use either a configuration file, or \
                 policy and data files",
            ),
            Self::NotEmbedded(flag) => write!(
                f,
                "`{flag}` is about the embedded policies, which decide only without policy files \
                 and without a configuration file"
            ),
        }
    }
}

impl std::error::Error for ArgumentError {}

impl From<PathError> for ArgumentError {
    fn from(error: PathError) -> Self {
        Self::Path(error)
    }
}

/// Decide for a Docker daemon which requests it carries out.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct DockerAuthzArgs {
    /// Policy file or directory; may be repeated. Without any, an embedded baseline policy decides
    #[arg(long, value_name = "PATH")]
    pub policy_file: Vec<String>,
    /// Data file or directory (JSON or YAML); may be repeated
    #[arg(long, value_name = "PATH")]
    pub data_file: Vec<String>,
    /// Document that must be true, as data.a.b or /a/b
    #[arg(long, alias = "allowPath", value_name = "PATH")]
    pub allow_path: Option<String>,
    /// Document that must be an empty set or array; its members are the reasons that users see
    #[arg(long, alias = "denyPath", value_name = "PATH")]
    pub deny_path: Option<String>,
    /// Grammar of the policies
    #[arg(long, value_enum, default_value = "auto")]
    pub rego_version: Grammar,
    /// Name that the daemon knows the plugin by; also names its socket
    #[arg(long, default_value = PLUGIN_NAME_DEFAULT, value_name = "NAME")]
    pub plugin_name: String,
    /// Socket, instead of /run/docker/plugins/NAME.sock
    #[arg(long, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// Document that must be true for a response to be released; by default
    /// data.docker.authz.allow_response, where the policy has it
    #[arg(long, alias = "allowResponsePath", value_name = "PATH")]
    pub allow_response_path: Option<String>,
    /// Decide, log and count, and refuse nothing, not even requests that cannot be read
    #[arg(long)]
    pub dry_run: bool,
    /// Allow the daemon's /_ping without asking the policy
    #[arg(long, default_value_t = true, num_args = 0..=1, require_equals = true,
          default_missing_value = "true", action = clap::ArgAction::Set)]
    pub skip_ping: bool,
    /// Log no decisions
    #[arg(long)]
    pub quiet: bool,
    /// Log refusals only
    #[arg(long)]
    pub log_only_denied: bool,
    /// Leave environment variables, credentials and other secrets in the log
    #[arg(long)]
    pub log_unmasked: bool,
    /// Where decisions are logged: stdout, stderr, file:PATH (rotated) or journald
    #[arg(long, value_name = "OUTPUT")]
    pub log_output: Option<LogOutput>,
    /// Show metrics and health there: unix:///PATH or HOST:PORT
    #[arg(long, value_name = "ADDRESS")]
    pub metrics_addr: Option<MetricsAddress>,
    /// Take down what the daemon asks, as JSON lines, with secrets hidden
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// Most bytes of a file of records
    #[arg(long, value_name = "BYTES", default_value_t = RECORD_BYTES_MAX)]
    pub record_max_bytes: u64,
    /// How many files of records are kept
    #[arg(long, value_name = "NUMBER", default_value_t = RECORD_FILES,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(FILES_MAX)))]
    pub record_files: u32,
    /// Leave secrets in what is taken down
    #[arg(long)]
    pub record_secrets: bool,
    /// Refuse requests to endpoints that are not known, without asking the policy: all of them,
    /// those that may write (all but GET, HEAD and OPTIONS), or none
    #[arg(long, value_enum, default_value = "writes", value_name = "WHICH")]
    pub refuse_unknown_routes: UnknownRoutes,
    /// Keep the capabilities that the process was started with
    #[arg(long)]
    pub keep_capabilities: bool,
    /// Longest evaluation of one request, in milliseconds
    #[arg(long, default_value_t = TIMEOUT_DEFAULT.as_millis() as u64, value_name = "MS",
          value_parser = clap::value_parser!(u64).range(1..=60_000))]
    pub timeout: u64,
    /// Check the policy and exit
    #[arg(long)]
    pub check: bool,
    /// Configuration, as OPA has it, of the bundles that bring the policy; instead of files
    #[arg(long, value_name = "FILE")]
    pub config_file: Option<String>,
    /// Which of the embedded policies are in force, where no policy file is given: baseline without
    /// this flag
    #[arg(long, value_enum, value_name = "NAME")]
    pub profile: Option<Profile>,
    /// Settings of the embedded policies, over those of the profile (YAML or JSON)
    #[arg(long, value_name = "FILE")]
    pub settings: Option<String>,
    /// Print the version and exit
    #[arg(long)]
    pub version: bool,
    /// Whom and what the gate trusts.
    #[command(flatten)]
    pub guard: GuardArgs,
}

impl Default for DockerAuthzArgs {
    fn default() -> Self {
        Self {
            policy_file: Vec::new(),
            data_file: Vec::new(),
            allow_path: None,
            deny_path: None,
            allow_response_path: None,
            dry_run: false,
            rego_version: Grammar::Auto,
            plugin_name: PLUGIN_NAME_DEFAULT.to_string(),
            socket: None,
            skip_ping: true,
            quiet: false,
            log_only_denied: false,
            log_unmasked: false,
            log_output: None,
            metrics_addr: None,
            record: None,
            record_max_bytes: RECORD_BYTES_MAX,
            record_files: RECORD_FILES,
            record_secrets: false,
            refuse_unknown_routes: UnknownRoutes::default(),
            keep_capabilities: false,
            timeout: u64::try_from(TIMEOUT_DEFAULT.as_millis()).unwrap_or(u64::MAX),
            check: false,
            config_file: None,
            profile: None,
            settings: None,
            version: false,
            guard: GuardArgs::default(),
        }
    }
}

/// Where a run writes to: decisions and answers, and what people should see.
pub struct Streams<'a> {
    /// Decisions, one a line; also what was asked for (a version).
    pub out: Box<dyn Write + Send>,
    /// Complaints.
    pub err: &'a mut dyn Write,
}

/// Everything went well.
pub const EXIT_OK: u8 = 0;

/// The policy or the system is wrong.
pub const EXIT_FAILED: u8 = 1;

/// The command line is wrong.
pub const EXIT_USAGE: u8 = 2;

/// Does what the arguments say; returns the exit code. Runs until a signal ends it, unless asked
/// for a check or the version.
pub fn run(args: &DockerAuthzArgs, mut streams: Streams<'_>) -> u8 {
    if args.version {
        let version = env!("CARGO_PKG_VERSION");
        let written =
            writeln!(streams.out, "Version: {version}").and_then(|()| streams.out.flush());
        return if written.is_ok() { EXIT_OK } else { EXIT_FAILED };
    }
    let options = match args.to_options() {
        Ok(options) => options,
        Err(error) => return complain(streams.err, &error, EXIT_USAGE),
    };
    if args.check {
        return check(options, streams.err);
    }
    log_to_stderr();
    if !args.keep_capabilities {
        give_up_privileges();
    }
    match run_gate(options, streams.out) {
        Ok(()) => EXIT_OK,
        Err(error) => complain(streams.err, &error, EXIT_FAILED),
    }
}

/// Gives up what the gate does not need. It goes on where the system refuses: what it decides is the
/// same, and whoever runs it learns.
fn give_up_privileges() {
    match privileges::give_up() {
        Ok(kept) if kept.is_empty() => tracing::debug!("no capabilities"),
        Ok(kept) => tracing::debug!(kept = kept.join(","), "gave up all other capabilities"),
        Err(error) => tracing::warn!("{error}"),
    }
}

/// Checks the policy, from wherever it comes; returns the exit code.
fn check(options: RunOptions, err: &mut dyn Write) -> u8 {
    let queries = options.gate.question.queries();
    let Some(file) = &options.config_file else {
        return match PolicyFiles::open(options.source, queries) {
            Ok(files) => {
                let snapshot = files.store().snapshot();
                warn(err, &snapshot.warnings());
                warn(err, &findings(&snapshot));
                EXIT_OK
            }
            Err(error) => complain(err, &error, EXIT_FAILED),
        };
    };
    let loaded = match managed::load(file) {
        Ok(loaded) => loaded,
        Err(error) => return complain(err, &error, EXIT_FAILED),
    };
    warn(err, &loaded.warnings);
    match check_bundles(loaded, options.into()) {
        Ok(warnings) => {
            warn(err, &warnings);
            EXIT_OK
        }
        Err(complaints) => {
            for complaint in complaints {
                complain(err, &complaint, EXIT_FAILED);
            }
            EXIT_FAILED
        }
    }
}

fn warn(err: &mut dyn Write, warnings: &[String]) {
    warnings.iter().for_each(|line| drop(writeln!(err, "warning: {line}")));
}

/// Sends what the gate says about itself to the standard error, unless the program has decided
/// otherwise. Decisions go elsewhere.
pub fn log_to_stderr() {
    let log = tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false);
    drop(log.with_target(false).try_init());
}

/// Says what is wrong; returns the code given.
fn complain(err: &mut dyn Write, what: &dyn std::fmt::Display, code: u8) -> u8 {
    // Where nobody can be told, the code tells.
    let _ = writeln!(err, "error: {what}");
    code
}

impl DockerAuthzArgs {
    /// Returns what the arguments ask for.
    ///
    /// Errors: a path that names no document; a configuration beside files; settings of policies that
    /// do not decide; a guard that cannot be.
    pub fn to_options(&self) -> Result<RunOptions, ArgumentError> {
        let has_files = !self.policy_file.is_empty() || !self.data_file.is_empty();
        if self.config_file.is_some() && has_files {
            return Err(ArgumentError::TwoSources);
        }
        if !self.has_baseline() {
            let flags =
                [("--profile", self.profile.is_some()), ("--settings", self.settings.is_some())];
            if let Some((flag, _)) = flags.into_iter().find(|(_, given)| *given) {
                return Err(ArgumentError::NotEmbedded(flag));
            }
        }
        let logged = match (self.quiet, self.log_only_denied) {
            (true, _) => Logged::Nothing,
            (false, true) => Logged::Denied,
            (false, false) => Logged::All,
        };
        let limits = Limits { timeout: Duration::from_millis(self.timeout), ..Limits::default() };
        let gate = GateOptions {
            question: self.question()?,
            limits,
            skip_ping: self.skip_ping,
            logged,
            mode: if self.dry_run { Mode::DryRun } else { Mode::Enforcing },
            guard: self.guard()?,
            unknown_routes: self.refuse_unknown_routes,
        };
        Ok(RunOptions {
            source: self.source(),
            gate,
            plugin_name: self.plugin_name.clone(),
            socket: self.socket.clone(),
            config_file: self.config_file.clone(),
            secrets: if self.log_unmasked { Secrets::Logged } else { Secrets::Masked },
            limits: ServerLimits::default(),
            log_output: self.log_output.clone().unwrap_or_default(),
            metrics: self.metrics_addr.clone(),
            record: self.record_options(),
        })
    }

    fn record_options(&self) -> Option<RecordOptions> {
        let rotation = Rotation { bytes_max: self.record_max_bytes, files_max: self.record_files };
        let secrets = if self.record_secrets { Secrets::Logged } else { Secrets::Masked };
        self.record.clone().map(|path| RecordOptions { path, rotation, secrets })
    }

    fn question(&self) -> Result<Question, PathError> {
        let (allow, deny) = (self.allow_path.as_deref(), self.deny_path.as_deref());
        let is_baseline = self.has_baseline() && allow.is_none() && deny.is_none();
        let deny = if is_baseline { Some(DENY_PATH_BASELINE) } else { deny };
        let question = Question::new(allow, deny)?;
        match &self.allow_response_path {
            Some(path) => question.with_response(path),
            None => Ok(question),
        }
    }

    /// Whether the embedded policy decides.
    fn has_baseline(&self) -> bool {
        self.policy_file.is_empty() && self.config_file.is_none()
    }

    fn source(&self) -> PolicySource {
        let (embedded, made) = if self.has_baseline() {
            let profile = self.profile.unwrap_or_default();
            (baseline::modules(), Some(profile.data(self.settings.clone())))
        } else {
            (Vec::new(), None)
        };
        PolicySource {
            ignore: Vec::new(),
            paths: self.policy_file.iter().chain(&self.data_file).cloned().collect(),
            embedded,
            made,
            rego_version: match self.rego_version {
                Grammar::Auto => RegoVersion::Auto,
                Grammar::V0 => RegoVersion::V0,
                Grammar::V1 => RegoVersion::V1,
            },
            annotations: Annotations::Warn,
        }
    }
}

#[cfg(test)]
mod tests;
