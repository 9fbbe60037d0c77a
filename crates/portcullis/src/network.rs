//! The network that policies of a command may use. Commands whose policies may not, have none.
//!
//! Must not know: any command.

use portcullis_service::network::Network;
use portcullis_service::service::Identity;

/// Returns a network with a memory of its own.
pub(crate) fn network() -> Network {
    Network::new(Identity::new(env!("CARGO_PKG_VERSION")).user_agent())
}
