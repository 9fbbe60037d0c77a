//! What is written is read as it was.

use portcullis_bundle::{
    BundleFiles, HashAlgorithm, Manifest, Op, Patch, PatchOp, ReadOptions, read, write,
};
use proptest::prelude::*;
use rego::{RegoVersion, Value};

use super::json;

fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::NULL),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,9})?([eE][-+]?[0-9]{1,2})?".prop_map(|n| json(&n)),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::array),
            prop::collection::vec((any::<String>(), inner), 0..6).prop_map(object),
        ]
    })
}

fn object(entries: Vec<(String, Value)>) -> Value {
    Value::object(entries.into_iter().map(|(key, value)| (Value::from(key), value)).collect())
}

fn documents() -> impl Strategy<Value = Value> {
    prop::collection::vec((any::<String>(), document()), 0..6).prop_map(object)
}

fn version() -> impl Strategy<Value = RegoVersion> {
    prop_oneof![Just(RegoVersion::V0), Just(RegoVersion::V1)]
}

prop_compose! {
    fn manifest()(
        revision in any::<String>(),
        rego_version in prop::option::of(version()),
        file_rego_versions in prop::collection::btree_map("/[a-z*]{1,8}", version(), 0..3),
        metadata in prop_oneof![Just(Value::NULL), documents()],
    ) -> Manifest {
        let default = Manifest::default();
        Manifest { revision, rego_version, file_rego_versions, metadata, ..default }
    }
}

fn modules() -> impl Strategy<Value = Vec<(String, String)>> {
    // Long enough for names that take more than one header.
    let path = "/([a-zé.]{1,9}/){0,20}[a-z]{1,9}\\.rego"
        .prop_filter("leads elsewhere", |path| path.split('/').all(|s| s != "." && s != ".."));
    prop::collection::btree_map(path, any::<String>(), 0..6)
        .prop_map(|modules| modules.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_bundle(manifest in manifest(), data in documents(), modules in modules()) {
        let files = BundleFiles { manifest, data, modules, ..BundleFiles::default() };
        let bytes = write(&files).unwrap();
        prop_assert_eq!(&bytes, &write(&files).unwrap());
        let bundle = read(&bytes, &ReadOptions::default()).unwrap();
        prop_assert_eq!(bundle.data.to_json(), files.data.to_json());
        prop_assert_eq!(BundleFiles::from(bundle), files);
    }

    #[test]
    fn a_delta_bundle(
        paths in prop::collection::vec(prop::collection::vec("[a-z~/0-9]{1,4}", 1..5), 1..6),
        value in document(),
    ) {
        let operation = |path: Vec<String>| {
            // A `/` at either end of the whole is trimmed, so no key there is empty.
            let ops = [Op::Upsert, Op::Replace, Op::Remove];
            let op = ops[path.len() % 3];
            let value = if op == Op::Remove { Value::NULL } else { value.clone() };
            PatchOp { op, path, value }
        };
        let patch = Patch { data: paths.into_iter().map(operation).collect() };
        let files = BundleFiles { patch: Some(patch), ..BundleFiles::default() };
        let bundle = read(&write(&files).unwrap(), &ReadOptions::default()).unwrap();
        prop_assert_eq!(BundleFiles::from(bundle), files);
    }
}

#[test]
fn an_archive_is_laid_out_as_opa_builds_it() {
    let files = BundleFiles {
        manifest: Manifest {
            revision: "r1".to_string(),
            rego_version: Some(RegoVersion::V1),
            ..Manifest::default()
        },
        data: json(r#"{"b": "<", "a": 1.0}"#),
        modules: vec![("/app/p.rego".to_string(), "package app".to_string())],
        extra: vec![("policy.wasm".to_string(), b"\0asm".to_vec())],
        signatures: Some(b"{}".to_vec()),
        ..BundleFiles::default()
    };
    let bytes = write(&files).unwrap();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_slice()));
    let mut seen = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        assert_eq!(entry.header().mode().unwrap(), 0o600);
        assert_eq!(entry.header().mtime().unwrap(), 0);
        let mut text = String::new();
        std::io::Read::read_to_string(&mut entry, &mut text).unwrap();
        seen.push((String::from_utf8_lossy(&entry.path_bytes()).into_owned(), text));
    }
    let want = [
        ("/data.json", "{\"a\":1.0,\"b\":\"\\u003c\"}\n"),
        ("/app/p.rego", "package app"),
        ("/policy.wasm", "\0asm"),
        ("/.manifest", "{\"revision\":\"r1\",\"roots\":[\"\"],\"rego_version\":1}\n"),
        ("/.signatures.json", "{}"),
    ];
    assert_eq!(seen, want.map(|(path, text)| (path.to_string(), text.to_string())));
}

#[test]
fn hash_functions_have_their_names() {
    for algorithm in HashAlgorithm::ALL {
        assert_eq!(HashAlgorithm::from_name(algorithm.name()), Some(algorithm));
    }
    assert_eq!(HashAlgorithm::from_name("MD6"), None);
    assert_eq!(HashAlgorithm::Md5.digest(b""), "d41d8cd98f00b204e9800998ecf8427e");
}
