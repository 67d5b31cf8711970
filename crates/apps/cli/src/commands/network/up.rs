//! The command `myelin network up`.

use super::{NetworkFolderArg, screen::NetworkScreen};
use crate::{
    command::{Command, Effect, Example, outputs},
    commands::text::trained,
    context::{Context, checked},
    error::{CliError, ErrorReport},
    output::{Format, Printer, ProgressLine, note},
    page::{Page, Render, Side, Table, Tone},
    settings::LOCAL_NODE,
};
use clap::ValueEnum;
use myelin_local::{
    LocalError, LocalPreset, MAX_AUTHORITIES, NetworkDisplay, NetworkEvent, NetworkFolder, NetworkPlan, NodePhase,
    NodeState, child_command, down, end,
    neurons::{self, Models},
    supervise,
};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    signal::unix::{SignalKind, signal},
    time::{MissedTickBehavior, interval},
};

/// Name of the log of a supervisor in the background.
const SUPERVISOR_LOG: &str = "supervisor";

/// Arguments of `myelin network up`.
#[derive(Debug, clap::Args)]
pub struct Up {
    #[command(flatten)]
    place: NetworkFolderArg,

    /// Preset of a new chain [default: as before, or local]
    #[arg(long, value_enum)]
    preset: Option<PresetArg>,

    /// Number of authorities, which make and finalise blocks, for a new chain [default: as before, or 1]
    #[arg(long, value_name = "COUNT", value_parser = authorities)]
    authorities: Option<usize>,

    /// Number of full nodes, which check blocks and answer requests [default: as before, or 0]
    #[arg(long, value_name = "COUNT", value_parser = full_nodes)]
    full_nodes: Option<usize>,

    /// Run a subnet with an owner, two validators, and honest and dishonest miners
    #[arg(long, value_enum, value_name = "TASK")]
    subnet: Option<SubnetTask>,

    /// Model of the subnet [default: one that is trained once and kept]
    #[arg(long, value_name = "PATH", requires_all = ["subnet", "smaller_model"])]
    model: Option<PathBuf>,

    /// Model that one of the dishonest miners serves instead
    #[arg(long, value_name = "PATH", requires = "model")]
    smaller_model: Option<PathBuf>,

    /// Path of the node program [env: `MYELIN_NODE`]
    #[arg(long, value_name = "PATH", value_parser = checked(&LOCAL_NODE))]
    node: Option<String>,

    /// Return once the network is up, and run it in the background
    #[arg(long)]
    detach: bool,
}

/// Preset of a new chain, as an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum PresetArg {
    /// One block per second
    Local,
    /// Four blocks per second
    Test,
}

impl From<PresetArg> for LocalPreset {
    fn from(preset: PresetArg) -> Self {
        match preset {
            PresetArg::Local => Self::Local,
            PresetArg::Test => Self::Test,
        }
    }
}

/// Task of a subnet, as an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SubnetTask {
    /// Text that a language model generates
    Text,
}

fn count(text: &str, least: usize, most: usize) -> Result<usize, String> {
    let count = text.parse().ok().filter(|count| (least..=most).contains(count));
    count.ok_or_else(|| format!("write a number from {least} to {most}"))
}

fn authorities(text: &str) -> Result<usize, String> {
    count(text, 1, MAX_AUTHORITIES)
}

fn full_nodes(text: &str) -> Result<usize, String> {
    count(text, 0, 32)
}

impl Render for NetworkEvent {
    fn render(&self, page: &mut Page) {
        match self {
            Self::Swept { node, pid } => page.line(format!("ended {node} (process {pid}), which was left behind")),
            Self::Up { directory, preset, nodes } => up(page, directory, *preset, nodes),
            Self::Died { node, how, restart_in, .. } => {
                let when = if *restart_in == 0 { "now".into() } else { format!("in {restart_in} s") };
                page.line(Tone::Warning.paint(&format!("{node} died: {how}; starting it again {when}")));
            }
            Self::Back { node, rpc: Some(rpc) } => page.line(Tone::Good.paint(&format!("{node} is back at {rpc}"))),
            Self::Back { node, rpc: None } => page.line(Tone::Good.paint(&format!("{node} is back"))),
            Self::GivenUp { node, how } => {
                page.line(
                    Tone::Bad.paint(&format!(
                        "{node} died too often and stays down: {how}; see `myelin network logs {node}`"
                    )),
                );
            }
            Self::Settling { step } => page.line(format!("subnet: {step}")),
            Self::Neurons(report) => report.render(page),
            Self::Unheard { why } => page.line(Tone::Warning.paint(&format!("the chain does not answer: {why}"))),
            Self::Down {} => page.line("the network is down; `myelin network up` goes on from here"),
        }
    }
}

