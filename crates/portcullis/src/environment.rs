//! Flags from environment variables: `<PREFIX>_<COMMAND>_<FLAG>`, such as `OPA_EVAL_STRICT`. A
//! flag on the command line counts more.
//!
//! Source: OPA documentation, "CLI", environment variables.

use clap::builder::BoolishValueParser;
use clap::{Arg, ArgAction, Command};

/// Returns the command with a variable for each long flag of each subcommand.
pub(crate) fn with_variables(command: Command, prefix: &str) -> Command {
    let prefix = prefix.to_string();
    command.mut_subcommands(move |subcommand| {
        // As in OPA a command below another one goes by its own name: `OPA_MOVE_WRITE`.
        let own = format!("{prefix}_{}", subcommand.get_name());
        with_variables(subcommand.mut_args(|arg| with_variable(arg, &own)), &prefix)
    })
}

fn with_variable(arg: Arg, prefix: &str) -> Arg {
    let Some(long) = arg.get_long() else {
        return arg;
    };
    let variable = format!("{prefix}_{long}").to_uppercase().replace('-', "_");
    // The values are not shown in the help: one may be a secret.
    let arg = arg.env(variable).hide_env(true);
    match arg.get_action() {
        ArgAction::SetTrue => arg.value_parser(BoolishValueParser::new()),
        _ => arg,
    }
}
