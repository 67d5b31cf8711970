//! The supervisor: starts the nodes and neurons of a local network, restarts those that die, and ends all.

use crate::{
    EndedProcess, LocalChain, LocalError, LocalPreset, NetworkFolder, NetworkLock, NodePhase, NodeRole, NodeState,
    SupervisorState,
    authority::AUTHORITIES,
    leftovers::{signal as send_signal, sweep},
    neurons::SubnetReport,
    process::{HealthSource, Process, ProcessEvent, ProcessLaunch, ProcessMessage, child_command},
};
use futures::future::{LocalBoxFuture, join_all, pending};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{ffi::OsString, io, os::unix::process::ExitStatusExt, path::PathBuf, process::ExitStatus, time::Duration};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::{Instant, MissedTickBehavior, interval, sleep_until, timeout},
};

/// Longest wait until all nodes finalise. A new node compiles its runtime first, and the machine may be busy.
const START_TIMEOUT: Duration = Duration::from_mins(3);

/// Largest number of restarts of a node that never runs for [`HEALTHY`].
const MAX_RESTARTS: u32 = 5;

/// Run time after which the count of a node's deaths starts again.
const HEALTHY: Duration = Duration::from_mins(1);

/// Longest wait for an earlier holder to release the lock.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// RPC port of the first node if it is free. Other nodes use the ports after it.
const FIRST_RPC_PORT: u16 = 9944;

/// A network to run.
#[derive(Debug)]
pub struct NetworkPlan {
    /// Path of the node program.
    pub binary: PathBuf,
    /// Preset of a new chain; `None` for an existing chain.
    pub preset: Option<LocalPreset>,
    /// Number of authorities of a new chain; `None` for an existing chain.
    pub authorities: Option<usize>,
    /// Number of full nodes, which may differ from the last start; `None` to keep it.
    pub full_nodes: Option<usize>,
}

/// A neuron to run.
#[derive(Debug)]
pub struct NeuronLaunch {
    /// Name of the neuron.
    pub name: String,
    /// Task of the neuron.
    pub role: NodeRole,
    /// Arguments of this program for the neuron. The folder of its state is among them.
    pub arguments: Vec<OsString>,
}

/// An order to a supervisor whose network is up.
#[derive(Debug)]
pub enum SupervisorOrder {
    /// Run and supervise these neurons.
    Run(Vec<NeuronLaunch>),
    /// Report this event.
    Report(NetworkEvent),
}

/// The work after all nodes are up, which gets their RPC URLs and sends orders to the supervisor.
///
/// It ends only with an error, and ends the network with it.
pub type Sequel = Box<dyn FnOnce(Vec<String>, UnboundedSender<SupervisorOrder>) -> LocalBoxFuture<'static, LocalError>>;

/// An event of a network.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum NetworkEvent {
    /// A node that an earlier supervisor left behind was ended.
    Swept {
        /// Name of the node.
        node: String,
        /// Number of its process.
        pid: u32,
    },
    /// All nodes finalise blocks.
    Up {
        /// Folder of the network.
        directory: PathBuf,
        /// Preset of the chain.
        preset: LocalPreset,
        /// States of the nodes.
        nodes: Vec<NodeState>,
    },
    /// A node ended by itself, and will be restarted.
    Died {
        /// Name of the node.
        node: String,
        /// Description of the end of its process.
        how: String,
        /// Number of restarts before.
        restarts: u32,
        /// Seconds until the restart.
        restart_in: u64,
    },
    /// A node or neuron that died answers again.
    Back {
        /// Name of the node.
        node: String,
        /// URL of its RPC server; absent for a neuron.
        rpc: Option<String>,
    },
    /// A node died too often and is not restarted.
    GivenUp {
        /// Name of the node.
        node: String,
        /// Description of the end of its process.
        how: String,
    },
    /// A step of the neurons' set-up begins.
    Settling {
        /// Description of the step.
        step: String,
    },
    /// One more block is final; the report describes the neurons.
    Neurons(SubnetReport),
    /// A request to the chain failed, and is repeated.
    Unheard {
        /// Cause of the failure.
        why: String,
    },
    /// All processes have ended.
    Down {},
}

/// The reason for the end of the supervisor's loop.
enum Stop {
    /// A signal asked for the end.
    Asked,
    /// An error prevents further work.
    Failed(LocalError),
}

/// The program that a process of the supervisor runs.
enum ProcessTask {
    /// The node program.
    Chain,
    /// This program with these arguments, as a neuron.
    Neuron(Vec<OsString>),
}

