//! The command `myelin mine text`.

use crate::{
    command::{Calls, Command, Effect, Example, outputs},
    commands::{
        role::{ComputeArgs, RoleArgs, RoleEvent, stop, work},
        text::load,
    },
    context::Context,
    error::CliError,
    key::WalletSigner,
    output::{Printer, note},
    page::Tone,
};
use clap::builder::NonEmptyStringValueParser;
use myelin_client::{Chain, subxt::rpcs::rpc_params};
use myelin_neuron::{Directory, Peer};
use myelin_primitives::{Amount, Tao};
use myelin_subnet_kit::{Member, MiningOptions};
use myelin_subnet_text::{
    Model,
    miner::TextMiner,
    mischief::{Mischief, MischievousMiner},
    roles,
    upstream::Upstream,
};
use std::{env, path::PathBuf, str::FromStr, sync::Arc};
use tokio::runtime::Handle;

/// Environment variable with the API key of an upstream server, which does not belong on a command line.
const UPSTREAM_KEY: &str = "MYELIN_UPSTREAM_KEY";

/// Behaviour of a dishonest miner.
#[derive(Clone, Debug)]
enum MischiefArg {
    Smaller(PathBuf),
    Copy,
    Drop(u64),
    Slow(u32),
    Truncate,
    Nonsense,
}

impl FromStr for MischiefArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, what) = text.split_once('=').map_or((text, None), |(name, what)| (name, Some(what)));
        let count = |least: u32| what.and_then(|what| what.parse().ok()).filter(|count| *count >= least);
        match (name, what) {
            ("smaller", Some(path)) if !path.is_empty() => Ok(Self::Smaller(path.into())),
            ("copy", None) => Ok(Self::Copy),
            ("drop", _) if count(2).is_some() => Ok(Self::Drop(count(2).unwrap_or(2).into())),
            ("slow", _) if count(1).is_some() => Ok(Self::Slow(count(1).unwrap_or(1))),
            ("truncate", None) => Ok(Self::Truncate),
            ("nonsense", None) => Ok(Self::Nonsense),
            _ => Err("write `smaller=PATH`, `copy`, `drop=COUNT`, `slow=FACTOR`, `truncate` or `nonsense`".to_owned()),
        }
    }
}

/// Arguments of `myelin mine text`.
#[derive(Debug, clap::Args)]
pub struct MineText {
    #[command(flatten)]
    post: RoleArgs,

    #[command(flatten)]
    computing: ComputeArgs,

    /// Generate tokens on a server that implements the completions API of `OpenAI` with the extensions of vLLM
    #[arg(long, value_name = "URL", conflicts_with = "mischief")]
    upstream: Option<String>,

    /// Name of the model on the server [default: the name of the model's folder or file]
    #[arg(long, value_name = "NAME", requires = "upstream", value_parser = NonEmptyStringValueParser::new())]
    upstream_model: Option<String>,

    /// Also serve neurons without a validator permit, from this stake on
    #[arg(long, value_name = "TAO")]
    enough_stake: Option<Amount<Tao>>,

    /// Run a dishonest miner to test a subnet, on a local network only: `smaller=PATH`, `copy`, `drop=COUNT`,
    /// `slow=FACTOR`, `truncate` or `nonsense`
    #[arg(long, value_name = "WHAT", hide_short_help = true)]
    mischief: Option<MischiefArg>,
}

outputs! {
    /// An event of a miner.
    MineTextOutput(RoleEvent);
}

