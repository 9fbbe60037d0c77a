//! The first tutorial, step by step: a bundle built as printed, served by nginx, and a gate that is
//! given the tutorial's configuration.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value as Json, json};

use crate::bench::{Bench, seed, text};
use crate::nginx::Nginx;
use crate::place::can_run_with;
use crate::shared_place::binary;
use crate::wait;

const BUILD_MAX: Duration = Duration::from_secs(30);

/// A bundle is asked for every second; it is in force in this time.
const ACTIVE_MAX: Duration = Duration::from_secs(20);

/// What the user of a tutorial sees.
const REJECTED: &str = "request rejected by administrative policy";

const CREATE: &[&str] = &["create", "--network", "none", "bb", "true"];
const CREATE_PRIVILEGED: &[&str] = &["create", "--network", "none", "--privileged", "bb", "true"];

const NAME: &str = "bundles";
const FLAGS: &[&str] = &["-config-file", "DIR/opa-config.yaml"];

#[test]
fn a_bundle_from_nginx_as_printed_and_what_follows() {
    if !can_run_with(&["nginx", "bash"]) {
        return;
    }
    let mut bench = Bench::prepare(NAME, "", FLAGS);
    let mut nginx = Nginx::start(bench.dir());
    symlink(binary(), bench.dir().join("opa")).unwrap();

    // Steps 4 to 6: a policy that allows all, its bundle, the configuration, the plugin.
    build(bench.dir(), &nginx, &seed("000_authz_allow_all.rego"), "");
    fs::write(bench.dir().join("opa-config.yaml"), printed(&nginx)).unwrap();
    bench.start_gate();
    bench.start_daemon();
    wait::until("the bundle to be active", ACTIVE_MAX, || bench.docker(&["ps"]).status.success());
    bench.load_image();
    bench.assert_allowed(CREATE_PRIVILEGED);
    asserts_on_the_decision_log(&bench);

    // Step 7 as printed: another policy, another bundle, and the gate starts anew.
    build(bench.dir(), &nginx, &seed("000_authz_deny_privileged.rego"), "");
    restart(&mut bench);
    wait::until("the bundle to be active", ACTIVE_MAX, || bench.docker(&["ps"]).status.success());
    asserts_on_privileged_containers(&bench);

    // Beyond the tutorial: bundles are looked for every second, and stay on the disk.
    fs::write(bench.dir().join("opa-config.yaml"), beyond(&nginx)).unwrap();
    build(bench.dir(), &nginx, &seed("000_authz_allow_all.rego"), "--revision first");
    restart(&mut bench);
    wait::until("the bundle to be active", ACTIVE_MAX, || bench.docker(&["ps"]).status.success());
    until_revision(&bench, "first");
    bench.assert_allowed(CREATE_PRIVILEGED);
    let polls = nginx.accesses().lines().count();
    wait::until("a poll that finds nothing new", ACTIVE_MAX, || {
        nginx.accesses().lines().skip(polls).any(|line| line.contains(" 304 "))
    });

    // A new bundle is in force without a restart of anything.
    build(bench.dir(), &nginx, &seed("000_authz_deny_privileged.rego"), "--revision second");
    bench.until_denied(CREATE_PRIVILEGED, REJECTED);
    until_revision(&bench, "second");
    asserts_on_privileged_containers(&bench);

    // A bundle that does not compile, or is none, changes nothing.
    let root = nginx.root().join("bundle.tar.gz");
    let good = fs::read(&root).unwrap();
    replace(&root, good.get(..good.len() / 2).unwrap());
    until_said(&bench, "bundle");
    asserts_on_privileged_containers(&bench);
    replace(&root, &good);

    // Without nginx it decides, and so does a gate that starts without it.
    nginx.stop();
    asserts_on_privileged_containers(&bench);
    restart(&mut bench);
    asserts_on_privileged_containers(&bench);
    until_revision(&bench, "second");

    // And with nginx back, news arrive again.
    nginx.begin();
    build(bench.dir(), &nginx, &seed("000_authz_allow_all.rego"), "--revision third");
    wait::until("news", ACTIVE_MAX, || bench.docker(CREATE_PRIVILEGED).status.success());
    until_revision(&bench, "third");
}

/// The tutorial's file, with nginx's port where it is another one.
fn printed(nginx: &Nginx) -> String {
    format!(
        "services:
  authz:
    url: {}

bundles:
  authz:
    service: authz
    resource: bundle.tar.gz

# Optional - Print decisions in the Docker logs. Configure a remote service for production use cases.
decision_logs:
  console: true
",
        nginx.url()
    )
}

