//! Raw HTTP that tries to get past the gate, sent to a real daemon behind the embedded policy: the
//! recorded list, and attacks of our own. After each one the daemon itself says what it has made.

mod judge;
pub(crate) mod list;
mod own;

use std::collections::BTreeSet;
use std::fs;

use crate::bench::Bench;
use crate::place::can_run;
use crate::raw;
use crate::shared_place::shared;

pub(crate) use self::judge::forbidden;

/// What must come of an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// The gate refuses it.
    Denied,
    /// The gate or the daemon refuses it.
    Refused,
    /// It asks for nothing that the embedded policy refuses: allowed, and nothing forbidden comes
    /// of it. What another policy can know of it stands in docs/threat-model.md.
    Seen,
}

/// A request, or several on one connection.
pub(crate) struct Attack {
    /// What it is called in the recorded list, or here.
    pub(crate) label: &'static str,
    /// What is sent.
    pub(crate) bytes: Vec<u8>,
    /// What must come of it.
    pub(crate) want: Want,
}

impl Attack {
    fn new(label: &'static str, want: Want, bytes: Vec<u8>) -> Self {
        Self { label, bytes, want }
    }
}

#[test]
fn the_recorded_attacks() {
    if !can_run() {
        return;
    }
    let attacks = list::attacks();
    let known: BTreeSet<_> = attacks.iter().map(|attack| attack.label).collect();
    for label in recorded_labels() {
        assert!(known.contains(label.as_str()), "no attack is called `{label}`");
    }
    assert_repelled("attacks", &attacks);
}

#[test]
fn attacks_of_our_own() {
    if !can_run() {
        return;
    }
    assert_repelled("own-attacks", &own::attacks());
}

/// Sends each attack to a daemon; fails, naming all of them, where one gets what it must not.
#[track_caller]
fn assert_repelled(name: &str, attacks: &[Attack]) {
    let bench = Bench::start(name, "", &["-log-only-denied"]);
    bench.load_image();
    prepare(&bench);
    let mut got_past = Vec::new();
    for attack in attacks {
        let answer = raw::send(&bench.socket(), &attack.bytes);
        let as_wanted = match attack.want {
            Want::Denied => answer.is_denied(),
            Want::Refused => answer.is_denied() || !is_success(answer.status),
            Want::Seen => !answer.is_denied(),
        };
        if !as_wanted {
            let start: String = answer.text.chars().take(600).collect();
            got_past.push(format!("{}: wanted {:?}: {start}", attack.label, attack.want));
        }
        let made = forbidden(&bench);
        got_past.extend(made.into_iter().map(|made| format!("{}: made {made}", attack.label)));
    }
    assert!(got_past.is_empty(), "{} got past:\n{}", got_past.len(), got_past.join("\n"));
}

/// Makes what some attacks need: containers that run and that were never started, and a symbolic
/// link to a place that no container may see.
fn prepare(bench: &Bench) {
    let create = ["create", "--network", "none", "--name", "legacy", "bb", "sleep", "100"];
    bench.assert_allowed(&create);
    let run = ["run", "-d", "--network", "none", "--name", "victim", "bb", "sleep", "1000"];
    bench.assert_allowed(&run);
    // An answer of the daemon's own would hide that nobody asked it.
    assert_eq!(forbidden(bench), Vec::<String>::new(), "before any attack");
}

fn is_success(status: u16) -> bool {
    status == 101 || (200..300).contains(&status)
}

fn recorded_labels() -> BTreeSet<String> {
    let lines = fs::read_to_string(shared().join("docker/adversarial.jsonl")).unwrap_or_default();
    let labels = lines.lines().filter_map(|line| {
        let record: serde_json::Value = serde_json::from_str(line).ok()?;
        Some(record["cmd"].as_str()?.strip_prefix("raw: ")?.to_owned())
    });
    labels.collect()
}
