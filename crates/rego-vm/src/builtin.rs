//! The calling convention of builtins.
//!
//! A builtin is a function from operands to a value. It sees no tree and no place in a text; what
//! it needs of the world it asks of the [`Context`].

use std::any::Any;
use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use rego_analysis::builtin::Decl;
use rego_source::{Location, Sources};
use rego_value::Value;

use crate::usage::Usage;
use crate::world::{HostError, HttpRequest, HttpResponse, Memory, Values};

/// The body of a builtin. As many operands as declared.
pub type Run = fn(&mut Context<'_>, &[&Value]) -> Result<Value, BuiltinError>;

/// A builtin: what it declares, and what it does.
#[derive(Clone, Copy)]
pub struct Builtin {
    /// What it declares.
    pub decl: Decl,
    /// What it does. A relation returns the array of its results.
    pub run: Run,
}

impl Builtin {
    /// Returns the builtin of this declaration and body.
    pub const fn new(decl: Decl, run: Run) -> Self {
        Self { decl, run }
    }
}

/// Why a builtin has no value. All but [`BuiltinError::Halt`] make the call undefined, unless
/// evaluation is strict about builtin errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuiltinError {
    /// No value, and nothing wrong.
    Undefined,
    /// An operand is of the wrong type: OPA's `eval_type_error`. The message is without the
    /// builtin's name: `operand 1 must be number but got string`.
    Type(String),
    /// The same, not in words yet: see [`BuiltinError::operand`] and [`BuiltinError::worded`].
    Operand(Box<Mismatch>),
    /// Anything else that is wrong with the operands: OPA's `eval_builtin_error`. The message is
    /// without the builtin's name.
    Failed(String),
    /// Evaluation must stop: a budget is crossed. Always fatal.
    Halt(Halt),
}

/// An operand of the wrong type. In a box: builtins that call themselves hold many results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Counted from 1.
    position: usize,
    got: &'static str,
    want: &'static [&'static str],
}

/// Why evaluation stops without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// Too many steps.
    Steps,
    /// Too much memory in results.
    Memory,
    /// Calls nested too deeply.
    Depth,
    /// The deadline has passed.
    Deadline,
}

impl fmt::Display for Halt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Halt::Steps => "evaluation step budget exceeded",
            Halt::Memory => "evaluation memory budget exceeded",
            Halt::Depth => "evaluation call depth exceeded",
            Halt::Deadline => "caller cancelled query execution: deadline exceeded",
        })
    }
}

impl BuiltinError {
    /// Returns the error of an operand (counted from 1) that has the wrong type.
    pub fn operand(position: usize, got: &Value, want: &'static [&'static str]) -> Self {
        Self::Operand(Box::new(Mismatch { position, got: got.type_name(), want }))
    }

    /// Returns the same in words; those of an operand are OPA's:
    /// `operand 1 must be one of {number, string} but got set`.
    #[must_use]
    pub fn worded(self) -> Self {
        let Self::Operand(mismatch) = self else { return self };
        let Mismatch { position, got, want } = *mismatch;
        let want = match want {
            [one] => (*one).to_string(),
            many => format!("one of {{{}}}", many.join(", ")),
        };
        Self::Type(format!("operand {position} must be {want} but got {got}"))
    }
}

/// What evaluation may ask of the world outside. All effects go through here.
pub trait Host: Sync {
    /// Returns the time as nanoseconds since 1970-01-01 UTC. Asked once a query.
    fn now_ns(&self) -> i64;
    /// Returns whether the caller no longer wants the answer. Asked every few thousand steps.
    fn cancelled(&self) -> bool;
    /// Fills a buffer with random bytes.
    fn random(&self, buffer: &mut [u8]);
    /// Returns the document that `opa.runtime()` gives.
    fn runtime(&self) -> Value;
    /// Takes a line that `print` made. `place` is `file:row`.
    fn print(&self, place: &str, line: &str);
    /// Takes the name of a test's case that begins: an array, one element a part of the name.
    fn test_case(&self, _name: &Value) {}

    /// Exchanges a request for its answer. Returns early where the caller has gone.
    ///
    /// Errors: a host without a network, which is the default, and whatever may go wrong with one.
    fn http(&self, request: &HttpRequest) -> Result<HttpResponse, HostError> {
        let _ = request;
        Err(HostError::Unavailable)
    }

    /// Returns the addresses of a name, at least one.
    ///
    /// Errors: as for [`Host::http`].
    fn lookup(&self, name: &str) -> Result<Vec<String>, HostError> {
        let _ = name;
        Err(HostError::Unavailable)
    }

    /// Returns what is in a file. The builtin that asks is given no more than this.
    ///
    /// Errors: a host without files, which is the default; a file that cannot be read or is absurdly
    /// large.
    fn read_file(&self, path: &str) -> Result<Vec<u8>, HostError> {
        let _ = path;
        Err(HostError::Unavailable)
    }

    /// Returns an environment variable; nothing where it is not set, not text, or the host, as by
    /// default, has none.
    fn variable(&self, name: &str) -> Option<String> {
        let _ = name;
        None
    }

    /// Waits, at most as long as the caller wants the answer. By default, not at all.
    fn pause(&self, duration: Duration) {
        let _ = duration;
    }

    /// Returns the memory that queries share; by default, there is none.
    fn memory(&self) -> Option<&dyn Memory> {
        None
    }

    /// Returns the memory of this name for what was made of values; by default, there is none.
    fn values(&self, name: &str) -> Option<&dyn Values> {
        let _ = name;
        None
    }
}

