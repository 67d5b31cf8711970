//! The chain as of one block.

use crate::{
    chain::ChainConfig,
    error::ChainError,
    key::account,
    runtime::{
        self,
        runtime_apis::myelin_api::MyelinApi,
        runtime_types::{frame_system::AccountInfo, pallet_balances::types::AccountData},
    },
};
use myelin_economics::subnet_price::LastCreation;
use myelin_keys::PublicKey;
use myelin_primitives::{Amount, BlockNumber, NetUid, Tao, Uid};
use myelin_records::{
    commitment::Commitment,
    info::{
        CommitInfo, DelegatePage, HotkeyInfo, IssuanceInfo, MetagraphInfo, NeuronInfo, RatingsInfo, StakeInfo,
        SubnetInfo,
    },
    key::{ChainIdentity, ColdkeySwap},
    parameters::{NetworkParameters, Parameters},
    stake::Family,
    subnet::{LaunchPhase, SubnetIdentity},
    weights::{StorageIndex, WeightsRow},
};
use std::{collections::BTreeSet, time::Duration};
use subxt::{
    client::OnlineClientAtBlock,
    events::{DecodeAsEvent, Events},
    runtime_apis::Payload,
    storage::Address,
    utils::{AccountId32, H256, Static},
};

/// The chain as of one block. All reads of one state are consistent with each other.
#[derive(Clone, Debug)]
pub struct ChainState(OnlineClientAtBlock<ChainConfig>);

/// The balance of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BalanceInfo {
    /// Amount that it may spend, down to the existential deposit.
    pub free: Amount<Tao>,
    /// Amount that is set aside for deposits of proxies, multisig calls and the like.
    pub reserved: Amount<Tao>,
    /// Part of the free balance that must stay.
    pub frozen: Amount<Tao>,
}

impl From<AccountData<u64>> for BalanceInfo {
    fn from(data: AccountData<u64>) -> Self {
        let AccountData { free, reserved, frozen, .. } = data;
        let [free, reserved, frozen] = [free, reserved, frozen].map(Amount::from_rao);
        Self { free, reserved, frozen }
    }
}

/// Returns the place of the records of accounts.
///
/// Its layout is not compared with that of the node: the nonce of a new account is the number of the block, so the
/// default in the node's metadata is another one in each block.
pub fn account_records()
-> impl Address<KeyParts = (AccountId32,), Value = AccountInfo<u32, AccountData<u64>>> + Send + Sync + 'static {
    runtime::storage().system().account().unvalidated()
}

/// Returns the methods of the runtime API.
fn api() -> MyelinApi {
    runtime::runtime_apis().myelin_api()
}

impl ChainState {
    pub(crate) const fn new(at: OnlineClientAtBlock<ChainConfig>) -> Self {
        Self(at)
    }

    /// Returns the height of the block.
    pub fn height(&self) -> u64 {
        self.0.block_number()
    }

    /// Returns the hash of the block.
    pub fn hash(&self) -> H256 {
        self.0.block_hash()
    }

    /// Returns the client of subxt at this block, for reads that this crate does not offer.
    pub fn client(&self) -> &OnlineClientAtBlock<ChainConfig> {
        &self.0
    }
}

/// Reads from the runtime. The seats of a network or the number of networks bound every answer.
///
/// Each returns [`ChainError`] if no node answers, if the node does not have the block or its state, or if the runtime
/// at this block is not the one for which this crate was built.
#[allow(clippy::missing_errors_doc, reason = "said once, above")]
impl ChainState {
    /// Returns the issuance and the emission.
    pub async fn issuance(&self) -> Result<IssuanceInfo, ChainError> {
        Ok(self.ask(api().issuance()).await?.0)
    }

    /// Returns the time of the block, in milliseconds since the Unix epoch.
    pub async fn timestamp(&self) -> Result<u64, ChainError> {
        self.read(runtime::storage().timestamp().now(), ()).await
    }

    /// Returns the part of the block that free calls took, of the room of all transactions, in billionths.
    pub async fn free_share(&self) -> Result<u32, ChainError> {
        Ok(self.ask(api().free_share()).await?.0)
    }

    /// Returns all networks, root included, in ascending order of netuid.
    pub async fn subnets(&self) -> Result<Vec<SubnetInfo>, ChainError> {
        Ok(self.ask(api().subnets()).await?.into_iter().map(record).collect())
    }

    /// Returns one network.
    pub async fn subnet(&self, netuid: NetUid) -> Result<Option<SubnetInfo>, ChainError> {
        Ok(self.ask(api().subnet(netuid.into())).await?.map(record))
    }

    /// Returns the parameters of a network.
    pub async fn parameters(&self, netuid: NetUid) -> Result<Option<Parameters>, ChainError> {
        Ok(self.ask(api().parameters(netuid.into())).await?.map(record))
    }

    /// Returns the parameters that apply to all networks.
    pub async fn network_parameters(&self) -> Result<NetworkParameters, ChainError> {
        self.ask(api().network_parameters()).await?.map(record).ok_or(ChainError::NoParameters(self.height()))
    }

