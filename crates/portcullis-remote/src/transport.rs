//! Small exchanges with those who give out tokens.
//!
//! Must not know: what a token is for.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use reqwest::Client;
use serde::de::DeserializeOwned;

use crate::outgoing::{Outgoing, host_of};
use crate::response::Response;
use crate::tls::{Trust, client, local_client};
use crate::{ClientOptions, Environment, RemoteError, error};

/// Largest answer of who gives out tokens.
pub(crate) const TOKEN_BYTES_MAX: u64 = 1 << 20;

/// Longest wait for a token.
pub(crate) const TOKEN_TIMEOUT: Duration = Duration::from_secs(10);

/// How to reach who gives out tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Realm {
    /// Anywhere, through proxies.
    Public,
    /// On this machine's own network, never through a proxy.
    Local,
}

/// Clients for tokens, made when first needed: most services need none.
pub(crate) struct Transport {
    options: ClientOptions,
    trust: Trust,
    public: Mutex<Option<Client>>,
    local: Mutex<Option<Client>>,
}

impl Transport {
    pub(crate) fn new(options: ClientOptions, trust: &Trust) -> Self {
        let (public, local) = (Mutex::new(None), Mutex::new(None));
        Self { options, trust: trust.widened(), public, local }
    }

    /// Returns where to look for environment variables.
    pub(crate) fn environment(&self) -> &Environment {
        &self.options.environment
    }

    /// Returns what the process tells every service.
    pub(crate) fn options(&self) -> &ClientOptions {
        &self.options
    }

    fn client(&self, realm: Realm) -> Result<Client, RemoteError> {
        let slot = if realm == Realm::Public { &self.public } else { &self.local };
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = slot.as_ref() {
            return Ok(client.clone());
        }
        let made = match realm {
            Realm::Public => client(&self.options, &self.trust, None)?,
            Realm::Local => local_client(&self.options)?,
        };
        *slot = Some(made.clone());
        Ok(made)
    }

    /// Sends a request and returns status and body. Redirects are not followed: what is sent is
    /// for its addressee alone.
    pub(crate) async fn exchange(
        &self,
        realm: Realm,
        outgoing: Outgoing,
    ) -> Result<(StatusCode, Bytes), RemoteError> {
        let host = host_of(&outgoing.url);
        let client = self.client(realm)?;
        let after = TOKEN_TIMEOUT;
        let whole = async {
            let response = send(&client, outgoing, after).await?;
            let status = response.status();
            Ok((status, response.body_bounded(TOKEN_BYTES_MAX).await?))
        };
        let ended = tokio::time::timeout(after, whole).await;
        ended.unwrap_or(Err(RemoteError::Timeout { host, after }))
    }

    /// As [`Transport::exchange`], for an answer that must be a success. `what` is what is asked
    /// for.
    pub(crate) async fn fetch(
        &self,
        realm: Realm,
        what: &str,
        outgoing: Outgoing,
    ) -> Result<Bytes, RemoteError> {
        let host = host_of(&outgoing.url);
        let (status, body) = self
            .exchange(realm, outgoing)
            .await
            .map_err(|error| RemoteError::Credentials(format!("cannot get {what}: {error}")))?;
        if !status.is_success() {
            let status = status.as_u16();
            let text = format!("cannot get {what}: `{host}` answered with status {status}");
            return Err(RemoteError::Credentials(text));
        }
        Ok(body)
    }

    /// As [`Transport::fetch`], for an answer in JSON.
    pub(crate) async fn fetch_json<T: DeserializeOwned>(
        &self,
        realm: Realm,
        what: &str,
        outgoing: Outgoing,
    ) -> Result<T, RemoteError> {
        let body = self.fetch(realm, what, outgoing).await?;
        // The parser's words might quote the body, which may hold half a token.
        serde_json::from_slice(&body).map_err(|_| {
            RemoteError::Credentials(format!("cannot get {what}: the answer is not as expected"))
        })
    }
}

/// Sends a request and waits for the head of the answer, at most `after`.
pub(crate) async fn send(
    client: &Client,
    outgoing: Outgoing,
    after: Duration,
) -> Result<Response, RemoteError> {
    let host = host_of(&outgoing.url);
    let mut builder = client.request(outgoing.method, outgoing.url).headers(outgoing.headers);
    if let Some(body) = outgoing.body {
        builder = builder.body(body);
    }
    let answer = tokio::time::timeout(after, builder.send()).await;
    let answer = answer.map_err(|_| RemoteError::Timeout { host: host.clone(), after })?;
    let answer = answer.map_err(|error| error::from_reqwest(&error, &host, after))?;
    Ok(Response::new(answer, host))
}
