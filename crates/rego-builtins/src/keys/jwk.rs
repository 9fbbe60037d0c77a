//! JSON Web Keys and sets of them.
//!
//! Source: RFC 7517, RFC 7518 section 6, RFC 8037; what is required and how errors are worded, the
//! library of OPA 1.13 (`lestrrat-go/jwx`).

use ed25519_dalek::{SigningKey, VerifyingKey};
use rego_value::ObjectRef;

use super::ec::{Curve, EcPrivate, EcPublic};
use super::rsa::{PrivateNumbers, RsaPrivate, RsaPublic};
use super::{Key, NamedKey, Value};
use crate::bytes::Base64;

/// How many keys a set may have.
const SET_KEYS_MAX: usize = 1000;

/// Returns the keys of a text: one for a JSON Web Key by itself.
///
/// Errors: text that is no JSON, and a key that is none.
pub(crate) fn from_text(text: &str) -> Result<Vec<NamedKey>, String> {
    let value = Value::from_json(text.as_bytes());
    let value = value.map_err(|error| wrong_set(error.message()))?;
    from_value(&value)
}

/// Returns the keys of a JSON value: one for a JSON Web Key by itself.
///
/// Errors: a key that is none.
pub(crate) fn from_value(value: &Value) -> Result<Vec<NamedKey>, String> {
    let object = value.as_object().ok_or_else(|| wrong_set("a key or a set must be an object"))?;
    let Some(keys) = object.get_str("keys") else {
        let key = named_key(object);
        let sole = |error| wrong_set(&format!("failed to parse sole key in key set: {error}"));
        return Ok(vec![key.map_err(sole)?]);
    };
    let keys = keys.as_array().ok_or_else(|| wrong_set("failed to decode \"keys\": no array"))?;
    if keys.len() > SET_KEYS_MAX {
        return Err(wrong_set(&format!("more than {SET_KEYS_MAX} keys")));
    }
    let one = |(index, key): (usize, &Value)| {
        let key = key.as_object().ok_or_else(|| "a key must be an object".to_owned());
        key.and_then(named_key).map_err(|error| {
            wrong_set(&format!("failed to decode key #{index} in \"keys\": {error}"))
        })
    };
    keys.iter().enumerate().map(one).collect()
}

fn wrong_set(error: &str) -> String {
    format!("jwk.Parse: failed to unmarshal JWK set: {error}")
}

fn named_key(fields: ObjectRef<'_>) -> Result<NamedKey, String> {
    let kind = text(fields, "kty")?.unwrap_or_default();
    let key = match kind {
        "RSA" => rsa(fields)?,
        "EC" => ec(fields)?,
        "OKP" => okp(fields)?,
        "oct" => Key::Secret(required(fields, "k")?),
        _ => return Err(format!("invalid key type from JSON ({kind})")),
    };
    let own = |name| Ok::<_, String>(text(fields, name)?.unwrap_or_default().to_owned());
    Ok(NamedKey { key, algorithm: own("alg")?, id: own("kid")? })
}

fn rsa(fields: ObjectRef<'_>) -> Result<Key, String> {
    let (n, e) = (required(fields, "n")?, required(fields, "e")?);
    let Some(d) = bytes(fields, "d")? else {
        return Ok(RsaPublic::new(&n, &e)?.map_or(Key::Useless, Key::Rsa));
    };
    let primes = bytes(fields, "p")?.zip(bytes(fields, "q")?);
    let key = RsaPrivate::new(&PrivateNumbers { n, e, d, primes })?;
    Ok(Key::RsaPrivate(Box::new(key)))
}

fn ec(fields: ObjectRef<'_>) -> Result<Key, String> {
    let name = text(fields, "crv")?.ok_or_else(|| missing("crv"))?;
    let curve = Curve::named(name).ok_or_else(|| format!("invalid curve algorithm {name}"))?;
    let (x, y) = (required(fields, "x")?, required(fields, "y")?);
    let public = EcPublic::from_numbers(curve, &x, &y);
    let Some(d) = bytes(fields, "d")? else {
        return Ok(public.map_or(Key::Useless, Key::Ec));
    };
    let private = EcPrivate::from_number(curve, &d).ok_or("invalid EC private key")?;
    if public.as_ref() != Some(private.public()) {
        return Err("invalid x and y values given d value".to_owned());
    }
    Ok(Key::EcPrivate(private))
}

fn okp(fields: ObjectRef<'_>) -> Result<Key, String> {
    let name = text(fields, "crv")?.ok_or_else(|| missing("crv"))?;
    let x = required(fields, "x")?;
    let d = bytes(fields, "d")?;
    match name {
        "Ed25519" => {}
        "X25519" => return Ok(Key::Useless),
        _ => return Err(format!("invalid curve algorithm {name}")),
    }
    let Some(d) = d else {
        let bytes: Option<[u8; 32]> = x.try_into().ok();
        let key = bytes.and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok());
        return Ok(key.map_or(Key::Useless, Key::Ed25519));
    };
    let seed: [u8; 32] = d.try_into().map_err(|_| "wrong private key size")?;
    let key = SigningKey::from_bytes(&seed);
    if key.verifying_key().as_bytes().as_slice() != x {
        return Err("invalid x value given d value".to_owned());
    }
    Ok(Key::Ed25519Private(Box::new(key)))
}

/// Returns a text, if the field is there.
fn text<'v>(fields: ObjectRef<'v>, name: &str) -> Result<Option<&'v str>, String> {
    let Some(value) = fields.get_str(name).filter(|value| **value != Value::NULL) else {
        return Ok(None);
    };
    let wrong = || format!("failed to decode value for key {name}: must be a string");
    value.as_str().map(Some).ok_or_else(wrong)
}

/// Returns the bytes of a base64 text, if the field is there. Any alphabet and padding will do.
fn bytes(fields: ObjectRef<'_>, name: &str) -> Result<Option<Vec<u8>>, String> {
    let Some(text) = text(fields, name)? else { return Ok(None) };
    let alphabet = if text.contains(['+', '/']) { Base64::Standard } else { Base64::Url };
    let read = alphabet.decode_unpadded(text);
    read.map(Some).map_err(|error| format!("failed to decode value for key {name}: {error}"))
}

fn required(fields: ObjectRef<'_>, name: &str) -> Result<Vec<u8>, String> {
    bytes(fields, name)?.ok_or_else(|| missing(name))
}

fn missing(name: &str) -> String {
    format!("required field {name} is missing")
}
