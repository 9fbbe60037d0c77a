//! The query, asked of a server over HTTP.

use std::ffi::OsString;
use std::io;

use rego::{Usage, Value};

use super::client::Client;
use super::histogram::Histograms;
use super::{Args, Failed};
use crate::command::run::Background;
use crate::measure::{self, Measured, Try};

/// Longest wait for the server's bundles, in seconds.
const READY_TIMEOUT: &str = "60";

/// Measures the query as often as asked for.
pub(super) fn measure(
    args: &Args,
    query: &str,
    input: Option<&Value>,
    show: &mut dyn FnMut(&Measured) -> io::Result<()>,
) -> Result<(), Failed> {
    if args.package.is_some() || !args.import.is_empty() {
        return Err(Failed::plain(&"a server takes a query without --package and --import"));
    }
    if !args.data.is_empty() && !args.bundle.is_empty() {
        return Err(Failed::plain(&"a server takes --data or --bundle but not both"));
    }
    if args.schema.is_some() {
        return Err(Failed::plain(&"a server checks no policies against --schema"));
    }
    let server = Background::start(flags(args)).map_err(|error| plain(&error))?;
    let result = ask(args, &server.url, &Question::new(args, query, input), show);
    let stopped = server.stop().map_err(|error| plain(&error));
    // Where the server did not come up, that says more than that it does not answer.
    stopped.and(result)
}

fn plain(error: &anyhow::Error) -> Failed {
    Failed::plain(&format!("{error:#}"))
}

/// Returns the flags of `run`.
fn flags(args: &Args) -> Vec<OsString> {
    let mut flags: Vec<String> =
        ["--server", "--addr", "127.0.0.1:0", "--log-level", "error"].map(str::to_string).to_vec();
    flags.extend(["--ready-timeout".to_string(), READY_TIMEOUT.to_string()]);
    flags.push(format!("--shutdown-grace-period={}", args.shutdown_grace_period));
    flags.push(format!("--shutdown-wait-period={}", args.shutdown_wait_period));
    flags.extend(args.config_file.iter().map(|path| format!("--config-file={path}")));
    flags.extend(args.ignore.iter().map(|pattern| format!("--ignore={pattern}")));
    if args.v0_compatible {
        flags.push("--v0-compatible".to_string());
    }
    if !args.bundle.is_empty() {
        flags.extend(["--bundle".to_string(), "--skip-verify".to_string()]);
    }
    flags.push("--".to_string());
    flags.extend(args.data.iter().chain(&args.bundle).cloned());
    flags.into_iter().map(OsString::from).collect()
}

/// What the server is asked.
struct Question {
    path: String,
    body: Vec<u8>,
}

impl Question {
    /// A reference such as `data.a.b` is a document; anything else is a query.
    fn new(args: &Args, query: &str, input: Option<&Value>) -> Self {
        let is_name = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric())
        };
        let mut entries: Vec<(&str, Value)> =
            input.map(|input| ("input", input.clone())).into_iter().collect();
        let path = match query.trim().strip_prefix("data.") {
            Some(rest) if rest.split('.').all(is_name) => {
                format!("/v1/data/{}", rest.replace('.', "/"))
            }
            _ => {
                entries.push(("query", Value::from(query)));
                "/v1/query".to_string()
            }
        };
        let metrics = if args.metrics { "?metrics=true" } else { "" };
        let entries = entries.into_iter().map(|(key, value)| (Value::from(key), value));
        let body = Value::object(entries.collect()).to_json().into_bytes();
        Self { path: format!("{path}{metrics}"), body }
    }
}

fn ask(
    args: &Args,
    url: &str,
    question: &Question,
    show: &mut dyn FnMut(&Measured) -> io::Result<()>,
) -> Result<(), Failed> {
    let mut client = Client::connect(url).map_err(|error| plain(&error))?;
    let usage = Usage::default();
    for _ in 0..args.count {
        let mut histograms = Histograms::default();
        let measured = measure::measure(&usage, |which| {
            if which == Try::First {
                histograms.clear();
            }
            let answer =
                client.post(&question.path, &question.body).map_err(|error| plain(&error))?;
            take(args, &answer, &mut histograms)
        })?;
        show(&histograms.add_to(measured))?;
    }
    Ok(())
}

/// Notes the metrics of an answer.
fn take(args: &Args, answer: &Value, histograms: &mut Histograms) -> Result<(), Failed> {
    let result = answer.get_path(&["result"]);
    // A query without solutions has an empty object, a document that is undefined has none.
    let is_undefined = result.is_none_or(|result| result.as_array().is_some_and(|r| r.is_empty()));
    if args.fail && is_undefined {
        return Err(Failed::plain(&"undefined result"));
    }
    let metrics = answer.get_path(&["metrics"]).and_then(Value::as_object);
    for (name, value) in metrics.iter().flat_map(|metrics| metrics.iter()) {
        if let (Some(name), Some(value)) = (name.as_str(), value.as_i64()) {
            histograms.add(name, value);
        }
    }
    Ok(())
}
