//! Both spellings of the command line.

use super::*;
use crate::question::{ALLOW_PATH_DEFAULT, RESPONSE_PATH_DEFAULT};

fn go(line: &str) -> Result<DockerAuthzArgs, GoStyleError> {
    parse_go_style(line.split_whitespace().map(str::to_string))
}

#[derive(clap::Parser)]
struct Long {
    #[command(flatten)]
    args: DockerAuthzArgs,
}

fn long(line: &str) -> Result<DockerAuthzArgs, clap::Error> {
    let words = std::iter::once("x").chain(line.split_whitespace());
    <Long as clap::Parser>::try_parse_from(words).map(|long| long.args)
}

#[test]
fn both_spellings_say_the_same() {
    for (one, two) in [
        ("", ""),
        ("-policy-file a.rego", "--policy-file a.rego"),
        ("-policy-file=a -data-file b -data-file=c", "--policy-file a --data-file b --data-file c"),
        ("--allowPath /a/b -quiet", "--allow-path /a/b --quiet"),
        ("-dry-run -allowResponsePath /r", "--dry-run --allow-response-path=/r"),
        (
            "-log-output file:/l -metrics-addr 127.0.0.1:1 -record r -record-files 2",
            "--log-output file:/l --metrics-addr 127.0.0.1:1 --record r --record-files 2",
        ),
        ("-record-max-bytes=7 -record-secrets", "--record-max-bytes 7 --record-secrets"),
        ("-skip-ping=false", "--skip-ping=false"),
        ("-config-file c.yaml", "--config-file=c.yaml"),
        (
            "-deny-path data.x -rego-version v0 -socket /s",
            "--deny-path data.x --rego-version v0 --socket /s",
        ),
        ("-log-only-denied=1 -quiet=F -timeout 7", "--log-only-denied --timeout 7"),
        ("-profile read-only -settings s.yaml", "--profile read-only --settings s.yaml"),
        (
            "-host-root /h -trust-identity-header X -self-protection=false -break-glass a",
            "--host-root=/h --trust-identity-header=X --self-protection=false --break-glass=a",
        ),
        (
            "-protect-plugin a -protect-plugin=b -protect-path /p -protect-container c",
            "--protect-plugin a --protect-plugin b --protect-path /p --protect-container c",
        ),
        (
            "-check -version -log-unmasked -plugin-name p",
            "--check --version --log-unmasked --plugin-name p",
        ),
    ] {
        assert_eq!(go(one).unwrap(), long(two).unwrap(), "{one}");
    }
}

#[test]
fn go_flags_fail_as_in_go() {
    let message = |line| go(line).unwrap_err().to_string();
    assert_eq!(message("-nope"), "flag provided but not defined: -nope");
    assert_eq!(message("-policy-file"), "flag needs an argument: -policy-file");
    assert_eq!(message("-quiet=x"), "invalid boolean value \"x\" for -quiet: parse error");
    assert_eq!(message("---x"), "bad flag syntax: ---x");
    assert_eq!(go("-h"), Err(GoStyleError::Help));
    assert_eq!(go("-- -nope").unwrap(), DockerAuthzArgs::default());
    assert_eq!(go("word -nope").unwrap(), DockerAuthzArgs::default());
    assert!(usage("gate").starts_with("Usage of gate:\n  -allowPath string\n"));
}

#[test]
fn without_a_policy_the_baseline_decides() {
    let options = go("-data-file d.json").unwrap().to_options().unwrap();
    assert!(options.source.embedded.len() > 1 && options.source.made.is_some());
    assert_eq!(options.gate.question.queries(), [DENY_PATH_BASELINE, RESPONSE_PATH_DEFAULT]);
    let options = go("-policy-file p.rego").unwrap().to_options().unwrap();
    assert!(options.source.embedded.is_empty() && options.source.made.is_none());
    assert_eq!(options.gate.question.queries(), [ALLOW_PATH_DEFAULT, RESPONSE_PATH_DEFAULT]);
}

#[test]
fn under_a_configuration_bundles_decide() {
    let options = go("-config-file c.yaml").unwrap().to_options().unwrap();
    assert_eq!(options.config_file.as_deref(), Some("c.yaml"));
    assert!(options.source.embedded.is_empty() && options.source.paths.is_empty());
    assert_eq!(options.gate.question.queries(), [ALLOW_PATH_DEFAULT, RESPONSE_PATH_DEFAULT]);
}

#[test]
fn settings_are_for_the_embedded_policies() {
    for (line, flag) in [
        ("-profile ci -policy-file p.rego", "--profile"),
        ("-settings s.yaml -config-file c.yaml", "--settings"),
    ] {
        let error = go(line).unwrap().to_options().unwrap_err();
        assert_eq!(error, ArgumentError::NotEmbedded(flag));
        assert!(error.to_string().starts_with(&format!("`{flag}` is about the embedded policies")));
    }
    let complaint = go("-profile none").unwrap_err().to_string();
    let value = "invalid value \"none\" for flag -profile";
    assert_eq!(complaint, format!("{value}: must be baseline, restricted, read-only or ci"));
}

#[test]
fn complains_and_exits() {
    let run = |line: &str| {
        let mut err = Vec::new();
        let streams = Streams { out: Box::new(std::io::sink()), err: &mut err };
        (run(&go(line).unwrap(), streams), String::from_utf8(err).unwrap())
    };
    assert_eq!(run("-version"), (EXIT_OK, String::new()));
    let (code, message) = run("-config-file /no/such.yaml");
    assert_eq!(code, EXIT_FAILED);
    assert!(message.contains("`/no/such.yaml`"), "{message}");
    for files in ["-policy-file p.rego", "-data-file d.json"] {
        let (code, message) = run(&format!("-config-file c.yaml {files}"));
        assert_eq!(code, EXIT_USAGE);
        assert!(message.contains("use either"), "{message}");
    }
    let (code, message) = run("-policy-file /no/such.rego");
    assert_eq!(code, EXIT_FAILED);
    assert!(message.contains("/no/such.rego"), "{message}");
    assert_eq!(run("-allowPath nonsense").0, EXIT_USAGE);
    for (line, complaint) in
        [("-host-root /no/such", "`/no/such`"), ("-trust-identity-header a:b", "`a:b`")]
    {
        let (code, message) = run(line);
        assert_eq!(code, EXIT_USAGE);
        assert!(message.contains(complaint), "{message}");
    }
    let mut args = DockerAuthzArgs::default();
    args.guard.break_glass = vec![" ".to_string()];
    assert_eq!(args.to_options().unwrap_err(), ArgumentError::BreakGlass);
}
