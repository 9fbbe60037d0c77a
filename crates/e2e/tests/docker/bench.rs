//! The test bench: a directory with a daemon and a gate, gone when the test is over.

use std::fs::{self, File};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::place::write_image;
use crate::shared_place::{binary, shared};
use crate::{http, wait};

/// Where the daemon looks for plugins.
const PLUGINS: &str = "/run/docker/plugins";

/// A command of the client may take this long.
const COMMAND_MAX: Duration = Duration::from_secs(90);

/// A daemon or a gate may take this long to start or to stop.
const START_MAX: Duration = Duration::from_secs(40);

/// A change of the policy may take this long to be in force.
pub(crate) const RELOAD_MAX: Duration = Duration::from_secs(10);

/// Data for policies that tell users apart.
const USERS: &str = r#"{"users": {"alice": {"readOnly": false}, "bob": {"readOnly": true}}}"#;

/// A gate, and a daemon that asks it.
pub(crate) struct Bench {
    /// The name of the plugin.
    pub(crate) name: String,
    dir: PathBuf,
    gate: Option<Child>,
    daemon: Option<Child>,
    arguments: Vec<String>,
}

impl Bench {
    /// Starts a gate with these arguments of opa-docker-authz, and a daemon with the plugin.
    /// `POLICY` in an argument stands for the path of the policy file, `DIR` for the directory.
    pub(crate) fn start(name: &str, policy: &str, arguments: &[&str]) -> Self {
        let mut bench = Self::prepare(name, policy, arguments);
        bench.start_gate();
        bench.start_daemon();
        bench
    }

    /// Makes the directory of a test, and starts nothing yet.
    pub(crate) fn prepare(name: &str, policy: &str, arguments: &[&str]) -> Self {
        forget_the_dead();
        let name = format!("portcullis-{name}-{}", std::process::id());
        let dir = std::env::temp_dir().join(&name);
        fs::create_dir_all(&dir).unwrap();
        let (policy_file, place) = (dir.join("policy.rego"), dir.display().to_string());
        if !policy.is_empty() {
            fs::write(&policy_file, policy).unwrap();
        }
        fs::write(dir.join("users.json"), USERS).unwrap();
        let filled = |argument: &&str| {
            let argument = argument.replace("POLICY", &policy_file.display().to_string());
            argument.replace("DIR", &place)
        };
        let arguments = arguments.iter().map(filled).collect();
        let bench = Self { name, dir, gate: None, daemon: None, arguments };
        bench.config("alice", "alice");
        bench.config("bob", "bob");
        bench
    }

    /// Starts the gate under the name of the original.
    pub(crate) fn start_gate(&mut self) {
        let program = self.dir.join("opa-docker-authz");
        if !program.exists() {
            std::os::unix::fs::symlink(binary(), &program).unwrap();
        }
        let log = File::options().create(true).append(true).open(self.log_path()).unwrap();
        let gate = Command::new(program)
            .current_dir(&self.dir)
            .args(["-plugin-name", &self.name])
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stderr(log.try_clone().unwrap())
            .stdout(log)
            .spawn()
            .unwrap();
        self.gate = Some(gate);
        let socket = self.gate_socket();
        wait::until("the gate's socket", START_MAX, || {
            let running = self.gate.as_mut().unwrap().try_wait().unwrap().is_none();
            assert!(running, "the gate has ended:\n{}", self.log());
            UnixStream::connect(&socket).is_ok()
        });
    }

    /// Starts the daemon, which has to find the gate.
    pub(crate) fn start_daemon(&mut self) {
        let config = format!("{{\"authorization-plugins\": [\"{}\"]}}", self.name);
        self.start_daemon_with(&config);
    }

