//! Flags as Go programs take them: one dash or two, `-flag value` or `-flag=value`, flags end at the
//! first word that is none.
//!
//! Source: Go `flag`; opa-docker-authz README, "Usage".

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::{DockerAuthzArgs, Grammar};
use crate::completeness::UnknownRoutes;
use crate::profile::Profile;
use crate::rotate::FILES_MAX;

/// What a command line asks for instead of a run, or what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GoStyleError {
    /// The usage, with exit code 0.
    Help,
    /// A complaint, to be followed by the usage, with exit code 2.
    Usage(String),
}

impl fmt::Display for GoStyleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Help => Ok(()),
            Self::Usage(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for GoStyleError {}

/// How a flag takes its value.
enum Kind {
    Switch(fn(&mut DockerAuthzArgs, bool)),
    Text(fn(&mut DockerAuthzArgs, String) -> Result<(), String>),
}

/// A flag: its name, how it takes its value, and what it is for.
struct Flag {
    name: &'static str,
    kind: Kind,
    about: &'static str,
}

/// All flags, sorted by name.
const FLAGS: &[Flag] = &[
    text(
        "allowPath",
        |a, v| set(&mut a.allow_path, v),
        "sets the path of the allow decision (default \"data.docker.authz.allow\")",
    ),
    text(
        "allow-response-path",
        |a, v| set(&mut a.allow_response_path, v),
        "sets the path of the decision about responses (default \"data.docker.authz.allow_response\", where the policy has it)",
    ),
    text(
        "break-glass",
        |a, v| add(&mut a.guard.break_glass, v),
        "sets an identity that self-protection does not hold for; may be repeated",
    ),
    switch("check", |a, on| a.check = on, "checks the policy and exits"),
    text(
        "config-file",
        |a, v| set(&mut a.config_file, v),
        "sets the path of a configuration of bundles, instead of policy files",
    ),
    text(
        "data-file",
        |a, v| add(&mut a.data_file, v),
        "sets the path of a data file to load; may be repeated",
    ),
    text(
        "deny-path",
        |a, v| set(&mut a.deny_path, v),
        "sets the path of the set of reasons to refuse",
    ),
    switch("dry-run", |a, on| a.dry_run = on, "decides and logs, and refuses nothing"),
    text(
        "host-root",
        |a, v| {
            a.guard.host_root = PathBuf::from(v);
            Ok(())
        },
        "sets the directory at which the host's files are (default \"/\")",
    ),
    switch(
        "keep-capabilities",
        |a, on| a.keep_capabilities = on,
        "keeps the capabilities that the process was started with",
    ),
    switch("log-only-denied", |a, on| a.log_only_denied = on, "logs refusals only"),
    text(
        "log-output",
        |a, v| parsed(&mut a.log_output, &v),
        "sets where decisions are logged: stdout, stderr, file:PATH or journald",
    ),
    switch("log-unmasked", |a, on| a.log_unmasked = on, "leaves secrets in the log"),
    text(
        "metrics-addr",
        |a, v| parsed(&mut a.metrics_addr, &v),
        "shows metrics and health there: unix:///PATH or HOST:PORT",
    ),
    text(
        "plugin-name",
        |a, v| {
            a.plugin_name = v;
            Ok(())
        },
        "sets the name that the daemon knows the plugin by (default \"opa-docker-authz\")",
    ),
    text(
        "policy-file",
        |a, v| add(&mut a.policy_file, v),
        "sets the path of a policy file to load; may be repeated",
    ),
    text(
        "profile",
        profile,
        "sets which of the embedded policies are in force: baseline, restricted, read-only or ci",
    ),
    text(
        "protect-container",
        |a, v| add(&mut a.guard.protect_container, v),
        "sets the name of the container that the gate runs in; may be repeated",
    ),
    text(
        "protect-path",
        |a, v| {
            a.guard.protect_path.push(PathBuf::from(v));
            Ok(())
        },
        "sets a path of the host that is the gate's; may be repeated",
    ),
    text(
        "protect-plugin",
        |a, v| add(&mut a.guard.protect_plugin, v),
        "sets the name of the managed plugin that the gate is; may be repeated",
    ),
    switch("quiet", |a, on| a.quiet = on, "logs no decisions"),
    text(
        "record",
        |a, v| {
            a.record = Some(PathBuf::from(v)).filter(|path| !path.as_os_str().is_empty());
            Ok(())
        },
        "takes down what the daemon asks into this file, with secrets hidden",
    ),
    text(
        "record-files",
        |a, v| {
            let number = v.parse().ok().filter(|number| (1..=FILES_MAX).contains(number));
            a.record_files = number.ok_or_else(|| format!("must be 1 to {FILES_MAX}"))?;
            Ok(())
        },
        "sets how many files of records are kept (default 4)",
    ),
    text(
        "record-max-bytes",
        |a, v| {
            a.record_max_bytes = v.parse().map_err(|_| "must be a number of bytes".to_string())?;
            Ok(())
        },
        "sets the most bytes of a file of records (default 67108864)",
    ),
    switch("record-secrets", |a, on| a.record_secrets = on, "leaves secrets in records"),
    text(
        "refuse-unknown-routes",
        unknown_routes,
        "refuses requests to unknown endpoints: all, writes or none (default \"writes\")",
    ),
    text(
        "rego-version",
        grammar,
        "sets the grammar of the policies: auto, v0 or v1 (default \"auto\")",
    ),
    text(
        "settings",
        |a, v| set(&mut a.settings, v),
        "sets the path of settings of the embedded policies",
    ),
    switch(
        "self-protection",
        |a, on| a.guard.self_protection = on,
        "refuses what would switch the gate off, whatever the policy says (default true)",
    ),
    switch(
        "skip-ping",
        |a, on| a.skip_ping = on,
        "allows requests to /_ping without asking the policy (default true)",
    ),
    text(
        "socket",
        |a, v| {
            a.socket = Some(PathBuf::from(v));
            Ok(())
        },
        "sets the path of the socket",
    ),
    text("timeout", timeout, "sets the longest evaluation in milliseconds (default 5000)"),
    text(
        "trust-identity-header",
        |a, v| set(&mut a.guard.trust_identity_header, v),
        "sets the header whose value is believed to be the user's name",
    ),
    switch("version", |a, on| a.version = on, "prints the version and exits"),
];

const fn text(
    name: &'static str,
    take: fn(&mut DockerAuthzArgs, String) -> Result<(), String>,
    about: &'static str,
) -> Flag {
    Flag { name, kind: Kind::Text(take), about }
}

const fn switch(
    name: &'static str,
    take: fn(&mut DockerAuthzArgs, bool),
    about: &'static str,
) -> Flag {
    Flag { name, kind: Kind::Switch(take), about }
}

fn set(field: &mut Option<String>, value: String) -> Result<(), String> {
    *field = Some(value).filter(|value| !value.is_empty());
    Ok(())
}

fn parsed<T: FromStr<Err: fmt::Display>>(field: &mut Option<T>, value: &str) -> Result<(), String> {
    *field = Some(value.parse().map_err(|error: T::Err| error.to_string())?);
    Ok(())
}

fn add(field: &mut Vec<String>, value: String) -> Result<(), String> {
    // The original's default is the empty string, which stands for none.
    field.extend(Some(value).filter(|value| !value.is_empty()));
    Ok(())
}

fn unknown_routes(args: &mut DockerAuthzArgs, value: String) -> Result<(), String> {
    args.refuse_unknown_routes = match value.as_str() {
        "all" => UnknownRoutes::All,
        "writes" => UnknownRoutes::Writes,
        "none" => UnknownRoutes::None,
        _ => return Err("must be all, writes or none".to_string()),
    };
    Ok(())
}

fn grammar(args: &mut DockerAuthzArgs, value: String) -> Result<(), String> {
    args.rego_version = match value.as_str() {
        "auto" => Grammar::Auto,
        "v0" => Grammar::V0,
        "v1" => Grammar::V1,
        _ => return Err("must be auto, v0 or v1".to_string()),
    };
    Ok(())
}

fn profile(args: &mut DockerAuthzArgs, value: String) -> Result<(), String> {
    let profile = Profile::from_name(&value);
    args.profile = Some(profile.ok_or("must be baseline, restricted, read-only or ci")?);
    Ok(())
}

fn timeout(args: &mut DockerAuthzArgs, value: String) -> Result<(), String> {
    let milliseconds = value.parse().ok().filter(|ms| (1..=60_000).contains(ms));
    args.timeout = milliseconds.ok_or("must be 1 to 60000 milliseconds")?;
    Ok(())
}

/// Returns the arguments of a command line, given without the program's name.
///
/// Errors: [`GoStyleError`], worded as Go words it.
pub fn parse_go_style<I: IntoIterator<Item = String>>(
    words: I,
) -> Result<DockerAuthzArgs, GoStyleError> {
    let mut args = DockerAuthzArgs::default();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let Some((name, value)) = split_flag(&word)? else { break };
        let flag = FLAGS.iter().find(|flag| flag.name == plain_name(name));
        let Some(flag) = flag else { return Err(unknown(name)) };
        match &flag.kind {
            Kind::Switch(take) => take(&mut args, switch_value(name, value)?),
            Kind::Text(take) => {
                let value = value.map(str::to_string).or_else(|| words.next());
                let value =
                    value.ok_or_else(|| usage_error(format!("flag needs an argument: -{name}")))?;
                let invalid = format!("invalid value {value:?} for flag -{name}");
                take(&mut args, value).map_err(|why| usage_error(format!("{invalid}: {why}")))?;
            }
        }
    }
    Ok(args)
}