/// A node or neuron under supervision.
struct SupervisedProcess {
    task: ProcessTask,
    process: Option<Process>,
    started: Instant,
    /// Number of deaths since the last run of at least [`HEALTHY`].
    deaths: u32,
    restart_at: Option<Instant>,
    peer: Option<String>,
    finalises: bool,
}

impl SupervisedProcess {
    fn new(task: ProcessTask) -> Self {
        Self { task, process: None, started: Instant::now(), deaths: 0, restart_at: None, peer: None, finalises: false }
    }
}

struct Supervisor<'a, D> {
    directory: &'a NetworkFolder,
    binary: PathBuf,
    this: PathBuf,
    chain: LocalChain,
    state: SupervisorState,
    nodes: Vec<SupervisedProcess>,
    up: bool,
    /// Current step, until the network is up.
    step: Option<String>,
    display: &'a mut D,
    messages: UnboundedSender<ProcessMessage>,
    inbox: UnboundedReceiver<ProcessMessage>,
}

/// A display of a supervisor's events and progress.
///
/// Its methods cannot fail, so a network keeps running after the reader of its output has ended.
pub trait NetworkDisplay {
    /// Shows an event.
    fn event(&mut self, event: &NetworkEvent);

    /// Shows the current step, or with `None` the end of the last one.
    ///
    /// It is called when the step changes, and about once a second while the network starts.
    fn progress(&mut self, step: Option<&str>);

    /// Shows a problem of one node that is not an event.
    fn warning(&mut self, text: &str);
}

/// Runs a network until a signal asks for its end, and ends all its processes.
///
/// # Errors
/// [`LocalError::Interrupted`] for a signal before the network is up; the errors of the start and of the sequel.
pub async fn supervise(
    directory: &NetworkFolder,
    wanted: NetworkPlan,
    sequel: Option<Sequel>,
    display: &mut impl NetworkDisplay,
) -> Result<(), LocalError> {
    let mut signals = Signals::listen()?;
    let lock = directory.lock(LOCK_TIMEOUT).await?;
    for EndedProcess { name, pid } in sweep(directory, &lock).await? {
        display.event(&NetworkEvent::Swept { node: name, pid });
    }
    let chain = prepare_chain(directory, &wanted, display, &lock).await?;
    let this = std::env::current_exe().map_err(LocalError::io("find", "this program"))?;
    let mut supervisor = Supervisor::new(directory, &wanted, this, chain, display);
    let stop = supervisor.watch(sequel, &mut signals).await;
    let was_up = supervisor.up;
    supervisor.take_down(&mut signals).await;
    directory.clear_state()?;
    match stop {
        Stop::Failed(error) => Err(error),
        Stop::Asked if was_up => {
            supervisor.display.event(&NetworkEvent::Down {});
            Ok(())
        }
        Stop::Asked => Err(LocalError::Interrupted),
    }
}

/// Returns the existing chain if it has the requested settings, or creates a new one.
///
/// # Errors
/// [`LocalError::Different`] if the existing chain has other settings.
async fn prepare_chain(
    directory: &NetworkFolder,
    wanted: &NetworkPlan,
    display: &mut impl NetworkDisplay,
    _lock: &NetworkLock,
) -> Result<LocalChain, LocalError> {
    if let Some(mut chain) = directory.chain()? {
        let same = wanted.preset.is_none_or(|preset| preset == chain.preset)
            && wanted.authorities.is_none_or(|authorities| authorities == chain.authorities);
        if !same {
            let LocalChain { preset, authorities, .. } = chain;
            return Err(LocalError::Different { directory: directory.path().to_owned(), preset, authorities });
        }
        chain.full_nodes = wanted.full_nodes.unwrap_or(chain.full_nodes);
        directory.write_chain(chain)?;
        return Ok(chain);
    }
    let chain = LocalChain {
        preset: wanted.preset.unwrap_or(LocalPreset::Local),
        authorities: wanted.authorities.unwrap_or(1),
        full_nodes: wanted.full_nodes.unwrap_or(0),
    };
    display.progress(Some("making the chain"));
    let specification = specification(wanted, chain).await;
    display.progress(None);
    directory.begin(chain, &specification?)?;
    Ok(chain)
}