    /// Starts the daemon with this configuration.
    pub(crate) fn start_daemon_with(&mut self, config: &str) {
        let path = |name: &str| self.dir.join(name).display().to_string();
        let log = File::options().create(true).append(true).open(path("dockerd.log")).unwrap();
        fs::write(path("daemon.json"), config).unwrap();
        let mut command = Command::new("dockerd");
        command
            .args(["--config-file", &path("daemon.json"), "--data-root", &path("data")])
            .args(["--exec-root", &path("exec"), "--pidfile", &path("pid")])
            .args(["-H", &format!("unix://{}", path("docker.sock"))])
            .args(["--iptables=false", "--bridge=none", "--storage-driver=vfs"])
            .stdin(Stdio::null())
            .stderr(log.try_clone().unwrap())
            .stdout(log)
            .process_group(0);
        self.daemon = Some(command.spawn().unwrap());
        let socket = self.socket();
        wait::until("the daemon", START_MAX, || {
            let running = self.daemon.as_mut().unwrap().try_wait().unwrap().is_none();
            let log = || fs::read_to_string(self.dir.join("dockerd.log")).unwrap_or_default();
            assert!(running, "the daemon has ended:\n{}", log());
            http::send(&socket, "GET /_ping", None).is_some()
        });
    }

    /// Loads the image `bb`. Needs a policy that allows it.
    pub(crate) fn load_image(&self) {
        let image = write_image(&self.dir);
        let load = self.docker(&["import", "-c", "CMD [\"/bin/sh\"]", &image, "bb:latest"]);
        assert!(load.status.success(), "{}", text(&load));
    }

    /// Writes the configuration of a client that says who it is.
    fn config(&self, name: &str, user: &str) {
        let dir = self.dir.join(name);
        fs::create_dir_all(&dir).unwrap();
        let config = format!("{{\"HttpHeaders\": {{\"Authz-User\": \"{user}\"}}}}");
        fs::write(dir.join("config.json"), config).unwrap();
    }

    /// Runs the client as nobody in particular.
    pub(crate) fn docker(&self, arguments: &[&str]) -> Output {
        wait::output(&mut self.command(None, arguments), COMMAND_MAX)
    }

    /// Runs the client as a user.
    pub(crate) fn docker_as(&self, user: &str, arguments: &[&str]) -> Output {
        wait::output(&mut self.command(Some(user), arguments), COMMAND_MAX)
    }

    /// Returns the command that runs the client.
    pub(crate) fn command(&self, user: Option<&str>, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        let config = self.dir.join(user.unwrap_or("nobody"));
        command.env("DOCKER_CONFIG", config).args(arguments);
        command.env("DOCKER_HOST", format!("unix://{}", self.socket().display()));
        command
    }

    /// Replaces the policy, as an editor does: by a rename.
    pub(crate) fn write_policy(&self, policy: &str) {
        let new = self.dir.join("policy.rego.new");
        fs::write(&new, policy).unwrap();
        fs::rename(new, self.policy_path()).unwrap();
    }

    /// Waits until a command is denied with this text in the reason.
    #[track_caller]
    pub(crate) fn until_denied(&self, arguments: &[&str], reason: &str) {
        wait::until(&format!("{arguments:?} denied: {reason}"), RELOAD_MAX, || {
            let output = self.docker(arguments);
            is_denied(&output) && text(&output).contains(reason)
        });
    }

    /// Waits until a command succeeds.
    #[track_caller]
    pub(crate) fn until_allowed(&self, arguments: &[&str]) {
        wait::until(&format!("{arguments:?} allowed"), RELOAD_MAX, || {
            self.docker(arguments).status.success()
        });
    }

    /// Asserts that a command succeeds.
    #[track_caller]
    pub(crate) fn assert_allowed(&self, arguments: &[&str]) {
        let output = self.docker(arguments);
        assert!(output.status.success(), "{arguments:?}: {}\n{}", text(&output), self.log());
    }

    /// Asserts that a command is denied by this plugin; returns what the user sees.
    #[track_caller]
    pub(crate) fn assert_denied(&self, arguments: &[&str]) -> String {
        let output = self.docker(arguments);
        let seen = text(&output);
        assert!(is_denied(&output), "{arguments:?}: {seen}\n{}", self.log());
        assert!(seen.contains(&self.name), "the answer names the plugin: {seen}");
        seen
    }

