//! Rows of networks.

use crate::{
    commands::metagraph::{LastEpochRow, none, title},
    page::{Page, Render, Tone},
};
use myelin_client::{Amount, BlockNumber, NetUid, SubnetInfo, Tao};
use schemars::JsonSchema;
use serde::Serialize;

/// A network. Amounts are in rao.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SubnetRow {
    /// Number of the network; 0 is root.
    #[schemars(with = "u16")]
    pub(super) netuid: NetUid,
    /// Name that its owner set; not verified.
    pub(super) name: String,
    /// Address of its owner's coldkey.
    owner: Option<String>,
    /// Address of its owner hotkey.
    owner_hotkey: Option<String>,
    /// Block of its creation.
    registered_at: BlockNumber,
    /// TAO that is locked for it.
    #[schemars(with = "u64")]
    locked: Amount<Tao>,
    /// Blocks between two epochs, less one.
    tempo: u16,
    /// Number of taken seats.
    pub(super) neurons: u16,
    /// Number of all seats.
    pub(super) seats: u16,
    /// Emission that it receives per block.
    #[schemars(with = "u64")]
    pub(super) emission: Amount<Tao>,
    /// Pending emission since its last epoch.
    #[schemars(with = "u64")]
    pending: Amount<Tao>,
    /// Last epoch.
    last_epoch: Option<LastEpochRow>,
    /// Block of its next epoch.
    pub(super) next_epoch: Option<BlockNumber>,
    /// Price of a seat; absent if burned registration is closed.
    #[schemars(with = "Option<u64>")]
    pub(super) burn: Option<Amount<Tao>>,
    /// Average number of seals to try for a seat; absent if registration by work is closed.
    pub(super) difficulty: Option<u64>,
    /// Sum of the prices of all seats so far, which were recycled and can be emitted again.
    #[schemars(with = "u64")]
    recycled: Amount<Tao>,
    /// Block of the next adjustment of price and difficulty.
    adjusts_at: BlockNumber,
    #[serde(skip)]
    title: String,
}

impl From<SubnetInfo> for SubnetRow {
    fn from(subnet: SubnetInfo) -> Self {
        Self {
            title: title(subnet.netuid, &subnet),
            netuid: subnet.netuid,
            name: subnet.name().into_owned(),
            owner: subnet.owner.map(|owner| owner.to_string()),
            owner_hotkey: subnet.owner_hotkey.map(|hotkey| hotkey.to_string()),
            registered_at: subnet.registered_at,
            locked: subnet.locked,
            tempo: subnet.tempo,
            neurons: subnet.neurons,
            seats: subnet.max_neurons,
            emission: subnet.emission,
            pending: subnet.pending,
            last_epoch: subnet.last_epoch.map(LastEpochRow::from),
            next_epoch: subnet.next_epoch,
            burn: subnet.registration.burn,
            difficulty: subnet.registration.difficulty,
            recycled: subnet.registration.recycled,
            adjusts_at: subnet.registration.adjusts_at,
        }
    }
}

impl Render for SubnetRow {
    fn render(&self, page: &mut Page) {
        page.line(Tone::Label.paint(&self.title));
        let owner = |owner: &Option<String>| owner.as_deref().map_or_else(none, Into::into);
        let epoch = match &self.last_epoch {
            Some(epoch) => format!("{} in block {}", epoch.emission, epoch.block).into(),
            None => none(),
        };
        page.fields([
            ("owner", owner(&self.owner)),
            ("owner's hotkey", owner(&self.owner_hotkey)),
            ("created in block", self.registered_at.to_string().into()),
            ("locked", self.locked.to_string().into()),
            ("neurons", format!("{} of {} seats", self.neurons, self.seats).into()),
            ("emission", format!("{} per block", self.emission).into()),
            ("pending emission", self.pending.to_string().into()),
            ("last epoch", epoch),
            ("next epoch", self.next_epoch.map_or_else(none, |block| format!("block {block}").into())),
            ("price of a seat", self.burn.map_or_else(|| "closed".into(), |burn| burn.to_string().into())),
            (
                "seat by work",
                match self.difficulty {
                    Some(difficulty) => format!("{difficulty} seals on average").into(),
                    None => "closed".into(),
                },
            ),
            ("adjustment in block", self.adjusts_at.to_string().into()),
            ("recycled so far", self.recycled.to_string().into()),
        ]);
    }
}
