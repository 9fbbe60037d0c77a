//! `providers.aws.sign_req`: requests of AWS's services, signed.
//!
//! Source: OPA policy reference, "AWS"; AWS, "Signature Version 4".

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use rego_value::{ObjectRef, Value};
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};
use sha2::{Digest, Sha256};

use crate::civil::Civil;
use crate::url::Url;
use crate::{bytes, charge, gofmt, operand};

const ANY_OF_STRING: Type = Type::Object(&[], Some(&(Type::String, Type::Any)));
const ANY_OF_ANY: Type = Type::Object(&[], Some(&(Type::Any, Type::Any)));

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[Builtin::new(
    Decl::function(
        "providers.aws.sign_req",
        &[ANY_OF_STRING, ANY_OF_STRING, Type::Number],
        ANY_OF_ANY,
    ),
    sign_req,
)];

/// What a request may hold: the keys of a request for `http.send`.
const REQUEST_KEYS: &[&str] = &[
    "body",
    "cache",
    "cache_ignored_headers",
    "caching_mode",
    "enable_redirect",
    "force_cache",
    "force_cache_duration_seconds",
    "force_json_decode",
    "force_yaml_decode",
    "headers",
    "max_retry_attempts",
    "method",
    "raise_error",
    "raw_body",
    "timeout",
    "tls_ca_cert",
    "tls_ca_cert_env_variable",
    "tls_ca_cert_file",
    "tls_client_cert",
    "tls_client_cert_env_variable",
    "tls_client_cert_file",
    "tls_client_key",
    "tls_client_key_env_variable",
    "tls_client_key_file",
    "tls_insecure_skip_verify",
    "tls_server_name",
    "tls_use_system_certs",
    "url",
];

const REQUIRED_OF_REQUEST: &[&str] = &["method", "url"];

const REQUIRED_OF_CONFIG: &[&str] =
    &["aws_access_key", "aws_region", "aws_secret_access_key", "aws_service"];

/// Headers that proxies change on the way; they are not signed.
const UNSIGNED_HEADERS: &[&str] = &["authorization", "user-agent", "x-amzn-trace-id"];

/// Services that want to be told the digest of the body in a header.
const SERVICES_WITH_DIGEST: &[&str] = &["glacier", "s3"];

/// What stands for the digest of a body that is not signed.
const UNSIGNED_BODY: &str = "UNSIGNED-PAYLOAD";

/// Returns the request with the headers that sign it for AWS at a time (in nanoseconds since 1970),
/// by the keys, the region and the service of the second operand.
///
/// Errors: a key that is missing or of the wrong type, a URL that is none, a time that is no
/// 64-bit integer. Source: OPA policy reference, `providers.aws.sign_req`.
fn sign_req(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let request = operand::object(operands, 0)?;
    let config = operand::object(operands, 1)?;
    required_of_config(config)?;
    operand::number(operands, 2)?;
    let untimely = || wrong(3, "could not convert time_ns value into a unix timestamp");
    let time_ns = operand::integer(operands, 2).map_err(|_| untimely())?;
    let (url, method) = target(request)?;
    let headers = headers(request)?;
    charge::text_of(context, operand::any(operands, 0)?)?;
    charge::text_of(context, operand::any(operands, 1)?)?;
    let url = Url::parse(url)
        .map_err(|why| BuiltinError::Failed(format!("parse {}: {why}", gofmt::quote(url))))?;
    let signing = Signing {
        method,
        url: &url,
        headers: &headers,
        digest: body_digest(request, config)?,
        access_key: text(config, "aws_access_key"),
        secret_key: text(config, "aws_secret_access_key"),
        session_token: text(config, "aws_session_token"),
        region: text(config, "aws_region"),
        service: text(config, "aws_service"),
        time: basic_time(time_ns),
    };
    let own = signing.headers();
    let authorization = signing.authorization(&own);
    let mut all: Vec<(Value, Value)> =
        headers.iter().map(|(name, value)| (Value::from(*name), Value::from(*value))).collect();
    all.push((Value::from("Authorization"), Value::from(authorization)));
    all.extend(own.into_iter().map(|(name, value)| (Value::from(name), Value::from(value))));
    Ok(request.with(&Value::from("headers"), Value::object(all)))
}

fn wrong(position: usize, what: &str) -> BuiltinError {
    BuiltinError::Type(format!("operand {position} {what}"))
}

/// Returns the error that names the keys, as a set in Rego.
fn wrong_keys<'k>(
    position: usize,
    what: &str,
    keys: impl Iterator<Item = &'k str>,
) -> Result<(), BuiltinError> {
    let keys: Vec<Value> = keys.map(Value::from).collect();
    if keys.is_empty() {
        return Ok(());
    }
    Err(wrong(position, &format!("{what} parameters(s): {}", Value::set(keys).to_rego())))
}

