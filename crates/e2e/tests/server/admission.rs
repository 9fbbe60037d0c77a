//! Admission reviews as an API server sends them, to `POST /`, with the policy of the last seed (in
//! Rego v0, as its time wrote it) and a `system.main` in front.

use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::process::Server;

/// The seed's policy, restored.
const POLICY: &str = r#"package kubernetes.admission

deny[msg] {
  c := input_containers[_]
  c.securityContext.privileged
  msg := sprintf("Privileged container is not allowed: %v, securityContext: %v", [c.name, c.securityContext])
}
input_containers[c] {
  c := input.request.object.spec.containers[_]
}
input_containers[c] {
  c := input.request.object.spec.initContainers[_]
}
"#;

/// What answers an API server of today: the request's id, and a message.
const MAIN: &str = r#"package system

import data.kubernetes.admission

main = {
  "apiVersion": "admission.k8s.io/v1",
  "kind": "AdmissionReview",
  "response": response,
}

default uid = ""

uid = input.request.uid

response = {"allowed": false, "uid": uid, "status": {"message": reason}} {
  reason = concat(", ", admission.deny)
  reason != ""
} else = {"allowed": true, "uid": uid}
"#;

/// What answered one of the seed's time: no id, and a reason.
const MAIN_BETA: &str = r#"package system

import data.kubernetes.admission

main = {
  "apiVersion": "admission.k8s.io/v1beta1",
  "kind": "AdmissionReview",
  "response": response,
}

default response = {"allowed": true}

response = {"allowed": false, "status": {"reason": reason}} {
  reason = concat(", ", admission.deny)
  reason != ""
}
"#;

const REASON: &str =
    "Privileged container is not allowed: nginx, securityContext: {\"privileged\": true}";

#[test]
fn pods_before_they_are_let_in() {
    let dir = TempDir::new().unwrap();
    let server = Server::start(dir.path(), &["--v0-compatible"]);
    let missing = server.ask("POST", "/", &review(&json!({"containers": []})));
    assert_eq!((missing.status, &missing.json()["code"]), (404, &json!("undefined_document")));

    put(&server, "main", MAIN);
    put(&server, "no-priv-pods", POLICY);
    let plain = json!({"containers": [{"name": "nginx", "image": "nginx"}]});
    assert_eq!(ask(&server, &plain), of_v1(json!({"allowed": true, "uid": UID})));

    let container = json!({
        "name": "nginx", "image": "nginx", "securityContext": {"privileged": true},
    });
    let denied = of_v1(json!({"allowed": false, "uid": UID, "status": {"message": REASON}}));
    assert_eq!(ask(&server, &json!({"containers": [container]})), denied);
    assert_eq!(ask(&server, &json!({"containers": [], "initContainers": [container]})), denied);

    let not = json!({"name": "nginx", "securityContext": {"privileged": false}});
    assert_eq!(
        ask(&server, &json!({"containers": [not]})),
        of_v1(json!({"allowed": true, "uid": UID}))
    );

    let mut other = container.clone();
    other["name"] = json!("apache");
    let both = ask(&server, &json!({"containers": [container, other]}));
    let message = both["response"]["status"]["message"].as_str().unwrap();
    let apache = REASON.replace("nginx,", "apache,");
    assert_eq!(message, format!("{apache}, {REASON}"), "in the order of the set");

    put(&server, "main", MAIN_BETA);
    let denied = ask(&server, &json!({"containers": [container]}));
    assert_eq!(denied["response"], json!({"allowed": false, "status": {"reason": REASON}}));
    assert_eq!(denied["apiVersion"], "admission.k8s.io/v1beta1");
    assert_eq!(ask(&server, &plain)["response"], json!({"allowed": true}));
    server.stop();
}

const UID: &str = "705ab4f5-6393-11e8-b7cc-42010a800002";

/// What kubectl has the API server ask about a pod.
fn review(spec: &Json) -> String {
    json!({
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": UID,
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "requestKind": {"group": "", "version": "v1", "kind": "Pod"},
            "requestResource": {"group": "", "version": "v1", "resource": "pods"},
            "name": "nginx-privileged",
            "namespace": "default",
            "operation": "CREATE",
            "userInfo": {
                "username": "kubernetes-admin",
                "groups": ["system:masters", "system:authenticated"],
            },
            "object": {
                "kind": "Pod",
                "apiVersion": "v1",
                "metadata": {
                    "name": "nginx-privileged",
                    "namespace": "default",
                    "labels": {"app": "nginx-privileged"},
                },
                "spec": spec,
                "status": {},
            },
            "oldObject": null,
            "dryRun": false,
            "options": {
                "kind": "CreateOptions",
                "apiVersion": "meta.k8s.io/v1",
                "fieldManager": "kubectl-client-side-apply",
            },
        },
    })
    .to_string()
}

fn of_v1(response: Json) -> Json {
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response})
}

#[track_caller]
fn ask(server: &Server, spec: &Json) -> Json {
    let answer = server.ask("POST", "/?timeout=10s", &review(spec));
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

#[track_caller]
fn put(server: &Server, id: &str, policy: &str) {
    let answer = server.ask("PUT", &format!("/v1/policies/{id}"), policy);
    assert_eq!(answer.status, 200, "{}", answer.body);
}