/// What a builtin may use while it runs. One for a whole query.
pub struct Context<'h> {
    host: &'h dyn Host,
    now_ns: Option<i64>,
    steps_left: u64,
    bytes_left: u64,
    results: u64,
    place: Option<(&'h Sources, Location)>,
    allow_net: Option<&'h [String]>,
    v0: bool,
    has_looked_out: Cell<bool>,
    kept: Option<Box<Kept>>,
}

/// What builtins keep for the rest of a query. Most decisions need none of it.
#[derive(Default)]
struct Kept {
    cache: HashMap<(&'static str, Value), Value>,
    scratch: HashMap<&'static str, Box<dyn Any>>,
}

/// How many steps may pass between two looks at the host's `cancelled`.
const STEPS_PER_LOOK: u64 = 4096;

impl<'h> Context<'h> {
    /// Returns a context with a budget of steps and of bytes held by results.
    pub fn new(host: &'h dyn Host, steps_max: u64, bytes_max: u64) -> Self {
        Self {
            host,
            now_ns: None,
            steps_left: steps_max,
            bytes_left: bytes_max,
            results: 0,
            place: None,
            allow_net: None,
            v0: false,
            has_looked_out: Cell::new(false),
            kept: None,
        }
    }

    /// Returns it with the hosts that may be talked to; none: any.
    #[must_use]
    pub fn with_allow_net(mut self, allow_net: Option<&'h [String]>) -> Self {
        self.allow_net = allow_net;
        self
    }

    /// Returns it for a query of Rego v0, or not.
    #[must_use]
    pub fn of_v0(mut self, v0: bool) -> Self {
        self.v0 = v0;
        self
    }

    /// Whether the query is Rego v0: a builtin whose results have grown since answers as it did
    /// then.
    pub fn is_v0(&self) -> bool {
        self.v0
    }

    /// Returns the world outside.
    pub fn host(&self) -> &'h dyn Host {
        self.has_looked_out.set(true);
        self.host
    }

    /// Whether a builtin has looked at the world since this was asked last.
    pub(crate) fn take_has_looked_out(&self) -> bool {
        self.has_looked_out.take()
    }

    /// Whether the capabilities of the policy let it talk to this host: a name or an address, without
    /// port and brackets. Letter case does not count. To be asked for each host, redirects included.
    ///
    /// Source: OPA's capabilities, `allow_net`.
    pub fn allows_host(&self, host: &str) -> bool {
        let bare =
            |name: &str| name.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let host = bare(host);
        self.allow_net.is_none_or(|allowed| allowed.iter().any(|name| bare(name) == host))
    }

    /// Returns where the call under way stands, as `file:row`. Known to builtins without a result
    /// and to nondeterministic ones; empty for others.
    pub fn place(&self) -> String {
        let place = self.place.and_then(|(sources, location)| sources.resolve(location));
        place.map(|(file, position)| format!("{file}:{}", position.row)).unwrap_or_default()
    }

    pub(crate) fn set_place(&mut self, sources: &'h Sources, location: Location) {
        self.place = Some((sources, location));
    }

    /// Returns the time of the query as nanoseconds since 1970-01-01 UTC: the same at each call.
    pub fn now_ns(&mut self) -> i64 {
        self.has_looked_out.set(true);
        let host = self.host;
        *self.now_ns.get_or_insert_with(|| host.now_ns())
    }

    /// Pays for `steps` units of work: roughly one for each element looked at or 64 bytes copied.
    /// To be called before work that grows with an operand's number or size.
    ///
    /// Errors: [`BuiltinError::Halt`] where the budget is used up or the caller has gone.
    #[inline]
    pub fn charge_steps(&mut self, steps: u64) -> Result<(), BuiltinError> {
        let before = self.steps_left;
        self.steps_left = before.checked_sub(steps).ok_or(BuiltinError::Halt(Halt::Steps))?;
        if before / STEPS_PER_LOOK != self.steps_left / STEPS_PER_LOOK && self.host.cancelled() {
            return Err(BuiltinError::Halt(Halt::Deadline));
        }
        Ok(())
    }

    /// Pays for `bytes` of memory that a result will hold. To be called before it is allocated,
    /// wherever it may be much larger than the operands.
    ///
    /// Errors: [`BuiltinError::Halt`] where the budget is used up.
    #[inline]
    pub fn charge_bytes(&mut self, bytes: u64) -> Result<(), BuiltinError> {
        self.results += 1;
        self.bytes_left =
            self.bytes_left.checked_sub(bytes).ok_or(BuiltinError::Halt(Halt::Memory))?;
        Ok(())
    }

    /// Adds to `usage` what was used of these budgets.
    pub(crate) fn report(&self, usage: &Usage, steps_max: u64, bytes_max: u64) {
        let steps = steps_max.saturating_sub(self.steps_left);
        usage.add(steps, bytes_max.saturating_sub(self.bytes_left), self.results);
    }

    /// Returns what `make` gave when first asked for this builtin and key in this query: for
    /// builtins that must answer the same within one query (`rand.intn`, `uuid.rfc4122`).
    pub fn cached(
        &mut self,
        builtin: &'static str,
        key: Value,
        make: impl FnOnce(&mut Self) -> Result<Value, BuiltinError>,
    ) -> Result<Value, BuiltinError> {
        let kept = self.kept.get_or_insert_default();
        if let Some(value) = kept.cache.get(&(builtin, key.clone())) {
            return Ok(value.clone());
        }
        let value = make(self)?;
        self.kept.get_or_insert_default().cache.insert((builtin, key), value.clone());
        Ok(value)
    }

    /// Returns a builtin family's own state for this query, made on first use.
    pub fn scratch<T: Default + 'static>(&mut self, family: &'static str) -> Option<&mut T> {
        let kept = self.kept.get_or_insert_default();
        let state = kept.scratch.entry(family).or_insert_with(|| Box::new(T::default()));
        state.downcast_mut()
    }
}
