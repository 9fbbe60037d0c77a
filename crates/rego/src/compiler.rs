//! Modules and data in, policy out.

use std::sync::{Arc, LazyLock, OnceLock};

use rego_analysis::builtin::Decl;
use rego_analysis::tree::Resolved;
use rego_analysis::{Analysed, ParsedModule, Print, SchemaSet, TestRule, analyse, base_conflicts};
use rego_program::{LowerError, LowerOptions as Lowering, Program, lower};
use rego_source::{Diagnostic, Severity, SourceFile, SourceId, Sources};
use rego_syntax::ast::{Module, RegoVersion as Grammar};
use rego_syntax::{ParseOptions, parse_module};
use rego_value::Value;
use rego_vm::{Fixed, FixedRules, FixedValues};

use crate::annotations::{self, Annotations};
use crate::builtins;
use crate::capabilities::Capabilities;
use crate::errors::Errors;
use crate::query::{self, Query};

/// Which grammar modules are read with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RegoVersion {
    /// Rego as of OPA 1.0.
    #[default]
    V1,
    /// Rego as before it.
    V0,
    /// Each module as v1, and where that fails as v0, with a warning that says so.
    Auto,
}

/// Collects modules and data, then compiles them.
///
/// ```
/// use rego::{Compiler, EvalOptions, Value};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let policy = Compiler::new()
///     .module("authz.rego", "package authz\n\nallow if input.user in data.admins\n")
///     .data(Value::from_json(br#"{"admins": ["alice"]}"#)?)
///     .compile()?;
/// let query = policy.prepare("data.authz.allow")?;
/// let input = Value::from_json(br#"{"user": "alice"}"#)?;
/// assert_eq!(query.value(Some(&input), &EvalOptions::default())?, Some(Value::TRUE));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Compiler {
    modules: Vec<(String, Arc<str>, Option<RegoVersion>)>,
    data: Option<Value>,
    version: RegoVersion,
    annotations: Annotations,
    capabilities: Option<Arc<Capabilities>>,
    as_v1_too: bool,
    strict: bool,
    errors_max: Option<usize>,
    print: Print,
    tests: bool,
    lowering: Lowering,
    first_errors_only: bool,
    schemas: Option<SchemaSet>,
    allow_net: Option<Vec<String>>,
}

impl Compiler {
    /// Returns a compiler without modules or data.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a module: its name (a path, for messages) and its text.
    #[must_use]
    pub fn module(mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        self.modules.push((name.into(), text.into(), None));
        self
    }

    /// Adds a module with a grammar of its own, whatever that of the others is.
    #[must_use]
    pub fn module_of(
        mut self,
        name: impl Into<String>,
        text: impl Into<Arc<str>>,
        version: RegoVersion,
    ) -> Self {
        self.modules.push((name.into(), text.into(), Some(version)));
        self
    }

    /// Sets the base document, an object; `{}` without.
    #[must_use]
    pub fn data(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }

    /// Sets the grammar.
    #[must_use]
    pub fn rego_version(mut self, version: RegoVersion) -> Self {
        self.version = version;
        self
    }

    /// Sets what happens to METADATA blocks.
    #[must_use]
    pub fn annotations(mut self, annotations: Annotations) -> Self {
        self.annotations = annotations;
        self
    }

    /// Reads modules as v0, and requires of them what v1 does: they must be valid as both.
    #[must_use]
    pub fn valid_as_both(mut self) -> Self {
        self.version = RegoVersion::V0;
        self.as_v1_too = true;
        self
    }

    /// Sets what there is: builtins, parts of the language, hosts that may be asked. All without.
    #[must_use]
    pub fn capabilities(mut self, capabilities: impl Into<Arc<Capabilities>>) -> Self {
        self.capabilities = Some(capabilities.into());
        self
    }

    /// Turns on OPA's strict mode: unused locals and imports and the like are errors.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Sets how many errors are told before compilation gives up, 0 for all of them; 10 without.
    #[must_use]
    pub fn errors_max(mut self, errors_max: usize) -> Self {
        self.errors_max = Some(errors_max);
        self
    }

    /// Sets the schemas: that of `input`, and those that annotations name.
    #[must_use]
    pub fn schemas(mut self, schemas: SchemaSet) -> Self {
        self.schemas = Some(schemas);
        self
    }

    /// Takes calls of `print` away: what is measured must not be slowed by them.
    #[must_use]
    pub fn without_print(mut self) -> Self {
        self.print = Print::Erase;
        self
    }