fn up(page: &mut Page, directory: &Path, preset: LocalPreset, nodes: &[NodeState]) {
    page.line(Tone::Good.paint(&format!("the network is up, and its blocks are final (preset `{preset}`)")));
    page.line("");
    let columns = ["NODE", "RPC", "METRICS"].map(|heading| (heading, Side::Left));
    let mut table = Table::new(columns);
    for node in nodes.iter().filter(|node| node.phase == NodePhase::Running) {
        let [rpc, metrics] = [&node.rpc, &node.metrics].map(|url| url.as_deref().unwrap_or("-"));
        table.row([node.name.as_str().into(), rpc.into(), metrics.into()]);
    }
    page.table(&table);
    page.line("");
    page.line(format!("chain and logs are in {}; `myelin network down`, or Ctrl-C here, ends it", directory.display()));
}

outputs! {
    /// An event of a network.
    NetworkUpOutput(NetworkEvent);
}

impl Command for Up {
    const PATH: &'static str = "network up";
    const SUMMARY: &'static str = "Run a network on this machine until Ctrl-C, and restart failed nodes";
    const DETAILS: &'static str = "All nodes listen on loopback, on free ports; the first node uses port 9944 if it \
         is free. The chain is kept, and the next `up` continues it. A node that dies is restarted, at most five \
         times in a row.\n\n\
         With `--subnet text` this machine also runs a subnet: an owner, validators and miners, each a process with \
         its own wallet in the network's folder. A table shows the emission of each neuron in the last epoch, by the \
         rules and on the chain; the first difference ends the network with an error.";
    const EFFECT: Effect = Effect::LocalFiles;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "One authority, one block per second", line: "myelin network up" },
        Example {
            purpose: "Three authorities and a full node, in the background",
            line: "myelin network up --authorities 3 --full-nodes 1 --detach",
        },
        Example { purpose: "A subnet with honest and dishonest miners", line: "myelin network up --subnet text" },
        Example {
            purpose: "A second network, with four blocks per second",
            line: "myelin network up --preset test --directory /tmp/quick",
        },
    ];
    type Output = NetworkUpOutput;

    async fn run(self, context: &Context, output: &Printer<NetworkUpOutput>) -> Result<(), CliError> {
        let directory = self.place.directory(context)?;
        let said = context.text(&LOCAL_NODE, self.node.as_deref())?.map(|(path, _)| PathBuf::from(path));
        let binary = program(said).ok_or(LocalError::NoNodeProgram)?;
        if self.detach {
            return self.in_background(&directory, &binary, output).await;
        }
        let sequel = match self.subnet {
            None => None,
            Some(SubnetTask::Text) => Some(neurons::text(&directory, self.models().await?)),
        };
        let wanted = NetworkPlan {
            binary,
            preset: self.preset.map(LocalPreset::from),
            authorities: self.authorities,
            full_nodes: self.full_nodes,
        };
        let is_text = context.format() == Format::Table;
        let screen = if is_text { NetworkScreen::of_process() } else { None };
        let mut display = Display { output, is_text, screen, progress: None };
        Ok(supervise(&directory, wanted, sequel, &mut display).await?)
    }
}

/// The display of a supervisor in the foreground.
struct Display<'a> {
    output: &'a Printer<NetworkUpOutput>,
    is_text: bool,
    screen: Option<NetworkScreen>,
    progress: Option<ProgressLine>,
}

impl NetworkDisplay for Display<'_> {
    fn event(&mut self, event: &NetworkEvent) {
        self.progress.iter().for_each(ProgressLine::clear);
        // A screen or an output that is closed is no reason to end the network.
        if let Some(Ok(true) | Err(_)) = self.screen.as_mut().map(|screen| screen.show(event)) {
            return;
        }
        // Without a screen, one page per epoch is enough.
        if self.is_text && matches!(event, NetworkEvent::Neurons(report) if !report.has_new_epoch()) {
            return;
        }
        // The output of a supervisor in the background is closed once the network is up. Its log has the rest.
        if self.output.show(&NetworkUpOutput(event.clone())).is_err() {
            let mut page = Page::new(usize::MAX);
            event.render(&mut page);
            note(page.into_text().trim_end());
        }
    }

    fn progress(&mut self, step: Option<&str>) {
        match (step, &mut self.progress) {
            (None, progress) => *progress = None,
            (Some(step), Some(progress)) => {
                progress.step(step);
                progress.tick();
            }
            (Some(step), None) => self.progress = Some(ProgressLine::new(step)),
        }
    }

    fn warning(&mut self, text: &str) {
        note(&format!("warning: {text}"));
    }
}

