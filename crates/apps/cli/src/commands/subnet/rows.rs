//! Rows of subnets.

use crate::{
    commands::metagraph::{LastEpochRow, none, title},
    page::{Page, Render, Tone},
};
use myelin_client::{Amount, BlockNumber, NetUid, SubnetInfo, Tao};
use schemars::JsonSchema;
use serde::Serialize;

/// A network at a glance. Amounts are in rao.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SubnetRow {
    /// Which network; 0 is root.
    #[schemars(with = "u16")]
    pub(super) netuid: NetUid,
    /// Its name, as its owner gave it.
    pub(super) name: String,
    /// The address of who owns it.
    owner: Option<String>,
    /// The address of the hotkey that represents the owner.
    owner_hotkey: Option<String>,
    /// The block in which it was created.
    registered_at: BlockNumber,
    /// What is locked for it.
    #[schemars(with = "u64")]
    locked: Amount<Tao>,
    /// Blocks between its epochs, less one.
    tempo: u16,
    /// Seats taken.
    pub(super) neurons: u16,
    /// Seats there are.
    pub(super) seats: u16,
    /// What it receives of every block at present.
    #[schemars(with = "u64")]
    pub(super) emission: Amount<Tao>,
    /// What has accrued to it since its last epoch.
    #[schemars(with = "u64")]
    pending: Amount<Tao>,
    /// Its last epoch.
    last_epoch: Option<LastEpochRow>,
    /// The block of its next epoch.
    pub(super) next_epoch: Option<BlockNumber>,
    /// What a seat costs, if seats are to be had by burning.
    #[schemars(with = "Option<u64>")]
    pub(super) burn: Option<Amount<Tao>>,
    /// How many seals have to be tried for a seat on average, if seats are to be had by work.
    pub(super) difficulty: Option<u64>,
    /// What seats have cost so far, which is issued again one day.
    #[schemars(with = "u64")]
    recycled: Amount<Tao>,
    /// The block in which burn and difficulty are adjusted next.
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
            ("accrued", self.pending.to_string().into()),
            ("last epoch", epoch),
            ("next epoch", self.next_epoch.map_or_else(none, |block| format!("block {block}").into())),
            ("a seat burns", self.burn.map_or_else(|| "not to be had".into(), |burn| burn.to_string().into())),
            (
                "or takes",
                match self.difficulty {
                    Some(difficulty) => format!("{difficulty} seals on average").into(),
                    None => "not to be had by work".into(),
                },
            ),
            ("adjusted in block", self.adjusts_at.to_string().into()),
            ("recycled so far", self.recycled.to_string().into()),
        ]);
    }
}
