//! The gate refuses what would switch it off before any policy is asked, and believes only whom it
//! is told to believe.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "functions that tests share"
)]

#[path = "support/desk.rs"]
mod desk;

use base64::Engine;
use portcullis_docker::cli::{DockerAuthzArgs, GuardArgs};
use portcullis_docker::wire::Answer;
use serde_json::json;

use crate::desk::Desk;

const ALLOW: &str = "package docker.authz\n\nallow := true\n";

fn open(policy: &str, guard: GuardArgs) -> Desk {
    Desk::open(policy, DockerAuthzArgs { guard, ..DockerAuthzArgs::default() })
}

/// Asks for `METHOD target body` as the header says, or as the certificate does.
fn ask(desk: &Desk, call: &str, user: &str, header: &str) -> Answer {
    let mut words = call.splitn(3, ' ');
    let mut next = || words.next().unwrap_or_default();
    let (method, target, body) = (next(), next(), next());
    let mut message = json!({
        "RequestMethod": method,
        "RequestUri": target,
        "RequestHeaders": {"Content-Length": body.len().to_string()},
    });
    if !body.is_empty() {
        message["RequestHeaders"]["Content-Type"] = json!("application/json");
        let body = base64::engine::general_purpose::STANDARD.encode(body);
        message["RequestBody"] = json!(body);
    }
    if !user.is_empty() {
        message["User"] = json!(user);
        message["UserAuthNMethod"] = json!("TLS");
    }
    if !header.is_empty() {
        message["RequestHeaders"]["X-User"] = json!(header);
    }
    desk.gate.authorize(message.to_string().into_bytes())
}

fn bind(source: &str) -> String {
    format!(
        r#"POST /v1.41/containers/create {{"Image":"a","HostConfig":{{"Binds":["{source}:/x"]}}}}"#
    )
}

#[test]
fn the_gate_protects_itself_whatever_the_policy_says() {
    let guard = GuardArgs {
        protect_plugin: vec!["az:1".to_string()],
        protect_path: vec!["/srv/gate".into()],
        protect_container: vec!["gate".to_string()],
        break_glass: vec!["root".to_string()],
        ..GuardArgs::default()
    };
    let desk = open(ALLOW, guard);
    let policy = desk.directory.path().join("authz.rego");
    let program = std::env::current_exe().unwrap();
    let link = desk.directory.path().join("link");
    std::os::unix::fs::symlink(&policy, &link).unwrap();
    let calls = [
        "POST /v1.41/plugins/opa-docker-authz/disable".to_string(),
        "DELETE /v1.41/plugins/az?force=1".to_string(),
        "POST /v1.41/containers/gate/kill".to_string(),
        bind("/srv/gate/x"),
        bind("/run/docker"),
        bind(policy.to_str().unwrap()),
        bind(link.to_str().unwrap()),
        bind(desk.directory.path().to_str().unwrap()),
        bind(program.to_str().unwrap()),
        bind(program.parent().unwrap().to_str().unwrap()),
    ];
    for call in &calls {
        let answer = ask(&desk, call, "alice", "");
        assert!(!answer.allow && answer.msg.contains("the gate protects itself"), "{call}");
        assert!(ask(&desk, call, "root", "").allow, "{call}");
        assert!(!ask(&desk, call, "", "root").allow, "{call}");
    }
    for call in ["GET /v1.41/plugins/az/json", "POST /v1.41/containers/web/kill"] {
        assert!(ask(&desk, call, "", "").allow, "{call}");
    }
    assert!(ask(&desk, &bind("/srv/data"), "", "").allow);
    let log = desk.close();
    assert_eq!(log.len(), 3 * calls.len() + 3);
    assert_eq!(log[0]["result"], false);
    assert!(log[0]["reasons"][0].as_str().unwrap().contains("disabling its plugin"));
    assert_eq!(log[0]["input"]["Action"], "plugin_disable");
}

#[test]
fn breaking_the_glass_asks_the_policy_all_the_same() {
    let guard = GuardArgs { break_glass: vec!["root".to_string()], ..GuardArgs::default() };
    let desk = open("package docker.authz\n\nallow := false\n", guard);
    let answer = ask(&desk, "POST /v1.41/plugins/opa-docker-authz/disable", "root", "");
    assert!(!answer.allow && !answer.msg.contains("protects itself"), "{}", answer.msg);
}

#[test]
fn protection_can_be_switched_off() {
    let guard = GuardArgs { self_protection: false, ..GuardArgs::default() };
    let desk = open(ALLOW, guard);
    assert!(ask(&desk, "POST /v1.41/plugins/opa-docker-authz/disable", "", "").allow);
}

#[test]
fn a_header_names_people_only_where_it_is_trusted() {
    let policy = "package docker.authz\n\nallow if input.Identity == \"bob\"\n";
    let get = "GET /v1.41/info";
    let trusting =
        GuardArgs { trust_identity_header: Some("x-user".to_string()), ..GuardArgs::default() };
    let desk = open(policy, trusting);
    assert!(ask(&desk, get, "", "bob").allow);
    assert!(ask(&desk, get, "bob", "alice").allow);
    assert!(!ask(&desk, get, "alice", "bob").allow);
    assert!(!ask(&desk, get, "", "").allow);
    let list = ask(&desk, get, "", "bob, alice");
    assert!(!list.allow && list.msg.contains("header `x-user` names nobody"), "{}", list.msg);
    let desk = open(policy, GuardArgs::default());
    assert!(!ask(&desk, get, "", "bob").allow);
    assert!(ask(&desk, get, "bob", "").allow);
}

#[test]
fn mounts_lead_where_they_do_below_the_hosts_root() {
    let host = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(host.path().join("data/app")).unwrap();
    std::os::unix::fs::symlink("/etc", host.path().join("data/link")).unwrap();
    std::fs::create_dir(host.path().join("etc")).unwrap();
    let policy = "package docker.authz\n\n\
        allow if every mount in input.BindMounts {\n\
        \tstartswith(mount.Resolved, \"/data/\")\n\
        \tnot mount.HasSymlink\n\
        }\n";
    let guard = GuardArgs { host_root: host.path().to_owned(), ..GuardArgs::default() };
    let desk = open(policy, guard);
    assert!(ask(&desk, &bind("/data/app"), "", "").allow);
    for source in ["/data/link", "/data/none", "/data/app/../../etc", "/"] {
        assert!(!ask(&desk, &bind(source), "", "").allow, "{source}");
    }
}
