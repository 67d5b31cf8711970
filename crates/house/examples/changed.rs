//! Prints the crates that changed files affect, one name a line, for `scripts/changed`.
//!
//! Changed files come on standard input, one path a line. `--direct` prints crates with changed files only, `--all` also
//! the slow ones that depend on them, `--everything` all crates of the workspace.

use myelin_house::{Failure, arrows, changed, changed::Reach, tree};
use std::{
    collections::BTreeSet,
    env,
    io::{self, Write as _},
};

fn main() -> Result<(), Failure> {
    let members = arrows::members(&arrows::metadata(&tree::root())?);
    let option = env::args().nth(1);
    let reach = match option.as_deref() {
        None => Reach::Dependents,
        Some("--direct") => Reach::Direct,
        Some("--all") => Reach::All,
        Some("--everything") => {
            return print(members.iter().map(|member| &*member.name).collect());
        }
        Some(other) => return Err(Failure::new(format!("`{other}` is no option of scripts/changed"))),
    };
    let files: Vec<_> = io::stdin().lines().collect::<Result<_, _>>()?;
    print(changed::affected(&members, &files, reach))
}

fn print(names: BTreeSet<&str>) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    for name in names {
        writeln!(output, "{name}")?;
    }
    Ok(())
}