    /// Makes rules that are tests ready to be run as such: [`Policy::tests`] names them, those of
    /// one name are kept apart (`test_x#01`), and each case tells [`crate::Host::test_case`] that it
    /// begins. Source: OPA documentation, "Policy Testing".
    #[must_use]
    pub fn with_tests(mut self) -> Self {
        self.tests = true;
        self
    }

    /// Ends reading a module at its first statement that is wrong: what OPA tells, no more.
    #[must_use]
    pub fn first_errors_only(mut self) -> Self {
        self.first_errors_only = true;
        self
    }

    /// Sets how the program is made: whether it is traced, and which optimisations it has.
    #[must_use]
    pub fn lowering(mut self, lowering: Lowering) -> Self {
        self.lowering = lowering;
        self
    }

    /// Sets the hosts that builtins may talk to, as names or addresses without a port: no host at
    /// all for an empty list, those of the capabilities for none and without this call.
    ///
    /// Source: OPA's capabilities, `allow_net`.
    #[must_use]
    pub fn allow_net(mut self, allow_net: Option<Vec<String>>) -> Self {
        self.allow_net = allow_net;
        self
    }

    /// Compiles.
    ///
    /// Errors: everything that is wrong with the modules, with places.
    pub fn compile(self) -> Result<Policy, Errors> {
        let data = self.data.clone().unwrap_or_else(|| Value::object(Vec::new()));
        let (modules, sources, mut warnings) = self.parse()?;
        let packages = modules.iter().map(|parsed| package_path(&parsed.module)).collect();
        let options = rego_analysis::Options {
            strict: self.strict,
            error_limit: self.errors_max.unwrap_or(ERRORS_MAX),
            base_data: Some(&data),
            allowed_builtins: self.capabilities.as_deref().map(Capabilities::names),
            head_forms: self.capabilities.as_deref().map(Capabilities::heads).unwrap_or_default(),
            print: self.print,
            tests: self.tests,
            schemas: self.schemas.as_ref(),
            ..analysis_options()
        };
        let Analysed { resolved, warnings: more, tests } =
            analyse(modules, sources.clone(), &options)
                .map_err(|diagnostics| Errors { diagnostics, sources: sources.clone() })?;
        warnings.extend(more);
        let program =
            lower(&resolved, self.lowering).map_err(|error| internal(&error, &sources))?;
        let resolved = Arc::new(resolved);
        let capabilities = self.capabilities;
        let allowed = capabilities.as_deref().and_then(Capabilities::allow_net);
        let allow_net = self.allow_net.or_else(|| allowed.map(<[_]>::to_vec)).map(Arc::from);
        let compiled = Compiled {
            resolved,
            program,
            capabilities,
            warnings,
            packages,
            tests,
            allow_net,
            fixed: OnceLock::new(),
        };
        Ok(Policy::over(Arc::new(compiled), Arc::new(data)))
    }

