//! `rest-conformance [--server PATH] [--filter NOTE] [--verbose] [--known FILE]
//! [--update-known-failures] DIR…`: takes a server through the transcripts of the directories, prints
//! a line a file, and fails where the outcome differs from the list of known failures.
//!
//! Without `--server` the binary is `portcullis` beside this one.
//!
//! Must not know: how steps are sent or judged.
#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rest_conformance::error::Error;
use rest_conformance::known::Known;
use rest_conformance::report::{self, Details};
use rest_conformance::{run, scenario};

const USAGE: &str = "usage: rest-conformance [--server PATH] [--filter NOTE] [--verbose] \
                     [--known FILE] [--update-known-failures] DIR…";

#[derive(Default)]
struct Arguments {
    dirs: Vec<PathBuf>,
    server: Option<PathBuf>,
    filter: String,
    known: Option<PathBuf>,
    update: bool,
    details: Details,
}

fn main() -> ExitCode {
    let Some(arguments) = parse(std::env::args().skip(1)) else {
        let _ = writeln!(io::stderr(), "{USAGE}");
        return ExitCode::from(2);
    };
    match judge(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::from(2)
        }
    }
}

fn parse(mut from: impl Iterator<Item = String>) -> Option<Arguments> {
    let mut to = Arguments::default();
    while let Some(argument) = from.next() {
        match argument.as_str() {
            "--verbose" | "-v" => to.details = Details::Steps,
            "--update-known-failures" => to.update = true,
            "--filter" => to.filter = from.next()?,
            "--server" => to.server = Some(from.next()?.into()),
            "--known" => to.known = Some(from.next()?.into()),
            flag if flag.starts_with('-') => return None,
            dir => to.dirs.push(dir.into()),
        }
    }
    (!to.dirs.is_empty()).then_some(to)
}

/// Runs everything; returns whether the outcome is as the list says.
fn judge(arguments: &Arguments) -> Result<bool, Error> {
    let default =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/rest_known_failures.toml");
    let path = arguments.known.as_ref().unwrap_or(&default);
    let mut known = Known::read(path)?;
    let server = match &arguments.server {
        Some(server) => server.clone(),
        None => beside_this()?,
    };
    let mut files = Vec::new();
    for dir in &arguments.dirs {
        files.extend(scenario::read_dir(dir)?);
    }
    let results = run::run(&server, &files, &arguments.filter);
    if arguments.update {
        known.update(&results);
        known.write(path)?;
    }
    let deviations = known.deviations(&results);
    let mut out = io::stdout().lock();
    for result in results.iter().filter(|result| !result.steps.is_empty()) {
        report::file(&mut out, result, arguments.details).map_err(Error::Report)?;
    }
    report::end(&mut out, &results, &deviations).map_err(Error::Report)?;
    Ok(deviations.is_empty())
}

fn beside_this() -> Result<PathBuf, Error> {
    Ok(std::env::current_exe().map_err(Error::Start)?.with_file_name("portcullis"))
}