    /// Waits for a text in the gate's log.
    #[track_caller]
    pub(crate) fn until_logged(&self, what: &str) {
        wait::until(&format!("`{what}` in the gate's log"), RELOAD_MAX, || {
            self.log().contains(what)
        });
    }

    /// Returns what the gate has printed.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// Sends the gate a signal.
    pub(crate) fn signal_gate(&self, signal: Signal) {
        let id = self.gate.as_ref().unwrap().id();
        kill_process(Pid::from_raw(i32::try_from(id).unwrap()).unwrap(), signal).unwrap();
    }

    /// Sends the daemon a signal.
    pub(crate) fn signal_daemon(&self, signal: Signal) {
        let id = self.daemon.as_ref().unwrap().id();
        kill_process(Pid::from_raw(i32::try_from(id).unwrap()).unwrap(), signal).unwrap();
    }

    /// Ends the daemon.
    pub(crate) fn stop_daemon(&mut self) {
        stop(self.daemon.as_mut().unwrap());
        self.daemon = None;
    }

    /// Waits until the gate has ended; returns whether it ended well.
    pub(crate) fn gate_ended(&mut self) -> bool {
        let mut gate = self.gate.take().unwrap();
        assert!(wait::ended(&mut gate, START_MAX), "the gate does not end");
        gate.wait().unwrap().success()
    }

    /// The directory of the test, where the gate runs.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The path of the policy.
    pub(crate) fn policy_path(&self) -> PathBuf {
        self.dir.join("policy.rego")
    }

    /// The daemon's socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.join("docker.sock")
    }

    /// The gate's socket.
    pub(crate) fn gate_socket(&self) -> PathBuf {
        Path::new(PLUGINS).join(format!("{}.sock", self.name))
    }

    fn log_path(&self) -> PathBuf {
        self.dir.join("gate.log")
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            stop(&mut daemon);
            kill_left_behind(&self.dir.join("exec/containerd/containerd.pid"));
        }
        if let Some(mut gate) = self.gate.take() {
            stop(&mut gate);
        }
        let _ = fs::remove_file(self.gate_socket());
        unmount_below(&self.dir);
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// Removes sockets of benches whose test was killed: a daemon waits fifteen seconds for each of them
/// whenever it looks for plugins of volumes.
fn forget_the_dead() {
    for entry in fs::read_dir(PLUGINS).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let ours = name.strip_prefix("portcullis-").and_then(|rest| rest.strip_suffix(".sock"));
        let process = ours.and_then(|rest| rest.rsplit('-').next()?.parse::<u32>().ok());
        if process.is_some_and(|process| !Path::new(&format!("/proc/{process}")).exists()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Ends a process: kindly, then not.
fn stop(child: &mut Child) {
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, Signal::TERM);
    }
    if !wait::ended(child, Duration::from_secs(15)) {
        let _ = child.kill();
    }
    let _ = child.wait();
}

/// Ends the containerd of a daemon that did not end it itself.
fn kill_left_behind(pid_file: &Path) {
    let number = fs::read_to_string(pid_file).ok().and_then(|text| text.trim().parse().ok());
    let Some(pid) = number.and_then(Pid::from_raw) else { return };
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    if name.trim() == "containerd" {
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// Takes down what containers have left mounted.
fn unmount_below(dir: &Path) {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let below = mounts.lines().filter_map(|line| line.split(' ').nth(1));
    let mut below: Vec<_> = below.filter(|path| Path::new(path).starts_with(dir)).collect();
    below.reverse();
    for path in below {
        let _ = Command::new("umount").args(["-l", path]).status();
    }
}

/// Whether the daemon refused because the plugin said so.
pub(crate) fn is_denied(output: &Output) -> bool {
    !output.status.success() && text(output).contains("authorization denied by plugin")
}

/// Returns all that a command printed.
pub(crate) fn text(output: &Output) -> String {
    let both = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&both).into_owned()
}

/// Returns one of the seeds' policies.
pub(crate) fn seed(name: &str) -> String {
    fs::read_to_string(shared().join("seeds/policies").join(name)).unwrap()
}
