//! `portcullis fmt`: policies laid out as OPA lays them out.
//!
//! Must not know: how anything is laid out.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::ArgAction;
use portcullis_service::load::{DIRECTORY_DEPTH_MAX, FILE_BYTES_MAX};
use rego::format::{FormatOptions, Grammar, Target, check_formatted, format, meaning_change};
use rego::{Capabilities, Severity};
use similar::TextDiff;

use crate::capabilities::CapabilitiesArgs;
use crate::exit::Exit;
use crate::report;

/// The feature that lets keywords follow a dot.
const KEYWORDS_IN_REFS: &str = "keywords_in_refs";

/// How many unchanged lines a diff shows around a change.
const DIFF_CONTEXT_LINES: usize = 3;

/// Format Rego source files
///
/// Prints each file as it is to look like; without a path, the standard input. Of directories every
/// `.rego` file is taken. The first file that cannot be formatted ends it.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Files and directories
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
    /// Write the result to the file instead of printing it
    #[arg(short, long)]
    write: bool,
    /// Print the names of files that would change, and nothing else
    #[arg(short, long)]
    list: bool,
    /// Print what would change, as a unified diff
    #[arg(short, long)]
    diff: bool,
    /// Fail where a file would change; alone, print nothing but that
    #[arg(long)]
    fail: bool,
    /// Read the result again, to be sure that it is a policy
    #[arg(long, value_name = "BOOL", default_value_t = true, num_args = 0..=1,
          require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    check_result: bool,
    #[command(flatten)]
    capabilities: CapabilitiesArgs,
    /// Drop imports that v1 does not need: `rego.v1` and `future.keywords`
    #[arg(long)]
    drop_v0_imports: bool,
    /// Read Rego v0, and write what is valid as v0 and as v1
    #[arg(long)]
    v0_v1: bool,
    /// The same as --v0-v1
    #[arg(long, hide = true)]
    rego_v1: bool,
    /// Read and write Rego v0
    #[arg(long)]
    v0_compatible: bool,
    /// Read Rego v1, which is what happens anyway but with --v0-v1
    #[arg(long)]
    v1_compatible: bool,
}

impl Args {
    /// OPA: `--v0-v1` says what the result is, the other two what is read, v0 before v1.
    fn options(&self, capabilities: Option<&Capabilities>) -> FormatOptions {
        let has = |name: &str| {
            capabilities.is_none_or(|known| known.features().iter().any(|feature| feature == name))
        };
        let both = self.v0_v1 || self.rego_v1;
        let reads_v0 = self.v0_compatible || both && !self.v1_compatible;
        FormatOptions {
            version: if reads_v0 { Grammar::V0 } else { Grammar::V1 },
            target: match (both, self.v0_compatible) {
                (true, _) => Target::V0AndV1,
                (false, true) => Target::V0,
                (false, false) => Target::V1,
            },
            drop_v0_imports: self.drop_v0_imports,
            keywords_in_refs: has(KEYWORDS_IN_REFS),
        }
    }
}

/// Why a file ends it.
enum Stop {
    /// The file is not to be formatted, or would change: what to say, and exit code 2.
    File(String),
    /// A path cannot be walked: exit code 1.
    Path(String),
    /// The output cannot be written.
    Output(anyhow::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Stop::Output(error.into())
    }
}

/// What is asked for.
struct Work<'a> {
    args: &'a Args,
    options: FormatOptions,
    capabilities: Option<Capabilities>,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let capabilities = match args.capabilities.load() {
        Ok(capabilities) => capabilities,
        Err(message) => {
            writeln!(io::stderr(), "{message}")?;
            return Ok(Exit::Refused);
        }
    };
    let work = Work { args, options: args.options(capabilities.as_ref()), capabilities };
    if args.paths.is_empty() {
        return from_stdin(&work);
    }
    for path in &args.paths {
        let path = Path::new(path.strip_prefix("file://").unwrap_or(path));
        let (message, exit) = match walk(&work, path) {
            Ok(()) => continue,
            Err(Stop::File(message)) => (message, Exit::Failure),
            Err(Stop::Path(message)) => (message, Exit::Refused),
            Err(Stop::Output(error)) => return Err(error),
        };
        writeln!(io::stderr(), "{message}")?;
        return Ok(exit);
    }
    Ok(Exit::Success)
}

fn from_stdin(work: &Work<'_>) -> Result<Exit> {
    let mut bytes = Vec::new();
    io::stdin().lock().take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).context("stdin")?;
    let formatted = text_of(bytes).and_then(|text| formatted(work, "stdin", &text));
    match formatted {
        Ok(formatted) => {
            io::stdout().lock().write_all(formatted.as_bytes())?;
            Ok(Exit::Success)
        }
        Err(message) => {
            writeln!(io::stderr(), "{message}")?;
            Ok(Exit::Refused)
        }
    }
}