    /// Returns the price of creating a subnet in the next block.
    ///
    /// The price of a seat is in [`SubnetInfo::registration`].
    pub async fn subnet_price(&self) -> Result<Amount<Tao>, ChainError> {
        Ok(self.ask(api().subnet_price()).await?.0)
    }

    /// Returns the subnet that the next new subnet would replace, if the limit of subnets is reached.
    pub async fn subnet_to_prune(&self) -> Result<Option<NetUid>, ChainError> {
        Ok(self.ask(api().subnet_to_prune()).await?.map(record))
    }

    /// Returns a network with all its neurons.
    pub async fn metagraph(&self, netuid: NetUid) -> Result<Option<MetagraphInfo>, ChainError> {
        Ok(self.ask(api().metagraph(netuid.into())).await?.map(record))
    }

    /// Returns one neuron.
    pub async fn neuron(&self, netuid: NetUid, uid: Uid) -> Result<Option<NeuronInfo>, ChainError> {
        Ok(self.ask(api().neuron(netuid.into(), uid.into())).await?.map(record))
    }

    /// Returns the uid of the seat of a hotkey.
    pub async fn uid(&self, netuid: NetUid, hotkey: &PublicKey) -> Result<Option<Uid>, ChainError> {
        Ok(self.ask(api().uid(netuid.into(), account(hotkey))).await?.map(record))
    }

    /// Returns the weights and the bonds of one neuron.
    pub async fn ratings(&self, netuid: NetUid, uid: Uid) -> Result<Option<RatingsInfo>, ChainError> {
        Ok(self.ask(api().ratings(netuid.into(), uid.into())).await?.map(record))
    }

    /// Returns the block of the network's next epoch, unless its tempo is 0.
    pub async fn next_epoch(&self, netuid: NetUid) -> Result<Option<BlockNumber>, ChainError> {
        self.ask(api().next_epoch(netuid.into())).await
    }

    /// Returns all stake of a coldkey.
    pub async fn positions(&self, coldkey: &PublicKey) -> Result<Vec<StakeInfo>, ChainError> {
        Ok(self.ask(api().positions(account(coldkey))).await?.into_iter().map(record).collect())
    }

    /// Returns the hotkeys that a coldkey owns.
    pub async fn hotkeys(&self, coldkey: &PublicKey) -> Result<Vec<HotkeyInfo>, ChainError> {
        Ok(self.ask(api().hotkeys(account(coldkey))).await?.into_iter().map(record).collect())
    }

    /// Returns a hotkey and its stake.
    pub async fn hotkey(&self, hotkey: &PublicKey) -> Result<Option<HotkeyInfo>, ChainError> {
        Ok(self.ask(api().hotkey(account(hotkey))).await?.map(record))
    }

    /// Returns a page of delegates, after the hotkey at which the last page ended.
    pub async fn delegate_page(&self, after: Option<&PublicKey>) -> Result<DelegatePage, ChainError> {
        Ok(self.ask(api().delegates(after.map(account))).await?.0)
    }

    /// Returns all delegates, read page by page.
    pub async fn delegates(&self) -> Result<Vec<HotkeyInfo>, ChainError> {
        let mut page = self.delegate_page(None).await?;
        let mut delegates = page.delegates;
        let mut ends = BTreeSet::new();
        while let Some(next) = page.next {
            if !ends.insert(next) {
                return Err(ChainError::RepeatedPage("delegates"));
            }
            page = self.delegate_page(Some(&next)).await?;
            delegates.append(&mut page.delegates);
        }
        Ok(delegates)
    }

    /// Returns the commits of a hotkey that are neither revealed nor expired, oldest first.
    pub async fn commits(&self, netuid: NetUid, hotkey: &PublicKey) -> Result<Vec<CommitInfo>, ChainError> {
        Ok(self.ask(api().commits(netuid.into(), account(hotkey))).await?.into_iter().map(record).collect())
    }

    /// Returns the commitment of the neuron on a seat.
    pub async fn commitment(&self, netuid: NetUid, uid: Uid) -> Result<Option<Commitment>, ChainError> {
        let stored = self.try_read(runtime::storage().neurons().commitments(), (netuid.into(), uid.into())).await?;
        Ok(stored.map(record))
    }

    /// Returns the weights of the neuron on a seat as they are stored, with the block in which they were fixed.
    pub async fn weights_row(&self, netuid: NetUid, uid: Uid) -> Result<Option<WeightsRow>, ChainError> {
        let matrix = StorageIndex::from(netuid);
        Ok(self.try_read(runtime::storage().weights().rows(), (matrix.into(), uid.into())).await?.map(record))
    }

    /// Returns the launch phase of the chain (spec tokenomics §10).
    pub async fn launch(&self) -> Result<LaunchPhase, ChainError> {
        Ok(self.read(runtime::storage().subnets().launch(), ()).await?.0)
    }

