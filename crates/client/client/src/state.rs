//! The chain as of one block.

use crate::{
    calls::SubnetIdentity,
    chain::ChainConfig,
    data::Commitment,
    error::ChainError,
    mirror::account,
    runtime::{
        self,
        runtime_apis::myelin_api::MyelinApi,
        runtime_types::myelin_pallet_subnets::parameters::{NetworkParameters, Parameters},
    },
    views::{
        BalanceInfo, CommitInfo, DelegatePage, HotkeyInfo, IssuanceInfo, MetagraphInfo, NeuronInfo, RatingsInfo,
        StakeInfo, SubnetInfo,
    },
};
use myelin_economics::subnet_price::LastCreation;
use myelin_keys::PublicKey;
use myelin_primitives::{Amount, BlockNumber, NetUid, Tao, Uid};
use std::time::Duration;
use subxt::{
    client::OnlineClientAtBlock,
    events::{DecodeAsEvent, Events},
    runtime_apis::Payload,
    storage::Address,
    utils::H256,
};

/// The chain as of one block. Whatever is read from one moment fits together.
#[derive(Clone, Debug)]
pub struct ChainState(OnlineClientAtBlock<ChainConfig>);

/// The questions that the runtime answers.
fn api() -> MyelinApi {
    runtime::runtime_apis().myelin_api()
}

impl ChainState {
    pub(crate) const fn new(at: OnlineClientAtBlock<ChainConfig>) -> Self {
        Self(at)
    }

    /// The height of the block.
    pub fn height(&self) -> u64 {
        self.0.block_number()
    }

    /// The hash of the block.
    pub fn hash(&self) -> H256 {
        self.0.block_hash()
    }

    /// The library underneath, for what is not offered here.
    pub fn client(&self) -> &OnlineClientAtBlock<ChainConfig> {
        &self.0
    }
}

/// What the runtime is asked. Every answer is bounded, by the seats of a network or the networks there can be.
///
/// All of them fail if no node answers, if the node at hand does not know the block or has forgotten its state, and if
/// the runtime at this block is not the one that this crate was built for.
#[allow(clippy::missing_errors_doc, reason = "said once, above")]
impl ChainState {
    /// How much TAO there is, and how much more comes.
    pub async fn issuance(&self) -> Result<IssuanceInfo, ChainError> {
        Ok(self.ask(api().issuance()).await?.into())
    }

    /// All networks, root included, netuids ascending.
    pub async fn subnets(&self) -> Result<Vec<SubnetInfo>, ChainError> {
        Ok(all(self.ask(api().subnets()).await?))
    }

    /// One network.
    pub async fn subnet(&self, netuid: NetUid) -> Result<Option<SubnetInfo>, ChainError> {
        Ok(self.ask(api().subnet(netuid.into())).await?.map(Into::into))
    }

    /// How a network is set.
    pub async fn parameters(&self, netuid: NetUid) -> Result<Option<Parameters>, ChainError> {
        self.ask(api().parameters(netuid.into())).await
    }

    /// How all networks together are set.
    pub async fn network_parameters(&self) -> Result<NetworkParameters, ChainError> {
        self.ask(api().network_parameters()).await
    }

    /// What creating a subnet costs in the next block. What a seat costs stands in [`SubnetInfo::registration`].
    pub async fn subnet_price(&self) -> Result<Amount<Tao>, ChainError> {
        Ok(self.ask(api().subnet_price()).await?.into())
    }

    /// The subnet that creating another one would replace, if the limit is reached.
    pub async fn subnet_to_prune(&self) -> Result<Option<NetUid>, ChainError> {
        Ok(self.ask(api().subnet_to_prune()).await?.map(Into::into))
    }

    /// A network with all its neurons.
    pub async fn metagraph(&self, netuid: NetUid) -> Result<Option<MetagraphInfo>, ChainError> {
        Ok(self.ask(api().metagraph(netuid.into())).await?.map(Into::into))
    }

    /// One neuron.
    pub async fn neuron(&self, netuid: NetUid, uid: Uid) -> Result<Option<NeuronInfo>, ChainError> {
        Ok(self.ask(api().neuron(netuid.into(), uid.into())).await?.map(Into::into))
    }

    /// The seat of a hotkey.
    pub async fn uid(&self, netuid: NetUid, hotkey: &PublicKey) -> Result<Option<Uid>, ChainError> {
        Ok(self.ask(api().uid(netuid.into(), account(hotkey))).await?.map(Into::into))
    }

    /// What one neuron says of others, and what it holds of them.
    pub async fn ratings(&self, netuid: NetUid, uid: Uid) -> Result<Option<RatingsInfo>, ChainError> {
        Ok(self.ask(api().ratings(netuid.into(), uid.into())).await?.map(Into::into))
    }

    /// The block of a network's next epoch, unless its tempo is 0.
    pub async fn next_epoch(&self, netuid: NetUid) -> Result<Option<BlockNumber>, ChainError> {
        self.ask(api().next_epoch(netuid.into())).await
    }

    /// All stake of a coldkey.
    pub async fn positions(&self, coldkey: &PublicKey) -> Result<Vec<StakeInfo>, ChainError> {
        Ok(all(self.ask(api().positions(account(coldkey))).await?))
    }

