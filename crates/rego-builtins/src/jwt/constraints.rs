//! What a caller of `io.jwt.decode_verify` wants of a token.

use std::rc::Rc;

use rego_value::{Number, Value};
use rego_vm::{BuiltinError, Context};

use super::{failed, key_cache};
use crate::keys::NamedKey;
use crate::operand;

const NANOSECONDS: f64 = 1e9;

/// What is wanted; texts that are not given are empty.
#[derive(Default)]
pub(super) struct Constraints {
    /// The keys of `cert`.
    pub(super) keys: Option<Rc<Vec<NamedKey>>>,
    /// `secret`
    pub(super) secret: String,
    /// Either, as it is written.
    pub(super) key: Option<Value>,
    /// `alg`
    pub(super) algorithm: String,
    issuer: String,
    audience: String,
    /// In nanoseconds since 1970-01-01 UTC.
    time_ns: f64,
}

impl Constraints {
    /// Returns the constraints of an operand.
    ///
    /// Errors: an unknown one, one of the wrong type, a key that is none; neither or both of `cert`
    /// and `secret`.
    pub(super) fn read(
        context: &mut Context<'_>,
        operands: &[&Value],
        index: usize,
    ) -> Result<Self, BuiltinError> {
        let mut read = Self::default();
        let mut time_ns = None;
        for (name, value) in operand::object(operands, index)?.iter() {
            let text = |name: &str| {
                let text = value.as_str().map(str::to_owned);
                text.ok_or_else(|| failed(format!("{name} constraint: must be a string")))
            };
            match name.as_str() {
                Some("cert") => {
                    text("cert")?;
                    read.keys = Some(key_cache::verification_keys(context, value)?);
                    read.key = Some(value.clone());
                }
                Some("secret") => {
                    read.secret = text("secret")?;
                    read.key = Some(value.clone());
                }
                Some("alg") => read.algorithm = text("alg")?,
                Some("iss") => read.issuer = text("iss")?,
                Some("aud") => read.audience = text("aud")?,
                Some("time") => time_ns = Some(time(value)?),
                _ => {
                    let name = name.to_json_key();
                    return Err(failed(format!("unknown token validation constraint: {name}")));
                }
            }
        }
        read.time_ns = match time_ns {
            Some(time_ns) => time_ns,
            None => time(&Value::from(context.now_ns()))?,
        };
        match (read.keys.is_some(), !read.secret.is_empty()) {
            (true, true) => Err(failed("duplicate key constraints")),
            (false, false) => Err(failed("no key constraint")),
            _ => Ok(read),
        }
    }

    /// Whether a payload is by the issuer, for the audience, and in its time.
    ///
    /// Errors: times that are no numbers.
    pub(super) fn allow(&self, payload: &Value) -> Result<bool, BuiltinError> {
        let claim = |name: &str| payload.get(&Value::from(name));
        let by_issuer = self.issuer.is_empty()
            || claim("iss").and_then(Value::as_str) == Some(self.issuer.as_str());
        // A token for somebody is for nobody who does not say who they are.
        let for_audience = claim("aud").map_or(self.audience.is_empty(), |aud| self.is_among(aud));
        if !by_issuer || !for_audience {
            return Ok(false);
        }
        let now = Number::from_f64(self.time_ns / NANOSECONDS).map(Value::from);
        let number = |name: &'static str, value: Value| match value.as_number() {
            Some(_) => Ok(value),
            None => Err(failed(format!("{name} value must be a number"))),
        };
        if let Some(expiry) = claim("exp") {
            let expiry = number("exp", expiry.clone())?;
            if now.as_ref().is_none_or(|now| *now >= expiry) {
                return Ok(false);
            }
        }
        if let Some(beginning) = claim("nbf") {
            let beginning = number("nbf", beginning.clone())?;
            return Ok(now.is_some_and(|now| now >= beginning));
        }
        Ok(true)
    }

    /// Whether the audience wanted is the one of a claim, or one of several.
    fn is_among(&self, claim: &Value) -> bool {
        let is_this = |one: &Value| one.as_str() == Some(self.audience.as_str());
        is_this(claim) || claim.as_array().is_some_and(|several| several.iter().any(is_this))
    }
}

/// Returns the nanoseconds of a constraint.
fn time(value: &Value) -> Result<f64, BuiltinError> {
    let number = value.as_number();
    let number = number.ok_or_else(|| failed("token time constraint: must be a number"))?;
    let time_ns = number.to_f64();
    if !time_ns.is_finite() {
        return Err(failed("token time constraint: unvalid float64"));
    }
    if time_ns < 0.0 {
        return Err(failed("token time constraint: must not be negative"));
    }
    Ok(time_ns)
}
