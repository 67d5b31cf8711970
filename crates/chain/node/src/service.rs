//! The parts of a node, and their assembly.

use crate::{
    metrics::{ChainMetrics, MetricSources},
    rpc, upgrade,
};
use futures::FutureExt;
use jsonrpsee::RpcModule;
use myelin_runtime::{OpaqueBlock as Block, RuntimeApi};
use prometheus_endpoint::Registry;
use sc_basic_authorship::ProposerFactory;
use sc_client_api::{BlockBackend, UsageProvider};
use sc_consensus_aura::{CompatibilityMode, ImportQueueParams, SlotProportion, StartAuraParams};
use sc_consensus_grandpa::{GrandpaParams, warp_proof::NetworkProvider};
use sc_consensus_slots::BackoffAuthoringOnFinalizedHeadLagging;
use sc_executor::{DEFAULT_HEAP_ALLOC_STRATEGY, HeapAllocStrategy, WasmExecutor};
use sc_network::{Litep2pNetworkBackend, NetworkBackend, ProtocolName, config::FullNetworkConfiguration};
use sc_network_sync::SyncingService;
use sc_rpc::SubscriptionTaskExecutor;
use sc_service::{
    BuildNetworkParams, Configuration, Error, GenesisBlockBuilder, PartialComponents, PruningMode, SpawnTasksParams,
    TFullBackend, TFullClient, TaskManager, WarpSyncConfig,
};
use sc_storage_monitor::{StorageMonitorParams, StorageMonitorService};
use sc_telemetry::{Telemetry, TelemetryHandle, TelemetryWorker};
use sc_transaction_pool::TransactionPoolHandle;
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_api::ProvideRuntimeApi;
use sp_consensus_aura::{SlotDuration, sr25519::AuthorityPair};
use sp_consensus_grandpa::GrandpaApi;
use sp_keystore::KeystorePtr;
use sp_runtime::traits::Block as BlockT;
use std::{
    cmp,
    fmt::Display,
    fs::{self, DirBuilder, Permissions},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

/// The executor of the runtime.
type Executor = WasmExecutor<sp_io::SubstrateHostFunctions>;
/// The client of the chain in this node.
pub(crate) type Client = TFullClient<Block, RuntimeApi, Executor>;
/// The storage of the chain.
pub(crate) type Backend = TFullBackend<Block>;
/// Transactions that wait for a block.
pub(crate) type TransactionPool = TransactionPoolHandle<Block, Client>;
/// The link from block import to GRANDPA's voter.
pub(crate) type GrandpaLink = sc_consensus_grandpa::LinkHalf<Block, Client, SelectChain>;
type SelectChain = sc_consensus::LongestChain<Backend, Block>;
type GrandpaBlockImport = sc_consensus_grandpa::GrandpaBlockImport<Backend, Block, Client, SelectChain>;

/// The parts that only a running node needs.
pub(crate) struct Extra {
    block_import: GrandpaBlockImport,
    grandpa: GrandpaLink,
    telemetry: Option<Telemetry>,
}

type Partial =
    PartialComponents<Client, Backend, SelectChain, sc_consensus::DefaultImportQueue<Block>, TransactionPool, Extra>;

/// The greatest number of blocks without a stored proof of finality.
const JUSTIFICATION_PERIOD: u32 = 512;

/// The longest time that GRANDPA gives votes to travel. A round of voting takes four times as long.
const MAX_GOSSIP: Duration = Duration::from_millis(333);

/// The blocks whose states a node keeps by default: more than two epochs of the default tempo.
const STATES_KEPT: u32 = 1_024;

/// The part of a database's refusal that names the stored mode of one that keeps all states.
const STORED_ARCHIVE: &str = "[stored: Archive";

/// The name of the folder of compiled runtimes.
const COMPILED_RUNTIMES: &str = "compiled-runtimes";

/// The mode of a folder that only its owner enters.
const PRIVATE: u32 = 0o700;

/// Returns the parts that every command needs.
pub(crate) fn partial(config: &Configuration) -> Result<Partial, Error> {
    let telemetry = match &config.telemetry_endpoints {
        Some(endpoints) if !endpoints.is_empty() => {
            let worker = TelemetryWorker::new(16)?;
            let telemetry = worker.handle().new_telemetry(endpoints.clone());
            Some((worker, telemetry))
        }
        _ => None,
    };
    let (executor, backend) = (executor(config)?, backend(config)?);
    let genesis = GenesisBlockBuilder::new(
        config.chain_spec.as_storage_builder(),
        !config.no_genesis(),
        backend.clone(),
        executor.clone(),
    )?;
    let (client, backend, keystore_container, task_manager) =
        sc_service::new_full_parts_with_genesis_builder::<Block, RuntimeApi, _, _>(
            config,
            telemetry.as_ref().map(|(_, telemetry)| telemetry.handle()),
            executor,
            backend,
            genesis,
            false,
        )?;
    let client = Arc::new(client);
    ensure_authorities(&client)?;
    let telemetry = telemetry.map(|(worker, telemetry)| {
        task_manager.spawn_handle().spawn("telemetry", None, worker.run());
        telemetry
    });
    let telemetry_handle = telemetry.as_ref().map(Telemetry::handle);

    let select_chain = SelectChain::new(backend.clone());
    let transaction_pool = Arc::from(
        sc_transaction_pool::Builder::new(
            task_manager.spawn_essential_handle(),
            client.clone(),
            config.role.is_authority().into(),
        )
        .with_options(config.transaction_pool.clone())
        .with_prometheus(config.prometheus_registry())
        .build(),
    );
    let (block_import, grandpa) = sc_consensus_grandpa::block_import(
        client.clone(),
        JUSTIFICATION_PERIOD,
        &client,
        select_chain.clone(),
        telemetry_handle.clone(),
    )?;
    let slot_duration = sc_consensus_aura::slot_duration(&*client)?;
    let import_queue = sc_consensus_aura::import_queue::<AuthorityPair, _, _, _, _, _>(ImportQueueParams {
        block_import: block_import.clone(),
        justification_import: Some(Box::new(block_import.clone())),
        client: client.clone(),
        create_inherent_data_providers: move |_, ()| async move { Ok(inherents(slot_duration)) },
        spawner: &task_manager.spawn_essential_handle(),
        registry: config.prometheus_registry(),
        check_for_equivocation: sc_consensus_aura::CheckForEquivocation::default(),
        telemetry: telemetry_handle,
        compatibility_mode: CompatibilityMode::None,
    })?;

    Ok(PartialComponents {
        client,
        backend,
        task_manager,
        import_queue,
        keystore_container,
        select_chain,
        transaction_pool,
        other: Extra { block_import, grandpa, telemetry },
    })
}

/// Checks that the chain has authorities.
///
/// A chain without authorities can never have a block, and GRANDPA cannot begin on it.
fn ensure_authorities(client: &Client) -> Result<(), Error> {
    let best = client.usage_info().chain.best_hash;
    let voters = client.runtime_api().grandpa_authorities(best).map_err(|error| Error::Application(Box::new(error)))?;
    if voters.is_empty() {
        return Err(Error::Other(
            "this chain names no authorities. hint: name them with `export-chain-spec --authority SR25519,ED25519`, \
             and run that specification with `--chain FILE`"
                .into(),
        ));
    }
    Ok(())
}

/// Returns the storage of the chain. It keeps the states of [`STATES_KEPT`] blocks unless the operator says otherwise.
fn backend(config: &Configuration) -> Result<Arc<Backend>, Error> {
    let open = |pruning| {
        let mut settings = config.db_config();
        settings.state_pruning = pruning;
        sc_service::new_db_backend(settings)
    };
    open_states(config.state_pruning.clone(), open).map_err(Error::from)
}

/// Opens a database that keeps the states that the operator asks for.
///
/// A database that was made to keep all states refuses to keep fewer. If the operator asks for nothing, it goes on as
/// it was made. Any other failure stands: a second attempt could make a database that keeps another number of states.
fn open_states<Database, Failure: Display>(
    asked: Option<PruningMode>,
    open: impl Fn(Option<PruningMode>) -> Result<Database, Failure>,
) -> Result<Database, Failure> {
    let default = asked.is_none();
    let states = asked.unwrap_or_else(|| PruningMode::blocks_pruning(STATES_KEPT));
    open(Some(states)).or_else(|failure| {
        let keeps_all = failure.to_string().contains(STORED_ARCHIVE);
        if default && keeps_all { open(None) } else { Err(failure) }
    })
}

/// Returns an executor that compiles the runtime to machine code and keeps the code between runs.
///
/// The compilation takes most of a cold start.
fn executor(config: &Configuration) -> Result<Executor, Error> {
    let cache = compiled_runtimes(config)?;
    let config = &config.executor;
    let heap = config.default_heap_pages.map_or(DEFAULT_HEAP_ALLOC_STRATEGY, |pages| HeapAllocStrategy::Static {
        extra_pages: u32::try_from(pages).unwrap_or(u32::MAX),
    });
    let builder = Executor::builder()
        .with_execution_method(config.wasm_method)
        .with_onchain_heap_alloc_strategy(heap)
        .with_offchain_heap_alloc_strategy(heap)
        .with_max_runtime_instances(config.max_runtime_instances)
        .with_runtime_cache_size(config.runtime_cache_size);
    Ok(match cache {
        Some(folder) => builder.with_cache_path(folder).build(),
        None => builder.build(),
    })
}

/// Returns the folder of compiled runtimes.
///
/// Machine code that another program of the machine put there would be executed, so an authority has a folder of its
/// own that no other user can enter. Other nodes share one.
fn compiled_runtimes(config: &Configuration) -> Result<Option<PathBuf>, Error> {
    if !config.role.is_authority() {
        let folders = directories::ProjectDirs::from("", "", "myelin");
        return Ok(folders.map(|folders| folders.cache_dir().join(COMPILED_RUNTIMES)));
    }
    let folder = config.base_path.path().join(COMPILED_RUNTIMES);
    DirBuilder::new().recursive(true).mode(PRIVATE).create(&folder)?;
    // It may be from before, with another mode.
    fs::set_permissions(&folder, Permissions::from_mode(PRIVATE))?;
    Ok(Some(folder))
}

/// Returns the settings of GRANDPA, without telemetry.
fn voting(
    config: &Configuration,
    slot_duration: SlotDuration,
    keystore: Option<KeystorePtr>,
    protocol_name: ProtocolName,
) -> sc_consensus_grandpa::Config {
    sc_consensus_grandpa::Config {
        gossip_duration: gossip_duration(slot_duration),
        justification_generation_period: JUSTIFICATION_PERIOD,
        observer_enabled: false,
        local_role: config.role,
        name: Some(config.network.node_name.clone()),
        keystore,
        telemetry: None,
        protocol_name,
    }
}

/// Returns the time for votes to travel, which puts a round of voting into half a slot.
///
/// A block is then final before the next one is made.
fn gossip_duration(slot: SlotDuration) -> Duration {
    cmp::min(MAX_GOSSIP, slot.as_duration() / 8)
}

fn inherents(
    slot_duration: SlotDuration,
) -> (sp_consensus_aura::inherents::InherentDataProvider, sp_timestamp::InherentDataProvider) {
    let timestamp = sp_timestamp::InherentDataProvider::from_system_time();
    let slot =
        sp_consensus_aura::inherents::InherentDataProvider::from_timestamp_and_slot_duration(*timestamp, slot_duration);
    (slot, timestamp)
}

/// Starts a node that runs until its task manager is dropped.
pub(crate) fn run(config: Configuration, storage: StorageMonitorParams) -> Result<TaskManager, Error> {
    let PartialComponents {
        client,
        backend,
        mut task_manager,
        import_queue,
        keystore_container,
        select_chain,
        transaction_pool,
        other: Extra { block_import, grandpa, mut telemetry },
    } = partial(&config)?;
    watch_disk(storage, &config, &task_manager)?;
    let slot_duration = sc_consensus_aura::slot_duration(&*client)?;
    let registry = config.prometheus_registry().cloned();
    let keystore = config.role.is_authority().then(|| keystore_container.keystore());
    let sources =
        MetricSources { client: client.clone(), backend: backend.clone(), keystore: keystore.clone(), slot_duration };
    follow_blocks(sources, &transaction_pool, registry.as_ref(), &task_manager)?;
    let role = config.role;
    let force_authoring = config.force_authoring;

    let genesis_hash = client.block_hash(0)?.ok_or_else(|| Error::Other("the database has no genesis block".into()))?;
    let grandpa_protocol = sc_consensus_grandpa::protocol_standard_name(&genesis_hash, &config.chain_spec);
    let metrics =
        <Litep2pNetworkBackend as NetworkBackend<Block, <Block as BlockT>::Hash>>::register_notification_metrics(
            registry.as_ref(),
        );
    let mut net_config =
        FullNetworkConfiguration::<_, _, Litep2pNetworkBackend>::new(&config.network, registry.clone());
    let (grandpa_peers, grandpa_notifications) =
        sc_consensus_grandpa::grandpa_peers_set_config::<Block, Litep2pNetworkBackend>(
            grandpa_protocol.clone(),
            metrics.clone(),
            net_config.peer_store_handle(),
        );
    net_config.add_notification_protocol(grandpa_peers);
    let (network, system_rpc_tx, tx_handler_controller, sync, _) = sc_service::build_network(BuildNetworkParams {
        config: &config,
        net_config,
        client: client.clone(),
        transaction_pool: transaction_pool.clone(),
        spawn_handle: task_manager.spawn_handle(),
        spawn_essential_handle: task_manager.spawn_essential_handle(),
        import_queue,
        block_announce_validator_builder: None,
        warp_sync_config: Some(warp_sync(backend.clone(), &grandpa)),
        block_relay: None,
        metrics,
        gap_sync_body_policy: None,
    })?;

    let voting = sc_consensus_grandpa::Config {
        telemetry: telemetry.as_ref().map(Telemetry::handle),
        ..voting(&config, slot_duration, keystore.clone(), grandpa_protocol)
    };
    let finality = rpc::Finality::new(&grandpa, backend.clone());
    let voter_state = finality.voter_state.clone();
    let rpc_builder = rpc_builder(client.clone(), transaction_pool.clone(), finality);
    sc_service::spawn_tasks(SpawnTasksParams {
        config,
        client: client.clone(),
        backend,
        task_manager: &mut task_manager,
        keystore: keystore_container.keystore(),
        transaction_pool: transaction_pool.clone(),
        rpc_builder,
        network: network.clone(),
        system_rpc_tx,
        tx_handler_controller,
        sync_service: sync.clone(),
        telemetry: telemetry.as_mut(),
        tracing_execute_block: None,
    })?;
    let telemetry = telemetry.as_ref().map(Telemetry::handle);

    if role.is_authority() {
        let authoring = BlockAuthoring {
            client,
            select_chain,
            block_import,
            transaction_pool: transaction_pool.clone(),
            sync: sync.clone(),
            keystore: keystore_container.keystore(),
            force: force_authoring,
            registry: registry.clone(),
            telemetry: telemetry.clone(),
        };
        author(&task_manager, authoring)?;
    }

    let voter = sc_consensus_grandpa::run_grandpa_voter(GrandpaParams {
        config: voting,
        link: grandpa,
        network,
        sync: Arc::new(sync),
        notification_service: grandpa_notifications,
        // Without a rule, authorities vote for the best block, so that finality follows it within a block.
        voting_rule: (),
        prometheus_registry: registry,
        shared_voter_state: voter_state,
        telemetry,
        offchain_tx_pool_factory: OffchainTransactionPoolFactory::new(transaction_pool),
    })?;
    task_manager.spawn_essential_handle().spawn_blocking("grandpa-voter", None, voter.map(drop));
    Ok(task_manager)
}

/// Ends the node before its disk is full: a database that cannot write may lose blocks.
fn watch_disk(storage: StorageMonitorParams, config: &Configuration, task_manager: &TaskManager) -> Result<(), Error> {
    let Some(database) = config.database.path() else { return Ok(()) };
    let least = storage.threshold;
    StorageMonitorService::try_spawn(storage, database.to_owned(), &task_manager.spawn_essential_handle()).map_err(
        |error| {
            Error::Other(format!(
                "the disk of {} has too little space: {error}. hint: free some, or set another limit than {least} MiB \
                 with `--db-storage-threshold`",
                database.display()
            ))
        },
    )
}

/// Keeps the pool clean and the metrics of this chain up to date with each block.
fn follow_blocks(
    sources: MetricSources,
    pool: &Arc<TransactionPool>,
    registry: Option<&Registry>,
    task_manager: &TaskManager,
) -> Result<(), Error> {
    let outdated = upgrade::drop_outdated_transactions(sources.client.clone(), pool.clone());
    // It checks each transaction of the pool at once.
    task_manager.spawn_handle().spawn_blocking("outdated-transactions", None, outdated);
    if let Some(registry) = registry {
        let metrics = sources.follow(ChainMetrics::register(registry)?);
        task_manager.spawn_handle().spawn("chain-metrics", None, metrics);
    }
    Ok(())
}

/// Returns a warp sync: a new node begins at a recent block, with proofs of finality for all earlier blocks.
fn warp_sync(backend: Arc<Backend>, grandpa: &GrandpaLink) -> WarpSyncConfig<Block> {
    let authorities = grandpa.shared_authority_set().clone();
    WarpSyncConfig::WithProvider(Arc::new(NetworkProvider::new(backend, authorities, Vec::new())))
}

type RpcBuilder = Box<dyn Fn(SubscriptionTaskExecutor) -> Result<RpcModule<()>, Error>>;

fn rpc_builder(client: Arc<Client>, pool: Arc<TransactionPool>, finality: rpc::Finality) -> RpcBuilder {
    Box::new(move |executor| {
        let sources = rpc::Sources { client: client.clone(), pool: pool.clone(), finality: finality.clone() };
        rpc::module(sources, executor).map_err(Into::into)
    })
}

/// The parts that making blocks needs.
struct BlockAuthoring {
    client: Arc<Client>,
    select_chain: SelectChain,
    block_import: GrandpaBlockImport,
    transaction_pool: Arc<TransactionPool>,
    sync: Arc<SyncingService<Block>>,
    keystore: KeystorePtr,
    force: bool,
    registry: Option<Registry>,
    telemetry: Option<TelemetryHandle>,
}

/// Makes blocks in the slots of this node.
fn author(task_manager: &TaskManager, authoring: BlockAuthoring) -> Result<(), Error> {
    let BlockAuthoring { client, sync, telemetry, .. } = authoring;
    let slot_duration = sc_consensus_aura::slot_duration(&*client)?;
    let proposer_factory = ProposerFactory::new(
        task_manager.spawn_handle(),
        client.clone(),
        authoring.transaction_pool,
        authoring.registry.as_ref(),
        telemetry.clone(),
    );
    let aura = sc_consensus_aura::start_aura::<AuthorityPair, _, _, _, _, _, _, _, _, _, _>(StartAuraParams {
        slot_duration,
        client,
        select_chain: authoring.select_chain,
        block_import: authoring.block_import,
        proposer_factory,
        sync_oracle: sync.clone(),
        justification_sync_link: sync,
        create_inherent_data_providers: move |_, ()| async move { Ok(inherents(slot_duration)) },
        force_authoring: authoring.force,
        backoff_authoring_blocks: Some(BackoffAuthoringOnFinalizedHeadLagging::default()),
        keystore: authoring.keystore,
        block_proposal_slot_portion: SlotProportion::new(2.0 / 3.0),
        max_block_proposal_slot_portion: None,
        telemetry,
        compatibility_mode: CompatibilityMode::None,
    })?;
    task_manager.spawn_essential_handle().spawn_blocking("aura", Some("block-authoring"), aura);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    /// The blocks of an epoch of the default tempo.
    const EPOCH: u32 = 361;

    /// Opens a database that refuses the first mode with this failure. Returns the outcome and the modes tried.
    fn opened(
        asked: Option<PruningMode>,
        failure: Option<&str>,
    ) -> (Result<Option<PruningMode>, String>, Vec<Option<PruningMode>>) {
        let tried = RefCell::new(Vec::new());
        let outcome = open_states(asked, |mode| {
            tried.borrow_mut().push(mode.clone());
            match failure {
                Some(failure) if tried.borrow().len() == 1 => Err(failure.to_owned()),
                _ => Ok(mode),
            }
        });
        (outcome, tried.into_inner())
    }

    #[test]
    fn a_node_keeps_the_states_of_more_than_two_default_epochs() {
        let (outcome, _) = opened(None, None);
        let Ok(Some(PruningMode::Constrained(states))) = outcome else { panic!("{outcome:?}") };
        assert_eq!(states.max_blocks, Some(1_024));
        assert!(states.max_blocks > Some(2 * EPOCH));
        let (outcome, _) = opened(Some(PruningMode::ArchiveAll), None);
        assert_eq!(outcome, Ok(Some(PruningMode::ArchiveAll)), "the operator decides");
    }

    #[test]
    fn only_a_database_that_keeps_all_states_is_opened_as_it_was_made() {
        let of_stored = |mode: PruningMode| {
            let requested = PruningMode::blocks_pruning(STATES_KEPT);
            format!("Backend error: Incompatible pruning modes [stored: {mode:?}; requested: {requested:?}]")
        };
        for mode in [PruningMode::ArchiveAll, PruningMode::ArchiveCanonical] {
            let (outcome, tried) = opened(None, Some(&of_stored(mode.clone())));
            assert_eq!((outcome, tried.len()), (Ok(None), 2), "{mode:?}");
            let asked = PruningMode::blocks_pruning(7);
            let (outcome, tried) = opened(Some(asked), Some(&of_stored(mode)));
            assert!(outcome.is_err() && tried.len() == 1, "an operator who asks for fewer states is told");
        }
        for failure in [of_stored(PruningMode::blocks_pruning(7)), "Backend error: the disk is full".to_owned()] {
            let (outcome, tried) = opened(None, Some(&failure));
            assert_eq!((outcome, tried.len()), (Err(failure), 1));
        }
    }
}
