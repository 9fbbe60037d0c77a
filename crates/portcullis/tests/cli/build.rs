//! `build`: what is in the archive, byte by byte where it matters, and every refusal.

use std::fs;

use insta::assert_snapshot;
use portcullis_bundle::{Limits, ReadOptions, read, read_entries};
use rego::RegoVersion;

use crate::place::{Place, run};

const POLICY: &str = "package authz\n\nallow if input.user == data.a.admin\n";

/// A bundle's directory, and a file that is no part of any bundle.
fn place() -> Place {
    Place::with(&[
        ("b/authz.rego", POLICY),
        ("b/a/data.json", "{\n  \"admin\": \"alice\"\n}\n"),
        ("b/README.md", "read me"),
        ("plain/other.json", r#"{"other": 1}"#),
    ])
}

/// The names of an archive and what each file says.
fn listed(archive: &[u8]) -> String {
    let entries = read_entries(archive, &Limits::default()).unwrap();
    let line = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace('\n', "|");
    entries.iter().map(|entry| format!("{} {}\n", entry.path, line(&entry.bytes))).collect()
}

fn built(place: &Place, arguments: &[&str]) -> String {
    let all = [&["build", "-o", "out.tar.gz"], arguments].concat();
    assert_eq!(place.run(&all), "exit 0\n");
    listed(&place.file("out.tar.gz"))
}

#[test]
fn a_bundle_of_the_working_directory_has_paths_from_there() {
    let place = Place::with(&[("authz.rego", POLICY), ("a/data.json", r#"{"admin": "alice"}"#)]);
    assert_eq!(place.run(&["build", "--bundle", "."]), "exit 0\n");
    assert_snapshot!(listed(&place.file("bundle.tar.gz")), @r#"
    /data.json {"a":{"admin":"alice"}}|
    /authz.rego package authz||allow if input.user == data.a.admin|
    /.manifest {"revision":"","roots":[""],"rego_version":1}|
    "#);
    // The archive lies in the directory now, and is no part of the next one.
    let first = place.file("bundle.tar.gz");
    assert_eq!(place.run(&["build", "-b", "."]), "exit 0\n");
    assert_eq!(place.file("bundle.tar.gz"), first);
}

#[test]
fn modules_stand_where_they_were_found() {
    assert_snapshot!(built(&place(), &["-b", "./b/"]), @r#"
    /data.json {"a":{"admin":"alice"}}|
    /b/authz.rego package authz||allow if input.user == data.a.admin|
    /.manifest {"revision":"","roots":[""],"rego_version":1}|
    "#);
}

#[test]
fn files_are_no_bundle() {
    let shown = built(&place(), &["b/authz.rego", "plain", "b/a/data.json", "-r", "v1"]);
    assert_snapshot!(shown, @r#"
    /data.json {"admin":"alice","other":1}|
    /b/authz.rego package authz||allow if input.user == data.a.admin|
    /.manifest {"revision":"v1","roots":[""],"rego_version":1}|
    "#);
}

#[test]
fn the_same_input_makes_the_same_bytes() {
    let (one, other) = (place(), place());
    built(&one, &["-b", "b"]);
    built(&other, &["-b", "b"]);
    let bytes = one.file("out.tar.gz");
    assert_eq!(bytes, other.file("out.tar.gz"));
    // No time and no system in the header of the stream.
    assert_eq!(bytes.get(..10).unwrap(), [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
}

#[test]
fn a_manifest_is_kept_and_flags_count_more() {
    let place = Place::with(&[
        (
            "b/.manifest",
            r#"{"revision": "r1", "roots": ["authz", "a"], "metadata": {"team": "x"},
                "file_rego_versions": {"/old.rego": 0}}"#,
        ),
        ("b/authz.rego", POLICY),
        ("b/old.rego", "package a.old\n\np { true }\n"),
    ]);
    assert_snapshot!(built(&place, &["-b", "b", "--revision", "r2"]), @r#"
    /data.json {}|
    /b/authz.rego package authz||allow if input.user == data.a.admin|
    /b/old.rego package a.old||p { true }|
    /.manifest {"revision":"r2","roots":["authz","a"],"rego_version":1,"file_rego_versions":{"/b/old.rego":0},"metadata":{"team":"x"}}|
    "#);
    let bundle = read(&place.file("out.tar.gz"), &ReadOptions::default()).unwrap();
    assert_eq!(bundle.modules[1].rego_version, Some(RegoVersion::V0));
    assert_eq!(bundle.modules[0].rego_version, Some(RegoVersion::V1));
    // An empty revision is one, too.
    assert!(built(&place, &["-b", "b", "--revision", ""]).contains(r#"{"revision":"","#));
    assert!(built(&place, &["-b", "b"]).contains(r#"{"revision":"r1","#));
}

#[test]
fn a_manifest_without_bundle_mode_is_warned_of() {
    let place = Place::with(&[("b/.manifest", r#"{"revision": "r1"}"#), ("b/p.rego", "package p")]);
    assert_snapshot!(place.run(&["build", "b"]), @r#"
    exit 0
    --- stderr
    Warning: .manifest file found in "b" but -b flag not specified. Manifest will be ignored.
    "#);
    assert!(listed(&place.file("bundle.tar.gz")).contains(r#"{"revision":"","#));
}

#[test]
fn bundles_are_merged_where_their_roots_allow() {
    let place = Place::with(&[
        ("a/.manifest", r#"{"roots": ["a"], "revision": "gone"}"#),
        ("a/a/data.json", "1"),
        ("b/.manifest", r#"{"roots": ["b"], "rego_version": 0}"#),
        ("b/b.rego", "package b\n\np { true }\n"),
        ("c/data.json", "{}"),
    ]);
    assert_snapshot!(built(&place, &["-b", "b", "a", "b"]), @r#"
    /data.json {"a":1}|
    /b/b.rego package b||p { true }|
    /.manifest {"revision":"","roots":["a","b"],"rego_version":1,"file_rego_versions":{"/b/b.rego":0}}|
    "#);
    assert_snapshot!(place.run(&["build", "-b", "a", "c"]), @"
    exit 1
    --- stdout
    error: load error: bundles [a, c] have overlapping roots and cannot be activated simultaneously because bundle(s) [c] specify empty root paths ('') which overlap with any other bundle root
    ");
}

#[test]
fn an_archive_can_be_built_upon() {
    let place = place();
    built(&place, &["-b", "b", "-r", "one"]);
    fs::rename(place.path().join("out.tar.gz"), place.path().join("in.tar.gz")).unwrap();
    assert_snapshot!(built(&place, &["-b", "in.tar.gz", "--ignore", "a,x"]), @r#"
    /data.json {"a":{"admin":"alice"}}|
    /in.tar.gz/b/authz.rego package authz||allow if input.user == data.a.admin|
    /.manifest {"revision":"one","roots":[""],"rego_version":1}|
    "#);
}

#[test]
fn names_can_be_ignored_and_links_followed() {
    let place = Place::with(&[("b/p.rego", "package p"), ("b/p_test.rego", "package p_test")]);
    fs::create_dir(place.path().join("elsewhere")).unwrap();
    place.put("elsewhere/q.rego", b"package q");
    std::os::unix::fs::symlink("../elsewhere/q.rego", place.path().join("b/q.rego")).unwrap();
    let names = |arguments: &[&str]| {
        let shown = built(&place, arguments);
        shown.lines().filter_map(|line| line.split(' ').next()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(&["-b", "b", "--ignore", "*_test.rego"]), "/data.json /b/p.rego /.manifest");
    assert_eq!(
        names(&["-b", "b", "--follow-symlinks"]),
        "/data.json /b/p.rego /b/p_test.rego /b/q.rego /.manifest"
    );
    assert_eq!(
        names(&["b", "--ignore", "*_test.rego", "--ignore", "q*"]),
        "/data.json /b/p.rego /.manifest"
    );
}

#[test]
fn policies_must_compile() {
    let place = Place::with(&[
        ("parse/p.rego", "package p\n\nq if {\n"),
        ("types/p.rego", "package p\n\nq := f(1)\n"),
        ("data/p.rego", "package p\n\nq := 1\n"),
        ("data/data.json", r#"{"p": {"q": 2}}"#),
        ("roots/.manifest", r#"{"roots": ["x"]}"#),
        ("roots/p.rego", "package p"),
    ]);
    assert_snapshot!(place.run(&["build", "parse"]), @"
    exit 1
    --- stdout
    error: load error: 1 error occurred during loading: parse/p.rego:4: rego_parse_error: unexpected eof token
    	q if {
    	     ^
    ");
    assert_snapshot!(place.run(&["build", "types", "-o", "out.tar.gz"]), @"
    exit 1
    --- stdout
    error: 1 error occurred: types/p.rego:3: rego_type_error: undefined function f
    ");
    assert!(!place.path().join("out.tar.gz").exists());
    assert_snapshot!(place.run(&["build", "-b", "data"]), @"
    exit 1
    --- stdout
    error: 1 error occurred: data/p.rego:3: rego_compile_error: conflicting rule for data path p/q found
    ");
    assert_snapshot!(place.run(&["build", "-b", "roots"]), @"
    exit 1
    --- stdout
    error: manifest roots [x] do not permit 'package p' in module 'roots/p.rego'
    ");
    assert_snapshot!(place.run(&["build", "none"]), @"
    exit 1
    --- stdout
    error: load error: 1 error occurred during loading: open none: no such file or directory
    ");
}

#[test]
fn v0_is_what_the_flag_says() {
    let place = Place::with(&[("b/p.rego", "package p\n\nq { true }\n")]);
    assert!(place.run(&["build", "-b", "b"]).starts_with("exit 1\n"));
    let shown = built(&place, &["-b", "b", "--v0-compatible", "--v1-compatible"]);
    assert!(shown.contains(r#""rego_version":0}"#), "{shown}");
    assert!(built(&place, &["b", "--v0-compatible"]).contains(r#""rego_version":0}"#));
}

#[test]
fn entrypoints_must_be_there() {
    let place = place();
    built(&place, &["-b", "b", "-e", "authz/allow", "-e", "authz", "--entrypoint", "/authz/allow"]);
    let said = |entrypoint: &str| place.run(&["build", "-b", "b", "-e", entrypoint]);
    assert_eq!(
        said("authz/nope"),
        "exit 1\n--- stdout\nerror: undefined entrypoint data.authz.nope\n"
    );
    for invalid in ["/", "a/%zz", "a%2"] {
        let want = format!("error: entrypoint {invalid} not valid: use <package>/<rule>\n");
        assert_eq!(said(invalid), format!("exit 1\n--- stdout\n{want}"));
    }
}

#[test]
fn what_needs_partial_evaluation_is_refused() {
    let place = place();
    for (arguments, want) in [
        (
            &["-O", "1"][..],
            "optimization needs partial evaluation, which is not part of this version yet",
        ),
        (&["-t", "wasm"], "only the target `rego` is part of this version yet"),
        (&["--target=plan"], "only the target `rego` is part of this version yet"),
        (
            &["--partial-namespace", "x"],
            "--partial-namespace needs partial evaluation, which is not part of this version yet",
        ),
        (
            &["--prune-unused"],
            "--prune-unused and --wasm-include-print count for the targets `wasm` and `plan`, \
             which are not part of this version yet",
        ),
    ] {
        let shown = place.run(&[&["build", "-b", "b"], arguments].concat());
        assert_eq!(shown, format!("exit 1\n--- stdout\nerror: {want}\n"));
    }
    built(&place, &["b", "-t", "rego", "-O", "0", "--partial-namespace", "partial"]);
    assert!(place.run(&["build", "--wasm-include-print", "b"]).starts_with("exit 1\n"));
    assert_snapshot!(run(&["build"]), @"
    exit 1
    --- stdout
    error: expected at least one path
    ");
}

#[test]
fn debug_tells_what_is_done() {
    let shown = place().run(&["build", "-b", "b", "--debug", "-e", "authz/allow"]);
    assert_snapshot!(shown, @"
    exit 0
    --- stderr
    DEBUG: compiling b/authz.rego
    DEBUG: entrypoint data.authz.allow
    DEBUG: writing /data.json
    DEBUG: writing /b/authz.rego
    DEBUG: writing /.manifest
    ");
}

#[test]
fn a_signed_bundle_is_verified_and_signed_again() {
    let place = place();
    let sign = ["--signing-alg", "HS256", "--signing-key", "secret"];
    place.put("claims.json", br#"{"scope": "write", "keyid": "mine"}"#);
    let claims = ["--claims-file", "claims.json"];
    built(&place, &[&["-b", "b"], &sign[..], &claims].concat());
    fs::rename(place.path().join("out.tar.gz"), place.path().join("signed.tar.gz")).unwrap();
    assert_snapshot!(place.run(&["build", "-b", "signed.tar.gz"]), @"
    exit 1
    --- stdout
    error: load error: bundle signed.tar.gz: verification key not provided
    ");
    let verify = ["-b", "signed.tar.gz", "--signing-alg", "HS256"];
    let wrong_key = [&["build"], &verify[..], &["--verification-key", "other"]].concat();
    assert_snapshot!(place.run(&wrong_key), @"
    exit 1
    --- stdout
    error: load error: bundle signed.tar.gz: failed to verify JWT signature
    ");
    let right_key = ["--verification-key", "secret", "--verification-key-id", "k"];
    let no_scope = [&["build"], &verify[..], &right_key].concat();
    assert_snapshot!(place.run(&no_scope), @"
    exit 1
    --- stdout
    error: load error: bundle signed.tar.gz: scope mismatch
    ");
    place.put("key", b"secret");
    let again = [
        &verify[..],
        &["--verification-key", "file://key", "--verification-key-id", "k", "--scope", "write"],
        &["--signing-key", "key"],
    ];
    let shown = built(&place, &again.concat());
    assert!(shown.contains("/.signatures.json "), "{shown}");
    assert!(!built(&place, &again[..2].concat()).contains("/.signatures.json"));
}

#[test]
fn a_signed_directory_may_have_files_that_are_not_signed() {
    let place = place();
    let key = ["--signing-alg", "HS256", "--signing-key", "secret"];
    let sign = [&["sign", "-b", "b", "-o", "b"], &key[..]].concat();
    assert_eq!(place.run(&sign), "exit 0\n");
    place.put("b/new.rego", b"package new");
    let verify = ["-b", "b", "--signing-alg", "HS256", "--verification-key", "secret"];
    assert_snapshot!(place.run(&[&["build"], &verify[..]].concat()), @"
    exit 1
    --- stdout
    error: load error: bundle b: file /new.rego not included in bundle signature
    ");
    built(&place, &[&verify[..], &["--exclude-files-verify", "new.*"]].concat());
}

#[test]
fn signing_has_its_own_refusals() {
    let place = place();
    for (arguments, want) in [
        (
            &["b", "--signing-key", "x"][..],
            "enable bundle mode (ie. --bundle) to verify or sign bundle files or directories",
        ),
        (
            &["b", "--verification-key", "x", "--signing-alg", "HS256"],
            "enable bundle mode (ie. --bundle) to verify or sign bundle files or directories",
        ),
        (
            &["-b", "b", "--claims-file", "c.json"],
            "specify the secret (HMAC) or path of the PEM file containing the private key (RSA and \
             ECDSA)",
        ),
        (
            &["-b", "b", "--signing-key", "x", "--signing-plugin", "vault"],
            "no signer exists under id vault",
        ),
        (
            &["-b", "b", "--signing-key", "x", "--signing-alg", "none"],
            "unknown signature algorithm: none",
        ),
        (
            &["-b", "b", "--signing-key", "x"],
            "the key is not a private key in PEM that RS256 takes",
        ),
    ] {
        let shown = place.run(&[&["build"], arguments].concat());
        assert_eq!(shown, format!("exit 1\n--- stdout\nerror: {want}\n"));
    }
}

#[test]
fn what_cannot_be_written_is_said() {
    let shown = place().run(&["build", "-b", "b", "-o", "none/out.tar.gz"]);
    assert_snapshot!(shown, @"
    exit 1
    --- stdout
    error: open none/out.tar.gz: no such file or directory
    ");
    let place = place();
    assert_eq!(place.run(&["build", "-b", "b", "-o", "/dev/null"]), "exit 0\n");
    let left: Vec<_> = fs::read_dir(place.path()).unwrap().collect();
    assert_eq!(left.len(), 2, "{left:?}");
}
