//! Commands that manage a network on this machine.

mod down;
mod logs;
mod reset;
mod screen;
mod status;
mod up;

pub use down::Down;
pub use logs::Logs;
pub use reset::Reset;
pub use status::Status;
pub use up::Up;

use crate::{
    context::{Context, checked},
    error::CliError,
    settings::LOCAL_DIRECTORY,
};
use myelin_local::NetworkFolder;

/// Folder of a local network.
#[derive(Clone, Debug, clap::Args)]
pub struct NetworkFolderArg {
    /// Folder of the local network, with its chain, logs and process ids [env: `MYELIN_LOCAL_DIRECTORY`]
    #[arg(long, value_name = "FOLDER", value_parser = checked(&LOCAL_DIRECTORY))]
    directory: Option<String>,
}

impl NetworkFolderArg {
    /// Opens the folder of the argument, or that of the settings.
    fn directory(&self, context: &Context) -> Result<NetworkFolder, CliError> {
        let said = context.text(&LOCAL_DIRECTORY, self.directory.as_deref())?;
        Ok(NetworkFolder::at(said.as_ref().map(|(path, _)| path.as_str()))?)
    }
}
