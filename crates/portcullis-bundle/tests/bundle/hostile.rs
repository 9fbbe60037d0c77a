//! Archives made to break a reader: each ends in an error, soon and within the limits.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use portcullis_bundle::{
    BundleError, BundleFiles, Limits, ReadOptions, Verification, from_entries, read, read_entries,
    write, write_entries,
};
use proptest::prelude::*;

use super::entries;

/// What a header says; the rest is as in an ordinary archive.
struct Header<'a> {
    name: &'a [u8],
    kind: u8,
    size: &'a [u8],
}

fn header(header: &Header<'_>) -> Vec<u8> {
    let mut block = [0; 512];
    block[..header.name.len()].copy_from_slice(header.name);
    block[100..108].copy_from_slice(b"0000600\0");
    block[124..124 + header.size.len()].copy_from_slice(header.size);
    block[148..156].copy_from_slice(b"        ");
    block[156] = header.kind;
    block[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block.to_vec()
}

/// A member: its header and its content, filled up to whole blocks.
fn member(name: &str, kind: u8, content: &[u8]) -> Vec<u8> {
    let size = format!("{:011o}", content.len());
    let mut bytes = header(&Header { name: name.as_bytes(), kind, size: size.as_bytes() });
    bytes.extend(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

fn gzip(tar: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(tar).unwrap();
    encoder.finish().unwrap()
}

fn archive(members: &[Vec<u8>]) -> Vec<u8> {
    gzip(&[members.concat(), vec![0; 1024]].concat())
}

fn read_members(members: &[Vec<u8>]) -> Result<Vec<String>, BundleError> {
    let files = read_entries(&archive(members), &Limits::default())?;
    Ok(files.into_iter().map(|file| file.path).collect())
}

fn small() -> Limits {
    Limits { file_bytes_max: 1000, total_bytes_max: 20_000, entries_max: 10 }
}

fn sample() -> Vec<u8> {
    let text: String = (0..2000).map(|n| format!("x{n}\n")).collect();
    write_entries(&entries(&[
        ("data.json", r#"{"a": 1}"#),
        ("p.rego", &format!("package p\n# {text}")),
        (".manifest", r#"{"revision": "r"}"#),
    ]))
    .unwrap()
}

#[test]
fn every_truncation_is_an_error() {
    let whole = sample();
    assert!(read(&whole, &ReadOptions::default()).is_ok());
    for length in 0..whole.len() {
        let got = read(&whole[..length], &ReadOptions::default());
        assert!(got.is_err(), "{length} of {} bytes", whole.len());
    }
}

#[test]
fn every_flipped_byte_of_the_content_is_an_error() {
    let whole = sample();
    // The header's time, flags of no meaning and system do not change what is read.
    for at in 10..whole.len() {
        let mut broken = whole.clone();
        broken[at] ^= 0x55;
        assert!(read(&broken, &ReadOptions::default()).is_err(), "byte {at}");
    }
}

#[test]
fn what_is_not_a_gzip_tar_is_refused() {
    let tar = [member("data.json", b'0', b"{}"), vec![0; 1024]].concat();
    for (bytes, want) in [
        (&b""[..], "not a gzip stream"),
        (b"<html>not found</html>", "not a gzip stream"),
        (&tar, "not a gzip stream"),
        (&gzip(b"some text, long enough to fill a block".repeat(20).as_slice()), "archive read"),
        (
            &[sample().as_slice(), b"trailing rubbish, longer than a header"].concat(),
            "archive read",
        ),
    ] {
        let got = read(bytes, &ReadOptions::default()).unwrap_err().to_string();
        assert!(got.contains(want), "{got}");
    }
    // Streams one after another are one stream.
    let (one, other) = tar.split_at(512);
    let two = [gzip(one), gzip(other)].concat();
    assert_eq!(read_entries(&two, &Limits::default()).unwrap().len(), 1);
}

#[test]
fn limits_hold() {
    let limits = small();
    let zeros = |count| vec![0; count];
    let within = archive(&[member("a", b'0', &zeros(1000))]);
    assert!(read_entries(&within, &limits).is_ok());
    for (members, want) in [
        (
            vec![member("a", b'0', &zeros(1001))],
            BundleError::FileTooLarge { path: "/a".to_string(), limit: 1000 },
        ),
        (vec![member("x", b'5', &zeros(30_000))], BundleError::TotalTooLarge(20_000)),
        (vec![member("a", b'5', b""); 11], BundleError::TooManyEntries(10)),
    ] {
        assert_eq!(read_entries(&archive(&members), &limits).unwrap_err(), want);
    }
    // Files that are each small enough, and what comes after the archive's end.
    let files: Vec<_> = (0..9).map(|n| member(&format!("f{n}"), b'0', &zeros(1000))).collect();
    let limits = Limits { total_bytes_max: 9_000, ..limits };
    assert_eq!(
        read_entries(&archive(&files), &limits).unwrap_err(),
        BundleError::TotalTooLarge(9_000)
    );
    let tail = gzip(&zeros(100_000));
    assert_eq!(read_entries(&tail, &limits).unwrap_err(), BundleError::TotalTooLarge(9_000));
}

#[test]
fn limits_hold_for_files_too() {
    let check = |files: &[(&str, &str)], limits: Limits| {
        let options = ReadOptions { limits, ..ReadOptions::default() };
        from_entries(entries(files), &options).unwrap_err()
    };
    let long = "x".repeat(1001);
    let error = check(&[("a", &long)], small());
    assert_eq!(error, BundleError::FileTooLarge { path: "/a".to_string(), limit: 1000 });
    let limits = Limits { total_bytes_max: 3, ..small() };
    assert_eq!(check(&[("a", "12"), ("b", "34")], limits), BundleError::TotalTooLarge(3));
    let limits = Limits { entries_max: 1, ..small() };
    assert_eq!(check(&[("a", ""), ("b", "")], limits), BundleError::TooManyEntries(1));
}

#[test]
fn a_bomb_is_refused_before_it_is_inflated() {
    // 256 MiB of zeros in a quarter of a megabyte.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let size = format!("{:011o}", 256 << 20);
    let head = header(&Header { name: b"data.json", kind: b'0', size: size.as_bytes() });
    encoder.write_all(&head).unwrap();
    (0..256).for_each(|_| encoder.write_all(&vec![0; 1 << 20]).unwrap());
    let bomb = encoder.finish().unwrap();
    let limits = Limits { total_bytes_max: 1 << 20, ..Limits::default() };
    assert_eq!(read_entries(&bomb, &limits).unwrap_err(), BundleError::TotalTooLarge(1 << 20));
    let limits = Limits { file_bytes_max: 1 << 20, ..Limits::default() };
    let got = read_entries(&bomb, &limits).unwrap_err();
    assert!(matches!(got, BundleError::FileTooLarge { .. }), "{got}");
}

#[test]
fn a_claimed_size_reserves_nothing() {
    for size in [b"77777777777\0".as_slice(), b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff"] {
        let limits = Limits { file_bytes_max: u64::MAX, ..Limits::default() };
        let head = header(&Header { name: b"data.json", kind: b'0', size });
        assert!(read_entries(&archive(&[head]), &limits).is_err());
    }
    let head = header(&Header { name: b"x", kind: b'5', size: b"\xff\xff\xff\xff\xff\xff\xff" });
    assert!(read_entries(&archive(&[head]), &Limits::default()).is_err());
}

#[test]
fn only_regular_files_count() {
    let members = [
        member("dir", b'5', b""),
        member("data.json", b'2', b""),
        member("hard", b'1', b""),
        member("pipe", b'6', b""),
        member("device", b'3', b""),
        member("old.rego", 0, b"package old"),
        member("p.rego", b'0', b"package p"),
    ];
    assert_eq!(read_members(&members).unwrap(), ["/old.rego", "/p.rego"]);
}

#[test]
fn names_are_judged_whichever_header_gives_them() {
    let pax = |record: &str| {
        let length = (record.len()..).find(|n| n.to_string().len() + 2 + record.len() == *n);
        member("pax", b'x', format!("{} {record}\n", length.unwrap()).as_bytes())
    };
    let file = || member("a.rego", b'0', b"");
    let long = format!("{}/p.rego", "d".repeat(200));
    for (members, want) in [
        (vec![pax(&format!("path={long}")), file()], Ok(format!("/{long}"))),
        (vec![member("L", b'L', format!("{long}\0").as_bytes()), file()], Ok(format!("/{long}"))),
        (vec![pax("mtime=1.5"), file()], Ok("/a.rego".to_string())),
        // For all entries, which OPA and we do not look at.
        (vec![member("g", b'g', b"13 path=../x\n"), file()], Ok("/a.rego".to_string())),
        (vec![pax("path=../p.rego"), file()], Err("leads out of the bundle")),
        (vec![member("L", b'L', b"/../../x\0"), file()], Err("leads out of the bundle")),
        (vec![member("..", b'0', b"")], Err("leads out of the bundle")),
        (vec![member("/", b'0', b"")], Err("the name is empty")),
        (vec![member("b", b'L', b"\xff\xfe"), file()], Err("not UTF-8")),
        (vec![pax("size=99"), file()], Err("two sizes")),
        (vec![pax("size=-1"), file()], Err("an extended header is broken")),
        (vec![pax("GNU.sparse.major=1"), file()], Err("sparse files are not supported")),
        (vec![member("x", b'x', b"5 broken"), file()], Err("malformed pax")),
        (vec![member("x", b'x', &vec![b'a'; 70_000]), file()], Err("extended header is too large")),
        (vec![file(), member("./a.rego", b'0', b"")], Err("more than one entry `/a.rego`")),
    ] {
        match (read_members(&members), want) {
            (Ok(got), Ok(want)) => assert_eq!(got, [want]),
            (Err(got), Err(want)) => assert!(got.to_string().contains(want), "{got}, not {want}"),
            (got, want) => panic!("{got:?}, not {want:?}"),
        }
    }
}

#[test]
fn thousands_of_tiny_files_are_read() {
    let files: Vec<_> = (0..20_000).map(|n| (format!("d/{n}.rego"), "package d")).collect();
    let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let archive = write_entries(&entries(&files)).unwrap();
    assert_eq!(read(&archive, &ReadOptions::default()).unwrap().modules.len(), 20_000);
}

#[test]
fn deep_documents_are_refused() {
    let deep = "[".repeat(100_000);
    let patch = format!(r#"{{"data": {deep}"#);
    for (path, text) in [("a/data.json", &deep), ("a/data.yaml", &deep), ("patch.json", &patch)] {
        assert!(from_entries(entries(&[(path, text)]), &ReadOptions::default()).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_end_in_a_bundle_or_an_error(
        bytes in prop::collection::vec(any::<u8>(), 0..2000),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
    ) {
        let verification = Verification::Skip;
        let options = ReadOptions { verification, ..ReadOptions::default() };
        let _ = read(&bytes, &options);
        let _ = read(&gzip(&bytes), &options);
        let mut tar = [
            member(".manifest", b'0', br#"{"roots": ["a"], "file_rego_versions": {"/a*": 0}}"#),
            member("a/data.json", b'0', br#"{"x": [1, 2]}"#),
            member("L", b'L', b"a/b.rego\0"),
            member("x", b'x', b"15 path=a/c.go\n"),
            member("a/p.rego", b'0', b"package a"),
        ].concat();
        for (at, byte) in changes {
            let at = at.index(tar.len());
            tar[at] = byte;
            // With the sums made right again, so that more than the first header is looked at.
            let start = at / 512 * 512;
            if tar[start + 257..start + 262] == *b"ustar" {
                tar[start + 148..start + 156].copy_from_slice(b"        ");
                let sum: u32 = tar[start..start + 512].iter().map(|byte| u32::from(*byte)).sum();
                tar[start + 148..start + 156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
            }
        }
        if let Ok(bundle) = read(&gzip(&tar), &options) {
            let files = BundleFiles::from(bundle);
            let again = read(&write(&files).unwrap(), &options).unwrap();
            prop_assert_eq!(BundleFiles::from(again), files);
        }
    }
}
