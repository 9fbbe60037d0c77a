//! Requests of which a policy would not see all that the daemon acts on are refused; what ordinary
//! clients send is not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "functions that tests share"
)]

mod support;

use std::collections::BTreeMap;

use portcullis_docker::completeness::{Cause, UnknownRoutes, Whole, read};
use portcullis_docker::wire::AuthzRequest;

fn check(request: &AuthzRequest, unknown: UnknownRoutes) -> Result<Whole, Cause> {
    read(request, unknown).map_err(|refusal| {
        assert!(!refusal.message.is_empty());
        refusal.cause
    })
}

#[test]
fn no_recorded_request_is_refused() {
    let Some(records) = support::lines("docker/requests.jsonl") else { return };
    let mut whole = 0;
    for record in records.iter().filter(|record| record["call"] == "AuthZReq") {
        let read = read(&support::request(record), UnknownRoutes::All);
        assert!(read.is_ok(), "{}: {}", record["cmd"], read.unwrap_err());
        whole += 1;
    }
    assert_eq!(whole, 261);
}

/// The recorded attacks that are refused, and why. All others reach the policy. (Of paths that are not
/// clean the daemon asks no plugin.)
const REFUSED: &[(&str, Cause)] = &[
    ("CT dup text/plain then json", Cause::Withheld),
    ("no CT", Cause::Withheld),
    ("body >1MiB padded", Cause::Withheld),
    // The recording leaves this body out; the daemon does show it.
    ("body =1MiB-1ish space padded", Cause::Withheld),
    ("body >1MiB space padded after", Cause::Withheld),
    ("body >4MiB", Cause::Withheld),
    ("dup HostConfig, 2nd benign (merge)", Cause::BodyRepeated),
    ("dup Privileged true,false (last wins)", Cause::BodyRepeated),
    ("Privileged true + privileged... null", Cause::BodyRepeated),
    ("Privileged false then PRIVILEGED true", Cause::BodyRepeated),
    ("top-level Privileged (no HostConfig)", Cause::BodyDeprecated),
    ("top-level Binds (no HostConfig)", Cause::BodyDeprecated),
    ("top-level NetworkMode=host", Cause::BodyDeprecated),
    ("top-level + inner HostConfig (legacy merge)", Cause::BodyDeprecated),
    ("trailing junk after JSON", Cause::BodySyntax),
    ("leading benign JSON + 2nd", Cause::BodySyntax),
    ("BOM", Cause::BodySyntax),
    ("invalid utf8 in label", Cause::BodySyntax),
    ("Expect/CL0 smuggle", Cause::Missing),
    ("start v1.23 w/ HostConfig body", Cause::Unexpected),
    ("pull evil via form body", Cause::Form),
    ("query=good, form=evil", Cause::Form),
    ("build networkmode=host in form", Cause::Form),
    ("tag form + dup CT", Cause::Unexpected),
    ("semicolon in query", Cause::Query),
    ("bad pct + evi%6c", Cause::Query),
    ("Content-Encoding gzip", Cause::BodySyntax),
    ("CT json;charset utf-16 body", Cause::BodySyntax),
    ("HostConfig: [] type confusion", Cause::BodyType),
    ("nested dup Mounts keys", Cause::BodyRepeated),
    ("dup Binds (last wins)", Cause::BodyRepeated),
    ("Binds then binds null elem", Cause::BodyRepeated),
    ("number 1e0 for bool", Cause::BodyType),
    ("deep nest 11000", Cause::BodySyntax),
];

#[test]
fn every_recorded_attack_is_refused_or_seen() {
    let Some(records) = support::lines("docker/adversarial.jsonl") else { return };
    let mut found: BTreeMap<String, Option<Cause>> = BTreeMap::new();
    for record in records.iter().filter(|record| record["call"] == "AuthZReq") {
        let label = record["cmd"].as_str().unwrap().strip_prefix("raw: ").unwrap();
        let cause = check(&support::request(record), UnknownRoutes::default()).err();
        let entry = found.entry(label.to_string()).or_default();
        *entry = entry.or(cause);
    }
    let expected: BTreeMap<_, _> = REFUSED.iter().copied().collect();
    for (label, cause) in &found {
        assert_eq!(*cause, expected.get(label.as_str()).copied(), "{label}");
    }
    let missed: Vec<_> = expected.keys().filter(|label| !found.contains_key(**label)).collect();
    assert!(missed.is_empty(), "no record of {missed:?}");
    assert!(found.len() > 80, "only {} attacks", found.len());
}

