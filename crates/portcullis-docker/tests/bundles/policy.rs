//! Which policy decides: none yet, the last good one, the one from the disk, the one of now.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use portcullis_docker::cli::DockerAuthzArgs;
use serde_json::json;

use crate::house::{House, request};
use crate::server::{Server, bundle, bundle_of};

const ALLOW: &str = "package docker.authz\n\nallow := true\n";
const DENY: &str = "package docker.authz\n\nallow := false\n";
const REJECTED: &str = "request rejected by administrative policy";

/// One bundle, looked for when a test says so.
fn config(server: &Server) -> String {
    format!(
        "services: {{authz: {{url: {}}}}}\n\
         bundles: {{authz: {{service: authz, resource: bundle.tar.gz, trigger: manual}}}}\n\
         persistence_directory: DIR/kept\n",
        server.url()
    )
}

#[test]
fn nothing_is_allowed_before_the_first_bundle() {
    let server = Server::start();
    let house = House::open(&config(&server));
    let waiting = "no policy in force: no bundle is active yet: waiting for `authz`";
    assert_eq!(house.refusal(), format!("{REJECTED}: {waiting}"));
    assert!(house.trigger("bundle").is_err(), "there is none");
    assert!(house.refusal().contains(waiting));
    server.put("bundle.tar.gz", bundle("1", "docker", ALLOW));
    house.trigger("bundle").unwrap();
    assert_eq!(house.refusal(), "");
}

#[test]
fn every_bundle_has_to_be_there() {
    let server = Server::start();
    let config = format!(
        "services: {{s: {{url: {}}}}}\nbundles:\n\
         \x20 authz: {{resource: authz.tar.gz, trigger: manual}}\n\
         \x20 lists: {{resource: lists.tar.gz, trigger: manual}}\n",
        server.url()
    );
    let house = House::open(&config);
    assert!(house.refusal().contains("waiting for `authz`, `lists`"), "{}", house.refusal());
    server.put("authz.tar.gz", bundle("1", "docker", ALLOW));
    assert!(house.trigger("bundle").is_err());
    let refusal = house.refusal();
    assert!(refusal.contains("not every bundle is active yet: waiting for `lists`"), "{refusal}");
    server.put("lists.tar.gz", bundle("1", "lists", "package lists\n\nx := 1\n"));
    house.trigger("bundle").unwrap();
    assert_eq!(house.refusal(), "");
}

#[test]
fn a_bundle_that_says_nothing_of_the_question_refuses() {
    let server = Server::start();
    let house = House::open(&config(&server));
    server.put("bundle.tar.gz", bundle("1", "other", "package other\n\nallow := true\n"));
    house.trigger("bundle").unwrap();
    let undefined = "policy decision `data.docker.authz.allow` is undefined";
    assert_eq!(house.refusal(), format!("{REJECTED}: {undefined}"));
}

#[test]
fn what_is_no_good_leaves_the_last_good_one() {
    let server = Server::start();
    let house = House::open(&config(&server));
    server.put("bundle.tar.gz", bundle("1", "docker", ALLOW));
    house.trigger("bundle").unwrap();
    let whole = bundle("2", "docker", DENY);
    let conflict = "package docker.authz\n\nallow := x\n";
    for broken in [
        b"no archive".to_vec(),
        whole[..whole.len() / 2].to_vec(),
        bundle("2", "docker", conflict),
        bundle("2", "docker", "package docker.authz\n\nallow if {"),
        bundle("2", "elsewhere", DENY),
    ] {
        server.put("bundle.tar.gz", broken);
        assert!(house.trigger("bundle").is_err());
        assert_eq!(house.refusal(), "");
    }
    let complaint = |words: &str| {
        let lines = house.lines();
        assert!(lines.iter().any(|line| line["msg"].as_str().unwrap().contains(words)), "{words}");
    };
    complaint("var x is unsafe");
    complaint("Bundle load failed");
    server.put("bundle.tar.gz", whole);
    house.trigger("bundle").unwrap();
    assert_eq!(house.refusal(), REJECTED);
    drop(server);
    assert!(house.trigger("bundle").is_err());
    assert_eq!(house.refusal(), REJECTED);
}

