//! The pruning order of the seats of a network (spec subnets-and-neurons §10 to §12, staking §7).

use crate::ExplainError;
use futures::try_join;
use myelin_client::{Amount, BlockNumber, ChainState, NetUid, NeuronInfo, PublicKey, Tao, Uid};
use myelin_economics::pruning::{NeuronCandidate, is_immune, neuron_to_replace, protected_seats};

/// The seats of a network as of one block, with their pruning order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatRisks {
    /// The network.
    pub netuid: NetUid,
    /// The block.
    pub block: BlockNumber,
    /// Number of free seats, which newcomers take first.
    pub free: u16,
    /// Number of seats past their immunity and without protection.
    pub prunable: u16,
    /// Number of seats past their immunity up to which an immune seat is pruned instead.
    pub min_non_immune: u16,
    /// The seats by uid.
    pub seats: Vec<SeatRisk>,
}

/// The pruning risk of one seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeatRisk {
    /// Uid of the seat.
    pub uid: Uid,
    /// Hotkey on the seat.
    pub hotkey: PublicKey,
    /// Block of the registration.
    pub registered_at: BlockNumber,
    /// Amount that ranks seats: the slow mean of the neuron's pay, and on root its stake.
    pub score: Amount<Tao>,
    /// First block in which the seat is no longer immune.
    pub immune_until: BlockNumber,
    /// True if the seat is immune now.
    pub immune: bool,
    /// True if the seat is that of the subnet's owner and is never pruned.
    pub protected: bool,
    /// Position in the pruning order, from 1 on, if nothing else changes. `None` if the seat is protected.
    pub rank: Option<u16>,
}

impl SeatRisks {
    /// Reads the seats of a network.
    ///
    /// # Errors
    /// [`ExplainError::NoNetwork`] if there is no such network; [`ExplainError::Chain`] if no node answers.
    pub async fn read(at: &ChainState, netuid: NetUid) -> Result<Self, ExplainError> {
        let (metagraph, parameters) = try_join!(at.metagraph(netuid), at.parameters(netuid))?;
        let (Some(metagraph), Some(parameters)) = (metagraph, parameters) else {
            return Err(ExplainError::NoNetwork { netuid, block: at.height() });
        };
        let (block, subnet, neurons) = (metagraph.block, metagraph.subnet, metagraph.neurons);
        if netuid.is_root() {
            return Ok(Self::of_root(block, subnet.max_neurons, &neurons));
        }
        let immunity = parameters.neuron_immunity();
        let designated = neurons.iter().find(|neuron| Some(neuron.hotkey) == subnet.owner_hotkey);
        let is_owners = |uid: Uid| {
            let neuron = neurons.get(usize::from(uid));
            subnet.owner.is_some() && neuron.is_some_and(|neuron| neuron.coldkey == subnet.owner)
        };
        let protected = protected_seats(
            neurons.iter().map(|neuron| (neuron.uid, neuron.registered_at)),
            designated.map(|neuron| neuron.uid),
            is_owners,
            parameters.owner_immune_uids_limit,
        );
        let candidates = neurons.iter().map(|neuron| NeuronCandidate {
            uid: neuron.uid,
            score: neuron.score,
            registered_at: neuron.registered_at,
            protected: protected.contains(&neuron.uid),
        });
        let mut candidates: Vec<NeuronCandidate> = candidates.collect();
        let mut seats: Vec<SeatRisk> = neurons
            .iter()
            .map(|neuron| SeatRisk {
                uid: neuron.uid,
                hotkey: neuron.hotkey,
                registered_at: neuron.registered_at,
                score: neuron.score,
                immune_until: neuron.registered_at.saturating_add(immunity.period),
                immune: is_immune(neuron.registered_at, immunity.period, block),
                protected: protected.contains(&neuron.uid),
                rank: None,
            })
            .collect();
        let mut rank = 0;
        while let Some(next) = neuron_to_replace(candidates.iter().copied(), immunity, block) {
            rank += 1;
            candidates.retain(|candidate| candidate.uid != next);
            if let Some(seat) = seats.get_mut(usize::from(next)) {
                seat.rank = Some(rank);
            }
        }
        let prunable = seats.iter().filter(|seat| !seat.immune && !seat.protected).count();
        Ok(Self {
            netuid,
            block,
            free: subnet.max_neurons.saturating_sub(subnet.neurons),
            prunable: u16::try_from(prunable).unwrap_or(u16::MAX),
            min_non_immune: immunity.min_non_immune,
            seats,
        })
    }

    /// Ranks the seats of root: the member with the least stake goes first, and no member is immune (spec staking §7).
    fn of_root(block: BlockNumber, places: u16, members: &[NeuronInfo]) -> Self {
        let mut order: Vec<&NeuronInfo> = members.iter().collect();
        order.sort_by_key(|member| (member.stake, member.uid));
        let mut seats: Vec<SeatRisk> = order
            .into_iter()
            .zip(1..)
            .map(|(member, rank)| SeatRisk {
                uid: member.uid,
                hotkey: member.hotkey,
                registered_at: member.registered_at,
                score: member.stake,
                immune_until: member.registered_at,
                immune: false,
                protected: false,
                rank: Some(rank),
            })
            .collect();
        seats.sort_by_key(|seat| seat.uid);
        let taken = u16::try_from(seats.len()).unwrap_or(u16::MAX);
        let free = places.saturating_sub(taken);
        Self { netuid: NetUid::ROOT, block, free, prunable: taken, min_non_immune: 0, seats }
    }

    /// Returns the seat of a hotkey.
    pub fn by_hotkey(&self, hotkey: &PublicKey) -> Option<&SeatRisk> {
        self.seats.iter().find(|seat| seat.hotkey == *hotkey)
    }

    /// Returns the seat with a uid.
    pub fn seat(&self, uid: Uid) -> Option<&SeatRisk> {
        self.seats.get(usize::from(uid))
    }

    /// Returns the number of newcomers after which a seat is lost, if nothing else changes. `None` if it is protected.
    pub fn newcomers_until_lost(&self, seat: &SeatRisk) -> Option<u32> {
        Some(u32::from(self.free) + u32::from(seat.rank?))
    }
}
