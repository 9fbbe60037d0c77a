//! Walks through trees that are made for it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use super::*;

/// A tree: `/data/app`, links in `/links`, and a directory that everybody may write into.
fn tree() -> (tempfile::TempDir, HostTree) {
    let root = tempfile::tempdir().unwrap();
    let at = |path: &str| root.path().join(path);
    for directory in ["data/app", "links", "etc", "open", "sticky/theirs"] {
        fs::create_dir_all(at(directory)).unwrap();
    }
    fs::write(at("data/file"), "").unwrap();
    for (link, target) in [
        ("links/app", "/data/app"),
        ("links/up", "../../../../../../etc"),
        ("links/two", "app"),
        ("links/loop", "loop"),
        ("links/gone", "/data/none/below"),
        ("links/self", "/"),
    ] {
        symlink(target, at(link)).unwrap();
    }
    let mode = |path: &str, mode| {
        fs::set_permissions(at(path), fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(".", 0o755);
    mode("open", 0o777);
    mode("sticky", 0o1777);
    let tree = HostTree::open(root.path()).unwrap();
    (root, tree)
}

#[test]
fn paths_lead_where_their_links_do_and_never_out_of_the_tree() {
    let (_root, tree) = tree();
    for (path, resolved, has_symlink) in [
        ("/", "/", false),
        ("/data/app", "/data/app", false),
        ("//data/./app/", "/data/app", false),
        ("/data/app/../../etc", "/etc", false),
        ("/../../data", "/data", false),
        ("/links/app", "/data/app", true),
        ("/links/two", "/data/app", true),
        ("/links/up", "/etc", true),
        ("/links/app/../file", "/data/file", true),
        ("/links/self/links/self/data", "/data", true),
        ("/data/none", "", false),
        ("/data/file/x", "", false),
        ("/links/loop", "", true),
        ("/links/gone", "", true),
        ("data", "", false),
        ("", "", false),
    ] {
        let place = tree.look(path);
        assert_eq!((place.resolved.as_str(), place.has_symlink), (resolved, has_symlink), "{path}");
    }
}

#[test]
fn what_is_not_there_still_leads_somewhere() {
    let (_root, tree) = tree();
    for (path, leads_to) in [
        ("/links/gone", "/data/none/below"),
        ("/links/gone/x", "/data/none/below/x"),
        ("/links/app/new", "/data/app/new"),
        ("/data/none/../x", "/data/x"),
    ] {
        assert_eq!(tree.look(path).leads_to, leads_to, "{path}");
    }
}

#[test]
fn whoever_may_write_on_the_way_may_turn_it() {
    let (root, tree) = tree();
    if !Known::of(&rustix::fs::stat(root.path()).unwrap()).is_roots {
        return; // nothing that we make is root's
    }
    rustix::fs::chown(
        root.path().join("sticky/theirs"),
        Some(rustix::fs::Uid::from_raw(1000)),
        None,
    )
    .unwrap();
    for (path, expected) in [
        ("/data/app", true),
        ("/data/none", true),
        ("/links/app", true),
        ("/open", true),
        ("/open/none", false),
        ("/sticky/theirs", false),
        ("/sticky/theirs/x", false),
        ("/sticky/none", false),
        ("/links/loop", false),
        ("relative", false),
    ] {
        assert_eq!(tree.look(path).parents_root_owned, expected, "{path}");
    }
    fs::create_dir(root.path().join("sticky/ours")).unwrap();
    assert!(tree.look("/sticky/ours").parents_root_owned);
}

#[test]
fn ways_tell_files_by_more_than_their_names() {
    let (_root, tree) = tree();
    let (one, other) = (tree.look("/data/app"), tree.look("/links/app"));
    assert_eq!(one.way.last(), other.way.last());
    assert_eq!(one.way.len(), 3);
    assert_eq!(tree.look("/").way.len(), 1);
}

#[test]
fn looks_are_bounded() {
    let (root, tree) = tree();
    let long = "/x".repeat(PATH_BYTES_MAX);
    assert_eq!(tree.look(&long), Place::default());
    let many = "/data/..".repeat(500);
    assert_eq!(tree.look(&many).resolved, "/");
    let wide = "./".repeat(2000);
    for n in 0..60 {
        let target: PathBuf = format!("{wide}chain{}", n + 1).into();
        symlink(target, root.path().join(format!("chain{n}"))).unwrap();
    }
    let place = tree.look("/chain0");
    assert_eq!((place.resolved.as_str(), place.parents_root_owned), ("", false));
}

#[test]
fn the_host_itself_is_a_tree() {
    let tree = HostTree::open(Path::new("/")).unwrap();
    let place = tree.look("/proc/self/root");
    assert!(place.has_symlink);
    assert_eq!(tree.look("/dev/null").resolved, "/dev/null");
    assert!(HostTree::open(Path::new("/dev/null")).is_err());
    assert!(HostTree::open(Path::new("/no/such")).is_err());
}

#[test]
fn cleaning_looks_at_nothing() {
    for (path, cleaned) in
        [("/", "/"), ("//a/./b/", "/a/b"), ("/a/../../b", "/b"), ("/data/link/../x", "/data/x")]
    {
        assert_eq!(clean(path), cleaned);
    }
}
