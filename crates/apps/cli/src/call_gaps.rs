//! Calls of the chain that no command makes, and why.
//!
//! A test compares this list and what commands declare with the metadata, so that no call is forgotten and none is
//! listed that has a command or does not exist.

/// Calls of one pallet that no command makes.
#[derive(Debug)]
pub struct CallGap {
    /// The pallet.
    pub pallet: &'static str,
    /// Which of its calls; all of them if it is empty.
    pub calls: &'static [&'static str],
    /// Why.
    pub reason: &'static str,
}

/// What governance calls.
const GOVERNANCE: &str = "governance makes it, through sudo or a proposal, and no user can";

/// All of them, by pallet.
pub static UNCALLED: &[CallGap] = &[
    CallGap { pallet: "System", calls: &[], reason: "remarks change nothing, and the rest is governance's" },
    CallGap { pallet: "Timestamp", calls: &[], reason: "whoever makes a block puts it there" },
    CallGap { pallet: "Grandpa", calls: &[], reason: "nodes report who finalises two chains" },
    CallGap {
        pallet: "Balances",
        calls: &["transfer_allow_death"],
        reason: "`wallet transfer` keeps the account, and `wallet transfer --all` ends it on purpose",
    },
    CallGap {
        pallet: "Balances",
        calls: &["force_transfer", "force_unreserve", "force_set_balance", "force_adjust_total_issuance"],
        reason: GOVERNANCE,
    },
    CallGap { pallet: "Balances", calls: &["upgrade_accounts"], reason: "no account here is of the older form" },
    CallGap { pallet: "Balances", calls: &["burn"], reason: "nobody gains by it; TAO is recycled by what it pays for" },
    CallGap {
        pallet: "Sudo",
        calls: &[],
        reason: "governance of networks that are not public, with any Substrate client",
    },
    CallGap { pallet: "Authorities", calls: &[], reason: GOVERNANCE },
    CallGap { pallet: "Session", calls: &[], reason: "an operator of an authority makes it, with keys of the node" },
    CallGap {
        pallet: "Utility",
        calls: &[],
        reason: "it carries other calls; a command makes one call, whose end is known for certain",
    },
    CallGap {
        pallet: "Proxy",
        calls: &[],
        reason: "it carries other calls, for organisations, with any Substrate client",
    },
    CallGap {
        pallet: "Multisig",
        calls: &[],
        reason: "it carries other calls, for organisations, with any Substrate client",
    },
    CallGap { pallet: "Preimage", calls: &[], reason: GOVERNANCE },
    CallGap { pallet: "Scheduler", calls: &[], reason: GOVERNANCE },
    CallGap { pallet: "Keys", calls: &["reset_coldkey_swap", "swap_coldkey"], reason: GOVERNANCE },
    CallGap { pallet: "Subnets", calls: &["root_dissolve_network", "set_network_parameters"], reason: GOVERNANCE },
    CallGap {
        pallet: "Weights",
        calls: &["batch_set_weights", "batch_commit_weights", "batch_reveal_weights"],
        reason: "for programs that validate on many networks at once; `weights` speaks of one network",
    },
];
