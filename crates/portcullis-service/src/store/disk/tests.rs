//! Tests of the durable store from inside: what is stored is what is in memory, also after it was
//! folded, cut otherwise, damaged, or written to by a commit that was said to have failed.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use rego::{RegoVersion, Value};

use super::tables::{Kind, Records};
use super::*;
use crate::state::{ActiveBundle, ModuleRecord, Origin};
use crate::store::WriteError;
use crate::store::transaction::Transaction;

fn options(directory: &Path, partitions: &[&str]) -> DiskOptions {
    let partitions = partitions.iter().map(|text| (*text).to_string()).collect();
    DiskOptions { directory: directory.to_path_buf(), auto_create: true, partitions }
}

fn value(text: &str) -> Value {
    Value::from_json(text.as_bytes()).unwrap()
}

fn keys(text: &str) -> Vec<String> {
    text.split('/').filter(|key| !key.is_empty()).map(str::to_string).collect()
}

/// A store and the state that it is told to keep.
struct Pair {
    options: DiskOptions,
    store: Option<DiskStore>,
    state: State,
}

impl Pair {
    fn open(directory: &Path, partitions: &[&str]) -> Self {
        let options = options(directory, partitions);
        let (store, state) = DiskStore::open(&options).unwrap();
        Self { options, store: Some(store), state }
    }

    fn write(&mut self, work: impl FnOnce(&mut Transaction) -> Result<(), WriteError>) {
        let mut transaction = Transaction::new(self.state.clone());
        if work(&mut transaction).is_ok() {
            self.store.as_mut().unwrap().commit(&transaction.changes, &transaction.state).unwrap();
            self.state = transaction.state;
        }
    }

    fn put(&mut self, path: &str, json: &str) {
        self.write(|transaction| transaction.put(&keys(path), value(json)));
    }

    fn reopen(&mut self) {
        let before = self.store.take().unwrap();
        let (layout, kept) = (before.layout.clone(), before.kept.clone());
        drop(before);
        let (store, state) = DiskStore::open(&self.options).unwrap();
        assert_same(&state, &self.state);
        if layout == store.layout {
            let figures = |kept: &Kept| (kept.document_bytes, kept.log.changes, kept.log.bytes);
            assert_eq!(figures(&kept), figures(&store.kept));
            assert_eq!(kept.log.dirty, store.kept.log.dirty);
        }
        self.store = Some(store);
    }

    fn kept(&mut self) -> &mut Kept {
        &mut self.store.as_mut().unwrap().kept
    }

    fn fold(&mut self) {
        let store = self.store.as_mut().unwrap();
        let next = store.kept.clone();
        store.write(next, &Changes::default(), Way::Fold).unwrap();
    }
}

fn assert_same(stored: &State, expected: &State) {
    // As text too: numbers that are equal may have different texts.
    assert_eq!(stored.data.to_json(), expected.data.to_json());
    assert_eq!(stored.data, expected.data);
    assert_eq!(stored.modules, expected.modules);
    assert_eq!(stored.bundles, expected.bundles);
}

fn module(text: &str, version: Option<RegoVersion>, origin: Origin) -> ModuleRecord {
    ModuleRecord { file: format!("{text}.rego"), text: text.into(), version, origin }
}

