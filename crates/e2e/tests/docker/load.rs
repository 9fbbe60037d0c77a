//! Many clients, and large requests.

use std::thread;

use crate::bench::{Bench, is_denied, seed, text};
use crate::http;
use crate::place::can_run;

#[test]
fn fifty_clients_at_once() {
    if !can_run() {
        return;
    }
    let policy = seed("000_authz_deny_privileged.rego");
    let bench = Bench::start("clients", &policy, &["-policy-file", "POLICY"]);
    bench.load_image();
    thread::scope(|scope| {
        for client in 0..50 {
            let bench = &bench;
            scope.spawn(move || {
                if client % 2 == 0 {
                    bench.assert_allowed(&["ps"]);
                } else {
                    let create = ["create", "--network", "none", "--privileged", "bb", "true"];
                    let output = bench.docker(&create);
                    assert!(is_denied(&output), "client {client}: {}", text(&output));
                }
            });
        }
    });
}

#[test]
fn a_body_of_900_kilobytes() {
    if !can_run() {
        return;
    }
    let policy = seed("000_authz_deny_privileged.rego");
    let bench = Bench::start("body", &policy, &["-policy-file", "POLICY"]);
    bench.load_image();
    let create = |privileged: bool| {
        let pad = "x".repeat(900 << 10);
        let body = format!(
            "{{\"Image\":\"bb\",\"Labels\":{{\"pad\":\"{pad}\"}},\
             \"HostConfig\":{{\"NetworkMode\":\"none\",\"Privileged\":{privileged}}}}}"
        );
        http::send(&bench.socket(), "POST /v1.41/containers/create", Some(&body)).unwrap()
    };
    let (status, answer) = create(false);
    assert_eq!(status, 201, "{answer}");
    let (status, answer) = create(true);
    assert_eq!(status, 403, "{answer}");
    assert!(answer.contains("authorization denied by plugin"), "{answer}");
}
