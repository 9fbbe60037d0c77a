//! The commands of the shell, told from Rego by their first word.
//!
//! Must not know: what they do.

/// What a line asks of the shell itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Help(Option<String>),
    Show {
        debug: bool,
    },
    Unset(String),
    UnsetPackage(String),
    Json,
    Pretty,
    PrettyLimit(usize),
    StrictBuiltinErrors,
    Trace(Option<String>),
    Metrics,
    Instrument,
    Profile,
    Types,
    Dump(Option<String>),
    Unknown,
    Exit,
    /// A command with the wrong words after it: how it is used.
    Usage(&'static str),
}

/// Each command with what it does, in the order of the help.
const COMMANDS: &[(&str, &str)] = &[
    ("<stmt>", "evaluate the statement"),
    ("package <term>", "change the package that statements see"),
    ("import <term>", "import a document of data or input"),
    ("show", "show what was defined"),
    ("show debug", "show the settings of the shell"),
    ("unset <var>", "forget a rule or an import"),
    ("unset-package <pkg>", "forget a package that was defined here"),
    ("json", "show results as JSON"),
    ("pretty", "show results for people"),
    ("pretty-limit <n>", "set the longest value that is shown"),
    ("strict-builtin-errors", "toggle whether an error of a built-in function ends evaluation"),
    ("trace [mode]", "toggle traces: off, full, notes, fails, debug"),
    ("metrics", "toggle how long stages take"),
    ("instrument", "toggle counters of what happened"),
    ("profile", "toggle how long rows take"),
    ("types", "toggle the types of results"),
    ("dump [path]", "show data as JSON, or write it to a file"),
    ("help [topic]", "show this, or more about input, rules or multi-line"),
    ("exit", "leave, as Ctrl+D does"),
];

/// Topics of the help.
const TOPICS: &[(&str, &str)] = &[
    (
        "input",
        "Define the input document by a rule of the package repl:\n\n    \
         package repl\n    input := {\"user\": \"alice\"}\n\n\
         or name a file of it when the shell starts: run repl.input:input.json",
    ),
    (
        "rules",
        "A statement that defines something is kept until it is unset:\n\n    \
         x := 1\n    allow if input.user == \"alice\"\n    names contains \"bob\"\n\n\
         Defining `x` by `:=` again replaces it.",
    ),
    (
        "multi-line",
        "A statement that is not complete goes on on the next line; an empty line ends it.",
    ),
];

/// Returns the command that a line is, if it is one.
pub(super) fn parse(line: &str) -> Option<Command> {
    let mut words = line.split_whitespace();
    let word = words.next()?;
    let operand = words.next();
    if words.next().is_some() {
        return None;
    }
    let owned = |operand: &str| operand.to_string();
    Some(match (word, operand) {
        ("help", topic) => Command::Help(topic.map(owned)),
        ("show", None) => Command::Show { debug: false },
        ("show", Some("debug")) => Command::Show { debug: true },
        ("unset", Some(name)) => Command::Unset(owned(name)),
        ("unset", None) => Command::Usage("usage: unset <var>"),
        ("unset-package", Some(name)) => Command::UnsetPackage(owned(name)),
        ("unset-package", None) => Command::Usage("usage: unset-package <package>"),
        ("json", None) => Command::Json,
        ("pretty", None) => Command::Pretty,
        ("pretty-limit", Some(limit)) => match limit.parse() {
            Ok(limit) => Command::PrettyLimit(limit),
            Err(_) => Command::Usage("usage: pretty-limit <number>"),
        },
        ("strict-builtin-errors", None) => Command::StrictBuiltinErrors,
        ("trace", mode) => Command::Trace(mode.map(owned)),
        ("metrics", None) => Command::Metrics,
        ("instrument", None) => Command::Instrument,
        ("profile", None) => Command::Profile,
        ("types", None) => Command::Types,
        ("dump", path) => Command::Dump(path.map(owned)),
        ("unknown" | "unknowns", _) => Command::Unknown,
        ("exit" | "quit", None) => Command::Exit,
        _ => return None,
    })
}

/// Returns the help about a topic, or about everything.
pub(super) fn help(topic: Option<&str>) -> String {
    if let Some(topic) = topic {
        let found = TOPICS.iter().find(|(name, _)| *name == topic);
        let names: Vec<&str> = TOPICS.iter().map(|(name, _)| *name).collect();
        return found.map_or_else(
            || format!("no topic `{topic}`; there are {}", names.join(", ")),
            |(_, text)| (*text).to_string(),
        );
    }
    let width = COMMANDS.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines = COMMANDS.iter().map(|(name, what)| format!("  {name:width$} : {what}\n"));
    format!("Statements and commands:\n\n{}", lines.collect::<String>())
}
