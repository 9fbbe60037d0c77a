//! What the process tells every service.
//!
//! Must not know: any one service.

use std::collections::BTreeMap;

/// What all services of a process have in common.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// The `User-Agent` of every request, like `Open-Policy-Agent/1.2.3 (linux, amd64)`.
    pub user_agent: String,
    /// Whether the proxies of the environment are used.
    pub proxy: ProxyChoice,
    /// Where credentials look for variables.
    pub environment: Environment,
}

impl ClientOptions {
    /// Options with the process's own environment and its proxies.
    pub fn new(user_agent: impl Into<String>) -> Self {
        Self {
            user_agent: user_agent.into(),
            proxy: ProxyChoice::Environment,
            environment: Environment::Process,
        }
    }
}

/// Whether `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyChoice {
    /// They do, for everything but a cloud's metadata service, which is on the same machine.
    Environment,
    /// They do not.
    Off,
}

/// Environment variables.
#[derive(Clone)]
pub enum Environment {
    /// Those of the process, read whenever they are needed.
    Process,
    /// These and no others.
    Fixed(BTreeMap<String, String>),
}

impl std::fmt::Debug for Environment {
    /// Shows no values: they hold keys and tokens.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Process => "Process",
            Self::Fixed(_) => "Fixed(..)",
        })
    }
}

impl Environment {
    /// Returns a variable's value. None: unset, empty, or not text.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        let value = match self {
            Self::Process => std::env::var(name).ok(),
            Self::Fixed(map) => map.get(name).cloned(),
        };
        value.filter(|value| !value.is_empty())
    }
}
