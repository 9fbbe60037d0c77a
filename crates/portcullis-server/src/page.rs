//! The page at `/`: ask and look by hand.
//!
//! It is one file without requests elsewhere, and says so to the browser: nothing but its own
//! style and script may run, nothing but this server may be asked. Must not know: policies.
//!
//! Source: W3C "Content Security Policy Level 3".

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use portcullis_service::service::Identity;
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/script.js");

/// The page, but for the version.
static PAGE: LazyLock<String> = LazyLock::new(|| {
    include_str!("page/index.html")
        .replace("@POLICY@", &policy())
        .replace("@STYLE@", STYLE)
        .replace("@SCRIPT@", SCRIPT)
});

/// Returns the page.
pub(crate) fn index(identity: &Identity) -> String {
    PAGE.replacen("@VERSION@", &escaped(&identity.version), 1)
}

/// Returns what the page may do.
fn policy() -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; connect-src 'self'; \
         img-src data:; base-uri 'none'; form-action 'none'",
        hash(SCRIPT),
        hash(STYLE),
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_it_is_and_keeps_to_itself() {
        let page = index(&Identity::new("1.2.3<b>"));
        assert!(page.contains("Version: 1.2.3&lt;b&gt;"));
        assert!(page.contains("Open Policy Agent"));
        for other in [
            "@POLICY@",
            "@STYLE@",
            "@SCRIPT@",
            "@VERSION@",
            "http:",
            "https:",
            "innerHTML",
            "eval(",
            "onclick",
            "style=",
        ] {
            assert!(!page.contains(other), "{other}");
        }
    }
}