    pub(crate) fn parse(&self) -> Result<(Vec<ParsedModule>, Sources, Vec<Diagnostic>), Errors> {
        let mut sources = Sources::default();
        let (mut modules, mut warnings, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        for (name, text, version) in &self.modules {
            let file = Arc::new(SourceFile::new(name.clone(), Arc::clone(text)));
            let source = sources.add(Arc::clone(&file));
            let options = ParseOptions {
                first_errors_only: self.first_errors_only,
                as_v1_too: self.as_v1_too,
                ..ParseOptions::default()
            };
            let version = version.unwrap_or(self.version);
            let (module, found) =
                parse_with((source, text), version, &options, self.capabilities.as_deref());
            let (annotations, found) =
                annotations::read((&module, source), &file, self.annotations, found);
            let (bad, fine): (Vec<_>, Vec<_>) =
                found.into_iter().partition(|d| d.severity == Severity::Error);
            errors.extend(bad);
            warnings.extend(fine);
            modules.push(ParsedModule { source, module, annotations });
        }
        if errors.is_empty() {
            return Ok((modules, sources, warnings));
        }
        Err(Errors { diagnostics: errors, sources })
    }
}

pub(crate) fn parse_one(
    source: SourceId,
    text: &str,
    version: RegoVersion,
) -> (Module, Vec<Diagnostic>) {
    parse_with((source, text), version, &ParseOptions::default(), None)
}

/// Reads a module; the grammar of `options` does not count.
pub(crate) fn parse_with(
    (source, text): (SourceId, &str),
    version: RegoVersion,
    options: &ParseOptions,
    known: Option<&Capabilities>,
) -> (Module, Vec<Diagnostic>) {
    let read = |version| {
        let mut options = ParseOptions { version, ..*options };
        match known.map(|known| known.grammar(version)) {
            Some(Ok(features)) => options.features = features,
            Some(Err(error)) => return (parse_module(source, "", &options).0, vec![*error]),
            None => {}
        }
        parse_module(source, text, &options)
    };
    match version {
        RegoVersion::V1 => read(Grammar::V1),
        RegoVersion::V0 => read(Grammar::V0),
        RegoVersion::Auto => {
            let (module, errors) = read(Grammar::V1);
            let Some(first) = errors.first() else { return (module, errors) };
            let (old, old_errors) = read(Grammar::V0);
            if !old_errors.is_empty() {
                return (module, errors);
            }
            let place = first.location.unwrap_or_default();
            let message = format!("read as Rego v0, since as v1: {}", first.message);
            let note = Diagnostic::warning("rego_version", place, message)
                .with_hint("rewrite the module for Rego v1, or set the version to v0");
            (old, vec![note])
        }
    }
}

/// Returns the path of a module's package below `data`, without reading anything else of it but
/// what is needed to know that it is a module.
///
/// Errors: text that is no module.
pub fn package_of(name: &str, text: &str, version: RegoVersion) -> Result<Vec<String>, Errors> {
    let mut sources = Sources::default();
    let source = sources.add(Arc::new(SourceFile::new(name, text)));
    let options = ParseOptions { first_errors_only: true, ..ParseOptions::default() };
    let (module, found) = parse_with((source, text), version, &options, None);
    let (bad, _): (Vec<_>, Vec<_>) = found.into_iter().partition(|d| d.severity == Severity::Error);
    if bad.is_empty() {
        Ok(package_path(&module))
    } else {
        Err(Errors { diagnostics: bad, sources })
    }
}

fn package_path(module: &Module) -> Vec<String> {
    module.package.path.iter().map(|name| name.text.to_string()).collect()
}

/// OPA's default.
const ERRORS_MAX: usize = 10;

static BUILTIN_NAMES: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| builtins::all().map(|builtin| builtin.decl.name).collect());

pub(crate) fn analysis_options() -> rego_analysis::Options<'static> {
    let find =
        |name: &str| -> Option<&'static Decl> { builtins::find(name).map(|builtin| &builtin.decl) };
    rego_analysis::Options { builtin_names: &BUILTIN_NAMES, ..rego_analysis::Options::new(find) }
}

/// An error of ours, worded as a finding.
pub(crate) fn internal(error: &LowerError, sources: &Sources) -> Errors {
    let finding = Diagnostic::error("rego_compile_error", error.location, error.to_string())
        .with_hint("this is a defect of the compiler, not of the policy: please report it");
    Errors { diagnostics: vec![finding], sources: sources.clone() }
}

/// How to read a query.
#[derive(Clone, Debug, Default)]
pub struct QueryOptions {
    /// The package whose names it sees (`data.a.b` or `a.b`).
    pub package: Option<String>,
    /// Imports, as after the word `import`.
    pub imports: Vec<String>,
    /// Its grammar; `Auto` reads as v1.
    pub version: RegoVersion,
    /// Whether strict mode is on.
    pub strict: bool,
    /// Whether calls of `print` are kept; without, they vanish.
    pub print: bool,
    /// Builtins that the query itself may not call; the policy may.
    pub unsafe_builtins: &'static [&'static str],
}

/// What does not depend on data.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) resolved: Arc<Resolved>,
    pub(crate) program: Program,
    pub(crate) capabilities: Option<Arc<Capabilities>>,
    warnings: Vec<Diagnostic>,
    packages: Vec<Vec<String>>,
    pub(crate) tests: Vec<TestRule>,
    pub(crate) allow_net: Option<Arc<[String]>>,
    /// Which rules depend on data alone, once that is asked for.
    fixed: OnceLock<FixedRules>,
}

impl Compiled {
    /// Returns which rules depend on data alone.
    fn fixed_rules(&self) -> &FixedRules {
        self.fixed.get_or_init(|| FixedRules::of(&self.program, builtins::find))
    }
}

/// A compiled policy: program and base data. Cheap to clone; shared between threads.
#[derive(Clone, Debug)]
pub struct Policy {
    pub(crate) compiled: Arc<Compiled>,
    pub(crate) data: Arc<Value>,
    /// What depends on that data alone, once it is asked for: for all queries.
    fixed: Arc<OnceLock<FixedValues>>,
}

