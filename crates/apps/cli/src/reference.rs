//! The files that are generated from the definitions: the reference page and the schemas.

use crate::{
    command::{CommandEntry, Example},
    error::Exit,
    registry::{self, COMMANDS, GROUPS},
    settings::ALL,
};
use clap::{Arg, Command};
use std::fmt::Write;

/// Head of the reference page.
const HEAD: &str = "\
# The command line

<!-- Generated from the definitions in crates/apps/cli. `ACCEPT=1 cargo test -p myelin-cli --test cli` rewrites it. -->

`myelin` is the command line of every user. Its commands are in groups; `myelin GROUP COMMAND --help` shows the text
of this page. Output goes to standard output, as text or with `--output json` as a JSON document on each line, whose
schemas are in [crates/apps/cli/schemas](../crates/apps/cli/schemas). Progress, questions and errors go to standard
error; an error has a hint. Without a terminal no question is asked: `--yes` answers confirmations, and any other
question is an error whose hint names the flag or variable that answers it. Colours obey `NO_COLOR`.

Amounts are typed in TAO, or with their unit: `1.5`, `1.5tao`, `250rao`.
";

/// Returns the whole reference page.
pub fn page() -> String {
    let mut root = registry::parser();
    root.build();
    let mut page = String::from(HEAD);
    exits(&mut page);
    settings(&mut page);
    page.push_str("\n## Options of every command\n\n");
    arguments(&mut page, root.get_arguments().filter(|argument| argument.is_global_set()));
    for group in GROUPS {
        let _ = write!(page, "\n## `myelin {}`\n\n{}.\n", group.name, group.summary);
        COMMANDS
            .iter()
            .filter(|entry| entry.group() == Some(group.name))
            .for_each(|entry| command(&mut page, &root, entry));
    }
    page.push_str("\n## Others\n");
    COMMANDS.iter().filter(|entry| entry.group().is_none()).for_each(|entry| command(&mut page, &root, entry));
    page
}

/// Returns the name of the file with the schema of a command's output, and its content.
pub fn schema(entry: &CommandEntry) -> (String, String) {
    let name = format!("{}.json", entry.path.replace(' ', "-"));
    let mut text = serde_json::to_string_pretty(&entry.schema()).unwrap_or_default();
    text.push('\n');
    (name, text)
}

fn exits(page: &mut String) {
    page.push_str("\n## Exit codes\n\n| Code | Meaning |\n|---:|---|\n");
    for (exit, meaning) in [
        (Exit::Done, "done"),
        (Exit::Failed, "failed"),
        (Exit::Usage, "invalid arguments or settings"),
        (Exit::Refused, "refused by the policy or at a question; nothing was changed"),
        (Exit::NoTerminal, "a question needs a terminal, and there is none; nothing was changed"),
        (
            Exit::Unseen,
            "sent, and not seen within the limit; it may still be included, and the hint names the command that looks",
        ),
        (Exit::Doubtful, "a probed neuron is reached, and a part of it is not as it should be"),
        (Exit::Unreachable, "a probed neuron is not reached"),
        (Exit::Interrupted, "interrupted by Ctrl-C"),
    ] {
        let _ = writeln!(page, "| {} | {meaning} |", exit as u8);
    }
    page.push_str(
        "\nWith `--output json` an error is one line on standard error, \
         `{\"error\":{\"code\":…,\"message\":…,\"hint\":…}}`, whose code is stable.\n",
    );
}

fn settings(page: &mut String) {
    page.push_str(
        "\n## Settings\n\nPrecedence: flag, environment variable, configuration file, default. `myelin config path` \
         prints the path of the file. The file is TOML, and the part of a name before the point is a table. The policy \
         limits commands that change the chain, and only the file can change it.\n\n\
         | Setting | Environment | Flag | Default | Meaning |\n|---|---|---|---|---|\n",
    );
    for setting in ALL {
        let code = |text: Option<&str>, before: &str| text.map_or_else(String::new, |text| format!("`{before}{text}`"));
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} | {} |",
            setting.name,
            code(setting.variable, ""),
            code(setting.flag, "--"),
            code(setting.default, ""),
            setting.summary,
        );
    }
}

fn command(page: &mut String, root: &Command, entry: &CommandEntry) {
    let _ = write!(page, "\n### `myelin {}`\n\n{}. It {}.\n", entry.path, entry.summary, entry.effect.words());
    if !entry.details.is_empty() {
        let _ = write!(page, "\n{}\n", entry.details);
    }
    page.push_str("\n```sh\n");
    for Example { purpose, line } in entry.examples {
        let _ = writeln!(page, "# {purpose}\n{line}");
    }
    page.push_str("```\n");
    let parser = entry.path.split(' ').try_fold(root, |parser, name| parser.find_subcommand(name));
    let own: Vec<_> = parser
        .into_iter()
        .flat_map(Command::get_arguments)
        .filter(|argument| !argument.is_global_set() && argument.get_id() != "help" && !argument.is_hide_set())
        .collect();
    if !own.is_empty() {
        page.push('\n');
        arguments(page, own.into_iter());
    }
    let _ = writeln!(page, "\nOutput: [{0}](../crates/apps/cli/schemas/{0})", schema(entry).0);
}

fn arguments<'a>(page: &mut String, arguments: impl Iterator<Item = &'a Arg>) {
    page.push_str("| Argument | Meaning |\n|---|---|\n");
    for argument in arguments.filter(|argument| argument.get_id() != "help" && argument.get_id() != "version") {
        let mut shown = argument.to_string().replace('|', "\\|");
        if let (Some(short), Some(_)) = (argument.get_short(), argument.get_long()) {
            shown = format!("-{short}, {shown}");
        }
        let help = argument.get_long_help().or(argument.get_help()).map(ToString::to_string).unwrap_or_default();
        let mut help = help.replace('\n', " ");
        if argument.get_num_args().is_some_and(|count| count.takes_values()) {
            let values: Vec<_> = argument
                .get_possible_values()
                .iter()
                .filter(|value| !value.is_hide_set())
                .map(|value| match value.get_help() {
                    Some(help) => format!("`{}` ({help})", value.get_name()),
                    None => format!("`{}`", value.get_name()),
                })
                .collect();
            if !values.is_empty() {
                let _ = write!(help, ": {}", values.join(", "));
            }
            if let Some(default) = argument.get_default_values().first() {
                let _ = write!(help, " [default: `{}`]", default.to_string_lossy());
            }
        }
        let _ = writeln!(page, "| `{shown}` | {help} |");
    }
}
