//! Alternative names of subjects: hosts, mailboxes, addresses, URIs.
//!
//! Source: RFC 5280, 4.2.1.6; Go, `crypto/x509`.

use super::der::{Der, SEQUENCE};
use super::domain;
use crate::gofmt;
use crate::url::Url;

const EMAIL: u8 = 0x81;
const DNS: u8 = 0x82;
const URI: u8 = 0x86;
const IP: u8 = 0x87;

/// The names.
#[derive(Default)]
pub(super) struct AlternativeNames {
    pub(super) dns: Vec<String>,
    pub(super) emails: Vec<String>,
    /// Of 4 or 16 bytes.
    pub(super) ips: Vec<Vec<u8>>,
    pub(super) uris: Vec<Url>,
}

/// Returns the text of bytes that are ASCII.
pub(super) fn ascii(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.is_ascii());
    text.map(str::to_string)
}

/// Returns Go's words for bytes that are not ASCII.
pub(super) fn not_ascii(bytes: &[u8]) -> String {
    let shown = gofmt::quote(&crate::bytes::text(bytes.to_vec()));
    format!("x509: {shown} cannot be encoded as an IA5String")
}

impl AlternativeNames {
    /// Reads the extension's value. Names of other kinds are passed over.
    pub(super) fn read(value: &[u8]) -> Result<Self, String> {
        let mut names = Self::default();
        let all = Der(value).take(SEQUENCE);
        let mut all = all.ok_or("x509: invalid subject alternative names")?;
        while !all.is_empty() {
            let name = all.any().ok_or("x509: invalid subject alternative name")?;
            let bytes = name.body.0;
            let text =
                |kind: &str| ascii(bytes).ok_or_else(|| format!("x509: SAN {kind} is malformed"));
            match name.tag {
                EMAIL => names.emails.push(text("rfc822Name")?),
                DNS => names.dns.push(text("dNSName")?),
                URI => names.uris.push(uri(&text("uniformResourceIdentifier")?)?),
                IP if matches!(bytes.len(), 4 | 16) => names.ips.push(bytes.to_vec()),
                IP => {
                    let length = bytes.len();
                    return Err(format!("x509: cannot parse IP address of length {length}"));
                }
                _ => {}
            }
        }
        Ok(names)
    }

    pub(super) fn is_empty(&self) -> bool {
        let Self { dns, emails, ips, uris } = self;
        dns.is_empty() && emails.is_empty() && ips.is_empty() && uris.is_empty()
    }
}

fn uri(text: &str) -> Result<Url, String> {
    let shown = gofmt::quote(text);
    let url = Url::parse(text)
        .map_err(|why| format!("x509: cannot parse URI {shown}: parse {shown}: {why}"))?;
    if !url.host.is_empty() && !domain::is_valid(&url.host) {
        return Err(format!("x509: cannot parse URI {shown}: invalid domain"));
    }
    Ok(url)
}
