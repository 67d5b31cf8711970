//! Tests of coldkey swaps: executed, withdrawn and disputed.

use super::{TAO, Testnet};

/// Blocks from the due block of a swap until its announcement may be withdrawn, on this network.
const PAUSE: u64 = 20;

#[test]
fn a_coldkey_is_replaced_after_it_was_announced() {
    let net = Testnet::new();
    let code = |code: i32, name: &str| (code, name.to_owned());
    net.wallet("old", 10);
    net.wallet("stolen", 10);
    net.wallet("kept", 10);
    let new = net.wallet("new", 0);
    net.wallet("other", 0);
    net.wallet("safe", 0);
    assert_eq!(net.json("wallet swap-coldkey show --wallet old")["state"], "none");
    assert_eq!(net.error("wallet swap-coldkey execute --to new --wallet old --yes"), code(1, "impossible"));

    let announced = net.json("wallet swap-coldkey announce --to new --wallet old --yes");
    assert_eq!(
        (&announced["plan"]["spend"], &announced["done"]["result"]["state"]),
        (&(TAO / 10).into(), &"announced".into())
    );
    let due = announced["done"]["result"]["due"].as_u64().unwrap();
    let kept = net.json("wallet swap-coldkey announce --to other --wallet kept --yes");
    let kept = kept["done"]["result"]["due"].as_u64().unwrap();

    // Its TAO is in escrow until then, so a transfer lacks funds.
    assert_eq!(net.error("wallet transfer 1 --to new --wallet old --yes"), code(1, "funds"));
    let held = net.json("wallet swap-coldkey show old")["escrow"].as_u64();
    assert!(held > Some(9 * TAO) && net.json("wallet balance old")["accounts"][0]["free"].as_u64() < Some(1_000));
    assert_eq!(net.error("wallet swap-coldkey execute --to new --wallet old --yes"), code(1, "impossible"));
    assert_eq!(net.error("wallet swap-coldkey clear --wallet kept --yes"), code(1, "refused"));
    assert!(net.table("wallet swap-coldkey show old").contains(&format!("from block {due} on")));

    // The new account of an announced swap is reserved for it.
    assert_eq!(net.error("wallet swap-coldkey announce --to new --wallet stolen --yes"), code(1, "call-failed"));

    // A disputed swap is not executed.
    net.json("wallet swap-coldkey announce --to safe --wallet stolen --yes");
    assert_eq!(net.json("wallet swap-coldkey dispute --wallet stolen --yes")["done"]["result"]["state"], "disputed");
    assert_eq!(net.json("wallet swap-coldkey show stolen")["state"], "disputed");
    assert_eq!(net.error("wallet swap-coldkey execute --to safe --wallet stolen --yes").0, 1);

    net.wait_for_block(due);
    assert_eq!(
        net.json("wallet swap-coldkey execute --to new --wallet old --yes")["done"]["result"]["new_coldkey"],
        new
    );
    assert_eq!(net.json("wallet balance old")["total"], 0);
    assert!(net.json("wallet balance new")["total"].as_u64() > Some(9 * TAO));

    net.wait_for_block(kept + PAUSE);
    assert_eq!(net.json("wallet swap-coldkey clear --wallet kept --yes")["done"]["result"]["state"], "cleared");
    net.json("wallet transfer 1 --to new --wallet kept --yes");
}
