//! The shell at a terminal: editing, lines that go on, history from one run to the next.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::place::Place;

/// How long an answer may take: others use the machine, too.
const PATIENCE: Duration = Duration::from_secs(30);

/// What keys send.
const UP: &str = "\x1b[A";
const BACKSPACE: &str = "\x7f";
const INTERRUPT: &str = "\x03";
const END: &str = "\x04";

/// The shell, and the other end of its terminal.
struct Terminal {
    shell: Child,
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    /// What was shown and not waited for yet.
    shown: String,
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

impl Terminal {
    /// A shell that remembers its lines in `history`.
    fn start(place: &Place) -> Self {
        let primary = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&primary).unwrap();
        unlockpt(&primary).unwrap();
        let name = ptsname(&primary, Vec::new()).unwrap();
        let name = Path::new(std::ffi::OsStr::from_bytes(name.to_bytes()));
        let secondary = OpenOptions::new().read(true).write(true).open(name).unwrap();
        let shell = Command::new(env!("CARGO_BIN_EXE_portcullis"))
            .arg0("portcullis")
            .args(["run", "--history", "history"])
            .current_dir(place.path())
            .env_clear()
            .env("TERM", "xterm")
            .stdin(secondary.try_clone().unwrap())
            .stdout(secondary.try_clone().unwrap())
            .stderr(secondary)
            .spawn()
            .unwrap();
        let keyboard = File::from(primary);
        let mut output = keyboard.try_clone().unwrap();
        let (sender, screen) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut buffer) {
                if sender.send(buffer[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        let mut terminal = Self { shell, keyboard, screen, shown: String::new() };
        terminal.until("> ");
        terminal
    }

    /// Waits until this is shown, after what was waited for before.
    #[track_caller]
    fn until(&mut self, wanted: &str) {
        loop {
            if let Some((_, rest)) = self.shown.split_once(wanted) {
                self.shown = rest.to_owned();
                return;
            }
            let Ok(bytes) = self.screen.recv_timeout(PATIENCE) else {
                panic!("{wanted:?} is not in {:?}", self.shown);
            };
            self.shown.push_str(&String::from_utf8_lossy(&bytes));
        }
    }

    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Types a line; waits for its answer, and until the shell asks for the next.
    #[track_caller]
    fn say(&mut self, keys: &str, answer: &str) {
        self.press(&format!("{keys}\r"));
        self.until("\n");
        self.until(answer);
        self.until("> ");
    }

    /// Types a line that goes on; waits until the shell asks for more of it.
    #[track_caller]
    fn begin(&mut self, keys: &str) {
        self.press(&format!("{keys}\r"));
        self.until("\n");
        self.until("| ");
    }

    /// Gives up what was begun.
    #[track_caller]
    fn interrupt(&mut self) {
        self.press(INTERRUPT);
        self.until("> ");
    }

    /// Ends the shell, which is to end well.
    #[track_caller]
    fn end(mut self) {
        self.press(END);
        assert!(self.shell.wait().unwrap().success());
    }
}

#[test]
fn statements_go_on_over_lines_at_a_terminal() {
    let place = Place::with(&[]);
    let mut terminal = Terminal::start(&place);
    terminal.begin("p if {");
    terminal.begin("1 == 1");
    terminal.say("}", "Rule 'p' defined in package repl.");
    terminal.begin("[p,");
    terminal.interrupt();
    terminal.say("count([1, 2, 3])", "3\r\n");
    terminal.end();
}

#[test]
fn lines_come_back_from_the_history() {
    let place = Place::with(&[]);
    let mut terminal = Terminal::start(&place);
    terminal.say("limit := 7", "Rule 'limit' defined");
    terminal.say("limit", "7\r\n");
    terminal.say(&format!("{UP}{UP}{BACKSPACE}9"), "Rule 'limit' re-defined");
    terminal.say("limit", "9\r\n");
    terminal.end();
    let history = String::from_utf8(place.file("history")).unwrap();
    assert!(history.ends_with("limit := 7\nlimit\nlimit := 9\nlimit\n"), "{history}");

    let mut terminal = Terminal::start(&place);
    terminal.say(&format!("{UP}{UP}"), "Rule 'limit' defined");
    terminal.say("limit", "9\r\n");
    terminal.end();
}
