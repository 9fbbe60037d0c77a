//! The interactive shell: what `run` is without `--server`.
//!
//! `session.rs` is the shell without a terminal: a line in, text out. Here are the two ways that
//! lines come: from a person, with a prompt, history and editing; or from a script, one after another.
//!
//! Source: OPA documentation, "REPL" (`opa run`).

mod command;
mod continuation;
mod definitions;
mod evaluate;
mod session;
mod show;

use std::io::{BufRead, IsTerminal, Read, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;

pub(crate) use self::session::{Look, Setup};
use self::session::{Next, Session};
use crate::exit::Exit;

/// Longest line of a script, in bytes. Ours.
const LINE_BYTES_MAX: u64 = 16 << 20;

/// Runs the shell until the end of its input or `exit`.
///
/// Errors: what is loaded at the start does not load or compile; the terminal fails.
pub(crate) fn run(setup: Setup, history: Option<&str>) -> Result<Exit> {
    let mut session = Session::start(setup)?;
    if std::io::stdin().is_terminal() {
        converse(&mut session, history)?;
    } else {
        read_script(&mut session)?;
    }
    Ok(Exit::Success)
}

/// Reads lines of the standard input, and prints only what they give.
fn read_script(session: &mut Session) -> Result<()> {
    let mut input = std::io::stdin().lock();
    loop {
        let mut line = Vec::new();
        let read = input.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
        let text = String::from_utf8_lossy(&line);
        let next = if read == 0 { session.end() } else { session.line(text.trim_end()) };
        print(&next)?;
        if read == 0 || matches!(next, Next::Exit) {
            return Ok(());
        }
    }
}

/// Talks to a person.
fn converse(session: &mut Session, history: Option<&str>) -> Result<()> {
    let mut editor = DefaultEditor::new().context("the terminal cannot be used")?;
    let history = history_path(history);
    if let Some(path) = &history {
        // The first time there is none.
        let _ = editor.load_history(path);
    }
    say(&format!(
        "Portcullis {}\n\nRun 'help' to see a list of commands.\n",
        env!("CARGO_PKG_VERSION")
    ))?;
    loop {
        let line = match editor.readline(session.prompt()) {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => {
                session.forget();
                continue;
            }
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(error).context("the terminal cannot be read"),
        };
        if !line.trim().is_empty() {
            // Whether it is remembered does not matter to the answer.
            let _ = editor.add_history_entry(line.as_str());
        }
        let next = session.line(&line);
        print(&next)?;
        if matches!(next, Next::Exit) {
            break;
        }
    }
    if let Some(path) = &history
        && let Err(error) = editor.save_history(path)
    {
        writeln!(std::io::stderr(), "history not saved to {}: {error}", path.display())?;
    }
    Ok(())
}

fn print(next: &Next) -> Result<()> {
    match next {
        Next::Text(text) if !text.is_empty() => say(text),
        _ => Ok(()),
    }
}

fn say(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", text.trim_end_matches('\n'))?;
    Ok(out.flush()?)
}

/// OPA's file, unless another is named.
fn history_path(history: Option<&str>) -> Option<PathBuf> {
    match history {
        Some("") => None,
        Some(path) => Some(PathBuf::from(path)),
        None => std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".opa_history")),
    }
}