#[test]
fn a_kept_bundle_decides_after_a_restart() {
    let server = Server::start();
    let config = config(&server).replace("trigger", "persist: true, trigger");
    let house = House::open(&config);
    server.put("bundle.tar.gz", bundle("1", "docker", ALLOW));
    house.trigger("bundle").unwrap();
    server.put("bundle.tar.gz", bundle("2", "docker", "package docker.authz\n\nallow if {"));
    assert!(house.trigger("bundle").is_err());
    drop(server);
    let directory = Arc::clone(&house.directory);
    house.close();
    let house = House::at(directory, &config, DockerAuthzArgs::default());
    assert_eq!(house.refusal(), "", "the last good one, at once");
    assert!(house.trigger("bundle").is_err());
    assert_eq!(house.refusal(), "");
}

#[test]
fn what_was_not_kept_is_not_there_after_a_restart() {
    let server = Server::start();
    let house = House::open(&config(&server));
    server.put("bundle.tar.gz", bundle("1", "docker", ALLOW));
    house.trigger("bundle").unwrap();
    let (directory, config) = (Arc::clone(&house.directory), config(&server));
    house.close();
    let house = House::at(directory, &config, DockerAuthzArgs::default());
    assert!(house.refusal().contains("no bundle is active yet"));
}

#[test]
fn a_configuration_may_be_discovered() {
    let server = Server::start();
    let config = format!(
        "services: {{s: {{url: {}}}}}\n\
         discovery: {{resource: discovery.tar.gz, decision: config, trigger: manual}}\n",
        server.url()
    );
    let house = House::open(&config);
    assert!(house.refusal().contains("waiting for the discovery bundle"), "{}", house.refusal());
    let empty = "package config\n\nlabels := {\"a\": \"b\"}\n";
    server.put("discovery.tar.gz", bundle("1", "config", empty));
    house.trigger("discovery").unwrap();
    assert!(house.refusal().contains("the discovered configuration has none"));
    let discovered = "package config\n\nbundles := {\"authz\": {\"resource\": \"bundle.tar.gz\", \"trigger\": \"manual\"}}\n";
    server.put("discovery.tar.gz", bundle("2", "config", discovered));
    house.trigger("discovery").unwrap();
    assert!(house.refusal().contains("waiting for `authz`"), "{}", house.refusal());
    server.put("bundle.tar.gz", bundle("1", "docker", ALLOW));
    house.trigger("bundle").unwrap();
    assert_eq!(house.refusal(), "");
}

#[test]
fn bundles_are_replaced_while_requests_come() {
    let server = Server::start();
    let logs = "decision_logs: {console: true}\n";
    let args = DockerAuthzArgs {
        allow_path: Some("/docker/authz/allow".to_string()),
        deny_path: Some("/docker/authz/deny".to_string()),
        ..DockerAuthzArgs::default()
    };
    let house = House::with(&(config(&server) + logs), args);
    let put = |revision: usize| {
        let text = format!(
            "package docker.authz\n\nallow := {}\n\ndeny contains \"r{revision}\"\n",
            revision.is_multiple_of(2)
        );
        server.put("bundle.tar.gz", bundle(&format!("r{revision}"), "docker", &text));
        house.trigger("bundle").unwrap();
    };
    put(0);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let (gate, mut last) = (house.gate(), 0);
                for turn in 0.. {
                    if turn > 50 && is_over.load(Ordering::SeqCst) {
                        return;
                    }
                    let answer = gate.authorize(request("/v1.41/info", &json!({})));
                    let revision = answer.msg.strip_prefix('r').expect(&answer.msg);
                    let revision: usize = revision.parse().expect(&answer.msg);
                    assert!(revision >= last, "no way back");
                    last = revision;
                }
            });
        }
        (1..=20).for_each(put);
        is_over.store(true, Ordering::SeqCst);
    });
    let lines = house.close();
    let decisions = lines.iter().filter(|line| line["msg"] == "Decision Log");
    let count = decisions.inspect(|line| {
        assert_eq!(line["reasons"][0], line["bundles"]["authz"]["revision"]);
        assert_eq!(line["path"], "/docker/authz/allow, /docker/authz/deny");
    });
    assert!(count.count() >= 4 * 50);
}

#[test]
fn bundles_may_lie_on_this_machine() {
    let directory = Arc::new(tempfile::tempdir().unwrap());
    let archive = bundle_of("1", &["docker"], &[ALLOW]);
    std::fs::write(directory.path().join("bundle.tar.gz"), archive).unwrap();
    let config = "bundles: {authz: {resource: \"file://DIR/bundle.tar.gz\"}}\n";
    let house = House::at(directory, config, DockerAuthzArgs::default());
    assert_eq!(house.refusal(), "");
}
