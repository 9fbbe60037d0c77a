//! `http.send`: one request over HTTP and what came of it.
//!
//! The exchange itself is the host's ([`rego_vm::Host::http`]); here is what a request may say, what
//! an answer becomes, redirects, tries and caches.
//!
//! Source: OPA policy reference, "HTTP"; `v1/topdown/http.go` for words and for which error is which.
//!
//! Read first: `request.rs`, then `send` below.

mod address;
mod answer;
mod error;
mod exchange;
mod fields;
mod freshness;
mod memory;
mod request;
mod tls;

use rego_value::{ObjectRef, Value};
use rego_vm::world::{HttpResponse, Kept};
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use self::answer::{Answer, Decode};
use self::error::{SendError, Sent};
use self::memory::Mode;
use self::request::Request;
use crate::{charge, operand};

const REQUEST: Type = Type::Object(&[], Some(&(Type::String, Type::Any)));
const RESPONSE: Type = Type::Object(&[], Some(&(Type::Any, Type::Any)));

/// The family.
pub(crate) const FAMILY: &[Builtin] =
    &[Builtin::new(Decl::function("http.send", &[REQUEST], RESPONSE).nondeterministic(), send)];

/// Returns what a request was answered: `http.send({"method": "get", "url": "http://a/b"}).body`.
///
/// Errors: a request that is none, a host that is not allowed or does not answer; with
/// `"raise_error": false` most of them are results: `{"status_code": 0, "error": {…}}`.
///
/// Source: OPA policy reference, `http.send`.
fn send(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let object = operand::object(operands, 0)?;
    let raises = fields::raises(object).map_err(SendError::raised)?;
    let answer = fields::check_keys(object).and_then(|()| respond(context, object));
    match answer {
        Ok(value) => Ok(value),
        Err(error) if raises => Err(error.raised()),
        Err(error) => error.answered(context),
    }
}

/// Answers a request from what is kept, or from the network.
fn respond(context: &mut Context<'_>, object: ObjectRef<'_>) -> Sent<Value> {
    let key = memory::key_of(object)?;
    charge::text_of(context, &key)?;
    let forced = fields::forced_seconds(object)?;
    let wants_memory = fields::flag(object, "cache")? || forced.is_some();
    if let Some(answer) = memory::recall(context, &key) {
        return answer;
    }
    if !wants_memory || context.host().memory().is_none() {
        return once(context, object, &key);
    }
    let shared = Shared {
        object,
        key: &key,
        forced: forced.filter(|seconds| *seconds > 0),
        decode: Decode::read(object)?,
        mode: Mode::read(object),
    };
    let answer = shared.respond(context);
    // A query gets the same answer twice, whatever its status.
    memory::remember(context, &key, &answer);
    answer
}

/// Asks the network, and keeps the answer for this query.
fn once(context: &mut Context<'_>, object: ObjectRef<'_>, key: &Value) -> Sent<Value> {
    let answer =
        Request::read(context, object).and_then(|request| exchange::send(context, &request, &[]));
    let response = match answer {
        Ok(response) => response,
        Err(error) => {
            memory::remember(context, key, &Err(error.clone()));
            return Err(error);
        }
    };
    let decode = Decode::read(object)?;
    let (answer, body) = read(context, response, decode)?;
    let value = answer.to_value(body);
    if freshness::is_cacheable(answer.status_code) {
        memory::remember(context, key, &Ok(value.clone()));
    }
    Ok(value)
}

fn read(
    context: &mut Context<'_>,
    response: HttpResponse,
    decode: Decode,
) -> Result<(Answer, Value), BuiltinError> {
    let answer = Answer::of(context, response)?;
    let body = answer.body(context, decode)?;
    Ok((answer, body))
}

/// A request whose answer queries share.
struct Shared<'o> {
    object: ObjectRef<'o>,
    key: &'o Value,
    /// For how many seconds its answer is good, whatever that says.
    forced: Option<i32>,
    decode: Decode,
    /// In which form it is kept; none: in none that there is.
    mode: Option<Mode>,
}

impl Shared<'_> {
    fn respond(&self, context: &mut Context<'_>) -> Sent<Value> {
        if let Some(value) = self.recalled(context)? {
            return Ok(value);
        }
        let request = Request::read(context, self.object)?;
        let response = exchange::send(context, &request, &[])?;
        let (answer, body) = read(context, response, self.decode)?;
        // An answer whose time cannot be made out is one all the same; it is not kept.
        let _ = self.keep(context, &answer, &body);
        Ok(answer.to_value(body))
    }

    /// Returns what is kept, if it is good still, or the peer says that it is.
    fn recalled(&self, context: &mut Context<'_>) -> Sent<Option<Value>> {
        let Some(memory) = context.host().memory() else { return Ok(None) };
        let Some(kept) = memory.get(self.key) else { return Ok(None) };
        let now = context.now_ns();
        if kept.expires_ns.is_some_and(|expires| now < expires) {
            let found = memory::unpacked(context, &kept, self.decode)?;
            return Ok(found.map(|(answer, body)| answer.to_value(body)));
        }
        let checked = self.checked(context, &kept);
        if !matches!(checked, Ok(Some(_))) {
            memory.remove(self.key);
        }
        checked
    }

    /// Asks the peer whether what is kept is good still. Returns its answer, or nothing where it
    /// has to be asked as if nothing was kept.
    fn checked(&self, context: &mut Context<'_>, kept: &Kept) -> Sent<Option<Value>> {
        let Some((old, old_body)) = memory::unpacked(context, kept, self.decode)? else {
            return Ok(None);
        };
        let conditions = [
            ("If-None-Match", old.header("etag")),
            ("If-Modified-Since", old.header("last-modified")),
        ];
        let conditions: Vec<_> =
            conditions.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        if conditions.is_empty() {
            return Ok(None);
        }
        let request = Request::read(context, self.object)?;
        let response = exchange::send(context, &request, &conditions)?;
        let (answer, body) = match response.status {
            304 => {
                let news = Answer::of(context, response)?;
                let mut answer = old;
                answer.headers.extend(news.headers);
                (answer, old_body)
            }
            200 => read(context, response, self.decode)?,
            _ => return Ok(None),
        };
        self.keep(context, &answer, &body).map_err(SendError::Plain)?;
        Ok(Some(answer.to_value(body)))
    }

    /// Keeps an answer, if it may be kept, in place of what was kept.
    ///
    /// Errors: its time cannot be made out.
    fn keep(&self, context: &mut Context<'_>, answer: &Answer, body: &Value) -> Result<(), String> {
        let Some(memory) = context.host().memory() else { return Ok(()) };
        let may = freshness::is_cacheable(answer.status_code)
            && (self.forced.is_some() || freshness::may_be_stored(answer));
        let Some(mode) = self.mode.filter(|_| may) else {
            memory.remove(self.key);
            return Ok(());
        };
        let expires = match self.forced {
            Some(seconds) => Some(freshness::forced_ns(context.now_ns(), seconds)),
            None => freshness::expires_ns(answer)?,
        };
        memory.insert(self.key.clone(), memory::kept(answer, body, (mode, expires)));
        Ok(())
    }
}
