//! What a policy is told of recorded requests, and of certificates.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "functions that tests share"
)]

mod support;

use portcullis_docker::gate::input_of;
use portcullis_docker::host_tree::Place;
use portcullis_docker::wire::AuthzRequest;
use serde_json::{Value as Json, json};

/// A certificate with every kind of name, and two of some.
const CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----
MIICSjCCAfGgAwIBAgIUZXi2XNDXis/pHBIh1c/KdqpymnQwCgYIKoZIzj0EAwIw
WzENMAsGA1UECgwEZGV2czEMMAoGA1UECgwDb3BzMQ8wDQYDVQQLDAZ0ZWFtLWEx
DTALBgNVBAsMBGRldnMxDjAMBgNVBAMMBWZpcnN0MQwwCgYDVQQDDANib2IwIBcN
MjYxMTI3MDAxNDU3WhgPMjEyNjExMDMwMDE0NTdaMFsxDTALBgNVBAoMBGRldnMx
DDAKBgNVBAoMA29wczEPMA0GA1UECwwGdGVhbS1hMQ0wCwYDVQQLDARkZXZzMQ4w
DAYDVQQDDAVmaXJzdDEMMAoGA1UEAwwDYm9iMFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAEAdaSZkTCo8Dit+jn5Apr1GBLMFHItpjozeYeFq9XYvsQtXa2Jez+7wkY
v4CwFbnDdgdV1s0FB2dFNbK0I/yR16OBkDCBjTBsBgNVHREEZTBjgg9ib2IuZXhh
bXBsZS5jb22CDWIuZXhhbXBsZS5jb22HBMAAAgeHECABDbgAAAAAAAAAAAAAAAeB
D2JvYkBleGFtcGxlLmNvbYYYc3BpZmZlOi8vZXhhbXBsZS5jb20vYm9iMB0GA1Ud
DgQWBBRmO0KSh8Y/+cWKzRqXBBYPWmNB9zAKBggqhkjOPQQDAgNHADBEAiBqdBW+
K4Z2ZHzMdPHV0gVzb163OiYGplGMuazqVVNj7gIgAJpL5UL9NpI2HBa9VGwC/j0x
k0ioCOI43zUkdDyMUes=
-----END CERTIFICATE-----
";

/// Returns the input of a request, with paths that lead to themselves.
fn input(request: &AuthzRequest) -> Json {
    let look = |path: &str| Place { resolved: path.to_string(), ..Place::default() };
    serde_json::from_str(&input_of(request, &look).unwrap().to_json()).unwrap()
}

/// What the daemon does with these, and what of it a policy of the original does not see: the mark in
/// the recorded command, a pointer into the input, and what is there.
const ATTACKS: [(&str, &str, &str); 12] = [
    ("HostPort range", "/Ports/0/End", "25"),
    ("HostPort 22/tcp", "/Ports/0/End", "65535"),
    ("volume create o=bind device=/etc", "/BindMounts/0/Resolved", "\"/etc\""),
    ("Mounts volume DriverConfig bind /etc", "/BindMounts/0/Kind", "\"volume-bind\""),
    ("Mounts bind lower-case source", "/BindMounts/0/Source", "\"/etc\""),
    ("Binds /data/app/../../etc", "/BindMounts/0/Resolved", "\"/etc\""),
    ("seccomp inline allow-all", "/Security/SeccompInline/defaultAction", "\"SCMP_ACT_ALLOW\""),
    ("MaskedPaths []", "/Security/SystemPathsUnconfined", "true"),
    ("NetworkingConfig host endpoint", "/Sharing/0/Target", "\"host\""),
    ("VolumesFrom", "/Sharing/0/Kind", "\"volumes_from\""),
    ("dup query good,evil", "/Image/Repository", "\"library/good\""),
    ("bob restart hdr=(('Authz-User', 'bob'),)", "/Identity", "\"\""),
];

