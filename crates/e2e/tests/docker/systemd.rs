//! The unit of systemd, for real: a systemd in namespaces of its own starts it, with its sandbox.

use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::bench::text;
use crate::place::can_run_with;
use crate::shared_place::{binary, packaging, runs_without};
use crate::wait;

/// Starting a systemd, and all that is asked of it.
const TRY_MAX: Duration = Duration::from_secs(120);

/// The worst mark that `systemd-analyze security` may give, of 10.
const EXPOSURE_MAX: f64 = 2.0;

/// What `systemctl edit` writes.
const DROP_IN: &str = "[Service]
ExecStart=
ExecStart=/usr/bin/portcullis docker-authz --policy-file /etc/docker/policies
";

/// What is tried, as the administrator would; each line that it prints is asserted on.
const TRIED: &str = r#"
set -u
units=portcullis-docker-authz
policy() { # the value of allow
    printf 'package docker.authz\n\nallow := %s\n' "$1" >/etc/docker/policies/new
    mv /etc/docker/policies/new /etc/docker/policies/policy.rego
}
ask() {
    curl -s -m 20 --unix-socket /run/docker/plugins/opa-docker-authz.sock http://d/AuthZPlugin.AuthZReq \
        -d '{"RequestMethod":"GET","RequestUri":"/v1.41/info"}'
}
gate() { systemctl show -P MainPID $units.service; }

policy true
systemctl start $units.socket
echo "before: $(systemctl is-active $units.service)"
echo "first: $(ask)"
echo "after: $(systemctl is-active $units.service)"
stat -c 'mode: %a' /run/docker/plugins/opa-docker-authz.sock
grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' "/proc/$(gate)/status"
nsenter -t "$(gate)" -m -- sh -c 'touch /etc/x /usr/x /home/x 2>/dev/null || echo "written: nothing"'
nsenter -t "$(gate)" -n -- sh -c 'echo "interfaces:" $(ls /proc/self/net/dev_snmp6 2>/dev/null)'

policy false
systemctl reload $units.service
waited=0
until ask | grep -q rejected; do sleep 0.1; waited=$((waited + 1)); [ $waited -lt 100 ] || break; done
echo "second: $(ask)"

old=$(gate)
kill -KILL "$old"
echo "killed: $(ask)"
[ "$(gate)" = "$old" ] || echo "another one"
systemctl stop $units.socket $units.service
[ -e /run/docker/plugins/opa-docker-authz.sock ] || echo "socket: gone"
systemctl is-failed $units.service
"#;

/// What the journal is asked once a decision was made. A systemd in namespaces has no journal of its own.
const JOURNAL_TRIED: &str = r#"
set -u
printf 'package docker.authz\n\nallow := false\n' >/etc/docker/policies/policy.rego
/lib/systemd/systemd-journald &
waited=0
until [ -S /run/systemd/journal/socket ]; do sleep 0.1; waited=$((waited + 1)); [ $waited -lt 100 ] || break; done
systemctl start portcullis-docker-authz.socket
curl -s -m 20 --unix-socket /run/docker/plugins/opa-docker-authz.sock http://d/AuthZPlugin.AuthZReq \
    -d '{"RequestMethod":"GET","RequestUri":"/v1.41/info"}'
decisions() { journalctl --no-pager -u portcullis-docker-authz -t portcullis-docker-authz -o cat; }
waited=0
until decisions | grep -q decision_id; do sleep 0.1; waited=$((waited + 1)); [ $waited -lt 100 ] || break; done
decisions
"#;

/// Runs a script beside a systemd that has the units, and this drop-in; returns what it printed, or
/// nothing where that cannot be done here.
fn try_out(name: &str, drop_in: &str, tried: &str) -> Option<String> {
    let needed = ["bash", "unshare", "findmnt", "pivot_root", "nsenter", "curl", "systemctl"];
    if !can_run_with(&needed) {
        return None;
    }
    let no_groups = || (!has_cgroup2()).then(|| "there is no cgroup2 hierarchy".to_owned());
    if !runs_without(no_groups()) {
        return None;
    }
    let dir = std::env::temp_dir().join(format!("portcullis-{name}-{}", std::process::id()));
    let drop_ins = dir.join("units/portcullis-docker-authz.service.d");
    fs::create_dir_all(&drop_ins).unwrap();
    fs::write(drop_ins.join("policy.conf"), drop_in).unwrap();
    fs::write(dir.join("tried"), tried).unwrap();
    let mut command = Command::new(packaging().join("systemd/try"));
    command.arg(binary()).arg(&dir).arg("bash").arg(dir.join("tried"));
    let seen = text(&wait::output(&mut command, TRY_MAX));
    let _ = fs::remove_dir_all(&dir);
    Some(seen)
}

#[test]
fn decisions_are_in_the_journal() {
    if !can_run_with(&["journalctl"]) {
        return;
    }
    let drop_in = DROP_IN.replace("policies\n", "policies --log-output journald\n");
    let Some(seen) = try_out("journal", &drop_in, JOURNAL_TRIED) else { return };
    let decision = seen.lines().find(|line| line.starts_with('{') && line.contains("decision_id"));
    let decision = decision.unwrap_or_else(|| panic!("no decision in the journal:\n{seen}"));
    for part in [r#""Path":"/v1.41/info""#, r#""result":false"#] {
        assert!(decision.contains(part), "{decision}");
    }
}

#[test]
fn the_unit_runs_in_its_sandbox() {
    let Some(seen) = try_out("systemd", DROP_IN, TRIED) else { return };
    for line in [
        "before: inactive", // the socket alone is there
        r#"first: {"Allow":true"#,
        "after: active",
        "mode: 600",
        "CapEff:\t0000000000000004",
        "CapBnd:\t0000000000000004",
        "NoNewPrivs:\t1",
        "Seccomp:\t2",
        "written: nothing",
        r#"second: {"Allow":false"#,
        r#"killed: {"Allow":false"#, // it was asked, and answered by the next one
        "another one",
        "socket: gone",
        "inactive",
    ] {
        assert!(seen.contains(line), "`{line}` is missing:\n{seen}");
    }
}

#[test]
fn systemd_finds_nothing_wrong_with_the_units() {
    if !can_run_with(&["systemd-analyze"]) {
        return;
    }
    let units = packaging().join("systemd");
    let service = units.join("portcullis-docker-authz.service");
    let mut verify = Command::new("systemd-analyze");
    verify.arg("verify").arg(&service).arg(units.join("portcullis-docker-authz.socket"));
    let seen = text(&wait::output(&mut verify, TRY_MAX));
    let complaints = seen.lines().filter(|line| {
        line.contains("portcullis") && !line.contains("/usr/bin/portcullis is not executable")
    });
    assert_eq!(complaints.count(), 0, "{seen}");

    let mut security = Command::new("systemd-analyze");
    security.args(["security", "--offline=true", "--no-pager"]).arg(&service);
    let seen = text(&wait::output(&mut security, TRY_MAX));
    let mark = seen.lines().find_map(|line| {
        let (_, mark) = line.split_once("exposure level for portcullis-docker-authz.service: ")?;
        mark.split(' ').next()?.parse::<f64>().ok()
    });
    assert!(mark.is_some_and(|mark| mark <= EXPOSURE_MAX), "{seen}");
}

fn has_cgroup2() -> bool {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    mounts.lines().any(|line| line.split(' ').nth(2) == Some("cgroup2"))
}