impl Up {
    /// Returns the models of the arguments, or trains the default models if they are missing.
    async fn models(&self) -> Result<Models, CliError> {
        if let (Some(published), Some(smaller)) = (&self.model, &self.smaller_model) {
            return Ok(Models { published: published.clone(), smaller: smaller.clone() });
        }
        Ok(Models { published: trained(false).await?, smaller: trained(true).await? })
    }

    /// Starts a supervisor in the background, and waits until it reports that the network is up.
    async fn in_background(
        &self,
        directory: &NetworkFolder,
        binary: &Path,
        output: &Printer<NetworkUpOutput>,
    ) -> Result<(), CliError> {
        let log = directory.log(SUPERVISOR_LOG);
        let failed = |doing| LocalError::io(doing, &log);
        if let Some(folder) = log.parent() {
            fs::create_dir_all(folder).map_err(failed("write"))?;
        }
        let written = fs::File::create(&log).map_err(failed("write"))?;
        let this = env::current_exe().map_err(LocalError::io("find", "this program"))?;
        let mut supervisor = child_command(&this);
        supervisor.args(["network", "up", "--output", "json", "--directory"]).arg(directory.path());
        supervisor.arg("--node").arg(binary);
        if let Some(preset) = self.preset {
            supervisor.args(["--preset", &LocalPreset::from(preset).to_string()]);
        }
        if let Some(authorities) = self.authorities {
            supervisor.args(["--authorities", &authorities.to_string()]);
        }
        if let Some(full_nodes) = self.full_nodes {
            supervisor.args(["--full-nodes", &full_nodes.to_string()]);
        }
        if let Some(SubnetTask::Text) = self.subnet {
            // The models are trained here, where the user sees the progress.
            let models = self.models().await?;
            supervisor.args(["--subnet", "text", "--model"]).arg(&models.published);
            supervisor.arg("--smaller-model").arg(&models.smaller);
        }
        let mut interrupt = signal(SignalKind::interrupt()).map_err(LocalError::io("listen for signals in", &this))?;
        supervisor.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(written).process_group(0);
        let mut supervisor = supervisor.spawn().map_err(LocalError::io("start", this))?;
        let events = supervisor.stdout.take();
        let mut events = events.map(|stdout| BufReader::new(stdout).lines());
        let progress = ProgressLine::new("starting the network");
        let mut second = interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The loop ends with the supervisor, which waits for its nodes with a limit.
        while let Some(lines) = &mut events {
            tokio::select! {
                line = lines.next_line() => {
                    let Ok(Some(line)) = line else { break };
                    let Ok(event) = serde_json::from_str::<NetworkEvent>(&line) else { continue };
                    let is_up = match self.subnet {
                        None => matches!(event, NetworkEvent::Up { .. }),
                        Some(SubnetTask::Text) => matches!(event, NetworkEvent::Neurons(_)),
                    };
                    if is_up {
                        drop(progress);
                        return Ok(output.show(&NetworkUpOutput(event))?);
                    }
                    output.show(&NetworkUpOutput(event))?;
                }
                _ = second.tick() => progress.tick(),
                _ = interrupt.recv() => {
                    drop(progress);
                    // The supervisor may not have taken the lock yet; if it has to be killed, its nodes are left
                    // behind.
                    let _ = end(&mut supervisor).await;
                    down(directory).await?;
                    return Err(CliError::Interrupted);
                }
            }
        }
        let text = fs::read_to_string(&log).unwrap_or_default();
        let last = text.lines().next_back().unwrap_or_default();
        let said =
            serde_json::from_str::<ErrorReport>(last).map_or_else(|_| last.to_owned(), |report| report.error.message);
        Err(LocalError::Background { said, log }.into())
    }
}

/// Finds the node program: that of the argument, else that beside this program, else that in `PATH`.
fn program(said: Option<PathBuf>) -> Option<PathBuf> {
    let is_file = |path: &PathBuf| path.is_file();
    if said.is_some() {
        return said.filter(is_file);
    }
    let beside = env::current_exe().ok().map(|this| this.with_file_name("myelin-node"));
    let paths = env::var_os("PATH").unwrap_or_default();
    let in_path = env::split_paths(&paths).map(|folder| folder.join("myelin-node"));
    beside.into_iter().chain(in_path).find(is_file)
}