/// Runs the node program to make the specification of a chain.
async fn specification(wanted: &NetworkPlan, chain: LocalChain) -> Result<Vec<u8>, LocalError> {
    let mut export = child_command(&wanted.binary);
    // Raw, because otherwise each start of a node compiles the runtime to compute the genesis state.
    export.args(["export-chain-spec", "--raw", "--chain", &chain.preset.to_string()]).kill_on_drop(true);
    for authority in AUTHORITIES.iter().take(chain.authorities) {
        export.arg("--authority").arg(authority.keys());
    }
    let Ok(exported) = timeout(START_TIMEOUT, export.output()).await else {
        return Err(LocalError::NoChain { said: format!("no output after {} s", START_TIMEOUT.as_secs()) });
    };
    let exported = exported.map_err(LocalError::io("start", &wanted.binary))?;
    if !exported.status.success() {
        let said = String::from_utf8_lossy(&exported.stderr);
        let said = said.lines().next_back().unwrap_or_default().trim().to_owned();
        return Err(LocalError::NoChain { said });
    }
    Ok(exported.stdout)
}

impl<'a, D: NetworkDisplay> Supervisor<'a, D> {
    fn new(
        directory: &'a NetworkFolder,
        wanted: &NetworkPlan,
        this: PathBuf,
        chain: LocalChain,
        display: &'a mut D,
    ) -> Self {
        let authorities =
            AUTHORITIES.iter().take(chain.authorities).map(|who| (who.name.to_owned(), NodeRole::Authority));
        let full_nodes = (1..=chain.full_nodes).map(|number| (format!("full-{number}"), NodeRole::Full));
        let states: Vec<_> = authorities.chain(full_nodes).map(|(name, role)| starting(name, role)).collect();
        let nodes = states.iter().map(|_| SupervisedProcess::new(ProcessTask::Chain));
        let (messages, inbox) = unbounded_channel();
        Self {
            directory,
            binary: wanted.binary.clone(),
            this,
            chain,
            nodes: nodes.collect(),
            state: SupervisorState { supervisor: std::process::id(), nodes: states },
            up: false,
            step: None,
            display,
            messages,
            inbox,
        }
    }

    /// Starts the first node, the others once its peer address is known, then the sequel, and supervises all.
    async fn watch(&mut self, mut sequel: Option<Sequel>, signals: &mut Signals) -> Stop {
        let deadline = Instant::now() + START_TIMEOUT;
        self.step("starting the first node");
        let mut second = interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (orders, mut ordered) = unbounded_channel();
        let mut going_on: LocalBoxFuture<'static, LocalError> = Box::pin(pending());
        if let Err(error) = self.start(0) {
            return Stop::Failed(error);
        }
        loop {
            let restart_at = self.nodes.iter().filter_map(|node| node.restart_at).min();
            let handled = tokio::select! {
                () = signals.next() => return Stop::Asked,
                Some(message) = self.inbox.recv() => self.on_message(message),
                Some(order) = ordered.recv() => self.carry_out(order),
                error = &mut going_on => return Stop::Failed(error),
                () = sleep_until(restart_at.unwrap_or(deadline)), if restart_at.is_some() => self.restart_due(),
                () = sleep_until(deadline), if !self.up => Err(self.not_ready()),
                _ = second.tick(), if self.step.is_some() => {
                    self.display.progress(self.step.as_deref());
                    Ok(())
                }
            };
            if let Err(error) = handled {
                return Stop::Failed(error);
            }
            if self.up {
                if let Some(sequel) = sequel.take() {
                    let answering = self.state.nodes.iter().filter_map(|node| node.rpc.clone()).collect();
                    going_on = sequel(answering, orders.clone());
                }
                continue;
            }
            let waiting = self.waiting_for();
            self.step(waiting);
        }
    }

    /// Shows a new step.
    fn step(&mut self, step: impl Into<String>) {
        let step = step.into();
        if self.step.as_ref() != Some(&step) {
            self.display.progress(Some(&step));
            self.step = Some(step);
        }
    }

    fn waiting_for(&self) -> String {
        let finalising = self.nodes.iter().filter(|node| node.finalises).count();
        format!("waiting until blocks are final: {finalising} of {} nodes", self.nodes.len())
    }

    fn carry_out(&mut self, order: SupervisorOrder) -> Result<(), LocalError> {
        let neurons = match order {
            SupervisorOrder::Run(neurons) => neurons,
            SupervisorOrder::Report(event) => {
                self.display.event(&event);
                return Ok(());
            }
        };
        let first = self.nodes.len();
        for NeuronLaunch { name, role, arguments } in neurons {
            self.nodes.push(SupervisedProcess::new(ProcessTask::Neuron(arguments)));
            self.state.nodes.push(starting(name, role));
        }
        (first..self.nodes.len()).try_for_each(|place| self.start(place))
    }