/// Formats a file, or all of a directory in the order of their names. What is a link to a directory
/// is not entered.
fn walk(work: &Work<'_>, root: &Path) -> Result<(), Stop> {
    let mut open: Vec<(PathBuf, usize)> = vec![(root.to_path_buf(), 0)];
    while let Some((path, depth)) = open.pop() {
        let fail = |does: &str, error: &io::Error| {
            Stop::Path(format!("{does} {}: {}", path.display(), reason(error)))
        };
        let metadata = fs::symlink_metadata(&path).map_err(|e| fail("lstat", &e))?;
        if !metadata.is_dir() {
            if path.extension().is_some_and(|extension| extension == "rego") {
                one(work, &path)?;
            }
            continue;
        }
        if depth > DIRECTORY_DEPTH_MAX {
            let message = format!("{}: more than {DIRECTORY_DEPTH_MAX} deep", path.display());
            return Err(Stop::Path(message));
        }
        let entries = fs::read_dir(&path).map_err(|e| fail("open", &e))?;
        let mut inside = Vec::new();
        for entry in entries {
            inside.push(entry.map_err(|e| fail("open", &e))?.path());
        }
        // The last one is taken first.
        inside.sort_by(|a, b| b.cmp(a));
        open.extend(inside.into_iter().map(|path| (path, depth + 1)));
    }
    Ok(())
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

fn one(work: &Work<'_>, path: &Path) -> Result<(), Stop> {
    let args = work.args;
    let name = path.display().to_string();
    let text = read(path).and_then(text_of).map_err(Stop::File)?;
    let formatted = formatted(work, &name, &text).map_err(Stop::File)?;
    let changed = formatted != text;
    let unexpected = || Err(Stop::File("unexpected diff".to_owned()));
    let mut out = io::stdout().lock();
    if args.list || args.diff {
        if !changed {
            return Ok(());
        }
        if args.list {
            writeln!(out, "{name}")?;
        } else {
            write!(out, "{}", diff(&name, &text, &formatted))?;
        }
        return if args.fail { unexpected() } else { Ok(()) };
    }
    if args.fail && changed {
        return unexpected();
    }
    if !args.write {
        // With --fail alone only the exit code tells.
        return if args.fail { Ok(()) } else { Ok(out.write_all(formatted.as_bytes())?) };
    }
    if changed {
        fs::write(path, formatted).map_err(|error| {
            Stop::File(format!("failed writing formatted contents: {}", reason(&error)))
        })?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let fail = |error: &io::Error| {
        format!("failed to open file: open {}: {}", path.display(), reason(error))
    };
    let file = File::open(path).map_err(|error| fail(&error))?;
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| fail(&error))?;
    Ok(bytes)
}

fn text_of(bytes: Vec<u8>) -> Result<String, String> {
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(format!("larger than {FILE_BYTES_MAX} bytes"));
    }
    String::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())
}

/// Returns the text as it is to look like, or what to say instead. A rule that no longer says the
/// same is told of on the standard error.
fn formatted(work: &Work<'_>, name: &str, text: &str) -> Result<String, String> {
    let options = &work.options;
    let is_stdin = work.args.paths.is_empty();
    let formatted = format(name, text, options).map_err(|errors| {
        let list = report::list_with_source(&report::of_errors(&errors));
        // OPA names the file once more where it is its printer that fails.
        let printer = errors.diagnostics.iter().any(|e| e.message.ends_with("arity mismatch"));
        let list = if printer { format!("{name}: {list}") } else { list };
        if is_stdin { list } else { format!("failed to format Rego source file: {list}") }
    })?;
    if work.args.check_result {
        let capabilities = work.capabilities.as_ref();
        check_formatted("formatted", &formatted, options, capabilities).map_err(|errors| {
            let list = report::list_with_source(&report::of_errors(&errors));
            format!(
                "{name} was successfully formatted, but the result is invalid: {list}\n\nTo \
                 inspect the formatted Rego, you can turn off this check with --check-result=false."
            )
        })?;
        if let Some(warning) = meaning_change(name, text, &formatted, options) {
            let found =
                report::of_diagnostics(&warning.diagnostics, &warning.sources, Severity::Warning);
            // Where the standard error is gone there is nobody left to tell.
            let _ = io::stderr().write_all(report::warnings(&found).as_bytes());
        }
    }
    Ok(formatted)
}

/// Returns what changes as a unified diff.
fn diff(name: &str, text: &str, formatted: &str) -> String {
    TextDiff::from_lines(text, formatted)
        .unified_diff()
        .context_radius(DIFF_CONTEXT_LINES)
        .header(name, name)
        .to_string()
}