/// Returns the name and the value of a flag; nothing where flags end.
fn split_flag(word: &str) -> Result<Option<(&str, Option<&str>)>, GoStyleError> {
    if word == "--" || word == "-" {
        return Ok(None);
    }
    let Some(flag) = word.strip_prefix("--").or_else(|| word.strip_prefix('-')) else {
        return Ok(None);
    };
    if flag.starts_with('-') || flag.starts_with('=') {
        return Err(usage_error(format!("bad flag syntax: {word}")));
    }
    Ok(Some(match flag.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (flag, None),
    }))
}

/// Paths go by the original's spelling and by that of the long flags.
fn plain_name(name: &str) -> &str {
    match name {
        "allow-path" => "allowPath",
        "allowResponsePath" => "allow-response-path",
        "denyPath" => "deny-path",
        other => other,
    }
}

fn switch_value(name: &str, value: Option<&str>) -> Result<bool, GoStyleError> {
    match value {
        None | Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(true),
        Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(false),
        Some(other) => {
            Err(usage_error(format!("invalid boolean value {other:?} for -{name}: parse error")))
        }
    }
}

fn unknown(name: &str) -> GoStyleError {
    match name {
        "h" | "help" => GoStyleError::Help,
        _ => usage_error(format!("flag provided but not defined: -{name}")),
    }
}

fn usage_error(message: String) -> GoStyleError {
    GoStyleError::Usage(message)
}

/// Returns the usage, as Go prints it, for a program of this name.
pub fn usage(program: &str) -> String {
    let mut usage = format!("Usage of {program}:\n");
    for flag in FLAGS {
        let operand = if matches!(flag.kind, Kind::Text(_)) { " string" } else { "" };
        usage.push_str(&format!("  -{}{operand}\n    \t{}\n", flag.name, flag.about));
    }
    usage
}