    fn start(&mut self, place: usize) -> Result<(), LocalError> {
        let launch = self.launch(place);
        let started = Process::start(place, &launch, self.messages.clone());
        let process = started.map_err(LocalError::io("start", &launch.binary))?;
        let (node, state) = (&mut self.nodes[place], &mut self.state.nodes[place]);
        (state.pid, state.phase) = (Some(process.pid), NodePhase::Starting);
        (node.process, node.started, node.restart_at) = (Some(process), Instant::now(), None);
        self.directory.write_state(&self.state)
    }

    fn launch(&self, place: usize) -> ProcessLaunch {
        let state = &self.state.nodes[place];
        let log = self.directory.log(&state.name);
        if let ProcessTask::Neuron(arguments) = &self.nodes[place].task {
            let arguments = arguments.clone();
            return ProcessLaunch { binary: self.this.clone(), arguments, log, speaks: HealthSource::Answers };
        }
        let offset = u16::try_from(place).unwrap_or(u16::MAX);
        let port = state.rpc.as_deref().and_then(|rpc| rpc.rsplit(':').next()?.parse::<u16>().ok());
        let port = port.unwrap_or(FIRST_RPC_PORT.saturating_add(offset));
        let mut arguments: Vec<OsString> = vec![
            "--chain".into(),
            self.directory.specification().into(),
            "--base-path".into(),
            self.directory.base(&state.name).into(),
            "--rpc-port".into(),
            port.to_string().into(),
            // Only the node can find a free port and bind it at once.
            "--port".into(),
            "0".into(),
            "--prometheus-port".into(),
            "0".into(),
            "--no-telemetry".into(),
            "--no-mdns".into(),
            // States of all past blocks can be read.
            "--state-pruning".into(),
            "archive".into(),
        ];
        match state.role {
            NodeRole::Authority => arguments.push(format!("--{}", state.name).into()),
            _ => arguments.extend(["--name".into(), state.name.clone().into()]),
        }
        let others = self.nodes.iter().enumerate().filter(|(other, _)| *other != place);
        for peer in others.filter_map(|(_, node)| node.peer.as_deref()) {
            arguments.extend(["--bootnodes".into(), peer.into()]);
        }
        ProcessLaunch { binary: self.binary.clone(), arguments, log, speaks: HealthSource::Log }
    }

    fn on_message(&mut self, ProcessMessage { node: place, said }: ProcessMessage) -> Result<(), LocalError> {
        match said {
            ProcessEvent::Listens { rpc, peer } => self.listens(place, rpc, peer),
            ProcessEvent::Metrics(url) => {
                self.state.nodes[place].metrics = Some(url);
                self.directory.write_state(&self.state)
            }
            ProcessEvent::Final => {
                self.nodes[place].finalises = true;
                self.up_if_all_finalise();
                Ok(())
            }
            ProcessEvent::Works => {
                self.works(place);
                self.directory.write_state(&self.state)
            }
            ProcessEvent::Trouble(error) => {
                let name = &self.state.nodes[place].name;
                self.display.warning(&format!("{name} does not answer correctly: {error}"));
                Ok(())
            }
            ProcessEvent::Ended(status) => self.ended(place, &status),
        }
    }

    fn listens(&mut self, place: usize, rpc: String, peer: Option<String>) -> Result<(), LocalError> {
        self.nodes[place].peer = peer;
        self.state.nodes[place].rpc = Some(rpc);
        self.works(place);
        self.directory.write_state(&self.state)?;
        // The other nodes can find the first one now.
        let never_started: Vec<_> = (0..self.nodes.len())
            .filter(|place| self.state.nodes[*place].pid.is_none() && self.state.nodes[*place].last_end.is_none())
            .collect();
        never_started.into_iter().try_for_each(|place| self.start(place))
    }

    fn works(&mut self, place: usize) {
        let state = &mut self.state.nodes[place];
        state.phase = NodePhase::Running;
        if self.up && state.restarts > 0 {
            let back = NetworkEvent::Back { node: state.name.clone(), rpc: state.rpc.clone() };
            self.display.event(&back);
        }
    }

    fn up_if_all_finalise(&mut self) {
        if self.up || !self.nodes.iter().all(|node| node.finalises) {
            return;
        }
        (self.up, self.step) = (true, None);
        self.display.progress(None);
        self.display.event(&NetworkEvent::Up {
            directory: self.directory.path().to_owned(),
            preset: self.chain.preset,
            nodes: self.state.nodes.clone(),
        });
    }

