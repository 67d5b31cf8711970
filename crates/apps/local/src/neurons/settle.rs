//! The set-up of a subnet before its neurons run: keys, TAO, the subnet, its model, seats and stake.
//!
//! Each step is skipped if an earlier start has done it, so an interrupted set-up continues with the next start.

use super::people::{LocalNeuron, OWNER, RESIDENTS};
use crate::LocalError;
use futures::future::try_join_all;
use myelin_client::{
    Account, Amount, Chain, NetUid, PublicKey, SubmissionOutcome, SubnetIdentity, Tao,
    calls::{self, Call},
    runtime::runtime_types::myelin_runtime::RuntimeCall,
    subxt::tx::Payload,
};
use myelin_keys::{
    Environment, HotkeyName, Mnemonic, OnExisting, Protection, Secret, Wallet, WalletError, Wallets, WordCount,
};
use myelin_primitives::RAO_PER_TAO;
use myelin_subnet_text::{
    ModelHash,
    published::{PublishedModelError, item, require},
};
use std::time::Duration;

/// Longest wait until a transaction is final.
const FINALITY_TIMEOUT: Duration = Duration::from_mins(1);

/// Balance that each wallet needs for a seat and fees, in rao.
const POCKET_MONEY: u64 = 5 * RAO_PER_TAO;

/// Name of the subnet.
const NAME: &str = "text";

/// The keys of a wallet of the network.
struct OpenWallet {
    coldkey: Account,
    hotkey: Account,
}

/// A subnet and its neurons, after the set-up.
pub(super) struct NeuronSetup {
    pub(super) netuid: NetUid,
    /// Hotkey of each neuron, in the order of [`RESIDENTS`].
    pub(super) hotkeys: Vec<PublicKey>,
    pub(super) owner: PublicKey,
}

/// Creates the missing parts with the TAO of a development account, and reports each step to `say`.
pub(super) async fn set_up_neurons(
    chain: &Chain,
    wallets: &Wallets,
    model: ModelHash,
    mut say: impl FnMut(&str),
) -> Result<NeuronSetup, LocalError> {
    let open = |name: &str| open(chain, &wallets.wallet(name.parse()?));
    let owner = open(OWNER)?;
    let residents = RESIDENTS.iter().map(|resident| open(resident.name)).collect::<Result<Vec<_>, _>>()?;

    say("funding the wallets");
    let bank = Account::new(chain, bank_key()?.into_keypair());
    let price = chain.at_finalised().await?.subnet_price().await?;
    let stakes = residents.iter().zip(RESIDENTS).map(|(opened, resident)| (opened, resident.stake(), resident.stake()));
    let everybody = std::iter::once((&owner, Amount::ZERO, price)).chain(stakes);
    try_join_all(everybody.map(|(opened, stake, needs)| fund(chain, &bank, opened, stake, needs))).await?;

    say("creating the subnet");
    let netuid = subnet(chain, &owner).await?;

    say("publishing its model");
    match require(&chain.at_finalised().await?, netuid, model).await {
        Ok(_) => {}
        Err(PublishedModelError::Chain(error)) => return Err(error.into()),
        Err(_) => {
            let call = calls::set_commitment(netuid, item(model));
            carry(&owner.hotkey, &call).await?;
        }
    }

    say("taking seats and staking");
    try_join_all(residents.iter().zip(RESIDENTS).map(|(opened, resident)| join(chain, netuid, opened, resident)))
        .await?;
    let hotkeys = residents.iter().map(|opened| opened.hotkey.public()).collect();
    Ok(NeuronSetup { netuid, hotkeys, owner: owner.hotkey.public() })
}

/// Returns the key of a development account with a balance at genesis. The key is public.
fn bank_key() -> Result<Secret, LocalError> {
    Ok(Secret::from_uri("//Alice")?)
}

/// Opens a wallet, and creates missing keys. The keys are not encrypted, because they are for this machine only.
fn open(chain: &Chain, wallet: &Wallet) -> Result<OpenWallet, LocalError> {
    let password = Environment::of_process();
    let name = HotkeyName::default();
    let new = || Ok::<_, LocalError>(Secret::from_mnemonic(Mnemonic::generate(WordCount::Twelve)?));
    let coldkey = match wallet.coldkey(&password) {
        Err(WalletError::NoWallet { .. } | WalletError::NoColdkey { .. }) => {
            let secret = new()?;
            wallet.create_coldkey(&secret, Protection::Plain, OnExisting::Refuse)?;
            secret
        }
        other => other?,
    };
    let hotkey = match wallet.hotkey(&name, &password) {
        Err(WalletError::NoWallet { .. } | WalletError::NoHotkey { .. }) => {
            let secret = new()?;
            wallet.create_hotkey(&name, &secret, Protection::Plain, OnExisting::Refuse)?;
            secret
        }
        other => other?,
    };
    let account = |secret: Secret| Account::new(chain, secret.into_keypair());
    Ok(OpenWallet { coldkey: account(coldkey), hotkey: account(hotkey) })
}

