//! The page at `/`: ask and look by hand.

use portcullis_service::service::Identity;

/// Returns the page.
pub(crate) fn index(identity: &Identity) -> String {
    include_str!("page.html").replace("@VERSION@", &identity.version)
}
