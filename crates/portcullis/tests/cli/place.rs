//! A directory of files, and the binary run in it.

use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// Where a test runs commands. Goes away at its end.
pub(crate) struct Place {
    directory: TempDir,
    stdin: &'static str,
    name: &'static str,
    variables: Vec<(&'static str, &'static str)>,
}

impl Place {
    /// A place with these files: name and content.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        Self { directory, stdin: "", name: "portcullis", variables: Vec::new() }
    }

    /// What the command reads from its standard input.
    pub(crate) fn stdin(mut self, text: &'static str) -> Self {
        self.stdin = text;
        self
    }

    /// The name that the binary is called by.
    pub(crate) fn called(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// An environment variable; there are no others.
    pub(crate) fn variable(mut self, name: &'static str, value: &'static str) -> Self {
        self.variables.push((name, value));
        self
    }

    /// The content of a file, after what was run.
    pub(crate) fn file(&self, name: &str) -> Vec<u8> {
        fs::read(self.directory.path().join(name)).unwrap()
    }

    /// Puts a file in its place, also where there is one.
    pub(crate) fn put(&self, name: &str, content: &[u8]) {
        fs::write(self.directory.path().join(name), content).unwrap();
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    fn spawn(&self, arguments: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_portcullis"))
            .arg0(self.name)
            .args(arguments)
            .current_dir(self.directory.path())
            .env_clear()
            .envs(self.variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Runs the binary with nobody at the other end of its output; returns exit code and complaints.
    pub(crate) fn run_unread(&self, arguments: &[&str]) -> (i32, String) {
        let mut child = self.spawn(arguments);
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    }

    /// Runs the binary; returns exit code, output and complaints.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let mut child = self.spawn(arguments);
        // A command that does not read its input may be gone before it is written.
        let _ = child.stdin.take().unwrap().write_all(self.stdin.as_bytes());
        let output = child.wait_with_output().unwrap();
        let mut shown = format!("exit {}\n", output.status.code().unwrap());
        for (name, bytes) in [("stdout", output.stdout), ("stderr", output.stderr)] {
            if !bytes.is_empty() {
                shown += &format!("--- {name}\n{}", String::from_utf8(bytes).unwrap());
            }
        }
        shown
    }
}

/// Runs the binary in an empty place.
pub(crate) fn run(arguments: &[&str]) -> String {
    Place::with(&[]).run(arguments)
}
