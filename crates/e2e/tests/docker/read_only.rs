//! A policy that lets people look only: what reads, and what gives away or writes under the method of
//! a read.

use crate::attacks::Attack;
use crate::attacks::list::reads;
use crate::bench::Bench;
use crate::place::can_run;
use crate::raw;

/// The administrator of the test is who the daemon's own header says. (Real ones take a certificate.)
const POLICY: &str = r#"package docker.authz

allow if input.ReadOnly

allow if input.Identity == "admin"
"#;

/// What reads, and nothing else.
const LOOKS: [&str; 4] =
    ["/v1.41/containers/json?all=1", "/v1.41/info", "/v1.41/images/json", "/v1.41/version"];

/// What reads what is in containers and images, or writes to them.
const TAKES: [&str; 7] = [
    "GET /v1.41/containers/victim/logs?stdout=1",
    "GET /v1.41/containers/victim/archive?path=/etc/passwd",
    "GET /v1.41/containers/victim/export",
    "GET /v1.41/containers/victim/attach/ws?stream=1&stdin=1",
    "GET /v1.41/images/bb/get",
    "GET /v1.41/images/get?names=bb",
    "POST /v1.41/containers/victim/attach?stream=1",
];

#[test]
fn looking_takes_nothing_away() {
    if !can_run() {
        return;
    }
    let bench = Bench::start(
        "read-only",
        POLICY,
        &["-policy-file", "POLICY", "-trust-identity-header", "Authz-Admin"],
    );
    let ask = |line: &str, headers: &str| {
        let headers = format!("Connection: close\r\n{headers}Content-Length: 0\r\n");
        raw::send(&bench.socket(), &raw::request(line, &headers, b""))
    };
    for path in LOOKS {
        let answer = ask(&format!("GET {path}"), "");
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    }
    for line in TAKES {
        let answer = ask(line, "");
        assert!(answer.is_denied(), "{line}: {}", answer.text);
    }
    let restart = "POST /v1.41/containers/victim/restart?t=0";
    let answer = ask(restart, "Authz-Admin: admin\r\n");
    assert!(!answer.is_denied(), "{}", answer.text); // there is none of this name
    for headers in ["", "Authz-User: admin\r\n", "Authz_Admin: admin\r\n", "Authz-Admin: bob\r\n"] {
        let answer = ask(restart, headers);
        assert!(answer.is_denied(), "{headers}: {}", answer.text);
    }
    for Attack { label, bytes, .. } in reads() {
        let is_harmless = matches!(label, "OPTIONS" | "HEAD /_ping?x");
        let answer = raw::send(&bench.socket(), &bytes);
        assert_eq!(answer.is_denied(), !is_harmless, "{label}: {}", answer.text);
    }
}