fn bundle(revision: &str) -> ActiveBundle {
    ActiveBundle {
        revision: revision.to_string(),
        roots: vec![String::new(), "a/b".to_string()],
        etag: "\"e\"".to_string(),
        manifest: value(r#"{"revision":"r","n":1.50}"#),
    }
}

#[test]
fn keeps_modules_data_and_bundles() {
    let directory = tempfile::tempdir().unwrap();
    let mut pair = Pair::open(directory.path(), &[]);
    assert_same(&pair.state, &State::default());
    pair.write(|t| {
        t.put_module("a", module("a <&>\u{2028}", None, Origin::Api));
        t.put_module("b", module("", Some(RegoVersion::V0), Origin::File));
        t.put_module("c/d", module("c\0", Some(RegoVersion::V1), Origin::Embedded));
        t.put_module("", module("c", Some(RegoVersion::Auto), Origin::Bundle("x".to_string())));
        t.put_bundle("x", bundle("1"));
        t.put_bundle("y", bundle(""));
        t.put(&keys("n"), value("[1e3,1.0,123456789012345678901234567890,0.10,-0,1E400]"))
    });
    pair.reopen();
    pair.write(|t| {
        t.remove_module("a");
        t.put_module("b", module("new", None, Origin::Api));
        t.remove_bundle("y");
        t.put_bundle("x", bundle("2"));
        Ok(())
    });
    pair.reopen();
    pair.write(|t| t.set_data(value(r#"{"":{"\u0000":{"~/":1}}}"#)));
    pair.write(|t| t.put(&["k".repeat(2 << 20), "a/b".to_string()], value("{}")));
    pair.reopen();
    pair.fold();
    pair.reopen();
    assert_eq!(pair.state.modules.len(), 3);
}

#[test]
fn small_changes_go_to_the_log_until_it_is_full() {
    let directory = tempfile::tempdir().unwrap();
    let mut pair = Pair::open(directory.path(), &["/big"]);
    let big = "x".repeat(3 << 20); // more than a piece
    pair.put("big", &format!(r#"{{"a":"{big}","b":1}}"#));
    assert_eq!((pair.kept().log.changes, pair.kept().document_bytes > 3 << 20), (0, true));
    for n in 0..LOG_CHANGES_MAX {
        pair.put("n", &n.to_string());
    }
    assert_eq!(pair.kept().log.changes, LOG_CHANGES_MAX);
    pair.reopen();
    assert_eq!(pair.kept().log.changes, LOG_CHANGES_MAX);
    pair.put("n", "\"one more\"");
    assert_eq!((pair.kept().log.changes, pair.kept().log.dirty.len()), (0, 0));
    pair.reopen();
    pair.write(|t| t.remove(&keys("big/a")));
    pair.fold();
    assert!(pair.kept().document_bytes < 100, "{}", pair.kept().document_bytes);
    let counted = pair.kept().document_bytes;
    pair.reopen();
    assert_eq!(pair.kept().document_bytes, counted);
    pair.put("big/c", &format!("\"{}\"", "y".repeat(LOG_BYTES_MIN)));
    assert_eq!(pair.kept().log.changes, 0);
    pair.reopen();
}

#[test]
fn other_partitions_cut_what_is_there_anew() {
    let directory = tempfile::tempdir().unwrap();
    let cuts: [&[&str]; 4] = [&["/a/*"], &["/a/b/c", "/d"], &[], &["/*/b/c"]];
    let mut pair = Pair::open(directory.path(), &[]);
    pair.put("a", r#"{"b":{"c":{"x":1},"e":{}},"f":[{}]}"#);
    pair.put("d", r#"{"*":{}}"#);
    for partitions in cuts {
        pair.options.partitions = options(directory.path(), partitions).partitions;
        pair.reopen();
        pair.put("a/b/c/x", "2");
        pair.fold();
        pair.reopen();
    }
}

#[test]
fn refuses_partitions_that_cannot_be() {
    let refused = |partitions: &[&str]| {
        let texts = options(Path::new(""), partitions).partitions;
        Layout::parse(&texts).unwrap_err().to_string()
    };
    let start = "storage.disk.partitions: `a`: a partition starts with `/`";
    assert_eq!(refused(&["a"]), start);
    assert!(refused(&["/a//b"]).contains("has a key between its slashes"));
    assert!(refused(&["/"]).contains("has a key between its slashes"));
    assert!(refused(&["/a/*", "/a/b/c"]).ends_with("`/a/b/c`: it overlaps with `/a/*`"));
    assert!(refused(&["/a/b", "/a"]).contains("overlaps"));
    assert!(refused(&[&"/a".repeat(33)]).contains("segments"));
    let many: Vec<_> = (0..=PARTITIONS_MAX).map(|n| format!("/{n}")).collect();
    assert!(Layout::parse(&many).unwrap_err().to_string().contains("more than 1024"));
    assert!(Layout::parse(&many[1..]).is_ok());
}

#[test]
fn one_process_holds_a_directory_that_exists() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("a/b");
    let mut options = options(&missing, &[]);
    options.auto_create = false;
    let error = DiskStore::open(&options).err().unwrap().to_string();
    assert!(error.contains("does not exist; make it, or set storage.disk.auto_create"), "{error}");
    options.auto_create = true;
    let first = DiskStore::open(&options).unwrap();
    let error = DiskStore::open(&options).err().unwrap();
    assert!(matches!(error, DiskError::Locked(_)), "{error}");
    drop(first);
    options.auto_create = false;
    DiskStore::open(&options).unwrap();
    options.directory = missing.join("portcullis.redb");
    assert!(matches!(DiskStore::open(&options), Err(DiskError::Io { .. })));
}

#[test]
fn refuses_what_would_not_be_read_again() {
    let directory = tempfile::tempdir().unwrap();
    let mut pair = Pair::open(directory.path(), &[]);
    let deep = |levels: usize| value(&format!("{}{}", "[".repeat(levels), "]".repeat(levels)));
    let set = Value::set(vec![Value::from(1)]);
    let key = Value::object(vec![(Value::from(1), Value::from(1))]);
    let store = pair.store.as_mut().unwrap();
    for (value, why) in [(set, "set"), (key, "no string"), (deep(1000), "deeper than 1000")] {
        let value = Value::object_from_strs([("x", value)]);
        let data = vec![DataChange::Add(keys("a"), value)];
        let changes = Changes { data, ..Changes::default() };
        let error = store.keep(&changes, &State::default()).unwrap_err().to_string();
        assert!(error.starts_with("`/a`: ") && error.contains(why), "{error}");
    }
    pair.reopen(); // nothing of it is there
    pair.write(|t| t.put(&keys("a/b"), deep(998)));
    pair.reopen();
    pair.fold();
    pair.reopen();
    assert!(pair.state.data.get_path(&["a", "b"]).is_some());
}

#[test]
fn the_first_commit_brings_along_what_was_in_force_before() {
    let directory = tempfile::tempdir().unwrap();
    let mut pair = Pair::open(directory.path(), &[]);
    pair.put("gone", "1");
    pair.reopen();
    pair.state = State { data: value(r#"{"a":{"of":"a file"}}"#), ..State::default() };
    pair.put("a/b", "2"); // fits nothing that is stored
    pair.reopen();
    pair.state.modules.insert("m".to_string(), Arc::new(module("m", None, Origin::File)));
    pair.put("a/b", "3");
    pair.reopen();
    pair.state.data = Value::object(vec![(Value::from("s"), Value::set(Vec::new()))]);
    let changes = Changes { data: Vec::new(), ..Changes::default() };
    let error = pair.store.as_mut().unwrap().keep(&changes, &pair.state).unwrap_err();
    assert!(matches!(error, DiskError::NotJson { .. }), "{error}");
}

#[test]
fn another_format_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let pair = Pair::open(directory.path(), &[]);
    let transaction = pair.store.as_ref().unwrap().database.as_ref().unwrap().begin_write();
    let transaction = transaction.unwrap();
    let meta = Meta { format: "99".to_string(), ..Meta::default() };
    tables::write_meta(&transaction, &meta).unwrap();
    transaction.commit().unwrap();
    drop(pair.store);
    let error = DiskStore::open(&pair.options).err().unwrap();
    assert!(error.to_string().contains("has the format `99`, which this version does not know"));
}

/// A write by something else, in place of a commit.
fn tamper(store: &DiskStore, kind: Kind, key: &[u8], bytes: &[u8]) {
    let transaction = store.database.as_ref().unwrap().begin_write().unwrap();
    Records::open(&transaction, kind).unwrap().put(key, bytes).unwrap();
    transaction.commit().unwrap();
}

#[test]
fn a_record_that_says_nothing_is_a_damage() {
    let chunk = |path: &str| codec::path_key(&keys(path));
    let one = 0_u64.to_be_bytes();
    let cases: [(Kind, &[u8], &str, &str); 10] = [
        (Kind::Chunk, &chunk("a"), "{", "data at `/a`: no json: "),
        (Kind::Chunk, &chunk("x/y"), "1", "nothing above it"),
        (Kind::Chunk, &chunk("n/y"), "1", "inside of another one"),
        (Kind::Chunk, b"\0", "1", "wrong escape"),
        (Kind::Chunk, b"", "1", "without a path"),
        (
            Kind::Change,
            &one,
            "[\"add\",\"q\",\"r\"]\n1",
            "change 0 of data: nothing at `q` to change",
        ),
        (Kind::Change, &one, "[\"turn\"]\n1", "no known kind"),
        (Kind::Change, b"x", "[\"add\"]\n{}", "without a number"),
        (Kind::Module, b"m", r#"{"file":"f","origin":"api"}"#, "module `m`: no `text`"),
        (Kind::Bundle, b"b", "{}", "bundle `b`: no roots"),
    ];
    for (kind, key, text, expected) in cases {
        let directory = tempfile::tempdir().unwrap();
        let mut pair = Pair::open(directory.path(), &[]);
        pair.put("n", "1");
        pair.fold();
        tamper(pair.store.as_ref().unwrap(), kind, key, text.as_bytes());
        pair.store = None;
        let error = DiskStore::open(&pair.options).err().unwrap().to_string();
        assert!(error.contains("portcullis.redb` is damaged: "), "{error}");
        assert!(error.contains(expected) && error.ends_with("to start empty"), "{error}");
    }
}

#[test]
fn a_commit_that_landed_though_it_was_said_to_have_failed_is_undone_by_the_next() {
    let directory = tempfile::tempdir().unwrap();
    let mut pair = Pair::open(directory.path(), &["/a"]);
    pair.put("a/b", "1");
    pair.write(|t| {
        t.put_module("m", module("kept", None, Origin::Api));
        Ok(())
    });
    let before = pair.kept().clone();
    let acknowledged = pair.state.clone();
    pair.write(|t| {
        t.put_module("n", module("lost", None, Origin::Api));
        t.put_bundle("b", bundle("lost"));
        t.put(&keys("a/c"), value("2"))
    });
    // As it is after an error of the commit: memory does not know it, the disk does.
    pair.state = acknowledged;
    *pair.kept() = before;
    pair.store.as_mut().unwrap().database = None;
    pair.put("a/d", "3");
    pair.reopen();
    assert_eq!(pair.state.data, value(r#"{"a":{"b":1,"d":3}}"#));
    // And where it did not land, the log goes on.
    pair.store.as_mut().unwrap().database = None;
    pair.put("a/e", "4");
    assert_eq!(pair.kept().log.changes, 1);
    pair.reopen();
}

#[test]
fn a_damaged_file_is_an_error_or_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let mut pair = Pair::open(directory.path(), &[]);
    for n in 0..200 {
        pair.put(&format!("k{n}"), &format!("\"{}\"", "v".repeat(100)));
    }
    pair.fold();
    pair.put("a", "1");
    pair.store = None;
    let file = directory.path().join("portcullis.redb");
    let whole = fs::read(&file).unwrap();
    let mut damaged: Vec<Vec<u8>> = Vec::new();
    for part in 1..20 {
        let at = whole.len() * part / 20;
        damaged.push(whole[..at].to_vec());
        let mut zeroed = whole.clone();
        zeroed[at - 4096..at].fill(0);
        damaged.push(zeroed);
    }
    damaged.push(b"not a database".to_vec());
    damaged.push(vec![0; whole.len()]);
    damaged.extend((0..320).step_by(7).map(|at| {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x55;
        flipped
    }));
    let mut errors = 0;
    for bytes in damaged {
        fs::write(&file, &bytes).unwrap();
        match DiskStore::open(&pair.options) {
            Ok((_, state)) => assert_same(&state, &pair.state),
            Err(error) => {
                assert!(error.to_string().contains("portcullis.redb"), "{error}");
                errors += 1;
            }
        }
    }
    assert!(errors > 10, "{errors}");
    fs::write(&file, b"").unwrap();
    assert!(DiskStore::open(&pair.options).is_err(), "an empty file is a silent empty store");
}

#[derive(Clone, Debug)]
enum Step {
    Put(String, String),
    Add(String, String),
    Replace(String, String),
    Remove(String),
    Module(u8, Option<String>),
    Fold,
    Reopen(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let path = || proptest::collection::vec("[abc*0-]", 0..5).prop_map(|keys| keys.join("/"));
    let json = || {
        proptest::sample::select(vec![
            "1",
            "{}",
            "[]",
            "{\"a\":{\"b\":{}}}",
            "[0,[1]]",
            "{\"b\":[{}],\"c\":2.50}",
            "\"\\u0000\"",
        ])
        .prop_map(str::to_string)
    };
    prop_oneof![
        4 => (path(), json()).prop_map(|(path, json)| Step::Put(path, json)),
        2 => (path(), json()).prop_map(|(path, json)| Step::Add(path, json)),
        2 => (path(), json()).prop_map(|(path, json)| Step::Replace(path, json)),
        2 => path().prop_map(Step::Remove),
        1 => (0..3_u8, proptest::option::of("[a-z]{0,3}")).prop_map(|(id, text)| Step::Module(id, text)),
        1 => Just(Step::Fold),
        1 => (0..4_usize).prop_map(Step::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_is_what_was_written(steps in proptest::collection::vec(step(), 1..40)) {
        let cuts: [&[&str]; 4] = [&[], &["/a"], &["/a/*", "/b/c"], &["/*/*"]];
        let directory = tempfile::tempdir().unwrap();
        let mut pair = Pair::open(directory.path(), &["/a/b"]);
        for step in steps {
            match step {
                Step::Put(path, json) => pair.put(&path, &json),
                Step::Add(path, json) => pair.write(|t| t.add(&keys(&path), value(&json))),
                Step::Replace(path, json) => pair.write(|t| t.replace(&keys(&path), value(&json))),
                Step::Remove(path) => pair.write(|t| t.remove(&keys(&path))),
                Step::Module(id, text) => pair.write(|t| {
                    let id = id.to_string();
                    match text {
                        Some(text) => t.put_module(&id, module(&text, None, Origin::Api)),
                        None => drop(t.remove_module(&id)),
                    }
                    Ok(())
                }),
                Step::Fold => pair.fold(),
                Step::Reopen(cut) => {
                    pair.options.partitions = options(directory.path(), cuts[cut]).partitions;
                    pair.reopen();
                }
            }
        }
        pair.reopen();
    }
}
