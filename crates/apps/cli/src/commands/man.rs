//! The command `myelin man`.

use crate::{
    command::{Command, Effect, Example, outputs},
    context::Context,
    error::CliError,
    output::{OutputError, Printer},
    page::{Page, Render},
    registry,
};
use schemars::JsonSchema;
use serde::Serialize;
use std::{fs, path::PathBuf};

/// A generated text, or the paths of the files that were written.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GeneratedText {
    /// Text of the page or script.
    Text(String),
    /// Paths of the files.
    Files(Vec<PathBuf>),
}

impl Render for GeneratedText {
    fn render(&self, page: &mut Page) {
        match self {
            Self::Text(text) => page.line(text.trim_end()),
            Self::Files(files) => files.iter().for_each(|file| page.line(file.display().to_string())),
        }
    }
}

/// Arguments of `myelin man`.
#[derive(Debug, clap::Args)]
pub struct Man {
    /// Write the pages of all commands into this folder, instead of printing the first
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

outputs! {
    /// A manual page, or the files that were written.
    ManOutput(GeneratedText);
}

impl Command for Man {
    const PATH: &'static str = "man";
    const SUMMARY: &'static str = "Print the manual page, or write those of all commands";
    const EFFECT: Effect = Effect::LocalFiles;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "Read the page", line: "myelin man | man -l -" },
        Example { purpose: "Install all pages", line: "myelin man --folder ~/.local/share/man/man1" },
    ];
    type Output = ManOutput;

    async fn run(self, _: &Context, output: &Printer<ManOutput>) -> Result<(), CliError> {
        let Some(folder) = self.folder else {
            let page = rendered(registry::parser()).map_err(OutputError::Write)?;
            return Ok(output.show(&ManOutput(GeneratedText::Text(String::from_utf8_lossy(&page).into_owned())))?);
        };
        fs::create_dir_all(&folder).map_err(CliError::file("write", &folder))?;
        let mut parser = registry::parser();
        parser.build();
        let mut written = Vec::new();
        let mut pages = Vec::new();
        collect("myelin", &parser, &mut pages);
        for (name, parser) in pages {
            let path = folder.join(format!("{name}.1"));
            let page = rendered(parser.display_name(name)).map_err(CliError::file("write", &path))?;
            fs::write(&path, page).map_err(CliError::file("write", &path))?;
            written.push(path);
        }
        Ok(output.show(&ManOutput(GeneratedText::Files(written)))?)
    }
}

/// Collects a parser and those below it, each with the name of its page.
fn collect(name: &str, parser: &clap::Command, pages: &mut Vec<(String, clap::Command)>) {
    pages.push((name.to_owned(), parser.clone()));
    for below in parser.get_subcommands().filter(|below| below.get_name() != "help") {
        collect(&format!("{name}-{}", below.get_name()), below, pages);
    }
}

fn rendered(parser: clap::Command) -> std::io::Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(parser).render(&mut page)?;
    Ok(page)
}