    /// Returns the last creation of a subnet, from which the next price follows (spec subnets-and-neurons §2.1).
    pub async fn last_creation(&self) -> Result<Option<LastCreation>, ChainError> {
        Ok(self.try_read(runtime::storage().subnets().last_creation(), ()).await?.map(record))
    }

    /// Returns the identity of a subnet.
    pub async fn subnet_identity(&self, netuid: NetUid) -> Result<Option<SubnetIdentity>, ChainError> {
        let stored = self.try_read(runtime::storage().subnets().identities(), (netuid.into(),)).await?;
        Ok(stored.map(record))
    }

    /// Returns the children and the parents of a hotkey on a subnet.
    pub async fn family(&self, netuid: NetUid, hotkey: &PublicKey) -> Result<Family, ChainError> {
        let families = runtime::storage().staking().families();
        Ok(self.read(families, (netuid.into(), account(hotkey))).await?.0)
    }

    /// Returns the announced swap of a coldkey, if there is one.
    pub async fn coldkey_swap(&self, coldkey: &PublicKey) -> Result<Option<ColdkeySwap>, ChainError> {
        let stored = self.try_read(runtime::storage().keys().coldkey_swaps(), (account(coldkey),)).await?;
        Ok(stored.map(record))
    }

    /// Returns the identity of a coldkey.
    pub async fn identity(&self, coldkey: &PublicKey) -> Result<Option<ChainIdentity>, ChainError> {
        let stored = self.try_read(runtime::storage().keys().identities(), (account(coldkey),)).await?;
        Ok(stored.map(record))
    }

    /// Returns the cost of a hotkey swap, or of the first announcement of a coldkey swap (spec staking §10).
    pub fn key_swap_cost(&self) -> Result<Amount<Tao>, ChainError> {
        let cost = self.0.constants().entry(runtime::constants().keys().key_swap_cost());
        cost.map(record).map_err(|error| subxt::Error::from(error).into())
    }

    /// Returns the cost of a pair that a coldkey makes (spec staking §2).
    pub fn pair_cost(&self) -> Result<Amount<Tao>, ChainError> {
        let cost = self.0.constants().entry(runtime::constants().keys().pair_cost());
        cost.map(record).map_err(|error| subxt::Error::from(error).into())
    }

    /// Returns the cost of an identity (spec subnets-and-neurons §15.2).
    pub fn identity_cost(&self) -> Result<Amount<Tao>, ChainError> {
        let cost = self.0.constants().entry(runtime::constants().keys().identity_cost());
        cost.map(record).map_err(|error| subxt::Error::from(error).into())
    }

    /// Returns the time between two blocks while no authority is missing.
    pub async fn slot_duration(&self) -> Result<Duration, ChainError> {
        Ok(Duration::from_millis(self.ask(runtime::runtime_apis().aura_api().slot_duration()).await?.0))
    }

    /// Returns the balance of an account.
    pub async fn balance(&self, key: &PublicKey) -> Result<BalanceInfo, ChainError> {
        let stored = self.read(account_records(), (account(key),)).await?;
        Ok(stored.data.into())
    }

    /// Calls any method of the runtime API in the generated interface.
    pub async fn ask<Question: Payload>(&self, question: Question) -> Result<Question::ReturnType, ChainError> {
        self.0.runtime_apis().call(question).await.map_err(|error| self.failure(error))
    }

    /// Reads any storage entry of the generated interface, or its default.
    pub async fn read<Place: Address>(&self, place: Place, keys: Place::KeyParts) -> Result<Place::Value, ChainError> {
        let value = self.0.storage().fetch(place, keys).await.map_err(|error| self.failure(error))?;
        value.decode().map_err(|error| subxt::Error::from(error).into())
    }

    /// Reads any storage entry of the generated interface, if it has a value.
    pub async fn try_read<Place: Address>(
        &self,
        place: Place,
        keys: Place::KeyParts,
    ) -> Result<Option<Place::Value>, ChainError> {
        let value = self.0.storage().try_fetch(place, keys).await.map_err(|error| self.failure(error))?;
        Ok(value.map(|value| value.decode()).transpose().map_err(subxt::Error::from)?)
    }

    /// Returns all events of one kind in this block, in their order.
    pub async fn events<Event: DecodeAsEvent>(&self) -> Result<Vec<Event>, ChainError> {
        self.all_events().await?.find::<Event>().map(|event| Ok(event?)).collect()
    }

    /// Returns all events of this block.
    pub async fn all_events(&self) -> Result<Events<ChainConfig>, ChainError> {
        self.0.events().fetch().await.map_err(|error| self.failure(error))
    }

    /// Returns the error of a read through [`Self::client`]. It names the block if the node has discarded its state.
    pub fn failure(&self, error: impl Into<ChainError>) -> ChainError {
        error.into().of(&self.height())
    }
}

/// Unwraps a record.
fn record<Record>(wrapped: Static<Record>) -> Record {
    wrapped.0
}
