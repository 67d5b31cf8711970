//! The block weight of calls.

use crate::{Config, mock::*, weights::WeightInfo};
use frame_support::weights::{Weight, constants::WEIGHT_REF_TIME_PER_SECOND};

type Costs = <Test as Config>::WeightInfo;

#[test]
fn costs_grow_with_what_is_sent() {
    let grows = |cost: fn(u32) -> Weight| assert!(cost(0).ref_time() < cost(1).ref_time());
    grows(Costs::set_weights);
    grows(Costs::set_root_weights);
    grows(Costs::batch_commit_weights);
    grows(|items| Costs::batch_set_weights(items, 0));
    grows(|entries| Costs::batch_set_weights(1, entries));
    grows(|entries| Costs::reveal_weights(entries, 0));
    grows(|salt| Costs::reveal_weights(0, salt));
    grows(|items| Costs::batch_reveal_weights(items, 0, 0));
    grows(|entries| Costs::batch_reveal_weights(1, entries, 0));
    grows(|salt| Costs::batch_reveal_weights(1, 0, salt));
}

#[test]
fn a_batch_costs_no_less_than_its_items() {
    assert!(Costs::set_weights(7).saturating_mul(3).all_lte(Costs::batch_set_weights(3, 21)));
    assert!(Costs::commit_weights().saturating_mul(3).all_lte(Costs::batch_commit_weights(3)));
}

/// Checks the most expensive calls against three quarters of a block of two seconds.
#[test]
fn the_dearest_calls_fit_into_a_block() {
    let limit = WEIGHT_REF_TIME_PER_SECOND * 3 / 2;
    for dearest in [
        Costs::batch_set_weights(64, 64 * 256),
        Costs::batch_commit_weights(64),
        Costs::batch_reveal_weights(10, 10 * 256, 10 * 256),
        Costs::set_root_weights(256),
    ] {
        assert!(dearest.ref_time() < limit / 4, "{dearest:?}");
    }
}
