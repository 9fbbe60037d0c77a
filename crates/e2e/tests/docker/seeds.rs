//! The flows of the three tutorials, step by step.

use std::fs;

use crate::bench::{Bench, is_denied, seed, text};
use crate::place::can_run;

/// What the original tells a user whose request the policy rejects.
const REJECTED: &str = "request rejected by administrative policy";

const RUN: &[&str] = &["run", "--rm", "--network", "none", "bb", "echo", "ran"];

/// `create`, since a sandbox may not have what a privileged container needs to start.
const CREATE_PRIVILEGED: &[&str] = &["create", "--network", "none", "--privileged", "bb", "true"];

const UNCONFINED_COLON: &[&str] =
    &["run", "--rm", "--network", "none", "--security-opt", "seccomp:unconfined", "bb", "true"];

#[test]
fn allow_all_then_no_privileged_containers() {
    if !can_run() {
        return;
    }
    let allow_all = seed("000_authz_allow_all.rego");
    let bench = Bench::start("seed0", &allow_all, &["-policy-file", "POLICY"]);
    bench.assert_allowed(&["ps"]);
    bench.until_logged("\"decision_id\"");
    bench.load_image();
    bench.assert_allowed(CREATE_PRIVILEGED);

    bench.write_policy(&seed("000_authz_deny_privileged.rego"));
    bench.until_denied(CREATE_PRIVILEGED, REJECTED);
    bench.assert_allowed(RUN);
    let seen = bench.assert_denied(CREATE_PRIVILEGED);
    let want = format!("authorization denied by plugin {}: {REJECTED}", bench.name);
    assert!(seen.contains(&want), "{seen}");
}

#[test]
fn a_tutorial_in_v0_from_allow_all_to_users() {
    if !can_run() {
        return;
    }
    let bench = Bench::start(
        "seed1",
        &seed("001_allow_all_v0.rego"),
        &[
            "-policy-file",
            "POLICY",
            "-data-file",
            "DIR/users.json",
            "-allowPath",
            "data.opa.example.allow_request",
        ],
    );
    bench.assert_allowed(&["ps"]);
    bench.load_image();

    bench.write_policy(&seed("001_deny_all_v0.rego"));
    bench.until_denied(&["ps"], REJECTED);
    bench.assert_denied(RUN);
    bench.assert_denied(&["pull", "hello-world"]);

    bench.write_policy(&seed("001_seccomp_v0.rego"));
    bench.until_allowed(&["ps"]);
    bench.assert_allowed(RUN);
    bench.assert_denied(UNCONFINED_COLON);

    bench.write_policy(&seed("001_users_v0.rego"));
    bench.until_denied(&["ps"], REJECTED); // nobody in particular is no user
    let as_user = |user: &str, arguments: &[&str]| {
        let output = bench.docker_as(user, arguments);
        (output.status.success(), is_denied(&output), text(&output))
    };
    assert!(matches!(as_user("bob", &["ps"]), (true, false, _)), "bob may read");
    let (_, denied, seen) = as_user("bob", RUN);
    assert!(denied, "bob may not write: {seen}");
    let (ran, _, seen) = as_user("alice", RUN);
    assert!(ran && seen.contains("ran"), "alice may write: {seen}");
    assert!(as_user("alice", &["ps"]).0, "alice may read");
}

#[test]
fn a_note_in_v0_on_privileged_containers() {
    if !can_run() {
        return;
    }
    let policy = seed("002_privileged_v0.rego");
    let bench = Bench::start(
        "seed2",
        &policy,
        &["-policy-file", "POLICY", "-allowPath", "/docker/authz/allow"],
    );
    bench.load_image();
    bench.assert_allowed(RUN);
    assert!(bench.assert_denied(CREATE_PRIVILEGED).contains(REJECTED));
    let run = ["run", "--rm", "--network", "none", "--privileged", "bb", "sh"];
    assert!(bench.assert_denied(&run).contains(REJECTED));
}

#[test]
fn messages_of_a_deny_set_reach_the_user() {
    if !can_run() {
        return;
    }
    let policy = seed("2_1_block_privileged_containers.rego");
    let deny = ["-policy-file", "POLICY", "-deny-path", "data.docker.authz.deny"];
    let bench = Bench::start("deny", &policy, &deny);
    bench.load_image();
    bench.assert_allowed(RUN);
    let seen = bench.assert_denied(CREATE_PRIVILEGED);
    assert!(!seen.contains(REJECTED) && seen.to_lowercase().contains("privileged"), "{seen}");
    let policy = fs::read_to_string(bench.policy_path()).unwrap();
    let message = seen.split(&format!("{}: ", bench.name)).nth(1).unwrap_or_default();
    let message = message.lines().next().unwrap_or_default();
    assert!(policy.contains(message.trim_end_matches('.')), "{message} is the policy's own");
}
