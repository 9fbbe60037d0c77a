//! `portcullis docker-authz replay`: which decisions about recorded calls another policy changes.

use std::io::{BufWriter, Write, stdout};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::ValueEnum;
use portcullis_docker::cli::DockerAuthzArgs;
use portcullis_docker::profile::Profile;
use portcullis_docker::replay::{Change, Replay, Said, Summary, open};
use rego::Value;

use super::policy::{PolicyFlags, records};
use crate::exit::Exit;
use crate::table;

/// Longest text of a cell of the table, in characters.
const CELL_CHARS_MAX: usize = 100;

/// How changes are shown.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Table,
    /// One object: changes and summary
    Json,
}

/// Decide again about recorded calls, and show which decisions change, and why
///
/// Exits with 0 where none does, with 1 where one does, with 2 where that cannot be told.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Records of `docker-authz record` or `--record`; `-` for the standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// New policy file or directory; may be repeated. Without any, the embedded policy
    #[arg(long = "policy", visible_alias = "policy-file", value_name = "PATH")]
    policy: Vec<String>,
    /// Policy file or directory to compare with; may be repeated. Without any, a gate that refuses
    /// nothing
    #[arg(long, value_name = "PATH")]
    against: Vec<String>,
    /// Profile of the embedded policies to compare with
    #[arg(long, value_enum, value_name = "NAME", conflicts_with = "against")]
    against_profile: Option<Profile>,
    /// How changes are shown
    #[arg(long, short, value_enum, default_value = "table")]
    format: Format,
    #[command(flatten)]
    flags: PolicyFlags,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let new = open(&args.flags.gate(&args.policy)).context("the new policy")?;
    let has_old = !args.against.is_empty() || args.against_profile.is_some();
    // A profile and its settings are those of the new policy.
    let old = DockerAuthzArgs {
        profile: args.against_profile,
        settings: None,
        ..args.flags.gate(&args.against)
    };
    let old = has_old.then(|| open(&old).context("the policy to compare with")).transpose()?;
    let mut changes = Vec::new();
    let mut keep = |change: Change| -> Result<()> {
        changes.push(change);
        Ok(())
    };
    let summary = Replay::new(new, old)
        .run(records(&args.file)?, &mut keep)
        .with_context(|| format!("cannot read `{}`", args.file.display()))?;
    let mut out = BufWriter::new(stdout().lock());
    match args.format {
        Format::Table => write_table(&mut out, &changes, summary)?,
        Format::Json => {
            let document = Value::object_from_strs([
                ("changes", Value::array(changes.iter().map(object).collect())),
                ("summary", summary_object(summary)),
            ]);
            writeln!(out, "{}", document.to_json_pretty("  "))?;
        }
    }
    out.flush()?;
    Ok(if changes.is_empty() { Exit::Success } else { Exit::Refused })
}

fn write_table(out: &mut dyn Write, changes: &[Change], summary: Summary) -> Result<()> {
    if !changes.is_empty() {
        let rows: Vec<_> = changes.iter().map(row).collect();
        table::write(out, &["SEQ", "CALL", "ACTION", "REQUEST", "CHANGE", "WHY"], &rows)?;
    }
    let Summary { calls, unchanged, newly_refused, newly_allowed, left_out } = summary;
    write!(
        out,
        "{calls} calls: {unchanged} unchanged, {newly_refused} newly refused, {newly_allowed} \
         newly allowed"
    )?;
    if left_out > 0 {
        write!(out, "; {left_out} had not been recorded whole")?;
    }
    writeln!(out)?;
    Ok(())
}

/// Of a call that is allowed now the reasons are those of the old policy.
fn row(change: &Change) -> Vec<String> {
    let (what, said) = match change.after.allow {
        true => ("allowed", &change.before),
        false => ("refused", &change.after),
    };
    vec![
        change.seq.to_string(),
        change.call.name().to_string(),
        cell(&change.outline.action),
        cell(&format!("{} {}", change.outline.method, change.outline.target)),
        what.to_string(),
        cell(&why(said)),
    ]
}

/// Returns the reasons in one line.
pub(super) fn why(said: &Said) -> String {
    match said.reasons.join("; ") {
        reasons if reasons.trim().is_empty() => "no reason given".to_string(),
        reasons => reasons,
    }
}

/// Returns a text that fits into a cell, without what could steer a terminal.
pub(super) fn cell(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let mut cell: String = text.chars().take(CELL_CHARS_MAX).map(plain).collect();
    if text.chars().count() > CELL_CHARS_MAX {
        cell.push('…');
    }
    cell
}

fn object(change: &Change) -> Value {
    let outline = &change.outline;
    Value::object_from_strs([
        ("action", Value::from(outline.action.as_str())),
        ("after", said(&change.after)),
        ("before", said(&change.before)),
        ("call", Value::from(change.call.name())),
        ("method", Value::from(outline.method.as_str())),
        ("seq", number(change.seq)),
        ("target", Value::from(outline.target.as_str())),
        ("user", Value::from(outline.user.as_str())),
    ])
}

fn said(said: &Said) -> Value {
    let reasons = said.reasons.iter().map(|reason| Value::from(reason.as_str())).collect();
    Value::object_from_strs([
        ("allow", Value::from(said.allow)),
        ("reasons", Value::array(reasons)),
    ])
}

fn summary_object(summary: Summary) -> Value {
    Value::object_from_strs([
        ("calls", number(summary.calls)),
        ("left_out", number(summary.left_out)),
        ("newly_allowed", number(summary.newly_allowed)),
        ("newly_refused", number(summary.newly_refused)),
        ("unchanged", number(summary.unchanged)),
    ])
}

pub(super) fn number(number: u64) -> Value {
    Value::from(i64::try_from(number).unwrap_or(i64::MAX))
}