fn required_of_config(config: ObjectRef<'_>) -> Result<(), BuiltinError> {
    let required = || REQUIRED_OF_CONFIG.iter().copied();
    let missing = required().filter(|key| config.get_str(key).is_none());
    wrong_keys(2, "missing required AWS config", missing)?;
    let is_text = |key: &str| config.get_str(key).is_some_and(|value| value.as_str().is_some());
    wrong_keys(2, "invalid values for required AWS config", required().filter(|key| !is_text(key)))
}

/// Returns the URL and the method of the request.
fn target(request: ObjectRef<'_>) -> Result<(&str, &str), BuiltinError> {
    let unknown: Vec<Value> = request
        .keys()
        .iter()
        .filter(|key| key.as_str().is_none_or(|key| !REQUEST_KEYS.contains(&key)))
        .cloned()
        .collect();
    if !unknown.is_empty() {
        let unknown = Value::set(unknown).to_rego();
        return Err(wrong(1, &format!("invalid request parameters(s): {unknown}")));
    }
    let required = || REQUIRED_OF_REQUEST.iter().copied();
    let missing = required().filter(|key| request.get_str(key).is_none());
    wrong_keys(1, "missing required request", missing)?;
    headers(request)?;
    let value = |key| request.get_str(key).and_then(Value::as_str);
    let odd = required().filter(|key| value(key).is_none());
    wrong_keys(1, "invalid values for required request", odd)?;
    Ok((value("url").unwrap_or_default(), value("method").unwrap_or_default()))
}

/// Returns the request's headers; what is no string counts as an empty one, as in OPA.
fn headers(request: ObjectRef<'_>) -> Result<BTreeMap<&str, &str>, BuiltinError> {
    let Some(headers) = request.get_str("headers") else { return Ok(BTreeMap::new()) };
    let object =
        headers.as_object().ok_or_else(|| BuiltinError::operand(0, headers, &["object"]))?;
    Ok(object
        .iter()
        .map(|(name, value)| {
            (name.as_str().unwrap_or_default(), value.as_str().unwrap_or_default())
        })
        .collect())
}

/// Returns the hexadecimal digest of the request's body, or what stands for it.
fn body_digest(request: ObjectRef<'_>, config: ObjectRef<'_>) -> Result<String, BuiltinError> {
    let unsigned = match config.get_str("disable_payload_signing") {
        None => false,
        Some(value) => value
            .as_bool()
            .ok_or_else(|| wrong(2, "invalid value for 'disable_payload_signing' in AWS config"))?,
    };
    if unsigned {
        return Ok(UNSIGNED_BODY.to_string());
    }
    let body = match (request.get_str("raw_body"), request.get_str("body")) {
        (Some(raw), _) => raw.as_str().unwrap_or_default().to_string(),
        (None, Some(body)) => body.to_json(),
        (None, None) => String::new(),
    };
    Ok(bytes::to_hex(&Sha256::digest(body)))
}

fn text<'v>(object: ObjectRef<'v>, key: &str) -> &'v str {
    object.get_str(key).and_then(Value::as_str).unwrap_or_default()
}

/// Returns a time in UTC as `20060102T150405Z`.
fn basic_time(ns: i64) -> String {
    let Civil { year, month, day, hour, minute, second, .. } = Civil::of(ns, 0);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// A request about to be signed.
struct Signing<'a> {
    method: &'a str,
    url: &'a Url,
    headers: &'a BTreeMap<&'a str, &'a str>,
    /// The hexadecimal digest of the body, or what stands for it.
    digest: String,
    access_key: &'a str,
    secret_key: &'a str,
    session_token: &'a str,
    region: &'a str,
    service: &'a str,
    /// As `20060102T150405Z`.
    time: String,
}

