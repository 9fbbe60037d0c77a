//! The gate as a managed plugin, and in a container, of the daemon that it decides for.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value as Json;

use crate::bench::{Bench, is_denied, text};
use crate::place::can_run_with;
use crate::shared_place::{binary, packaging};
use crate::wait;

/// Making a plugin or an image of the binary may take this long.
const BUILD_MAX: Duration = Duration::from_secs(120);

/// Allows everything, but what ends in a directory that tests call forbidden.
const POLICY: &str = r#"package docker.authz

deny contains "it leads to a forbidden place" if {
	some mount in input.BindMounts
	endswith(mount.Resolved, "/forbidden")
}

deny contains "privileged" if input.Body.HostConfig.Privileged == true

allow if count(deny) == 0
"#;

const RUN: &[&str] = &["run", "--rm", "--network", "none", "bb", "echo", "ran"];
const CREATE_PRIVILEGED: &[&str] = &["create", "--network", "none", "--privileged", "bb", "true"];

#[test]
fn a_managed_plugin_from_nothing_to_a_restart_of_the_daemon() {
    if !can_run_with(&["bash", "ldd", "awk"]) {
        return;
    }
    let mut bench = Bench::prepare("managed", POLICY, &[]);
    prepare(&bench);
    bench.start_daemon_with("{}");
    bench.load_image();
    let name = format!("{}:1", bench.name);
    build(&bench, "plugin/build", &name);
    let policies = format!("policies.source={}", bench.dir().join("policies").display());
    let arguments = "args=-policy-file /policies/policy.rego -deny-path data.docker.authz.deny";
    bench.assert_allowed(&["plugin", "set", &name, &policies, arguments]);
    bench.assert_allowed(&["plugin", "enable", &name]);
    bench.assert_allowed(CREATE_PRIVILEGED); // nobody asks it yet
    bench.assert_allowed(&["plugin", "inspect", &name]);

    fs::write(bench.dir().join("daemon.json"), enforcing(&name)).unwrap();
    bench.signal_daemon(Signal::HUP);
    bench.until_denied(CREATE_PRIVILEGED, "privileged");
    assert_decides(&bench, &name);
    assert_gave_up(gate_process(&bench, "plugins"));

    // The policy allows all of these; the gate does not.
    for arguments in [
        &["plugin", "disable", "-f", &name][..],
        &["plugin", "disable", &name],
        &["plugin", "rm", "-f", &name],
        &["plugin", "set", &name, "args="],
        &["create", "-v", &format!("{}:/x", bench.dir().join("policies").display()), "bb", "true"],
    ] {
        let seen = bench.assert_denied(arguments);
        assert!(seen.contains("protects itself"), "{arguments:?}: {seen}");
    }

    // The policy's file may change under it.
    let new = POLICY.replace("privileged\" if", "very privileged\" if");
    replace(&bench.dir().join("policies/policy.rego"), &new);
    bench.until_denied(CREATE_PRIVILEGED, "very privileged");

    // And a restart of the daemon starts it again, before anybody is served.
    bench.stop_daemon();
    bench.start_daemon_with(&enforcing(&name));
    let seen = bench.assert_denied(CREATE_PRIVILEGED);
    assert!(seen.contains("very privileged"), "{seen}");
    assert_decides(&bench, &name);
}

#[test]
fn a_gate_in_a_container_of_its_daemon() {
    if !can_run_with(&["bash", "ldd", "awk"]) {
        return;
    }
    let mut bench = Bench::prepare("container", POLICY, &[]);
    prepare(&bench);
    bench.start_daemon_with("{}");
    bench.load_image();
    build(&bench, "container/build", "gate-image");
    let policies = format!("{}:/policies:ro", bench.dir().join("policies").display());
    // As the Containerfile says.
    let options = "run -d --name gate --network none --read-only --cap-drop ALL \
                   --cap-add DAC_READ_SEARCH --security-opt no-new-privileges \
                   -v /run/docker/plugins:/run/docker/plugins -v /:/host:ro";
    let mut arguments: Vec<_> = options.split_whitespace().collect();
    let name = bench.name.clone();
    arguments.extend(["-v", &policies, "gate-image", "-plugin-name", &name]);
    arguments.extend(["-policy-file", "/policies/policy.rego"]);
    arguments.extend(["-deny-path", "data.docker.authz.deny", "-protect-container", "gate"]);
    bench.assert_allowed(&arguments);
    wait::until("the gate's socket", Duration::from_secs(20), || bench.gate_socket().exists());
    fs::write(bench.dir().join("daemon.json"), enforcing(&name)).unwrap();
    bench.signal_daemon(Signal::HUP);
    bench.until_denied(CREATE_PRIVILEGED, "privileged");
    assert_decides(&bench, &name);
    assert_gave_up(gate_process(&bench, "gate"));
    for arguments in [&["stop", "gate"][..], &["kill", "gate"], &["rm", "-f", "gate"]] {
        let seen = bench.assert_denied(arguments);
        assert!(seen.contains("protects itself"), "{arguments:?}: {seen}");
    }
}

