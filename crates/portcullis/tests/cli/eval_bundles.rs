//! `eval` on bundles: directories, archives, and archives among plain data.

use insta::assert_snapshot;

use crate::place::Place;

/// Two bundles, and data beside them.
fn place() -> Place {
    Place::with(&[
        ("b/.manifest", r#"{"revision": "r1", "roots": ["p", "d"]}"#),
        ("b/p.rego", "package p\n\nallow if input.user == data.d.admin\n"),
        ("b/d/data.json", r#"{"admin": "alice"}"#),
        ("old/.manifest", r#"{"rego_version": 0, "roots": ["old"]}"#),
        ("old/old.rego", "package old\n\nq { true }\n"),
        ("other.json", r#"{"other": 1}"#),
        ("in.json", r#"{"user": "alice"}"#),
    ])
}

fn raw(place: &Place, arguments: &[&str]) -> String {
    let shown = place.run(&[&["eval", "-f", "raw"], arguments].concat());
    shown.replace("exit 0\n--- stdout\n", "")
}

#[test]
fn directories_and_archives_are_the_same() {
    let place = place();
    let build = ["build", "-b", "b", "--signing-alg", "HS256", "--signing-key", "secret"];
    assert_eq!(place.run(&build), "exit 0\n");
    for bundle in ["b", "./b/", "file://b", "bundle.tar.gz"] {
        let query = ["-b", bundle, "-b", "old", "-i", "in.json", "-d", "other.json"];
        let asked = "[data.p.allow, data.old.q, data.other, data.d]";
        let shown = raw(&place, &[&query[..], &[asked]].concat());
        assert_eq!(shown, "[true,true,1,{\"admin\":\"alice\"}]\n", "{bundle}");
    }
}

#[test]
fn manifests_are_data() {
    let shown = raw(&place(), &["--bundle", "b", "data.system.bundles.b.manifest"]);
    assert_eq!(shown, "{\"revision\":\"r1\",\"roots\":[\"p\",\"d\"]}\n");
}

#[test]
fn an_archive_among_data_stands_for_what_it_holds() {
    let place = place();
    assert_eq!(place.run(&["build", "-b", "old"]), "exit 0\n");
    let shown = raw(&place, &["-d", "bundle.tar.gz", "-d", "x:other.json", "[data.old.q, data.x]"]);
    assert_eq!(shown, "[true,{\"other\":1}]\n");
}

#[test]
fn what_is_wrong_is_an_error_of_the_output() {
    let place = place();
    place.put("d.json", br#"{"d": {"admin": "bob"}}"#);
    place.put("c.tar.gz", b"no archive");
    assert_snapshot!(raw(&place, &["-b", "b", "-d", "d.json", "1"]), @"
    exit 2
    --- stderr
    1 error occurred: b: merge error: `data.d.admin` has another value already
    ");
    assert_snapshot!(raw(&place, &["-b", "c.tar.gz", "-b", "none", "1"]), @"
    exit 2
    --- stderr
    2 errors occurred:
    bundle c.tar.gz: archive read failed: not a gzip stream
    open none: no such file or directory
    ");
    assert_snapshot!(raw(&place, &["-b", "b", "-b", ".", "1"]), @"
    exit 2
    --- stderr
    1 error occurred: bundle .: bundle has more than one file `.manifest`
    ");
    let ignored = raw(&place, &["-b", "b", "--ignore", "d", "data.d"]);
    assert_snapshot!(ignored, @"exit 0");
}
