//! `-check` under a configuration, and configurations that cannot be used.

use portcullis_docker::cli::{DockerAuthzArgs, EXIT_FAILED, EXIT_OK, Streams, run};

use crate::house::write_config;
use crate::server::{Server, bundle};

/// Runs a check; returns the code and the complaints.
fn check(directory: &std::path::Path, config: &str) -> (u8, String) {
    let file = write_config(directory, config);
    let args =
        DockerAuthzArgs { config_file: Some(file), check: true, ..DockerAuthzArgs::default() };
    let mut err = Vec::new();
    let code = run(&args, Streams { out: Box::new(std::io::sink()), err: &mut err });
    (code, String::from_utf8(err).unwrap())
}

#[test]
fn a_check_fetches_and_compiles_every_bundle() {
    let server = Server::start();
    let directory = tempfile::tempdir().unwrap();
    let config = format!(
        "services: {{s: {{url: {}}}}}\nbundles:\n\
         \x20 a: {{resource: a.tar.gz, persist: true}}\n\
         \x20 b: {{resource: b.tar.gz, trigger: manual}}\n\
         persistence_directory: DIR/kept\n\
         status: {{service: s}}\ndecision_logs: {{service: s}}\n\
         server: {{encoding: {{gzip: {{min_length: 9}}}}}}\n",
        server.url()
    );
    let (code, complaints) = check(directory.path(), &config);
    assert_eq!(code, EXIT_FAILED);
    for words in [
        "warning: `server` has no effect on the gate",
        "error: bundle `a`: server replied with Not Found",
        "error: bundle `b`: server replied with Not Found",
    ] {
        assert!(complaints.contains(words), "{complaints}");
    }
    // Each lives by the other: one is no good until the other is there.
    let a = "package docker.authz\n\nallow if data.names.is_good(\"x\")\n";
    server.put("a.tar.gz", bundle("1", "docker", a));
    server.put("b.tar.gz", bundle("1", "names", "package names\n\nis_good(x) if x ==\n"));
    let (code, complaints) = check(directory.path(), &config);
    assert_eq!(code, EXIT_FAILED);
    assert!(complaints.contains("rego_parse_error"), "{complaints}");
    server.put("b.tar.gz", bundle("1", "names", "package names\n\nis_good(x) if x == \"x\"\n"));
    let (code, complaints) = check(directory.path(), &config);
    assert_eq!(code, EXIT_OK, "{complaints}");
    assert!(!directory.path().join("kept").exists(), "a check keeps nothing");
    assert!(server.requests().iter().all(|line| line.starts_with("GET")), "and tells nobody");
}

#[test]
fn a_check_follows_what_is_discovered() {
    let server = Server::start();
    let directory = tempfile::tempdir().unwrap();
    let config = format!(
        "services: {{s: {{url: {}}}}}\n\
         discovery: {{resource: discovery.tar.gz, decision: config, persist: true}}\n\
         persistence_directory: DIR/kept\n",
        server.url()
    );
    let (code, complaints) = check(directory.path(), &config);
    assert_eq!((code, complaints.lines().count()), (EXIT_FAILED, 1), "{complaints}");
    assert!(complaints.contains("server replied with Not Found"), "{complaints}");
    let discovered = |bundles: &str| {
        let text =
            format!("package config\n\nstatus := {{\"service\": \"s\"}}\n\nbundles := {bundles}\n");
        server.put("discovery.tar.gz", bundle("1", "config", &text));
        check(directory.path(), &config)
    };
    let (code, complaints) = discovered("{}");
    assert_eq!(code, EXIT_FAILED);
    assert!(complaints.contains("the discovered configuration has none"), "{complaints}");
    server.put("a.tar.gz", bundle("1", "docker", "package docker.authz\n\nallow := true\n"));
    let (code, complaints) = discovered(r#"{"a": {"resource": "a.tar.gz", "persist": true}}"#);
    assert_eq!(code, EXIT_OK, "{complaints}");
    assert!(!directory.path().join("kept").exists(), "a check keeps nothing");
    assert!(server.requests().iter().all(|line| line.starts_with("GET")), "and tells nobody");
}

#[test]
fn a_configuration_without_a_policy_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let (code, complaints) = check(directory.path(), "decision_logs: {console: true}\n");
    assert_eq!(code, EXIT_FAILED);
    assert!(complaints.contains("neither `bundles` nor `discovery`"), "{complaints}");
    let (code, complaints) = check(directory.path(), "bundles: {authz: {service: none}}\n");
    assert_eq!(code, EXIT_FAILED);
    assert!(complaints.contains("bundles.authz.service"), "{complaints}");
    assert!(complaints.contains("config.yaml:1"), "{complaints}");
}