/// Transfers the missing balance to a coldkey, unless its hotkey already has a seat with this stake.
async fn fund(
    chain: &Chain,
    bank: &Account,
    who: &OpenWallet,
    stake: Amount<Tao>,
    needs: Amount<Tao>,
) -> Result<(), LocalError> {
    let now = chain.at_finalised().await?;
    let (coldkey, hotkey) = (who.coldkey.public(), who.hotkey.public());
    let has = now.balance(&coldkey).await?.free;
    let settled = now.hotkey(&hotkey).await?.is_some_and(|hotkey| !hotkey.seats.is_empty() && hotkey.stake >= stake);
    let wanted = needs.checked_add(Amount::from_rao(POCKET_MONEY)).unwrap_or(Amount::MAX);
    let Ok(missing) = wanted.checked_sub(has) else { return Ok(()) };
    if settled || missing.is_zero() {
        return Ok(());
    }
    carry(bank, &calls::transfer(&coldkey, missing)).await
}

/// Returns the subnet of this owner, and creates it if there is none.
async fn subnet(chain: &Chain, owner: &OpenWallet) -> Result<NetUid, LocalError> {
    let find = async || {
        let subnets = chain.at_finalised().await?.subnets().await?;
        let mine = subnets.into_iter().find(|subnet| subnet.owner == Some(owner.coldkey.public()));
        Ok::<_, LocalError>(mine.map(|subnet| subnet.netuid))
    };
    if let Some(netuid) = find().await? {
        return Ok(netuid);
    }
    let identity = SubnetIdentity { subnet_name: NAME.into(), ..SubnetIdentity::default() };
    let call = calls::register_network_with_identity(&owner.hotkey.public(), identity);
    carry_paired(chain, owner, &call).await?;
    find().await?.ok_or(LocalError::NoSubnet)
}

/// Registers the hotkey of a neuron, and stakes on it.
async fn join(chain: &Chain, netuid: NetUid, who: &OpenWallet, resident: LocalNeuron) -> Result<(), LocalError> {
    let hotkey = who.hotkey.public();
    let now = chain.at_finalised().await?;
    if now.uid(netuid, &hotkey).await?.is_none() {
        carry_paired(chain, who, &calls::burned_register(netuid, &hotkey)).await?;
    }
    let staked = now.hotkey(&hotkey).await?.map_or(Amount::ZERO, |hotkey| hotkey.stake);
    if let Ok(missing) = resident.stake().checked_sub(staked)
        && !missing.is_zero()
    {
        carry(&who.coldkey, &calls::add_stake(&hotkey, missing)).await?;
    }
    Ok(())
}

/// Makes a call of a coldkey that needs a pair with the hotkey, and the pair before it if there is none: both, or neither.
async fn carry_paired<Arguments>(chain: &Chain, who: &OpenWallet, call: &Call<Arguments>) -> Result<(), LocalError>
where
    Arguments: Clone + Into<RuntimeCall>,
    Call<Arguments>: Payload,
{
    let hotkey = who.hotkey.public();
    if chain.at_finalised().await?.hotkey(&hotkey).await?.is_some() {
        return carry(&who.coldkey, call).await;
    }
    let consent = who.hotkey.consent(&who.coldkey.public(), &hotkey);
    carry(&who.coldkey, &calls::associate_first(&hotkey, Some(consent), call)).await
}

/// Signs and submits a call, and waits until it is final.
async fn carry<Call: Payload>(account: &Account, call: &Call) -> Result<(), LocalError> {
    let failed = |error, included| LocalError::Call { error: Box::new(error), included };
    let sent = account.send(call).await.map_err(|error| failed(error, None))?;
    match account.outcome(&sent, FINALITY_TIMEOUT).await {
        SubmissionOutcome::Finalised(_) => Ok(()),
        SubmissionOutcome::Failed { error, included } => {
            Err(failed(error, included.map(|included| (included.height, included.fee))))
        }
        SubmissionOutcome::Unseen(unseen) => Err(LocalError::Unseen(Box::new(unseen))),
    }
}
