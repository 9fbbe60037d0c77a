//! What happens to decisions while the policy breaks, goes and comes back, and the gate with it.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;

use crate::bench::{Bench, is_denied, seed, text};
use crate::place::can_run;
use crate::wait;

const CREATE_PRIVILEGED: &[&str] = &["create", "--network", "none", "--privileged", "bb", "true"];

#[test]
fn a_policy_that_breaks_goes_and_comes_back() {
    if !can_run() {
        return;
    }
    let good = seed("000_authz_deny_privileged.rego");
    let bench = Bench::start("policy", &good, &["-policy-file", "POLICY"]);
    bench.load_image();
    bench.assert_denied(CREATE_PRIVILEGED);

    // Broken: the last good one stays, and the log says where it broke.
    bench.write_policy("package docker.authz\n\nallow if {\n");
    bench.until_logged("policy.rego:");
    bench.assert_allowed(&["ps"]);
    bench.assert_denied(CREATE_PRIVILEGED);

    // Gone: everything is refused, and the user learns why.
    fs::remove_file(bench.policy_path()).unwrap();
    bench.until_denied(&["ps"], "missing");
    bench.assert_denied(CREATE_PRIVILEGED);

    // Back.
    bench.write_policy(&good);
    bench.until_allowed(&["ps"]);
    bench.assert_denied(CREATE_PRIVILEGED);

    // A decision that is no boolean, or not there, is no permission.
    bench.write_policy("package docker.authz\n\nallow := \"true\"\n");
    bench.until_denied(&["ps"], "not a boolean");
    bench.write_policy("package docker.authz\n\nallow if input.nothing\n");
    bench.until_denied(&["ps"], "undefined");

    // One that never ends is cut short.
    bench.write_policy(
        "package docker.authz\n\nallow if {\n\tsome a in numbers.range(1, 100000)\n\t\
         some b in numbers.range(1, 100000)\n\ta + b + count(input.Path) == 0\n}\n",
    );
    bench.until_denied(&["ps"], "request rejected");
}

#[test]
fn reload_on_hangup() {
    if !can_run() {
        return;
    }
    let bench =
        Bench::start("hangup", &seed("000_authz_allow_all.rego"), &["-policy-file", "POLICY"]);
    bench.assert_allowed(&["ps"]);
    bench.signal_gate(Signal::HUP);
    bench.assert_allowed(&["ps"]);
    bench.write_policy("package docker.authz\n\nallow := false\n");
    bench.signal_gate(Signal::HUP);
    bench.until_denied(&["ps"], "request rejected by administrative policy");
}

#[test]
fn a_gate_that_is_killed_and_started_again() {
    if !can_run() {
        return;
    }
    let policy = seed("000_authz_deny_privileged.rego");
    let mut bench = Bench::start("killed", &policy, &["-policy-file", "POLICY"]);
    bench.load_image();
    bench.signal_gate(Signal::KILL);
    assert!(!bench.gate_ended());
    assert!(bench.gate_socket().exists(), "a killed gate leaves its socket");

    // Nothing is allowed while the gate is away; the daemon keeps asking for it.
    let mut command = bench.command(None, &["ps"]);
    let mut waiting = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let ended = wait::ended(&mut waiting, Duration::from_secs(1));
    assert!(!ended || !waiting.wait().unwrap().success(), "allowed without a gate");

    bench.start_gate();
    assert!(wait::ended(&mut waiting, Duration::from_secs(45)), "the daemon finds the gate again");
    let output = waiting.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    bench.assert_allowed(&["ps"]);
    assert!(is_denied(&bench.docker(CREATE_PRIVILEGED)));

    bench.signal_gate(Signal::TERM);
    assert!(bench.gate_ended(), "a gate that is told to stop ends well: {}", bench.log());
    assert!(!bench.gate_socket().exists(), "and takes its socket away");
    bench.start_gate(); // so that the daemon can stop quickly
}
