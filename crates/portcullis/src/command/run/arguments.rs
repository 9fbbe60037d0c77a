//! The flags of `run`.

use std::time::Duration;

use clap::ValueEnum;
use portcullis_service::console;
use rego::RegoVersion;

use crate::command::keys::VerificationArgs;
use crate::duration;
use crate::repl::{Look, Setup};

/// How clients say who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Authentication {
    Token,
    Tls,
    Off,
}

/// What decides who may do what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Authorization {
    Basic,
    Off,
}

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogLevel {
    Debug,
    Info,
    Warn,
    Error,
}

impl From<LogLevel> for console::Level {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Debug => Self::Debug,
            LogLevel::Info => Self::Info,
            LogLevel::Warn => Self::Warn,
            LogLevel::Error => Self::Error,
        }
    }
}

/// How it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
    JsonPretty,
}

impl From<LogFormat> for console::Format {
    fn from(format: LogFormat) -> Self {
        match format {
            LogFormat::Text => Self::Text,
            LogFormat::Json => Self::Json,
            LogFormat::JsonPretty => Self::JsonPretty,
        }
    }
}

/// How the shell shows results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShellFormat {
    /// For people
    Pretty,
    /// As JSON
    Json,
}

/// Start the server, or without --server the interactive shell
///
/// Paths are policies and data to load: files, directories, or with --bundle bundles. A URL of a
/// bundle is polled.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Files, directories, bundles, or URLs of bundles
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<String>,
    /// Run the server
    #[arg(short, long)]
    pub(crate) server: bool,
    /// Address to listen on (HOST:PORT, https://HOST:PORT, unix://PATH); may be repeated
    #[arg(short, long, value_name = "ADDRESS", value_delimiter = ',')]
    pub(crate) addr: Vec<String>,
    /// Address that serves health and metrics only; may be repeated
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',')]
    pub(crate) diagnostic_addr: Vec<String>,
    /// Take HTTP/2 without TLS
    #[arg(long)]
    pub(crate) h2c: bool,
    /// Mode of unix sockets, octal
    #[arg(long, value_name = "MODE", default_value = "755", value_parser = octal)]
    pub(crate) unix_socket_perm: u32,
    /// Configuration file (YAML or JSON)
    #[arg(short, long, value_name = "PATH")]
    pub(crate) config_file: Option<String>,
    /// Set a key of the configuration (a.b=c); may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Set a key of the configuration to the content of a file; may be repeated
    #[arg(long, value_name = "KEY=PATH")]
    pub(crate) set_file: Vec<String>,
    /// Take the paths as bundles
    #[arg(short, long)]
    pub(crate) bundle: bool,
    /// Pass over files and directories of these names, inside directories
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    pub(crate) ignore: Vec<String>,
    /// Load files again when they change
    #[arg(short, long)]
    pub(crate) watch: bool,
    /// How the shell shows results
    #[arg(short, long, value_enum, default_value = "pretty")]
    pub(crate) format: ShellFormat,
    /// File with the lines typed before, in the shell; $HOME/.opa_history without
    #[arg(short = 'H', long, value_name = "PATH")]
    pub(crate) history: Option<String>,
    /// Most compile errors to report; 0 for all
    #[arg(short, long, value_name = "NUMBER", default_value_t = 10)]
    pub(crate) max_errors: usize,
    /// Longest wait, in seconds, for bundles and other plugins before serving; 0 for none
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub(crate) ready_timeout: u64,
    /// Longest time, in seconds, for requests to end once the server stops
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub(crate) shutdown_grace_period: u64,
    /// Time, in seconds, to go on serving once the server is told to stop
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub(crate) shutdown_wait_period: u64,
    /// How clients say who they are
    #[arg(long, value_enum, default_value = "off")]
    pub(crate) authentication: Authentication,
    /// What decides who may do what: basic asks data.system.authz.allow
    #[arg(long, value_enum, default_value = "off")]
    pub(crate) authorization: Authorization,
    /// Certificate of the server (PEM)
    #[arg(long, value_name = "PATH")]
    pub(crate) tls_cert_file: Option<String>,
    /// Private key of the server (PEM)
    #[arg(long, value_name = "PATH")]
    pub(crate) tls_private_key_file: Option<String>,
    /// Certificates that clients' are verified with (PEM)
    #[arg(long, value_name = "PATH")]
    pub(crate) tls_ca_cert_file: Option<String>,
    /// How often certificates are read again; 0 waits for changes of the files
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "0")]
    pub(crate) tls_cert_refresh_period: Duration,
    /// Lowest version of TLS: 1.2 or 1.3
    #[arg(long, value_name = "VERSION", default_value = "1.2")]
    pub(crate) min_tls_version: String,
    /// Cipher suites of TLS 1.2, by their IANA names
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) tls_cipher_suites: Vec<String>,
    /// What is told
    #[arg(short, long, value_enum, default_value = "info")]
    pub(crate) log_level: LogLevel,
    /// How it looks
    #[arg(long, value_enum, default_value = "json")]
    pub(crate) log_format: LogFormat,
    /// Longest evaluation of one request, such as `500ms`
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "30s")]
    pub(crate) decision_timeout: Duration,
    /// Check for newer versions never, which is what happens anyway
    #[arg(long, alias = "skip-version-check")]
    pub(crate) disable_telemetry: bool,
    /// Keep data as it is evaluated, which is what happens anyway
    #[arg(long)]
    pub(crate) optimize_store_for_read_speed: bool,
    /// Do not check policies against the shape of the authorization input, which does not happen yet
    #[arg(long)]
    pub(crate) skip_known_schema_check: bool,
    #[command(flatten)]
    pub(crate) verification: VerificationArgs,
    /// Algorithm of the key that verifies bundles
    #[arg(long, value_name = "ALGORITHM", default_value = "RS256")]
    pub(crate) signing_alg: String,
    /// Take bundles without looking at their signatures
    #[arg(long)]
    pub(crate) skip_verify: bool,
    /// Read policies as Rego v0, and listen on all interfaces unless told otherwise
    #[arg(long)]
    pub(crate) v0_compatible: bool,
    /// Read policies as Rego v1, which is what happens anyway
    #[arg(long)]
    pub(crate) v1_compatible: bool,
}

fn octal(text: &str) -> Result<u32, String> {
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o7777);
    mode.ok_or_else(|| format!("`{text}` is no mode in octal digits, such as `755`"))
}

impl Args {
    /// Returns the addresses to listen on.
    pub(crate) fn addresses(&self) -> Vec<String> {
        match (self.addr.as_slice(), self.v0_compatible) {
            ([], false) => vec!["localhost:8181".to_string()],
            ([], true) => vec![":8181".to_string()],
            (given, _) => given.to_vec(),
        }
    }
}

impl Args {
    /// Returns what the shell starts with.
    pub(super) fn shell(&self) -> Setup {
        Setup {
            paths: self.paths.clone(),
            bundle: self.bundle,
            ignore: self.ignore.clone(),
            watch: self.watch,
            look: match self.format {
                ShellFormat::Pretty => Look::Pretty,
                ShellFormat::Json => Look::Json,
            },
            version: if self.v0_compatible { RegoVersion::V0 } else { RegoVersion::V1 },
        }
    }
}
