//! `portcullis docker-authz explain`: which rules decide about one recorded call, and where they
//! stand.

use std::io::{self, BufWriter, Write, stdout};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use portcullis_docker::explain::{Asked, Explanation, Fired, Reason, explain};
use portcullis_docker::gate::Gate;
use portcullis_docker::records::Record;
use portcullis_docker::replay::open;
use portcullis_service::decide::Outcome;
use rego::Value;

use super::policy::{PolicyFlags, records};
use super::replay::{cell, number};
use crate::exit::Exit;

/// How it is shown.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Pretty,
    /// One object
    Json,
}

/// Show for one recorded call which rules fired, which of them gave the reasons, and where they stand
///
/// Exits with 0 where the call is allowed, with 1 where it is refused, with 2 where that cannot be
/// told.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Records of `docker-authz record` or `--record`; `-` for the standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Number of the call; by default the first that is refused, and where none is the first
    #[arg(long, value_name = "NUMBER")]
    seq: Option<u64>,
    /// Policy file or directory; may be repeated. Without any, the embedded policy
    #[arg(long = "policy", visible_alias = "policy-file", value_name = "PATH")]
    policy: Vec<String>,
    /// How it is shown
    #[arg(long, short, value_enum, default_value = "pretty")]
    format: Format,
    /// Show what the policy saw
    #[arg(long)]
    input: bool,
    /// Show each step of the evaluation
    #[arg(long)]
    trace: bool,
    #[command(flatten)]
    flags: PolicyFlags,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let gate = open(&args.flags.gate(&args.policy))?;
    let explanation = explain(&gate, find(args, &gate)?)?;
    let mut out = BufWriter::new(stdout().lock());
    match args.format {
        Format::Pretty => write_pretty(&mut out, &explanation, args)?,
        Format::Json => writeln!(out, "{}", object(&explanation, args).to_json_pretty("  "))?,
    }
    out.flush()?;
    Ok(if explanation.allow { Exit::Success } else { Exit::Refused })
}

fn find(args: &Args, gate: &Gate) -> Result<Record> {
    let mut first = None;
    for record in records(&args.file)? {
        let record = record.with_context(|| format!("cannot read `{}`", args.file.display()))?;
        match args.seq {
            Some(seq) if record.seq == seq => return Ok(record),
            Some(_) => continue,
            None => {}
        }
        let Some(message) = record.message.clone() else { continue };
        let judgement = gate.judge(record.call, message);
        if judgement.is_some_and(|judgement| !judgement.verdict.is_allow()) {
            return Ok(record);
        }
        first.get_or_insert(record);
    }
    match (first, args.seq) {
        (Some(record), _) => Ok(record),
        (None, Some(seq)) => bail!("`{}` has no call {seq}", args.file.display()),
        (None, None) => bail!("`{}` has no calls", args.file.display()),
    }
}

fn write_pretty(out: &mut dyn Write, explained: &Explanation, args: &Args) -> io::Result<()> {
    let outline = &explained.outline;
    let call = explained.call.name();
    let target = cell(&format!("{} {}", outline.method, outline.target));
    writeln!(out, "call {} ({call}): {target} ({})", explained.seq, outline.action)?;
    writeln!(out, "{}", if explained.allow { "allowed" } else { "refused" })?;
    if explained.documents.is_empty() {
        writeln!(out, "The policy was not asked.")?;
    }
    for asked in &explained.documents {
        writeln!(out, "  {}: {}", asked.path, outcome(&asked.outcome))?;
    }
    if !explained.reasons.is_empty() {
        writeln!(out, "\nReasons")?;
    }
    for reason in &explained.reasons {
        writeln!(out, "  {}", reason.text)?;
        for rule in &reason.rules {
            writeln!(out, "    {}", place(rule))?;
        }
    }
    if !explained.fired.is_empty() {
        writeln!(out, "\nRules that fired")?;
    }
    for rule in &explained.fired {
        writeln!(out, "  {}  {}\n    {}", place(rule), rule.rule, rule.text)?;
    }
    if args.trace {
        for asked in &explained.documents {
            writeln!(out, "\nTrace of {}\n{}", asked.path, asked.trace.join("\n"))?;
        }
    }
    if args.input {
        writeln!(out, "\nInput\n{}", explained.input.to_json_pretty("  "))?;
    }
    Ok(())
}

fn place(rule: &Fired) -> String {
    format!("{}:{}", rule.file, rule.row)
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Defined(value) => cell(&value.to_json()),
        Outcome::Undefined => "undefined".to_string(),
        Outcome::Failed(failure) => failure.to_string(),
    }
}

fn object(explained: &Explanation, args: &Args) -> Value {
    let outline = &explained.outline;
    let documents = explained.documents.iter().map(|asked| document(asked, args));
    let mut entries = vec![
        ("action", Value::from(outline.action.as_str())),
        ("allow", Value::from(explained.allow)),
        ("call", Value::from(explained.call.name())),
        ("documents", Value::array(documents.collect())),
        ("fired", Value::array(explained.fired.iter().map(rule).collect())),
        ("method", Value::from(outline.method.as_str())),
        ("reasons", Value::array(explained.reasons.iter().map(reason).collect())),
        ("seq", number(explained.seq)),
        ("target", Value::from(outline.target.as_str())),
        ("user", Value::from(outline.user.as_str())),
    ];
    entries.extend(args.input.then(|| ("input", explained.input.clone())));
    let entries = entries.into_iter().map(|(key, value)| (Value::from(key), value));
    Value::object(entries.collect())
}

fn document(asked: &Asked, args: &Args) -> Value {
    let mut entries = vec![(Value::from("path"), Value::from(asked.path.as_str()))];
    match &asked.outcome {
        Outcome::Defined(value) => entries.push((Value::from("value"), value.clone())),
        Outcome::Undefined => {}
        Outcome::Failed(failure) => {
            entries.push((Value::from("error"), Value::from(failure.to_string())));
        }
    }
    if args.trace {
        let lines = asked.trace.iter().map(|line| Value::from(line.as_str())).collect();
        entries.push((Value::from("trace"), Value::array(lines)));
    }
    Value::object(entries)
}

fn reason(reason: &Reason) -> Value {
    Value::object_from_strs([
        ("rules", Value::array(reason.rules.iter().map(rule).collect())),
        ("text", Value::from(reason.text.as_str())),
    ])
}

fn rule(fired: &Fired) -> Value {
    Value::object_from_strs([
        ("file", Value::from(fired.file.as_str())),
        ("row", Value::from(i64::from(fired.row))),
        ("rule", Value::from(fired.rule.as_str())),
        ("text", Value::from(fired.text.as_str())),
    ])
}