/// The same, and what a longer life needs.
fn beyond(nginx: &Nginx) -> String {
    let resource = "    resource: bundle.tar.gz\n";
    let more = "    persist: true
    polling:
      min_delay_seconds: 1
      max_delay_seconds: 1
";
    printed(nginx).replace(resource, &format!("{resource}{more}"))
        + "persistence_directory: persisted\nlabels:\n  region: here\n"
}

/// Writes the policy and builds its bundle, with the command as printed.
#[track_caller]
fn build(dir: &Path, nginx: &Nginx, policy: &str, flags: &str) {
    let demo = dir.join("docker_opa_demo");
    fs::create_dir_all(&demo).unwrap();
    fs::write(demo.join("authz.rego"), policy).unwrap();
    let output = nginx.root().join("bundle.tar.gz");
    let command = format!("opa build --bundle --output {} {flags} .", output.display());
    let path = format!("{}:{}", dir.display(), std::env::var("PATH").unwrap());
    let mut bash = Command::new("bash");
    bash.args(["-c", &command]).current_dir(&demo).env("PATH", path);
    let built = wait::output(&mut bash, BUILD_MAX);
    assert!(built.status.success(), "{command}: {}", text(&built));
}

/// What an editor does not do, but a copy does: the file is never half of the new one.
fn replace(path: &Path, content: &[u8]) {
    let new = path.with_extension("new");
    fs::write(&new, content).unwrap();
    fs::rename(new, path).unwrap();
}

fn restart(bench: &mut Bench) {
    bench.signal_gate(Signal::TERM);
    assert!(bench.gate_ended(), "it ends well: {}", bench.log());
    bench.start_gate();
}

#[track_caller]
fn asserts_on_privileged_containers(bench: &Bench) {
    bench.assert_allowed(&["ps"]);
    bench.assert_allowed(CREATE);
    let seen = bench.assert_denied(CREATE_PRIVILEGED);
    let want = format!("authorization denied by plugin {}: {REJECTED}", bench.name);
    assert!(seen.contains(&want), "{seen}");
}

fn decisions(bench: &Bench) -> Vec<Json> {
    let log = bench.log();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok());
    lines.filter(|line| line["msg"] == "Decision Log").collect()
}

/// The decision on `docker ps`, in the form the tutorial shows.
#[track_caller]
fn asserts_on_the_decision_log(bench: &Bench) {
    let lists = |line: &Json| {
        line["input"]["PathPlain"].as_str().is_some_and(|path| path.ends_with("/containers/json"))
    };
    wait::until("the decision in the log", ACTIVE_MAX, || decisions(bench).iter().any(lists));
    let line = decisions(bench).into_iter().find(|line| lists(line) && line["result"] == true);
    let line = line.unwrap_or_else(|| panic!("{}", bench.log()));
    assert_eq!(line["bundles"], json!({"authz": {}}), "a bundle without revision: {line}");
    assert_eq!(line["path"], "/docker/authz/allow", "{line}");
    assert_eq!(line["level"], "info", "{line}");
    assert_eq!(line["type"], "openpolicyagent.org/decision_logs", "{line}");
    assert_eq!(line["input"]["Method"], "GET", "{line}");
    for key in ["decision_id", "time", "timestamp"] {
        assert!(line[key].is_string(), "{key}: {line}");
    }
    for key in ["id", "version"] {
        assert!(line["labels"][key].is_string(), "labels.{key}: {line}");
    }
    let metrics = line["metrics"].as_object().expect("metrics");
    assert!(metrics.keys().any(|name| name.starts_with("timer_")), "{line}");
}

/// Waits for a decision made by this revision; asks, so that there is one.
#[track_caller]
fn until_revision(bench: &Bench, revision: &str) {
    wait::until(&format!("a decision by the revision {revision}"), ACTIVE_MAX, || {
        bench.docker(&["ps"]);
        let by = |line: &Json| line["bundles"]["authz"]["revision"] == revision;
        decisions(bench).last().is_some_and(|line| {
            assert!(!by(line) || line["labels"]["region"] == "here", "{line}");
            by(line)
        })
    });
}

/// Waits for a line above info that is no decision and has this word.
#[track_caller]
fn until_said(bench: &Bench, word: &str) {
    wait::until("an error in the log", ACTIVE_MAX, || {
        let log = bench.log();
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok());
        let mut errors = lines.filter(|line| line["level"] == "error" || line["level"] == "warn");
        errors.any(|line| line.to_string().to_lowercase().contains(word))
    });
}
