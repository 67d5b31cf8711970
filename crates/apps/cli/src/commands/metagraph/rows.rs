//! Rows and tables of neurons.

use crate::{
    page::{Side, Table, TableCell, Tone, plain},
    share::u16_percent,
};
use myelin_client::{Amount, BlockNumber, EpochRecord, IpEndpoint, NetUid, NeuronInfo, SubnetInfo, Tao, Uid};
use schemars::JsonSchema;
use serde::Serialize;

/// One neuron of a metagraph; fractions are parts of 65 535.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MetagraphRow {
    /// Uid of the neuron.
    #[schemars(with = "u16")]
    pub(super) uid: Uid,
    /// Address of the hotkey.
    pub(super) hotkey: String,
    /// Address of the coldkey that owns the hotkey.
    coldkey: Option<String>,
    /// True if the neuron has a validator permit until the next epoch.
    validator_permit: bool,
    /// True if the neuron voted in the last epoch.
    active: bool,
    /// Stake on the hotkey, in rao.
    #[schemars(with = "u64")]
    pub(super) stake: Amount<Tao>,
    /// Stake weight, in rao: the stake, with what it lends and borrows.
    #[schemars(with = "u64")]
    stake_weight: Amount<Tao>,
    /// Consensus weight, as a fraction.
    consensus: u16,
    /// Incentive, which is the part of the miners' emission, as a fraction.
    pub(super) incentive: u16,
    /// Dividends, which are the part of the validators' emission, as a fraction.
    pub(super) dividends: u16,
    /// Validator trust, which is the part of its weights that consensus left, as a fraction.
    validator_trust: u16,
    /// Emission of the last epoch, in rao.
    #[schemars(with = "u64")]
    emission: Amount<Tao>,
    /// Block in which the neuron took the seat.
    registered_at: BlockNumber,
    /// Block in which the neuron last set or committed weights.
    last_update: BlockNumber,
    /// Address and port of the axon.
    pub(super) axon: Option<String>,
    /// Protocol number of the axon.
    protocol: Option<u8>,
    /// True if the chain has a TLS certificate of the axon.
    certificate: bool,
    /// Address and port of the metrics.
    metrics: Option<String>,
}

impl From<&NeuronInfo> for MetagraphRow {
    fn from(neuron: &NeuronInfo) -> Self {
        let axon = neuron.axon.as_ref();
        Self {
            uid: neuron.uid,
            hotkey: neuron.hotkey.to_string(),
            coldkey: neuron.coldkey.map(|coldkey| coldkey.to_string()),
            validator_permit: neuron.validator_permit,
            active: neuron.active,
            stake: neuron.stake,
            stake_weight: neuron.stake_weight,
            consensus: neuron.consensus,
            incentive: neuron.incentive,
            dividends: neuron.dividends,
            validator_trust: neuron.validator_trust,
            emission: neuron.emission,
            registered_at: neuron.registered_at,
            last_update: neuron.last_update,
            axon: axon.and_then(|axon| address(axon.endpoint)),
            protocol: axon.map(|axon| axon.protocol),
            certificate: axon.is_some_and(|axon| axon.certificate.is_some()),
            metrics: neuron.metrics.and_then(address),
        }
    }
}

/// Returns an endpoint as address and port; `None` if no socket takes it.
fn address(endpoint: IpEndpoint) -> Option<String> {
    endpoint.socket_address().map(|address| address.to_string())
}