/// Recorded attacks that the original does not see: where the policy sees each.
const SEEN: &[(&str, &str, &str)] = &[
    ("CT 'application/json; charset=utf-8'", "HostConfig.Privileged", "true"),
    ("CT 'Application/JSON'", "HostConfig.Privileged", "true"),
    ("CT dup json then text/plain", "HostConfig.Privileged", "true"),
    ("lowercase keys", "HostConfig.Privileged", "true"),
    ("HostConfig.PRIVILEGED", "HostConfig.Privileged", "true"),
    ("long-s Ho\u{17f}tConfig (U+017F)", "HostConfig.Privileged", "true"),
    ("Kelvin-sign NetworKMode=host", "HostConfig.NetworkMode", "\"host\""),
    ("versionless path", "HostConfig.Privileged", "true"),
    ("percent /containers/cre%61te", "HostConfig.Privileged", "true"),
    ("absolute-URI http://d/v1.41/...", "HostConfig.Privileged", "true"),
    ("escaped key \\u0048ostConfig", "HostConfig.Privileged", "true"),
    (
        "Mounts bind lower-case source",
        "HostConfig.Mounts",
        r#"[{"Source":"/etc","Target":"/x","Type":"bind"}]"#,
    ),
];

#[test]
fn attacks_on_spellings_are_seen_as_what_they_are() {
    let Some(records) = support::lines("docker/adversarial.jsonl") else { return };
    for (label, path, value) in SEEN {
        let is_meant = |record: &&serde_json::Value| {
            record["call"] == "AuthZReq"
                && record["cmd"].as_str().unwrap() == format!("raw: {label}")
                && record["request"]["RequestMethod"] == "POST"
        };
        let record = records.iter().find(is_meant).expect(label);
        let whole = check(&support::request(record), UnknownRoutes::default()).unwrap();
        assert_eq!(whole.action(), "container_create", "{label}");
        let names: Vec<_> = path.split('.').collect();
        assert_eq!(whole.body.get_path(&names).unwrap().to_json(), *value, "{label}");
    }
}