impl Policy {
    fn over(compiled: Arc<Compiled>, data: Arc<Value>) -> Self {
        Self { compiled, data, fixed: Arc::default() }
    }

    /// Returns what depends on its data alone, as far as it is known.
    pub(crate) fn fixed(&self) -> Fixed<'_> {
        let rules = self.compiled.fixed_rules();
        Fixed { rules, values: self.fixed.get_or_init(|| FixedValues::new(rules)) }
    }

    /// Returns what the compiler found but accepted.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.compiled.warnings
    }

    /// Returns the texts that locations point into.
    pub fn sources(&self) -> Sources {
        self.compiled.resolved.sources.clone()
    }

    /// Returns the base document.
    pub fn data(&self) -> &Value {
        &self.data
    }

    /// Returns the same program over other data.
    #[must_use]
    pub fn with_data(&self, data: Value) -> Policy {
        Policy::over(Arc::clone(&self.compiled), Arc::new(data))
    }

    /// Returns the same policy with its program made in another way: traced, or without some
    /// optimisation.
    ///
    /// Errors: a defect of the compiler.
    pub fn lowered(&self, lowering: Lowering) -> Result<Policy, Errors> {
        let Compiled { resolved, warnings, packages, tests, .. } = &*self.compiled;
        let program =
            lower(resolved, lowering).map_err(|error| internal(&error, &resolved.sources))?;
        let compiled = Compiled {
            resolved: Arc::clone(resolved),
            program,
            capabilities: self.compiled.capabilities.clone(),
            warnings: warnings.clone(),
            packages: packages.clone(),
            tests: tests.clone(),
            allow_net: self.compiled.allow_net.clone(),
            fixed: OnceLock::new(),
        };
        Ok(Policy::over(Arc::new(compiled), Arc::clone(&self.data)))
    }

    /// Returns the paths of the modules' packages below `data`, in the order of the modules.
    pub fn packages(&self) -> &[Vec<String>] {
        &self.compiled.packages
    }

    /// Returns what would be wrong with this program over other data: rules where that data has a
    /// value already.
    ///
    /// Errors: the conflicts, in OPA's words.
    pub fn check_data(&self, data: &Value) -> Result<(), Errors> {
        let diagnostics = base_conflicts(&self.compiled.resolved, data);
        if diagnostics.is_empty() {
            return Ok(());
        }
        Err(Errors { diagnostics, sources: self.sources() })
    }

    /// Whether a function stands at this path below `data`, which has no value of its own.
    pub fn is_function(&self, path: &[Value]) -> bool {
        use rego_analysis::tree::{RuleKind, RuleTree};
        let resolved = &self.compiled.resolved;
        let at = path.iter().try_fold(RuleTree::ROOT, |at, key| resolved.tree.child(at, key));
        let rule = at.and_then(|at| resolved.tree.node(at)?.rule);
        let rule = rule.and_then(|rule| resolved.rules.get(rule.0 as usize));
        rule.is_some_and(|rule| matches!(rule.kind, RuleKind::Function { .. }))
    }

    /// Whether rules stand at this path below `data`, or right above it.
    pub fn has_rule(&self, path: &[Value]) -> bool {
        let tree = &self.compiled.resolved.tree;
        let mut at = rego_analysis::tree::RuleTree::ROOT;
        for key in path {
            match tree.child(at, key) {
                Some(child) => at = child,
                None => return false,
            }
            if tree.node(at).is_some_and(|node| node.rule.is_some()) {
                return true;
            }
        }
        false
    }

    /// Prepares a query such as `data.docker.authz.allow` or `x := data.p; x > 1`.
    ///
    /// Errors: what is wrong with the query.
    pub fn prepare(&self, query: &str) -> Result<Query, Errors> {
        self.prepare_with(query, &QueryOptions::default())
    }

    /// Returns the documents and rules that a query depends on.
    ///
    /// Errors: what is wrong with the query.
    pub fn dependencies(
        &self,
        query: &str,
        options: &QueryOptions,
    ) -> Result<rego_analysis::Dependencies, Errors> {
        let (query, _) = query::analysed(self, query, options)?;
        Ok(rego_analysis::dependencies(&self.compiled.resolved, &query.body))
    }

    /// Prepares a query with options.
    ///
    /// Errors: what is wrong with the query.
    pub fn prepare_with(&self, query: &str, options: &QueryOptions) -> Result<Query, Errors> {
        query::prepare(self, query, options)
    }
}
