//! `conformance [--verbose] [--plain | --formatted] [--filter TEXT] [--known FILE]
//! [--update-known-failures] [--fmt DIR] DIR…`: runs the cases of the directories (after `--fmt`: of
//! the formatter), prints a line a file, and fails where the outcome differs from the list of known
//! failures. With `--plain` the engine runs traced and without its optimisations, with `--formatted`
//! it is given the modules as `fmt` lays them out.
#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use conformance::judge::Mode;
use conformance::known::Known;
use conformance::run::{FileResult, run_file};
use conformance::{case, fmt, report};

const USAGE: &str = "usage: conformance [--verbose] [--plain | --formatted] [--filter TEXT] \
                     [--known FILE] [--update-known-failures] [--fmt DIR] DIR…";

#[derive(Default)]
struct Arguments {
    dirs: Vec<PathBuf>,
    fmt_dirs: Vec<PathBuf>,
    filter: String,
    known: Option<PathBuf>,
    update: bool,
    verbose: bool,
    mode: Mode,
}

fn main() -> ExitCode {
    let Some(arguments) = parse(std::env::args().skip(1)) else {
        let _ = writeln!(io::stderr(), "{USAGE}");
        return ExitCode::from(2);
    };
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            let _ = writeln!(io::stderr(), "{message}");
            ExitCode::from(2)
        }
    }
}

fn parse(mut from: impl Iterator<Item = String>) -> Option<Arguments> {
    let mut to = Arguments::default();
    while let Some(argument) = from.next() {
        match argument.as_str() {
            "--verbose" | "-v" => to.verbose = true,
            "--update-known-failures" => to.update = true,
            "--plain" => to.mode = Mode::Plain,
            "--formatted" => to.mode = Mode::Formatted,
            "--rewritten" => to.mode = Mode::Rewritten,
            "--fmt" => to.fmt_dirs.push(from.next()?.into()),
            "--filter" => to.filter = from.next()?,
            "--known" => to.known = Some(from.next()?.into()),
            flag if flag.starts_with('-') => return None,
            dir => to.dirs.push(dir.into()),
        }
    }
    (!to.dirs.is_empty() || !to.fmt_dirs.is_empty()).then_some(to)
}

/// Runs everything; returns whether the outcome is as the list says.
fn run(arguments: &Arguments) -> Result<bool, String> {
    let default =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/known_failures.toml");
    let path = arguments.known.as_ref().unwrap_or(&default);
    let mut known = Known::read(path)?;
    // A panic is told as the failure of its case; its own lines would only break up the report.
    std::panic::set_hook(Box::new(|_| {}));
    let results = run_dirs(arguments)?;
    if arguments.update {
        known.update(&results);
        known.write(path)?;
    }
    let deviations = known.deviations(&results);
    report::end(&mut io::stdout(), &results, &deviations).map_err(|e| e.to_string())?;
    Ok(deviations.is_empty())
}

fn run_dirs(arguments: &Arguments) -> Result<Vec<FileResult>, String> {
    let mut results = Vec::new();
    for dir in &arguments.dirs {
        for file in case::read_dir(dir)? {
            let result = run_file(&file, &arguments.filter, arguments.mode);
            show(&result, arguments)?;
            results.push(result);
        }
    }
    for dir in &arguments.fmt_dirs {
        for result in fmt::run_dir(dir, &arguments.filter)? {
            show(&result, arguments)?;
            results.push(result);
        }
    }
    Ok(results)
}

fn show(result: &FileResult, arguments: &Arguments) -> Result<(), String> {
    if result.passed.is_empty() && result.failed.is_empty() {
        return Ok(());
    }
    report::file(&mut io::stdout(), result, arguments.verbose).map_err(|e| e.to_string())
}