impl Signing<'_> {
    /// Returns the headers that AWS wants besides the signature.
    fn headers(&self) -> BTreeMap<&'static str, String> {
        let mut headers =
            BTreeMap::from([("host", self.url.host.clone()), ("x-amz-date", self.time.clone())]);
        if SERVICES_WITH_DIGEST.contains(&self.service) {
            headers.insert("x-amz-content-sha256", self.digest.clone());
        }
        if !self.session_token.is_empty() {
            headers.insert("x-amz-security-token", self.session_token.to_string());
        }
        headers
    }

    /// Returns the `Authorization` header. Of one header in two spellings the last one counts, and
    /// the request's own before those that AWS wants, as in OPA.
    fn authorization(&self, own: &BTreeMap<&'static str, String>) -> String {
        let mut signed: BTreeMap<String, &str> =
            own.iter().map(|(name, value)| ((*name).to_string(), value.as_str())).collect();
        for (name, value) in self.headers {
            let name = name.to_lowercase();
            if !UNSIGNED_HEADERS.contains(&name.as_str()) {
                signed.insert(name, value);
            }
        }
        let names: Vec<&str> = signed.keys().map(String::as_str).collect();
        let names = names.join(";");
        let mut canonical =
            format!("{}\n{}\n{}\n", self.method, self.url.escaped_path(), self.url.raw_query);
        for (name, value) in &signed {
            canonical.push_str(&format!("{name}:{value}\n"));
        }
        canonical.push_str(&format!("\n{names}\n{}", self.digest));
        let date = self.time.split('T').next().unwrap_or_default();
        let scope = format!("{date}/{}/{}/aws4_request", self.region, self.service);
        let digest = bytes::to_hex(&Sha256::digest(canonical));
        let to_sign = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{digest}", self.time);
        let signature = bytes::to_hex(&mac(&self.key(date), &to_sign));
        let access = self.access_key;
        format!(
            "AWS4-HMAC-SHA256 Credential={access}/{scope},SignedHeaders={names},Signature={signature}"
        )
    }

    /// Returns the key of a day, region and service, made from the secret one.
    fn key(&self, date: &str) -> Vec<u8> {
        let start = format!("AWS4{}", self.secret_key).into_bytes();
        let parts = [date, self.region, self.service, "aws4_request"];
        parts.iter().fold(start, |key, part| mac(&key, part))
    }
}

/// Returns the code of a text. (Keys of any length are taken, so there is always one.)
fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let machine = <Hmac<Sha256> as KeyInit>::new_from_slice(key);
    machine
        .map(|mut machine| {
            machine.update(text.as_bytes());
            machine.finalize().into_bytes().to_vec()
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rego_vm::BuiltinError;

    use crate::testing::{call, check_type_error, json};

    const CONFIG: &str = r#"{"aws_access_key": "AKIDEXAMPLE", "aws_region": "us-east-1",
        "aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "aws_service": "service"}"#;

    /// 2015-08-30T12:36:00Z, the time of the examples that AWS gives for version 4.
    const TIME_NS: &str = "1440938160000000000";

    fn authorization(request: &str) -> String {
        let operands = [json(request), json(CONFIG), json(TIME_NS)];
        let signed = call("providers.aws.sign_req", &operands.each_ref()).unwrap();
        let path = ["headers", "Authorization"];
        signed.get_path(&path).and_then(|value| value.as_str()).unwrap().to_string()
    }

    #[test]
    fn signatures_are_those_of_the_examples_of_aws() {
        // Names and signatures of `get-vanilla`, `get-vanilla-query-order-key-case` and `get-utf8`.
        let cases = [
            ("/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            (
                "/?Param1=value1&Param2=value2",
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
            ("/\u{1234}", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
        ];
        for (target, want) in cases {
            let url = format!("https://example.amazonaws.com{target}");
            let got = authorization(&format!(r#"{{"method": "GET", "url": "{url}"}}"#));
            assert!(
                got.ends_with(&format!("SignedHeaders=host;x-amz-date,Signature={want}")),
                "{got}"
            );
        }
    }

    #[test]
    fn ports_are_part_of_the_host_and_headers_that_change_are_not_signed() {
        let got = authorization(
            r#"{"method": "GET", "url": "https://h:8443/", "headers": {"User-Agent": "a", "B": 1}}"#,
        );
        assert!(got.contains("SignedHeaders=b;host;x-amz-date,"), "{got}");
        let operands =
            [json(r#"{"method": "GET", "url": "https://h:8443/"}"#), json(CONFIG), json(TIME_NS)];
        let signed = call("providers.aws.sign_req", &operands.each_ref()).unwrap();
        assert_eq!(signed.get_path(&["headers", "host"]), Some(&"h:8443".into()));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let sign = |request: &str, config: &str, time: &str, want: &str| {
            let operands = format!("[{request}, {config}, {time}]");
            check_type_error("providers.aws.sign_req", &operands, want);
        };
        let request = r#"{"method": "GET", "url": "https://h/"}"#;
        let missing = r#"operand 2 missing required AWS config parameters(s): {"aws_access_key", "aws_region", "aws_secret_access_key", "aws_service"}"#;
        sign(request, "{}", "0", missing);
        let unknown = r#"operand 1 invalid request parameters(s): {"uri"}"#;
        sign(r#"{"method": "GET", "url": "u", "uri": 1}"#, CONFIG, "0", unknown);
        let untimely = "operand 3 could not convert time_ns value into a unix timestamp";
        sign(request, CONFIG, "1.5", untimely);
        let bad = json(r#"{"method": "GET", "url": ":"}"#);
        let failed = call("providers.aws.sign_req", &[&bad, &json(CONFIG), &json("0")]);
        let want = r#"parse ":": missing protocol scheme"#;
        assert_eq!(failed, Err(BuiltinError::Failed(want.to_string())));
    }
}
