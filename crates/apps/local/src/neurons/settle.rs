//! Makes what a subnet needs before its neurons can run, as far as it is not there yet: keys, TAO, the subnet, the model it
//! serves, seats and stake. What an earlier start was interrupted in, the next one finishes.

use super::people::{LocalNeuron, OWNER, RESIDENTS};
use crate::LocalError;
use futures::future::try_join_all;
use myelin_client::{
    Account, Amount, Chain, NetUid, PublicKey, SubmissionOutcome, SubnetIdentity, Tao, calls, subxt::tx::Payload,
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

/// The longest time that a transaction may take to become final.
const FINALITY_TIMEOUT: Duration = Duration::from_mins(1);

/// The TAO that each wallet needs for a seat and fees, in rao.
const POCKET_MONEY: u64 = 5 * RAO_PER_TAO;

/// The name of the subnet.
const NAME: &str = "text";

/// A wallet of the network, opened.
struct OpenWallet {
    coldkey: Account,
    hotkey: Account,
}

/// A subnet and its neurons, after the set-up.
pub(super) struct NeuronSetup {
    pub(super) netuid: NetUid,
    /// The hotkey of each resident, in the order of [`RESIDENTS`].
    pub(super) hotkeys: Vec<PublicKey>,
    pub(super) owner: PublicKey,
}

/// Makes what is missing, with the TAO of a development account. `say` is told each step.
pub(super) async fn set_up_neurons(
    chain: &Chain,
    wallets: &Wallets,
    model: ModelHash,
    mut say: impl FnMut(&str),
) -> Result<NeuronSetup, LocalError> {
    let open = |name: &str| open(chain, &wallets.wallet(name.parse()?));
    let owner = open(OWNER)?;
    let residents = RESIDENTS.iter().map(|resident| open(resident.name)).collect::<Result<Vec<_>, _>>()?;

    say("giving everybody some TAO");
    let bank = Account::new(chain, bank_key()?.into_keypair());
    let price = chain.at_finalised().await?.subnet_price().await?;
    let stakes = residents.iter().zip(RESIDENTS).map(|(opened, resident)| (opened, resident.stake(), resident.stake()));
    let everybody = std::iter::once((&owner, Amount::ZERO, price)).chain(stakes);
    try_join_all(everybody.map(|(opened, stake, needs)| fund(chain, &bank, opened, stake, needs))).await?;

    say("creating the subnet");
    let netuid = subnet(chain, &owner).await?;

    say("publishing which model it serves");
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

/// Returns the key of an account that chains of one machine endow. It is public.
fn bank_key() -> Result<Secret, LocalError> {
    Ok(Secret::from_uri("//Alice")?)
}

/// Opens a wallet, and makes what it lacks. Its keys are as good as public: they are for this machine only.
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

/// Sees to it that a coldkey can pay for what it needs, until it has a seat with this stake.
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

/// The subnet of this owner, created if there is none.
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
    carry(&owner.coldkey, &calls::register_network_with_identity(&owner.hotkey.public(), identity)).await?;
    find().await?.ok_or(LocalError::NoSubnet)
}

/// Takes a resident's seat, and stakes on it.
async fn join(chain: &Chain, netuid: NetUid, who: &OpenWallet, resident: LocalNeuron) -> Result<(), LocalError> {
    let hotkey = who.hotkey.public();
    let now = chain.at_finalised().await?;
    if now.uid(netuid, &hotkey).await?.is_none() {
        carry(&who.coldkey, &calls::burned_register(netuid, &hotkey)).await?;
    }
    let staked = now.hotkey(&hotkey).await?.map_or(Amount::ZERO, |hotkey| hotkey.stake);
    if let Ok(missing) = resident.stake().checked_sub(staked)
        && !missing.is_zero()
    {
        carry(&who.coldkey, &calls::add_stake(&hotkey, missing)).await?;
    }
    Ok(())
}

/// Signs, submits and waits until the block is final. No question is asked: the keys are of this machine only.
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
