//! The root epoch: the weights of root validators become shares of subnets. spec tokenomics §5.

use crate::input::RootInput;
use alloc::{collections::BTreeMap, vec::Vec};
use myelin_economics::root::{NoShares, RootValidator, Share, shares};
use myelin_primitives::NetUid;
use myelin_yuma::as_read;

/// Returns the share of each of these subnets in the block emission.
///
/// A validator without weights still counts: its stake is trust that no subnet has.
///
/// # Errors
/// [`NoShares`] with the reason to keep the previous shares.
pub fn new_shares(
    subnets: impl IntoIterator<Item = NetUid>,
    root: &RootInput,
) -> Result<BTreeMap<NetUid, Share>, NoShares> {
    let members = root.members.iter().map(|member| {
        let created_at = |rated: NetUid| root.created_at.get(&rated).copied();
        let row = as_read(&member.row.entries, member.row.fixed_at, |uid| created_at(NetUid::new(uid.get())));
        RootValidator {
            stake: member.stake,
            weights: row.map(|entry| (NetUid::new(entry.uid.get()), entry.value)).collect(),
        }
    });
    shares(subnets, &members.collect::<Vec<_>>(), root.sigmoid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::RootMember;
    use myelin_economics::root::Sigmoid;
    use myelin_primitives::{Amount, Entry, Uid};
    use myelin_records::weights::WeightsRow;

    fn member(tao: u64, entries: &[(u16, u16)], fixed_at: u32) -> RootMember {
        let entries: Vec<_> = entries.iter().map(|(netuid, value)| Entry::new(Uid::new(*netuid), *value)).collect();
        let row = WeightsRow { entries: entries.try_into().unwrap(), fixed_at, missed_at: None };
        RootMember { stake: Amount::from_tao(tao).unwrap(), row }
    }

    fn root(members: Vec<RootMember>) -> RootInput {
        let created_at = [(0, 0), (1, 0), (2, 50)].map(|(netuid, block)| (NetUid::new(netuid), block));
        RootInput { sigmoid: Sigmoid { rho: 10, kappa: 32_767 }, members, created_at: created_at.into() }
    }

    /// Returns the shares of subnets 1 and 2, in 65 535 parts.
    fn parts(members: Vec<RootMember>) -> Result<[u64; 2], NoShares> {
        let shares = new_shares([1, 2].map(NetUid::new), &root(members))?;
        Ok([1, 2].map(|netuid| shares[&NetUid::new(netuid)].of(Amount::from_rao(65_535)).rao()))
    }

    #[test]
    fn weights_become_shares() {
        // The whole stake has weights for both subnets, so the sigmoid treats them alike and ranks decide: 1 to 3.
        let shares = parts(vec![member(1, &[(1, 1), (2, 3)], 60)]).unwrap();
        assert_eq!(shares, [16_383, 49_151]);
        assert_eq!(parts(vec![member(5, &[(1, 7)], 60)]), Ok([65_534, 0]));
    }

    #[test]
    fn weights_of_before_a_subnet_do_not_count_for_it() {
        assert_eq!(parts(vec![member(1, &[(1, 1), (2, 3)], 50)]), Ok([65_534, 0]));
        assert_eq!(parts(vec![member(1, &[(2, 3)], 50)]), Err(NoShares::NoRating));
    }

    #[test]
    fn a_validator_without_weights_takes_trust_from_all() {
        // With 1 of 11 TAO behind it a subnet is far below the middle of the sigmoid, but it is the only one.
        assert_eq!(parts(vec![member(1, &[(1, 1)], 60), member(10, &[], 0)]), Ok([65_534, 0]));
        // A has weights of 6 of 11 TAO, B of 5 of 11: the sigmoid makes more of the difference than 6 to 5.
        let [one, other] = parts(vec![member(6, &[(1, 1)], 60), member(5, &[(2, 1)], 60)]).unwrap();
        assert!(one * 5 > other * 6 && other > 0, "{one} {other}");
    }

    #[test]
    fn without_members_the_previous_shares_stay() {
        assert_eq!(parts(vec![]), Err(NoShares::NoValidators));
        assert_eq!(new_shares([], &root(vec![member(1, &[(1, 1)], 60)])), Err(NoShares::NoSubnets));
    }
}
