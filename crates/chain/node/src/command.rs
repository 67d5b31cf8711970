//! Execution of commands.

use crate::{
    chain_spec,
    cli::{Cli, ExportChainSpec, Subcommand},
    hardware, service,
};
use clap::{CommandFactory, parser::ValueSource};
use sc_cli::{SubstrateCli, TransactionPoolType};
use sc_network::{Multiaddr, multiaddr::Protocol};
use sc_service::{ChainType, PartialComponents};
use std::net::{Ipv4Addr, Ipv6Addr};

impl SubstrateCli for Cli {
    fn impl_name() -> String {
        "Myelin Node".into()
    }

    fn impl_version() -> String {
        env!("CARGO_PKG_VERSION").into()
    }

    fn description() -> String {
        "Runs a node of the Myelin network".into()
    }

    fn author() -> String {
        "The Myelin developers".into()
    }

    fn support_url() -> String {
        concat!(env!("CARGO_PKG_REPOSITORY"), "/issues").into()
    }

    fn copyright_start_year() -> i32 {
        2026
    }

    fn load_spec(&self, id: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
        Ok(Box::new(chain_spec::load(id)?))
    }
}

/// Runs the command of the command line.
pub(crate) fn run() -> sc_cli::Result<()> {
    let cli = Cli::from_args();
    let Some(subcommand) = &cli.subcommand else { return run_node(cli) };
    match subcommand {
        Subcommand::Key(command) => command.run(&cli),
        Subcommand::ExportChainSpec(ExportChainSpec { export, authorities, sudo, bootnodes }) => {
            let mut specification = if authorities.is_empty() {
                chain_spec::load(&export.chain)?
            } else {
                chain_spec::with_authorities(&export.chain, authorities, sudo.as_ref())?
            };
            for bootnode in bootnodes {
                specification.add_boot_node(bootnode.clone());
            }
            export.run(Box::new(specification))
        }
        Subcommand::CheckBlock(command) => cli.create_runner(command)?.async_run(|config| {
            let PartialComponents { client, task_manager, import_queue, .. } = service::partial(&config)?;
            Ok((command.run(client, import_queue), task_manager))
        }),
        Subcommand::ExportBlocks(command) => cli.create_runner(command)?.async_run(|config| {
            let PartialComponents { client, task_manager, .. } = service::partial(&config)?;
            Ok((command.run(client, config.database), task_manager))
        }),
        Subcommand::ExportState(command) => cli.create_runner(command)?.async_run(|config| {
            let PartialComponents { client, task_manager, .. } = service::partial(&config)?;
            Ok((command.run(client, config.chain_spec), task_manager))
        }),
        Subcommand::ImportBlocks(command) => cli.create_runner(command)?.async_run(|config| {
            let PartialComponents { client, task_manager, import_queue, .. } = service::partial(&config)?;
            Ok((command.run(client, import_queue), task_manager))
        }),
        Subcommand::PurgeChain(command) => cli.create_runner(command)?.sync_run(|config| command.run(config.database)),
        Subcommand::Revert(command) => cli.create_runner(command)?.async_run(|config| {
            let PartialComponents { client, task_manager, backend, .. } = service::partial(&config)?;
            let revert_finality = Box::new(|client, _, blocks| {
                sc_consensus_grandpa::revert(client, blocks)?;
                Ok(())
            });
            Ok((command.run(client, backend, Some(revert_finality)), task_manager))
        }),
    }
}

fn run_node(mut cli: Cli) -> sc_cli::Result<()> {
    let chain = cli.run.shared_params.chain_id(cli.run.shared_params.is_dev());
    let stays_here = cli.load_spec(&chain)?.chain_type() != ChainType::Live;
    let network = &mut cli.run.network_params;
    let listens_where_told = !network.listen_addr.is_empty();
    if !names_pool_type() {
        // docs/decisions/0014-one-pool.md
        cli.run.pool_config.pool_type = TransactionPoolType::SingleState;
    }
    if stays_here {
        // On the live network a lost key makes an authority unreachable. Here no peer looks up a node by its key.
        network.node_key_params.unsafe_force_node_key_generation = true;
    }
    let (storage, checks_hardware) = (cli.storage.clone(), !stays_here && !cli.no_hardware_check);
    cli.create_runner(&cli.run)?.run_node_until_exit(|mut config| async move {
        if stays_here && !listens_where_told {
            config.network.listen_addresses.iter_mut().for_each(turn_to_loopback);
        }
        if checks_hardware && config.role.is_authority() {
            hardware::check(config.base_path.path());
        }
        service::run(config, storage).map_err(sc_cli::Error::Service)
    })
}

/// Returns true if the command line names a type of transaction pool.
fn names_pool_type() -> bool {
    Cli::command().get_matches().value_source("pool_type") == Some(ValueSource::CommandLine)
}

fn turn_to_loopback(address: &mut Multiaddr) {
    *address = address
        .iter()
        .map(|part| match part {
            Protocol::Ip4(_) => Protocol::Ip4(Ipv4Addr::LOCALHOST),
            Protocol::Ip6(_) => Protocol::Ip6(Ipv6Addr::LOCALHOST),
            other => other,
        })
        .collect();
}