/// Makes the policy's directory, and a link that leads to a forbidden place through a directory that
/// only its owner may look into.
fn prepare(bench: &Bench) {
    let dir = bench.dir();
    fs::create_dir(dir.join("policies")).unwrap();
    fs::write(dir.join("policies/policy.rego"), POLICY).unwrap();
    for place in ["forbidden", "allowed", "private"] {
        fs::create_dir(dir.join(place)).unwrap();
    }
    symlink(dir.join("forbidden"), dir.join("private/link")).unwrap();
    let private = dir.join("private").display().to_string();
    let owned = Command::new("sh")
        .args(["-c", "chown 12345:12345 \"$0\" && chmod 0700 \"$0\"", &private])
        .status();
    assert!(owned.unwrap().success());
}

#[track_caller]
fn build(bench: &Bench, script: &str, name: &str) {
    let mut build = Command::new(packaging().join(script));
    build.arg("--binary").arg(binary()).arg(name);
    build.env("DOCKER_HOST", format!("unix://{}", bench.socket().display()));
    build.env("DOCKER_CONFIG", bench.dir().join("nobody")).env("DOCKER_BUILDKIT", "0");
    let built = wait::output(&mut build, BUILD_MAX);
    assert!(built.status.success(), "{script}: {}", text(&built));
}

fn enforcing(name: &str) -> String {
    format!("{{\"authorization-plugins\": [\"{name}\"]}}")
}

#[track_caller]
fn assert_decides(bench: &Bench, name: &str) {
    let ran = bench.docker(RUN);
    assert!(ran.status.success() && text(&ran).contains("ran"), "{}", text(&ran));
    bench.assert_allowed(&["ps", "-a"]);
    let bind = |place: &str| {
        let volume = format!("{}:/x", bench.dir().join(place).display());
        bench.docker(&["create", "--network", "none", "-v", &volume, "bb", "true"])
    };
    for (place, allowed) in [("allowed", true), ("forbidden", false), ("private/link", false)] {
        let output = bind(place);
        let seen = text(&output);
        assert_eq!(output.status.success(), allowed, "{place}: {seen}");
        assert!(allowed || is_denied(&output) && seen.contains(name), "{place}: {seen}");
    }
}

/// Returns what the system says of the one process that runs the gate for this bench: its
/// `/proc/PID/status`. `mark` is a part of its control group's or mount's path.
#[track_caller]
fn gate_process(bench: &Bench, mark: &str) -> String {
    let is_gate = |status: &str| status.starts_with("Name:\topa-docker-auth\n");
    let processes = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| {
        let status = fs::read_to_string(entry.path().join("status")).ok()?;
        let mounts = fs::read_to_string(entry.path().join("mountinfo")).ok()?;
        let here = bench.dir().display().to_string();
        // Its root is below the daemon's data, and that is what it sees as `/`.
        (is_gate(&status) && mounts.contains(&here) && !mounts.contains(" / / ")).then_some(status)
    });
    let found: Vec<_> = processes.collect();
    assert_eq!(found.len(), 1, "{mark}: {found:?}");
    found.into_iter().next().unwrap()
}

/// Asserts that a process has no capability but to look into every directory, and gets no more.
#[track_caller]
fn assert_gave_up(status: String) {
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().last().unwrap().to_owned()
    };
    for set in ["CapEff:", "CapPrm:", "CapBnd:"] {
        let bits = u64::from_str_radix(&field(set), 16).unwrap();
        // The container's has no capability to shrink what bounds it by: docker did.
        assert_eq!(bits, 1 << 2, "{set} {status}");
    }
    assert_eq!(field("NoNewPrivs:"), "1", "{status}");
}

/// What an editor does: the file is never half of the new one.
fn replace(path: &Path, content: &str) {
    let new = path.with_extension("new");
    fs::write(&new, content).unwrap();
    fs::rename(new, path).unwrap();
}

#[test]
fn the_plugin_asks_for_little() {
    let config = fs::read_to_string(packaging().join("plugin/config.json")).unwrap();
    let config: Json = serde_json::from_str(&config).unwrap();
    assert_eq!(config["network"]["type"], "none");
    assert_eq!(config["linux"]["capabilities"], serde_json::json!(["CAP_DAC_READ_SEARCH"]));
    let mounts = config["mounts"].as_array().unwrap();
    assert_eq!(mounts.len(), 2);
    for mount in mounts {
        assert_eq!(mount["options"], serde_json::json!(["rbind", "ro"]), "{mount}");
    }
    // The socket's name is the one that the gate is told.
    let entrypoint = config["entrypoint"].to_string();
    assert!(entrypoint.contains("\"-plugin-name\",\"authz\""), "{entrypoint}");
    assert_eq!(config["interface"]["socket"], "authz.sock");
}