/// The same for ordinary commands.
const COMMANDS: [(&str, &str, &str); 16] = [
    ("-p 127.0.0.1:8443:443/tcp bb", "/Ports/0/HostIP", "\"127.0.0.1\""),
    ("-p 8000-8002:8000-8002 bb", "/Ports/2/Start", "8002"),
    ("seccomp=unconfined", "/Security/Seccomp", "\"unconfined\""),
    ("seccomp:unconfined", "/Security/Seccomp", "\"unconfined\""),
    ("apparmor=unconfined", "/Security/AppArmor", "\"unconfined\""),
    ("label=disable", "/Security/LabelDisabled", "true"),
    ("no-new-privileges", "/Security/NoNewPrivileges", "true"),
    ("systempaths=unconfined", "/Security/SystemPathsUnconfined", "true"),
    ("--pid host", "/Sharing/0/Kind", "\"pid\""),
    ("--uts host", "/Sharing/0/Kind", "\"uts\""),
    ("--cgroupns host", "/Sharing/0/Kind", "\"cgroupns\""),
    ("--network host bb", "/Sharing/0/Kind", "\"network\""),
    ("--volumes-from", "/Sharing/0/Target", "\"c-plain\""),
    ("docker volume create --driver local --opt type=nfs", "/BindMounts/0/VolumeType", "\"nfs\""),
    ("service create --name svc1", "/BindMounts/0/Source", "\"/srv/data\""),
    ("docker ps", "/BindMounts", "null"),
];

#[test]
fn policies_see_what_hides_in_requests() {
    for (file, rows) in
        [("docker/adversarial.jsonl", &ATTACKS[..]), ("docker/requests.jsonl", &COMMANDS[..])]
    {
        let Some(records) = support::lines(file) else { return };
        for (mark, pointer, expected) in rows {
            let of_mark = |record: &&Json| {
                let command = record["cmd"].as_str().unwrap().trim_start_matches("raw: ");
                let is_read = record["request"]["RequestMethod"] != "POST" && *mark != "docker ps";
                record["call"] == "AuthZReq" && !is_read && command.contains(mark)
            };
            let found: Vec<_> = records
                .iter()
                .filter(of_mark)
                .map(|record| input(&support::request(record)))
                .map(|input| input.pointer(pointer).map_or("nothing".into(), Json::to_string))
                .collect();
            assert!(found.contains(&expected.to_string()), "{mark} {pointer}: {found:?}");
        }
    }
}

#[test]
fn every_ordinary_request_has_all_fields() {
    let Some(records) = support::lines("docker/requests.jsonl") else { return };
    let mut seen = 0;
    for record in records.iter().filter(|record| record["call"] == "AuthZReq") {
        let input = input(&support::request(record));
        for field in
            ["BindMounts", "Cert", "Groups", "Identity", "Image", "Ports", "Security", "Sharing"]
        {
            assert!(input.get(field).is_some(), "{field} of {}", record["cmd"]);
        }
        assert_eq!(input["Security"]["Unknown"], json!([]), "{}", record["cmd"]);
        seen += 1;
    }
    assert!(seen > 250, "only {seen}");
}

#[test]
fn a_recorded_certificate_says_who_asks() {
    let Some(records) = support::lines("docker/requests.jsonl") else { return };
    let with_one = |record: &&Json| record["request"].get("RequestPeerCertificates").is_some();
    let mut seen = 0;
    for record in records.iter().filter(with_one) {
        let input = input(&support::request(record));
        assert_eq!(input["Identity"], "alice");
        assert_eq!(input["Groups"], json!(["devs", "team-a"]));
        let expected = json!({
            "CN": "alice", "O": ["devs"], "OU": ["team-a"], "DNS": [], "IPs": [], "URIs": [],
            "Emails": ["alice@example.com"],
            "Fingerprint": "fd131d93520c2c786e78603a4e0842856620e4f9170bfb97581fe710cb2ec01c",
        });
        assert_eq!(input["Cert"], expected);
        seen += 1;
    }
    assert!(seen > 0);
}

#[test]
fn names_of_a_certificate_are_told_apart() {
    let request = |pem: &str| AuthzRequest {
        method: "GET".to_string(),
        uri: "/v1.41/info".to_string(),
        certificates: vec![pem.as_bytes().to_vec(), b"another's".to_vec()],
        ..AuthzRequest::default()
    };
    let input = input(&request(CERTIFICATE));
    assert_eq!(input["Groups"], json!(["devs", "ops", "team-a"]));
    let expected = json!({
        "CN": "bob", "O": ["devs", "ops"], "OU": ["team-a", "devs"],
        "DNS": ["bob.example.com", "b.example.com"], "IPs": ["192.0.2.7", "2001:db8::7"],
        "URIs": ["spiffe://example.com/bob"], "Emails": ["bob@example.com"],
        "Fingerprint": "580f8185853ab8e232843ed1485fbbe3741f95d3b042f05cd46fac2227ee9c66",
    });
    assert_eq!(input["Cert"], expected);
    let look = |_: &str| Place::default();
    let cut = CERTIFICATE.replace("MIICSjCC", "MIICSjCB");
    for broken in ["", "x", &cut] {
        let error = input_of(&request(broken), &look).unwrap_err();
        assert!(error.contains("certificate cannot be read"), "{error}");
    }
}
