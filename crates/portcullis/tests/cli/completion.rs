//! `completion` and `man`: what shells and readers of manuals get, from the table of flags.

use std::fs;
use std::process::Command;

use crate::place::Place;

/// Returns a script without the line about the exit code before it.
fn script(place: &Place, arguments: &[&str]) -> String {
    let shown = place.run(arguments);
    let (head, script) = shown.split_once("--- stdout\n").unwrap_or_else(|| panic!("{shown}"));
    assert_eq!(head, "exit 0\n");
    script.to_string()
}

/// Completes a line of words in a real bash; returns what it offers.
fn complete(script: &str, function: &str, words: &[&str]) -> Vec<String> {
    let place = Place::with(&[("script", script)]);
    let line = words.join("' '");
    let run = format!(
        "source ./script; COMP_WORDS=('{line}'); COMP_CWORD={}; \
         {function} \"${{COMP_WORDS[0]}}\" \"${{COMP_WORDS[-1]}}\" \"${{COMP_WORDS[-2]}}\"; \
         printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words.len() - 1
    );
    let output = Command::new("bash")
        .args(["--norc", "-c", &run])
        .current_dir(place.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(String::from).collect()
}

#[test]
fn bash_completes_commands_and_flags() {
    for program in ["portcullis", "opa"] {
        let script = script(&Place::with(&[]).called(program), &["completion", "bash"]);
        let place = Place::with(&[("script", &script)]);
        let checked =
            Command::new("bash").args(["-n", "script"]).current_dir(place.path()).status().unwrap();
        assert!(checked.success());
        let function = format!("_{program}");
        assert_eq!(complete(&script, &function, &[program, "ev"]), ["eval"]);
        let flags = complete(&script, &function, &[program, "lint", "--ex"]);
        assert_eq!(flags, ["--explain"]);
    }
}

#[test]
fn every_shell_has_a_script() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let place = Place::with(&[]).called("opa");
        let full = script(&place, &["completion", shell]);
        assert!(full.contains("explain"), "{shell}");
        let terse = script(&place, &["completion", shell, "--no-descriptions"]);
        assert!(!terse.contains("Explain a rule") && terse.contains("explain"), "{shell}");
        assert_eq!(shell != "bash", full.contains("Explain a rule"), "{shell}");
    }
}

#[test]
fn manual_pages_have_every_flag() {
    let place = Place::with(&[("man/.keep", "")]);
    assert_eq!(place.run(&["man", "man"]), "exit 0\n");
    let page = fs::read_to_string(place.path().join("man/portcullis-lint.1")).unwrap();
    for flag in ["bundle", "disable", "explain", "format", "ignore", "rules"] {
        assert!(page.contains(&format!("\\-\\-{flag}")), "{flag}:\n{page}");
    }
    let whole = script(&place, &["man"]);
    assert!(whole.contains(".TH portcullis 1") && whole.contains("lint"), "{whole}");
}

#[test]
fn manual_pages_need_a_directory() {
    let shown = Place::with(&[]).run(&["man", "nowhere"]);
    assert!(shown.starts_with("exit 2\n") && shown.contains("`nowhere`"), "{shown}");
}
