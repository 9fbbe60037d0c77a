//! Snapshots: each file of `test_data/ok` with its tree, each of `test_data/err` with the errors
//! as people read them. A file whose name ends in `_v0` is read as v0.

#[cfg(test)]
#[path = "support/dump.rs"]
mod dump;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::sync::Arc;

    use rego_source::{SourceFile, Sources, render};
    use rego_syntax::ast::RegoVersion;
    use rego_syntax::{ParseOptions, parse_module, parse_query};

    use super::dump;

    fn files(folder: &str) -> Vec<PathBuf> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("test_data").join(folder);
        let mut files: Vec<_> = fs::read_dir(root).unwrap().map(|e| e.unwrap().path()).collect();
        files.retain(|path| path.extension().is_some_and(|e| e == "rego"));
        files.sort();
        files
    }

    /// Returns the source, and below it the tree or the errors.
    fn read(path: &Path) -> (String, usize) {
        let text = fs::read_to_string(path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let v0 = name.ends_with("_v0.rego");
        let version = if v0 { RegoVersion::V0 } else { RegoVersion::V1 };
        let options = ParseOptions { version, ..ParseOptions::default() };
        let mut sources = Sources::default();
        let source = sources.add(Arc::new(SourceFile::new(name, text.as_str())));
        let (module, errors) = parse_module(source, &text, &options);
        let output = if errors.is_empty() {
            dump::module(&module)
        } else {
            errors.iter().map(|error| render::full(&sources, error)).collect()
        };
        (format!("{text}\n-----\n{output}"), errors.len())
    }

    fn check(folder: &str, wrong: bool) {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(format!("../test_data/{folder}"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        for path in files(folder) {
            let (snapshot, errors) = read(&path);
            assert_eq!(errors > 0, wrong, "{}:\n{snapshot}", path.display());
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            settings.bind(|| insta::assert_snapshot!(name, snapshot));
        }
    }

    #[test]
    fn good_modules_have_these_trees() {
        check("ok", false);
    }

    #[test]
    fn bad_modules_have_these_errors() {
        check("err", true);
    }

    fn query(text: &str) -> String {
        let mut sources = Sources::default();
        let source = sources.add(Arc::new(SourceFile::new("", text)));
        let (body, errors) = parse_query(source, text, &ParseOptions::default());
        let mut out = String::new();
        dump::body(&mut out, &body, 0);
        out + &render::lines(&sources, &errors)
    }

    #[test]
    fn queries() {
        let none = "no error(s)";
        assert_eq!(query("x := 1; y = x\nz"), format!("x := 1\ny = x\nz\n{none}"));
        assert_eq!(query("p := data.p"), format!("p := data.\"p\"\n{none}"));
        assert_eq!(query(""), none);
        assert_eq!(
            query("[1]]"),
            "(array(1))\n1 error occurred: 1:4: rego_parse_error: unexpected ] token\n\t[1]]\n\t   ^"
        );
        assert_eq!(
            query("p :="),
            "2 errors occurred:\n1:4: rego_parse_error: unexpected eof token\n\tp :=\n\t   ^\n\
             1:4: rego_parse_error: unexpected eof token: expected rule value term \
             (e.g., p := <VALUE> { ... })\n\tp :=\n\t   ^"
        );
    }
}