impl Command for MineText {
    const PATH: &'static str = "mine text";
    const SUMMARY: &'static str = "Run a miner that answers with a language model, until Ctrl-C";
    const DETAILS: &'static str = "The hotkey needs a seat on the subnet, and the model must be the one that the \
         subnet's owner has published. Neurons with a validator permit are served. Each request, its duration and \
         the payment of each epoch are printed as they happen. A server that generates the tokens must compute the \
         same model in full precision; its API key is read from `MYELIN_UPSTREAM_KEY`.";
    const EFFECT: Effect = Effect::Work;
    const CALLS: Calls = &[("Neurons", "serve_axon"), ("Neurons", "serve_axon_tls")];
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "Mine on the local network", line: "myelin mine text --model model" },
        Example {
            purpose: "On the internet, with tokens from your own server",
            line: "myelin mine text --model m --listen 0.0.0.0 --announce 203.0.113.9 --upstream http://127.0.0.1:8000",
        },
        Example {
            purpose: "Test a subnet with a dishonest miner",
            line: "myelin mine text --model model --port 0 --mischief drop=3",
        },
    ];
    type Output = MineTextOutput;

    async fn run(self, context: &Context, _: &Printer<MineTextOutput>) -> Result<(), CliError> {
        let signer = WalletSigner::hotkey(context)?;
        let chain = context.chain().await?;
        if self.mischief.is_some() {
            require_development(&chain).await?;
        }
        let model = load(&self.computing.model, self.computing.threads).await?;
        let telling = self.post.report(context.format());
        let member = self.post.join(context, &signer, &chain, &telling.0).await?;
        let mut options = MiningOptions { serving: self.post.serving(), ..MiningOptions::default() };
        options.enough_stake = self.enough_stake.or(options.enough_stake);
        let hash = model.hash();
        match (&self.upstream, &self.mischief) {
            (Some(address), _) => {
                let backend = self.upstream(&model, address)?;
                let miner = Arc::new(TextMiner::with_backend(model, member.hotkey(), backend));
                work(telling, &member, roles::mine(&member, hash, miner, options, stop())).await
            }
            (None, Some(trick)) => {
                note(&Tone::Warning.paint(&format!("this miner is dishonest on purpose: {trick:?}")));
                let miner = Arc::new(self.mischievous(trick, &model, &member).await?);
                work(telling, &member, roles::mine(&member, hash, miner, options, stop())).await
            }
            (None, None) => {
                let miner = Arc::new(TextMiner::local(model, member.hotkey()));
                work(telling, &member, roles::mine(&member, hash, miner, options, stop())).await
            }
        }
    }
}

impl MineText {
    fn upstream(&self, model: &Model, address: &str) -> Result<Upstream, CliError> {
        let name = self.upstream_model.clone().or_else(|| {
            let name = self.computing.model.file_stem()?;
            Some(name.to_string_lossy().into_owned())
        });
        let key = env::var(UPSTREAM_KEY).ok().filter(|key| !key.is_empty());
        let (name, runtime) = (name.unwrap_or_default(), Handle::current());
        Upstream::new(model.clone(), address, name, key.as_deref(), runtime)
            .map_err(|error| CliError::Usage { message: error.to_string(), hint: "see `myelin mine text --help`" })
    }

    async fn mischievous(
        &self,
        trick: &MischiefArg,
        model: &Model,
        member: &Member,
    ) -> Result<MischievousMiner, CliError> {
        let mischief = match trick {
            MischiefArg::Smaller(path) => Mischief::Smaller(load(path, self.computing.threads).await?),
            MischiefArg::Copy => {
                let dendrite = member.dendrite();
                let (table, own) = (member.table(), member.hotkey());
                let others = move || -> Vec<Peer> {
                    let others = table.seats().into_iter().filter(|(hotkey, _)| *hotkey != own);
                    others.filter_map(|(hotkey, seat)| seat.announced?.peer(hotkey).ok()).collect()
                };
                Mischief::copies(dendrite, others, Handle::current())
            }
            MischiefArg::Drop(of) => Mischief::drops(*of),
            MischiefArg::Slow(factor) => Mischief::Slow(*factor),
            MischiefArg::Truncate => Mischief::Truncates,
            MischiefArg::Nonsense => Mischief::Nonsense,
        };
        Ok(MischievousMiner::new(TextMiner::local(model.clone(), member.hotkey()), mischief))
    }
}

/// Returns an error unless the chain is a local or development chain.
///
/// A dishonest miner tests the subnet of its operator, and harms other subnets.
async fn require_development(chain: &Chain) -> Result<(), CliError> {
    let kind: Result<String, _> = chain.rpc().request("system_chainType", rpc_params![]).await;
    match kind.as_deref() {
        Ok("Local" | "Development") => Ok(()),
        Ok(_) => Err(CliError::Usage {
            message: "`--mischief` needs a local or development chain, and this chain is neither".into(),
            hint: "start a local network with `myelin network up`",
        }),
        Err(error) => Err(CliError::plain("unreachable", &error, None)),
    }
}
