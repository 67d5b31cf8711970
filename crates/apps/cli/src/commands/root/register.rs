//! Registration on root.

use crate::{
    command::{Calls, Command, Effect, Example},
    consent::{ConsentArgs, PAIR_FIRST},
    context::Context,
    error::CliError,
    key::WalletSigner,
    named_key::HotkeyArg,
    output::Printer,
    page::{Page, Render},
    plan::Plan,
    share::u16_percent,
    transact::{TransactionArgs, TransactionOutput},
};
use myelin_client::{ChainError, NeuronInfo, calls, runtime::neurons::events::NeuronRegistered};
use myelin_primitives::{Amount, NetUid};
use schemars::JsonSchema;
use serde::Serialize;

/// Arguments of `myelin root register`.
#[derive(Debug, clap::Args)]
pub struct Register {
    /// Hotkey to register: an address, the name of a hotkey on this machine, or `myself` [default: myself]
    #[arg(value_name = "HOTKEY")]
    hotkey: Option<HotkeyArg>,

    #[command(flatten)]
    consent: ConsentArgs,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// A seat on root.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RootRegisterOutput {
    /// Address of the hotkey.
    hotkey: String,
    /// Uid of the seat, if the events of the transaction name it.
    uid: Option<u16>,
}

impl Render for RootRegisterOutput {
    fn render(&self, page: &mut Page) {
        page.line(match self.uid {
            Some(uid) => format!("{} has seat {uid} on root", self.hotkey),
            None => format!("{} has a seat on root", self.hotkey),
        });
    }
}

/// Returns the member that would lose its seat: the least stake, the lowest uid among equals. spec staking §7
fn weakest(members: &[NeuronInfo]) -> Option<&NeuronInfo> {
    members.iter().min_by_key(|member| (member.stake, member.uid))
}

impl Command for Register {
    const PATH: &'static str = "root register";
    const SUMMARY: &'static str = "Register a hotkey on root";
    const DETAILS: &'static str = "A seat costs the burn of root, which follows the demand and is recycled. If root is \
         full, the hotkey also needs more stake than the member with the least stake, which loses its seat.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Staking", "root_register"), PAIR_FIRST[0], PAIR_FIRST[1]];
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "The hotkey of the wallet", line: "myelin root register" },
        Example { purpose: "Another hotkey", line: "myelin root register validator-2" },
    ];
    type Output = TransactionOutput<RootRegisterOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (hotkey, signer) = (HotkeyArg::or_default(self.hotkey.as_ref(), context)?, WalletSigner::coldkey(context)?);
        let chain = context.chain().await?;
        let now = chain.at_finalised().await?;
        let root = now.metagraph(NetUid::ROOT).await?;
        let root = root.ok_or(ChainError::NoNetwork { netuid: NetUid::ROOT, block: now.height() })?;
        if let Some(member) = root.by_hotkey(&hotkey.key) {
            return Err(CliError::Impossible {
                message: format!("{hotkey} already has seat {} on root", member.uid),
                hint: "set its weights with `myelin root weights set`".into(),
            });
        }
        let known = now.hotkey(&hotkey.key).await?;
        if let Some(known) = known.as_ref().filter(|known| known.coldkey != signer.public()) {
            return Err(CliError::Impossible {
                message: format!("the hotkey {hotkey} belongs to another coldkey, {}", known.coldkey),
                hint: "choose the wallet that owns it with `--wallet`".into(),
            });
        }
        let stake = known.as_ref().map_or(Amount::ZERO, |known| known.stake);
        let Some(burn) = root.subnet.registration.burn else {
            let opens_at = now.launch().await?.ends_at;
            return Err(CliError::Impossible {
                message: "root is closed in the launch phase of the chain".into(),
                hint: format!("run `myelin root register` in block {opens_at} or later").into(),
            });
        };
        let mut plan = Plan::new(format!("Register {hotkey} on root for {burn}"))
            .spends(burn)
            .effect(format!("{burn} are burned at the present price"));
        if known.is_none_or(|known| known.take.is_none()) {
            let most = now.network_parameters().await?.max_delegate_take;
            plan = plan.effect(format!(
                "the hotkey becomes a delegate permanently, with a take of {}",
                u16_percent(most.get())
            ));
        }
        if root.subnet.neurons < root.subnet.max_neurons {
            plan = plan.effect("the hotkey takes a free seat");
        } else if let Some(member) = weakest(&root.neurons) {
            if stake <= member.stake {
                return Err(CliError::Impossible {
                    message: format!("root is full, and the stake of {stake} on {hotkey} is too low"),
                    hint: format!("stake on the hotkey until it has more than {}", member.stake).into(),
                });
            }
            plan = plan.effect(format!("the hotkey takes seat {} of {}", member.uid, member.hotkey));
        }
        let adjusts = root.subnet.registration.adjusts_at;
        let plan = plan
            .risk(format!("the price may rise in block {adjusts}, and has no limit"))
            .risk("root accepts one registration per block and a few per interval; further registrations fail");
        let pair = self.consent.new_pair(context, &chain, &now, &signer.public(), &hotkey).await?;
        let call = calls::root_register(&hotkey.key);
        let sent = self.sending.send_paired(context, &chain, &signer, pair, &call, plan).await?;
        Ok(output.show(&sent.output(|included| {
            let uid = included.event::<NeuronRegistered>().map(|registered| registered.uid.get());
            Ok(RootRegisterOutput { hotkey: hotkey.key.to_string(), uid })
        })?)?)
    }
}
