//! A token's three parts, and what they hold.
//!
//! Must not know: keys, and who may trust a token.

use rego_value::Value;
use rego_vm::{BuiltinError, Context};

use super::failed;
use crate::bytes::{self, Base64};
use crate::charge;

/// How many bytes a value takes at most for each byte of its JSON, roughly.
const VALUE_GROWTH: usize = 4;

/// A token in its parts, each still encoded.
pub(super) struct Token<'t> {
    header: &'t str,
    payload: &'t str,
    signature: &'t str,
    /// Header and payload with the period between them.
    signed: &'t str,
}

impl<'t> Token<'t> {
    /// Returns the parts of a text, and pays for looking at it.
    ///
    /// Errors: other than three parts.
    pub(super) fn split(context: &mut Context<'_>, text: &'t str) -> Result<Self, BuiltinError> {
        charge::make(context, text.len())?;
        if !text.contains('.') {
            return Err(failed("encoded JWT had no period separators"));
        }
        let parts: Option<(&str, &str, &str)> = text.rsplit_once('.').and_then(|(signed, last)| {
            let (header, payload) = signed.split_once('.')?;
            (!payload.contains('.')).then_some((header, payload, last))
        });
        let Some((header, payload, signature)) = parts else {
            let found = text.split('.').count();
            return Err(failed(format!("encoded JWT must have 3 sections, found {found}")));
        };
        let signed = text.get(..header.len() + 1 + payload.len()).unwrap_or_default();
        Ok(Self { header, payload, signature, signed })
    }

    /// Returns what the signature is of.
    pub(super) fn signed_text(&self) -> &'t str {
        self.signed
    }

    /// Returns the header, an object.
    ///
    /// Errors: what is no JSON object, and the header of an encrypted token.
    pub(super) fn header(&self, context: &mut Context<'_>) -> Result<Value, BuiltinError> {
        let text = Base64::Url.decode_unpadded(self.header);
        let text = text.map_err(|e| failed(format!("JWT header had invalid encoding: {e}")))?;
        let header = object(context, &bytes::text(text)).map_err(|error| match error {
            BuiltinError::Failed(error) => failed(format!("bad JWT header: {error}")),
            other => other,
        })?;
        if header.get(&Value::from("enc")).is_some() {
            return Err(failed("JWT is a JWE object, which is not supported"));
        }
        Ok(header)
    }

    /// Returns the text of the payload.
    ///
    /// Errors: what is not base64.
    pub(super) fn payload_text(&self, context: &mut Context<'_>) -> Result<String, BuiltinError> {
        charge::make(context, self.payload.len())?;
        let text = Base64::Url.decode_unpadded(self.payload);
        let text = text.map_err(|e| failed(format!("JWT payload had invalid encoding: {e}")))?;
        Ok(bytes::text(text))
    }

    /// Returns the signature.
    ///
    /// Errors: what is not base64.
    pub(super) fn signature_bytes(&self) -> Result<Vec<u8>, String> {
        Base64::Url.decode_unpadded(self.signature)
    }
}

/// Returns the object of a JSON text, and pays for it.
///
/// Errors: what is none.
pub(super) fn object(context: &mut Context<'_>, text: &str) -> Result<Value, BuiltinError> {
    charge::make(context, VALUE_GROWTH * text.len())?;
    let value = Value::from_json(text.as_bytes());
    let value = value.map_err(|error| failed(format!("invalid JSON: {}", error.message())))?;
    if value.as_object().is_none() {
        return Err(failed("decoded JSON type was not an Object"));
    }
    Ok(value)
}

/// What of a header counts for verifying; texts that are not there are empty.
pub(super) struct Header {
    /// `alg`
    pub(super) algorithm: String,
    /// `kid`
    pub(super) key_id: String,
    /// `cty`
    pub(super) content: String,
    /// Whether it says of a field that is not known that it must be understood (`crit`).
    pub(super) demands_unknown: bool,
}

impl Header {
    /// Returns what counts of a header.
    ///
    /// Errors: a field that counts and is of the wrong type, the first by name.
    pub(super) fn read(header: &Value) -> Result<Self, BuiltinError> {
        let field = |name: &str| header.get(&Value::from(name));
        let text = |name: &str| {
            let Some(value) = field(name) else { return Ok(String::new()) };
            let text = value.as_str().map(str::to_owned);
            text.ok_or_else(|| failed(format!("{name}: must be a string")))
        };
        let algorithm = text("alg")?;
        let demanded = field("crit").map(demanded).transpose()?.unwrap_or_default();
        let unknown = |name: &&str| {
            !["alg", "kid", "typ", "cty", "crit"].contains(name) && field(name).is_some()
        };
        let (content, key_id) = (text("cty")?, text("kid")?);
        text("typ")?;
        let demands_unknown = demanded.iter().any(unknown);
        Ok(Self { algorithm, key_id, content, demands_unknown })
    }
}

/// Returns the names in a list of fields that must be understood, up to the first that is no name.
fn demanded(list: &Value) -> Result<Vec<&str>, BuiltinError> {
    let list = list.as_array().ok_or_else(|| failed("crit: must be a list"))?;
    let names: Vec<&str> = list.iter().map_while(Value::as_str).collect();
    if names.is_empty() {
        return Err(failed("crit: must be a nonempty list"));
    }
    Ok(names)
}