impl MetagraphRow {
    /// Returns the fields, each with its label.
    pub(crate) fn fields(&self) -> [(&'static str, TableCell); 16] {
        let place = |place: Option<&String>| place.map_or_else(none, |place| place.as_str().into());
        let axon = match (&self.axon, self.certificate) {
            (Some(axon), true) => format!("{axon}, with a certificate").into(),
            (axon, _) => place(axon.as_ref()),
        };
        [
            ("uid", self.uid.to_string().into()),
            ("hotkey", self.hotkey.as_str().into()),
            ("coldkey", place(self.coldkey.as_ref())),
            ("role", self.role()),
            ("stake", self.stake.to_string().into()),
            ("stake weight", self.stake_weight.to_string().into()),
            ("consensus", u16_percent(self.consensus).into()),
            ("incentive", u16_percent(self.incentive).into()),
            ("dividends", u16_percent(self.dividends).into()),
            ("trust", u16_percent(self.validator_trust).into()),
            ("last epoch", self.emission.to_string().into()),
            ("seated in block", self.registered_at.to_string().into()),
            ("last update", format!("block {}", self.last_update).into()),
            ("axon", axon),
            ("protocol", self.protocol.map_or_else(none, |protocol| protocol.to_string().into())),
            ("metrics", place(self.metrics.as_ref())),
        ]
    }

    fn role(&self) -> TableCell {
        match (self.validator_permit, self.active) {
            (true, true) => TableCell::new("validator", Tone::Good),
            (true, false) => TableCell::new("idle", Tone::Warning),
            (false, _) => "miner".into(),
        }
    }

    /// Returns the uid of the neuron.
    #[cfg(test)]
    pub(crate) fn uid(&self) -> u16 {
        self.uid.get()
    }
}

/// Returns a table of neurons that fits a terminal of 80 columns.
pub(super) fn table(rows: &[MetagraphRow]) -> Table {
    let mut table = Table::new([
        ("UID", Side::Right),
        ("ROLE", Side::Left),
        ("STAKE, TAO", Side::Right),
        ("INCENTIVE", Side::Right),
        ("DIVIDENDS", Side::Right),
        ("TRUST", Side::Right),
        ("LAST EPOCH, TAO", Side::Right),
    ]);
    for row in rows {
        table.row([
            row.uid.to_string().into(),
            row.role(),
            decimal(row.stake, 3).into(),
            share(row.incentive),
            share(row.dividends),
            share(row.validator_trust),
            decimal(row.emission, 6).into(),
        ]);
    }
    table
}

/// Returns a table of neurons with their keys and addresses.
pub(super) fn long_table(rows: &[MetagraphRow]) -> Table {
    let mut table = Table::new([
        ("UID", Side::Right),
        ("HOTKEY", Side::Left),
        ("COLDKEY", Side::Left),
        ("ROLE", Side::Left),
        ("STAKE", Side::Right),
        ("STAKE WEIGHT", Side::Right),
        ("CONSENSUS", Side::Right),
        ("INCENTIVE", Side::Right),
        ("DIVIDENDS", Side::Right),
        ("TRUST", Side::Right),
        ("LAST EPOCH", Side::Right),
        ("UPDATED IN", Side::Right),
        ("AXON", Side::Left),
    ]);
    for row in rows {
        table.row([
            row.uid.to_string().into(),
            row.hotkey.as_str().into(),
            row.coldkey.as_deref().map_or_else(none, TableCell::from),
            row.role(),
            row.stake.to_string().into(),
            row.stake_weight.to_string().into(),
            share(row.consensus),
            share(row.incentive),
            share(row.dividends),
            share(row.validator_trust),
            row.emission.to_string().into(),
            row.last_update.to_string().into(),
            row.axon.as_deref().map_or_else(none, TableCell::from),
        ]);
    }
    table
}

/// The last epoch of a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LastEpochRow {
    /// Block that ran the epoch.
    pub(crate) block: BlockNumber,
    /// Emission that the epoch divided, in rao.
    #[schemars(with = "u64")]
    pub(crate) emission: Amount<Tao>,
    /// Owner cut, in rao.
    #[schemars(with = "u64")]
    owner: Amount<Tao>,
    /// Emission for miners, in rao.
    #[schemars(with = "u64")]
    pub(super) miners: Amount<Tao>,
    /// Emission for validators, in rao.
    #[schemars(with = "u64")]
    pub(super) validators: Amount<Tao>,
}