    fn ended(&mut self, place: usize, status: &io::Result<ExitStatus>) -> Result<(), LocalError> {
        let how = how(status);
        let (node, state) = (&mut self.nodes[place], &mut self.state.nodes[place]);
        if node.started.elapsed() >= HEALTHY {
            node.deaths = 0;
        }
        node.deaths += 1;
        (node.process, node.peer) = (None, None);
        (state.pid, state.metrics, state.last_end) = (None, None, Some(how.clone()));
        let event = if node.deaths > MAX_RESTARTS {
            state.phase = NodePhase::GivenUp;
            NetworkEvent::GivenUp { node: state.name.clone(), how: how.clone() }
        } else {
            // Back-off: at once the first time, then after 1, 2, 4 and 8 s.
            let delay = (1_u64 << node.deaths.saturating_sub(1)) / 2;
            node.restart_at = Some(Instant::now() + Duration::from_secs(delay));
            state.phase = NodePhase::Restarting;
            NetworkEvent::Died {
                node: state.name.clone(),
                how: how.clone(),
                restarts: state.restarts,
                restart_in: delay,
            }
        };
        let log = self.directory.log(&state.name);
        self.display.event(&event);
        self.directory.write_state(&self.state)?;
        let mut nodes = self.state.nodes.iter().filter(|node| node.role.is_node());
        if nodes.all(|node| node.phase == NodePhase::GivenUp) || (!self.up && self.given_up(place)) {
            return Err(LocalError::AllGivenUp { how, log });
        }
        Ok(())
    }

    fn given_up(&self, place: usize) -> bool {
        self.state.nodes[place].phase == NodePhase::GivenUp
    }

    fn restart_due(&mut self) -> Result<(), LocalError> {
        let now = Instant::now();
        let due: Vec<_> =
            (0..self.nodes.len()).filter(|place| self.nodes[*place].restart_at.is_some_and(|at| at <= now)).collect();
        due.into_iter().try_for_each(|place| {
            self.state.nodes[place].restarts += 1;
            self.start(place)
        })
    }

    fn not_ready(&self) -> LocalError {
        let waiting = self.nodes.iter().zip(&self.state.nodes).filter(|(node, _)| !node.finalises);
        let names: Vec<_> = waiting.map(|(_, state)| state.name.as_str()).collect();
        let log = self.directory.log(names.first().copied().unwrap_or_default());
        LocalError::NotReady { waiting: names.join(", "), seconds: START_TIMEOUT.as_secs(), log }
    }

    /// Ends all nodes at the same time. A second signal kills them.
    async fn take_down(&mut self, signals: &mut Signals) {
        self.step("ending the network");
        let processes: Vec<_> = self.nodes.iter_mut().filter_map(|node| node.process.take()).collect();
        let pids: Vec<_> = processes.iter().map(|process| process.pid).collect();
        let ends = join_all(processes.into_iter().map(Process::stop));
        tokio::pin!(ends);
        let ended = tokio::select! {
            _ = &mut ends => true,
            () = signals.next() => false,
        };
        if !ended {
            self.step("ending the network at once");
            for pid in pids {
                send_signal(pid, rustix::process::Signal::KILL);
            }
            ends.await;
        }
        self.step = None;
        self.display.progress(None);
    }
}

fn starting(name: String, role: NodeRole) -> NodeState {
    NodeState {
        name,
        role,
        phase: NodePhase::Starting,
        pid: None,
        rpc: None,
        metrics: None,
        restarts: 0,
        last_end: None,
    }
}

/// Returns a description of the end of a process.
fn how(status: &io::Result<ExitStatus>) -> String {
    match status {
        Ok(status) => match (status.signal(), status.code()) {
            (Some(signal), _) => format!("killed by signal {signal}"),
            (None, Some(0)) => "ended by itself".into(),
            (None, Some(code)) => format!("failed with exit code {code}"),
            (None, None) => "ended".into(),
        },
        Err(error) => format!("lost: {error}"),
    }
}

/// The signals that end a supervisor: Ctrl-C, `network down`, and a terminal that closes.
struct Signals([Signal; 3]);

impl Signals {
    fn listen() -> Result<Self, LocalError> {
        let listen = |kind| signal(kind).map_err(LocalError::io("listen for signals in", "this process"));
        Ok(Self([listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?, listen(SignalKind::hangup())?]))
    }

    async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_in_words() {
        let told = |raw| how(&Ok(ExitStatus::from_raw(raw)));
        assert_eq!(told(9), "killed by signal 9");
        assert_eq!(told(0), "ended by itself");
        assert_eq!(told(1 << 8), "failed with exit code 1");
    }
}
