//! `aws_kms`: a key that AWS keeps signs for us.
//!
//! Must not know: what is signed.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::json;

use super::aws::AwsSigning;
use super::config::{AwsKmsConfig, AwsSigningConfig};
use super::sign::{Bits, Family, Signing};
use crate::RemoteError;
use crate::config::invalid;
use crate::outgoing::Outgoing;
use crate::transport::{Realm, Transport};

/// A key of KMS.
pub(crate) struct Kms {
    pub(crate) signing: Signing,
    name: String,
    algorithm: String,
    signer: AwsSigning,
}

impl Kms {
    pub(crate) fn new(
        key: &str,
        config: &AwsKmsConfig,
        signing: Option<&AwsSigningConfig>,
    ) -> Result<Self, RemoteError> {
        if config.name.is_empty() {
            return Err(invalid(&format!("{key}.aws_kms.name"), "a key must be named"));
        }
        let algorithm = &config.algorithm;
        let parsed = parse(algorithm).ok_or_else(|| {
            let reason = format!("`{algorithm}` is no signing algorithm of KMS");
            invalid(&format!("{key}.aws_kms.algorithm"), reason)
        })?;
        let signing =
            signing.ok_or_else(|| invalid(&format!("{key}.aws_signing"), "`aws_kms` needs it"))?;
        let signing = AwsSigningConfig { service: "kms".to_string(), ..signing.clone() };
        Ok(Self {
            signing: parsed,
            name: config.name.clone(),
            algorithm: algorithm.clone(),
            signer: AwsSigning::new(&signing, &format!("{key}.aws_signing"))?,
        })
    }

    /// Returns the signature in base64url, as a JSON Web Token has it.
    pub(crate) async fn sign(
        &self,
        transport: &Transport,
        message: &[u8],
    ) -> Result<String, RemoteError> {
        let url = self.signer.endpoint(transport, "kms").await?;
        let digest = STANDARD.encode(self.signing.digest(message));
        let body = json!({
            "KeyId": self.name,
            "Message": digest,
            "MessageType": "DIGEST",
            "SigningAlgorithm": self.algorithm,
        });
        let mut outgoing = Outgoing::json(url, &body, "application/x-amz-json-1.1");
        outgoing.target("TrentService.Sign");
        self.signer.sign(transport, &mut outgoing).await?;
        let answer: Answer =
            transport.fetch_json(Realm::Public, "a signature of `aws_kms`", outgoing).await?;
        let raw = STANDARD.decode(answer.signature).ok();
        let raw = raw.and_then(|raw| match self.signing.family {
            Family::Ecdsa => raw_ecdsa(&raw, self.signing.bits),
            _ => Some(raw),
        });
        let raw = raw.ok_or_else(|| {
            RemoteError::Credentials("the signature of `aws_kms` is broken".to_string())
        })?;
        Ok(URL_SAFE_NO_PAD.encode(raw))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    signature: String,
}

fn parse(algorithm: &str) -> Option<Signing> {
    let (family, bits) = algorithm.split_once("_SHA_")?;
    let family = match family {
        "ECDSA" => Family::Ecdsa,
        "RSASSA_PKCS1_V1_5" => Family::Rsa,
        "RSASSA_PSS" => Family::RsaPss,
        _ => return None,
    };
    Some(Signing { family, bits: Bits::parse(bits)? })
}

/// KMS answers with DER, a token holds two numbers of fixed length (RFC 7518, 3.4).
fn raw_ecdsa(der: &[u8], bits: Bits) -> Option<Vec<u8>> {
    let length = match bits {
        Bits::B256 => 32,
        Bits::B384 => 48,
        Bits::B512 => 66,
    };
    let (inside, rest) = element(der, 0x30)?;
    let (r, inside) = element(inside, 0x02)?;
    let (s, inside) = element(inside, 0x02)?;
    if !rest.is_empty() || !inside.is_empty() {
        return None;
    }
    let mut raw = Vec::with_capacity(2 * length);
    for number in [r, s] {
        let start = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
        let number = number.get(start..)?;
        raw.resize(raw.len() + length.checked_sub(number.len())?, 0);
        raw.extend_from_slice(number);
    }
    Some(raw)
}

/// Returns what an element of DER holds, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (*first, rest),
        0x81 => rest.split_first().map(|(length, rest)| (*length, rest))?,
        _ => return None,
    };
    (*found == tag).then(|| rest.split_at_checked(usize::from(length)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_der_into_two_numbers_of_fixed_length() {
        let mut der = vec![0x30, 8, 0x02, 2, 0x00, 0x80, 0x02, 2, 0x01, 0x02];
        let raw = raw_ecdsa(&der, Bits::B256).unwrap();
        assert_eq!((raw.len(), raw[31], &raw[62..]), (64, 0x80, [1, 2].as_slice()));
        for end in 0..der.len() {
            assert_eq!(raw_ecdsa(&der[..end], Bits::B256), None, "cut at {end}");
        }
        der.push(0);
        assert_eq!(raw_ecdsa(&der, Bits::B256), None);
    }
}