impl From<EpochRecord> for LastEpochRow {
    fn from(epoch: EpochRecord) -> Self {
        Self {
            block: epoch.block,
            emission: epoch.emission,
            owner: epoch.owner_cut,
            miners: epoch.miners,
            validators: epoch.validators,
        }
    }
}

/// Returns the title of a network.
pub(crate) fn title(netuid: NetUid, subnet: &SubnetInfo) -> String {
    match (netuid.is_root(), subnet.name.is_empty()) {
        (true, _) => "root".to_owned(),
        (false, true) => format!("subnet {netuid}"),
        (false, false) => format!("subnet {netuid}, {}", plain(&subnet.name())),
    }
}

/// Returns the cell for an absent value.
pub(crate) fn none() -> TableCell {
    TableCell::new("-", Tone::Faint)
}

fn share(share: u16) -> TableCell {
    if share == 0 { none() } else { u16_percent(share).into() }
}

/// Formats an amount in TAO with 1 to 9 decimals, rounded down, without the unit.
pub(crate) fn decimal(amount: Amount<Tao>, decimals: u32) -> String {
    let rao_per_tao = Amount::ONE_TAO.rao();
    let places = usize::try_from(decimals).unwrap_or_default();
    let unit = rao_per_tao / 10_u64.pow(decimals);
    format!("{}.{:0places$}", amount.rao() / rao_per_tao, amount.rao() % rao_per_tao / unit)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use myelin_client::{AxonInfo, PublicKey, RegistrationInfo};

    pub(crate) fn neuron(uid: u16) -> NeuronInfo {
        let key = |tag: u8| {
            let mut bytes = [tag; 32];
            bytes[..2].copy_from_slice(&uid.to_le_bytes());
            PublicKey::from_bytes(bytes)
        };
        NeuronInfo {
            uid: Uid::new(uid),
            hotkey: key(1),
            coldkey: Some(key(2)),
            registered_at: 3,
            last_update: 4,
            stake: Amount::ZERO,
            stake_weight: Amount::ZERO,
            active: true,
            validator_permit: false,
            consensus: 0,
            incentive: 0,
            dividends: 0,
            validator_trust: 0,
            emission: Amount::ZERO,
            score: Amount::ZERO,
            axon: Some(AxonInfo {
                block: 4,
                version: 1,
                endpoint: std::net::SocketAddr::from(([10, 0, 0, 1], 8091)).into(),
                protocol: 4,
                placeholder1: 1,
                certificate: None,
            }),
            metrics: None,
        }
    }

    pub(crate) fn subnet(netuid: NetUid) -> SubnetInfo {
        SubnetInfo {
            netuid,
            name: "one".into(),
            owner: None,
            owner_hotkey: None,
            registered_at: 0,
            locked: Amount::ZERO,
            tempo: 20,
            neurons: 4,
            max_neurons: 256,
            emission: Amount::ZERO,
            pending: Amount::ZERO,
            last_epoch: None,
            next_epoch: Some(19),
            registration: RegistrationInfo { burn: None, difficulty: None, recycled: Amount::ZERO, adjusts_at: 0 },
        }
    }

    #[test]
    fn amounts_are_rounded_down_to_their_decimals() {
        let amount = Amount::from_rao(12_999_999_999);
        let shown = [1, 3, 6, 9].map(|decimals| decimal(amount, decimals));
        assert_eq!(shown, ["12.9", "12.999", "12.999999", "12.999999999"]);
    }

    #[test]
    fn the_short_table_fits_eighty_columns() {
        let mut rich = neuron(255);
        rich.stake = Amount::from_rao(999_999_999_999_999);
        rich.emission = Amount::from_rao(999_999_999_999);
        (rich.incentive, rich.dividends, rich.validator_trust) = (u16::MAX, u16::MAX, u16::MAX);
        rich.validator_permit = true;
        let mut page = crate::page::Page::new(80);
        page.table(&table(&[MetagraphRow::from(&rich)]));
        let text = anstream::adapter::strip_str(&page.into_text()).to_string();
        assert_eq!(text.lines().count(), 2, "{text}");
    }
}