    /// The hotkeys that a coldkey owns.
    pub async fn hotkeys(&self, coldkey: &PublicKey) -> Result<Vec<HotkeyInfo>, ChainError> {
        Ok(all(self.ask(api().hotkeys(account(coldkey))).await?))
    }

    /// A hotkey and what is staked on it.
    pub async fn hotkey(&self, hotkey: &PublicKey) -> Result<Option<HotkeyInfo>, ChainError> {
        Ok(self.ask(api().hotkey(account(hotkey))).await?.map(Into::into))
    }

    /// A page of the hotkeys that accept nominations, after the hotkey at which the last page ended.
    pub async fn delegate_page(&self, after: Option<&PublicKey>) -> Result<DelegatePage, ChainError> {
        Ok(self.ask(api().delegates(after.map(account))).await?.into())
    }

    /// All hotkeys that accept nominations, page after page.
    pub async fn delegates(&self) -> Result<Vec<HotkeyInfo>, ChainError> {
        let mut page = self.delegate_page(None).await?;
        let mut delegates = page.delegates;
        while let Some(next) = page.next {
            page = self.delegate_page(Some(&next)).await?;
            delegates.append(&mut page.delegates);
        }
        Ok(delegates)
    }

    /// The commits of a hotkey that are neither revealed nor expired, oldest first.
    pub async fn commits(&self, netuid: NetUid, hotkey: &PublicKey) -> Result<Vec<CommitInfo>, ChainError> {
        Ok(all(self.ask(api().commits(netuid.into(), account(hotkey))).await?))
    }

    /// What the neuron on a seat has published.
    pub async fn commitment(&self, netuid: NetUid, uid: Uid) -> Result<Option<Commitment>, ChainError> {
        let place = runtime::storage().neurons().commitments();
        let value = self.0.storage().try_fetch(place, (netuid.into(), uid.into())).await?;
        let commitment = value.map(|value| value.decode()).transpose().map_err(subxt::Error::from)?;
        Ok(commitment.map(Into::into))
    }

    /// The last creation of a subnet, from which the price of the next follows. spec subnets-and-neurons §2.1
    pub async fn last_creation(&self) -> Result<Option<LastCreation>, ChainError> {
        let last = self.try_read(runtime::storage().subnets().last_creation(), ()).await?;
        Ok(last.map(|last| LastCreation { paid: last.paid.into(), block: last.block }))
    }

    /// What a subnet says of itself.
    pub async fn subnet_identity(&self, netuid: NetUid) -> Result<Option<SubnetIdentity>, ChainError> {
        let identity = self.try_read(runtime::storage().subnets().identities(), (netuid.into(),)).await?;
        Ok(identity.map(|identity| SubnetIdentity {
            subnet_name: identity.subnet_name.0,
            github_repo: identity.github_repo.0,
            subnet_contact: identity.subnet_contact.0,
            subnet_url: identity.subnet_url.0,
            discord: identity.discord.0,
            description: identity.description.0,
            logo_url: identity.logo_url.0,
            additional: identity.additional.0,
        }))
    }

    /// What a swap of a hotkey, or the first announcement of a coldkey swap, costs. spec staking §10
    pub fn key_swap_cost(&self) -> Result<Amount<Tao>, ChainError> {
        let cost = self.0.constants().entry(runtime::constants().keys().key_swap_cost());
        cost.map(Into::into).map_err(|error| subxt::Error::from(error).into())
    }

    /// The time from one block to the next, if no authority is missing.
    pub async fn slot_duration(&self) -> Result<Duration, ChainError> {
        Ok(Duration::from_millis(self.ask(runtime::runtime_apis().aura_api().slot_duration()).await?.0))
    }

    /// What an account can pay with.
    pub async fn balance(&self, key: &PublicKey) -> Result<BalanceInfo, ChainError> {
        let stored = self.read(runtime::storage().system().account(), (account(key),)).await?;
        Ok(stored.data.into())
    }

    /// What the runtime answers to any question of the generated interface.
    pub async fn ask<Question: Payload>(&self, question: Question) -> Result<Question::ReturnType, ChainError> {
        Ok(self.0.runtime_apis().call(question).await?)
    }

    /// What is stored at any place of the generated interface, or its default.
    pub async fn read<Place: Address>(&self, place: Place, keys: Place::KeyParts) -> Result<Place::Value, ChainError> {
        let value = self.0.storage().fetch(place, keys).await?;
        value.decode().map_err(|error| subxt::Error::from(error).into())
    }

    /// What is stored at any place of the generated interface, if anything is.
    pub async fn try_read<Place: Address>(
        &self,
        place: Place,
        keys: Place::KeyParts,
    ) -> Result<Option<Place::Value>, ChainError> {
        let value = self.0.storage().try_fetch(place, keys).await?;
        Ok(value.map(|value| value.decode()).transpose().map_err(subxt::Error::from)?)
    }

    /// All events of one kind in this block, in their order.
    pub async fn events<Event: DecodeAsEvent>(&self) -> Result<Vec<Event>, ChainError> {
        self.all_events().await?.find::<Event>().map(|event| Ok(event?)).collect()
    }

    /// All events of this block.
    pub async fn all_events(&self) -> Result<Events<ChainConfig>, ChainError> {
        Ok(self.0.events().fetch().await?)
    }
}

fn all<Theirs, Ours: From<Theirs>>(answers: Vec<Theirs>) -> Vec<Ours> {
    answers.into_iter().map(Ours::from).collect()
}