/// Returns a request: `METHOD target`, then `Content-Type` and `Content-Length` where not `-`, then
/// the body that is shown.
fn request(line: &str, kind: &str, length: &str, body: &str) -> AuthzRequest {
    let (method, uri) = line.split_once(' ').unwrap();
    let headers = [("Content-Type", kind), ("Content-Length", length)];
    let headers = headers.iter().filter(|(_, value)| *value != "-");
    AuthzRequest {
        method: method.to_string(),
        uri: uri.to_string(),
        headers: Some(headers.map(|(k, v)| (k.to_string(), v.to_string())).collect()),
        body: body.as_bytes().to_vec(),
        ..AuthzRequest::default()
    }
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const TAR: &str = "application/x-tar";

#[test]
fn bodies_are_shown_or_absent_or_streams() {
    for (line, kind, length, body, expected) in [
        // What is decoded as JSON must be shown.
        ("POST /containers/create", JSON, "2", "{}", None),
        ("POST /containers/create", JSON, "-", "{}", None),
        ("POST /containers/create", JSON, "9", "", Some(Cause::Withheld)),
        ("POST /containers/create", JSON, "-", "", Some(Cause::Withheld)),
        ("POST /containers/create", "-", "-", "", Some(Cause::Withheld)),
        ("POST /containers/create", JSON, "0", "", Some(Cause::Missing)),
        ("POST /containers/create", FORM, "2", "{}", Some(Cause::Form)),
        ("PUT /volumes/v", JSON, "9", "", Some(Cause::Withheld)),
        ("POST /commit?container=a", "-", "0", "", None),
        ("POST /commit?container=a", "-", "-", "", None),
        ("POST /commit?container=a", JSON, "-", "", Some(Cause::Withheld)),
        ("POST /commit?container=a", "-", "3", "", Some(Cause::Withheld)),
        ("POST /commit?container=a", JSON, "9", "{\"user\":\"\"}", None),
        ("POST /images/a/push", JSON, "2", "{}", None),
        ("POST /images/a/push", "-", "0", "", None),
        // The daemon never shows this one.
        ("POST /auth", JSON, "40", "", None),
        ("POST /v1.41/auth", JSON, "40", "", Some(Cause::Withheld)),
        // What takes none may have none, or one that is shown and so is no form.
        ("POST /containers/a/stop", "-", "0", "", None),
        ("POST /containers/a/stop", "-", "-", "", None),
        ("POST /containers/a/stop", JSON, "0", "", None),
        ("POST /containers/a/stop", JSON, "7", "{\"t\":1}", None),
        ("POST /containers/a/stop", JSON, "7", "{\"t\":1", Some(Cause::BodySyntax)),
        ("POST /containers/a/stop", JSON, "7", "", Some(Cause::Unexpected)),
        ("POST /containers/a/stop", "", "-", "", Some(Cause::Unexpected)),
        ("POST /containers/a/stop", "-", "7", "", Some(Cause::Unexpected)),
        ("POST /containers/a/stop", FORM, "0", "", Some(Cause::Form)),
        ("POST /containers/a/attach", "text/plain", "0", "", None),
        ("POST /containers/a/start", "-", "0", "", None),
        ("POST /containers/a/start", JSON, "2", "{}", None),
        ("POST /containers/a/start", JSON, "5", "null\n", None),
        ("POST /containers/a/start", JSON, "9", "{\"a\":1}", Some(Cause::Unexpected)),
        ("POST /containers/a/start", JSON, "-", "", Some(Cause::Unexpected)),
        // Streams are what they are, but no forms.
        ("POST /build", TAR, "-", "", None),
        ("POST /build", TAR, "900", "", None),
        ("POST /build", "Multipart/Form-Data; boundary=x", "9", "", Some(Cause::Form)),
        ("POST /build?remote=https://a/b.git", TAR, "0", "", None),
        ("POST /build?remote=https://a/b.git", TAR, "-", "", Some(Cause::Unexpected)),
        ("POST /images/load", TAR, "-", "", None),
        ("PUT /containers/a/archive?path=/", "text/plain", "-", "", None),
        ("PUT /containers/a/archive?path=/", FORM, "-", "", Some(Cause::Form)),
        ("POST /images/create?fromSrc=-", "text/plain", "-", "", None),
        ("POST /images/create?fromSrc=http://a", "text/plain", "-", "", Some(Cause::Unexpected)),
        ("POST /images/create?fromImage=a", "-", "0", "", None),
        ("POST /images/create?fromImage=a", JSON, "2", "{}", None),
        ("POST /images/create?fromImage=a", "text/plain", "-", "", Some(Cause::Unexpected)),
        ("POST /images/create?fromImage=a&fromSrc=-", TAR, "-", "", Some(Cause::Unexpected)),
        ("POST /session", "-", "-", "", None),
        // Of these the daemon reads none.
        ("GET /info", JSON, "9", "", None),
        ("DELETE /containers/a", FORM, "9", "", None),
        // Lengths.
        ("POST /containers/a/stop", "-", "+1", "", Some(Cause::ContentLength)),
        ("POST /containers/a/stop", "-", "0, 0", "", Some(Cause::ContentLength)),
        ("POST /containers/a/stop", "-", "", "", Some(Cause::ContentLength)),
        ("POST /containers/a/stop", "-", "99999999999999999999", "", Some(Cause::ContentLength)),
    ] {
        let request = request(line, kind, length, body);
        let found = check(&request, UnknownRoutes::default()).err();
        assert_eq!(found, expected, "{line} {kind} {length} {body}");
    }
    let mut spelled = request("POST /images/a/tag", FORM, "-", "");
    spelled.headers =
        Some(vec![("content-type".into(), "Application/X-WWW-Form-Urlencoded;a".into())]);
    assert_eq!(check(&spelled, UnknownRoutes::None).err(), Some(Cause::Form));
}

#[test]
fn targets_mean_one_thing() {
    let both = [UnknownRoutes::Writes, UnknownRoutes::All];
    for (line, expected) in [
        ("GET /nothing", [None, Some(Cause::UnknownRoute)]),
        ("HEAD /containers/json", [None, Some(Cause::UnknownRoute)]),
        ("OPTIONS /nothing", [None, None]),
        ("DELETE /nothing", [Some(Cause::UnknownRoute); 2]),
        ("POST /nothing", [Some(Cause::UnknownRoute); 2]),
        ("CONNECT /containers/create", [Some(Cause::UnknownRoute); 2]),
        ("post /containers/create", [Some(Cause::UnknownRoute); 2]),
        ("GET //v1.41/info", [None, None]), // an authority, to Go
        ("GET /v1.41//info", [None, Some(Cause::UnknownRoute)]),
        ("GET /images/a%2Fb/json", [None, None]),
        ("GET /distribution/a%2fb/json", [None, None]),
        ("GET /images/a%2Fb/get", [Some(Cause::EncodedSlash); 2]),
        ("GET /containers/a%2Fjson", [Some(Cause::EncodedSlash); 2]),
        ("POST /containers%2fcreate", [Some(Cause::EncodedSlash); 2]),
        ("POST /images/a%2Fb/tag", [Some(Cause::EncodedSlash); 2]),
        ("GET /info?a=%2F", [None, None]),
        ("GET /info?a;b", [Some(Cause::Query); 2]),
        ("GET /info?a=%zz", [Some(Cause::Query); 2]),
        ("GET /%zz", [Some(Cause::Target); 2]),
        // The daemon reads on behind a number sign.
        ("POST /images/create?tag=1#&fromImage=evil", [Some(Cause::Target); 2]),
        ("GET /info#/archive", [Some(Cause::Target); 2]),
    ] {
        let found = both.map(|unknown| check(&request(line, "-", "-", ""), unknown).err());
        assert_eq!(found, expected, "{line}");
    }
    let unknown = request("POST /nothing", JSON, "-", "{\"a\":1}");
    let whole = check(&unknown, UnknownRoutes::None).unwrap();
    assert_eq!((whole.action(), whole.body.to_json().as_str()), ("unknown", "{\"a\":1}"));
}

#[test]
fn causes_have_names_of_their_own() {
    let names: Vec<_> = Cause::ALL.iter().map(|cause| cause.name()).collect();
    assert!(names.is_sorted_by(|one, next| one < next), "{names:?}");
}
