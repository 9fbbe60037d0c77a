//! Tests of URLs: what is read is written again, and references are resolved.

use super::Url;

#[test]
fn urls_are_written_as_go_writes_them() {
    let cases = [
        ("http://u:p%20q@h:1/a%2Fb?x#y%20z", "http://u:p%20q@h:1/a%2Fb?x#y%20z"),
        ("HTTP://h", "http://h"),
        ("mailto:a@b", "mailto:a@b"),
        ("file:/a", "file:/a"),
        ("file:///a", "file:///a"),
        ("/a b", "/a%20b"),
        ("?", "?"),
        ("./a:b", "./a:b"),
        ("#", ""),
        ("#/a~1b c", "#/a~1b%20c"),
        ("//h/p", "//h/p"),
        ("/é", "/%C3%A9"),
        ("http://h/(a)", "http://h/(a)"),
    ];
    for (text, want) in cases {
        assert_eq!(Url::parse(text).map(|url| url.to_string()).as_deref(), Ok(want), "{text}");
    }
}

#[test]
fn references_are_resolved() {
    let base = Url::parse("http://a/b/c/d;p?q").unwrap();
    // RFC 3986, 5.4.
    let cases = [
        ("g:h", "g:h"),
        ("g", "http://a/b/c/g"),
        ("./g", "http://a/b/c/g"),
        ("g/", "http://a/b/c/g/"),
        ("/g", "http://a/g"),
        ("//g", "http://g"),
        ("?y", "http://a/b/c/d;p?y"),
        ("#s", "http://a/b/c/d;p?q#s"),
        ("", "http://a/b/c/d;p?q"),
        (".", "http://a/b/c/"),
        ("..", "http://a/b/"),
        ("../g", "http://a/b/g"),
        ("../../../g", "http://a/g"),
        ("/./g", "http://a/g"),
        ("g/../h", "http://a/b/c/h"),
        ("../..", "http://a/"),
    ];
    for (text, want) in cases {
        let reference = Url::parse(text).unwrap();
        assert_eq!(base.resolve(&reference).to_string(), want, "{text}");
    }
    let nothing = Url::parse("#").unwrap();
    let resolve = |text: &str| nothing.resolve(&Url::parse(text).unwrap()).to_string();
    assert_eq!(resolve("#/definitions/a"), "#/definitions/a");
    assert_eq!(resolve("a.json#b"), "/a.json#b");
}
