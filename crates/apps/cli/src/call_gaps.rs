//! Calls of the chain that no command makes, and why.
//!
//! A test compares this list and what commands declare with the metadata, so that no call is forgotten and none is
//! listed that has a command or does not exist.

/// Calls of one pallet that no command makes.
#[derive(Debug)]
pub struct Uncalled {
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
pub static UNCALLED: &[Uncalled] = &[
    Uncalled { pallet: "System", calls: &[], reason: "remarks change nothing, and the rest is governance's" },
    Uncalled { pallet: "Timestamp", calls: &[], reason: "whoever makes a block puts it there" },
    Uncalled { pallet: "Grandpa", calls: &[], reason: "nodes report who finalises two chains" },
    Uncalled {
        pallet: "Balances",
        calls: &["transfer_allow_death"],
        reason: "`wallet transfer` keeps the account, and `wallet transfer --all` ends it on purpose",
    },
    Uncalled {
        pallet: "Balances",
        calls: &["force_transfer", "force_unreserve", "force_set_balance", "force_adjust_total_issuance"],
        reason: GOVERNANCE,
    },
    Uncalled { pallet: "Balances", calls: &["upgrade_accounts"], reason: "no account here is of the older form" },
    Uncalled {
        pallet: "Balances",
        calls: &["burn"],
        reason: "nobody gains by it; TAO is recycled by what it pays for",
    },
    Uncalled {
        pallet: "Sudo",
        calls: &[],
        reason: "governance of networks that are not public, with any Substrate client",
    },
    Uncalled { pallet: "Authorities", calls: &[], reason: GOVERNANCE },
    Uncalled { pallet: "Session", calls: &[], reason: "an operator of an authority makes it, with keys of the node" },
    Uncalled {
        pallet: "Utility",
        calls: &[],
        reason: "it carries other calls; a command makes one call, whose end is known for certain",
    },
    Uncalled {
        pallet: "Proxy",
        calls: &[],
        reason: "it carries other calls, for organisations, with any Substrate client",
    },
    Uncalled {
        pallet: "Multisig",
        calls: &[],
        reason: "it carries other calls, for organisations, with any Substrate client",
    },
    Uncalled { pallet: "Preimage", calls: &[], reason: GOVERNANCE },
    Uncalled { pallet: "Scheduler", calls: &[], reason: GOVERNANCE },
    Uncalled { pallet: "Subnets", calls: &["root_dissolve_network", "set_network_parameters"], reason: GOVERNANCE },
    Uncalled { pallet: "Staking", calls: &["reset_coldkey_swap", "swap_coldkey"], reason: GOVERNANCE },
    Uncalled {
        pallet: "Weights",
        calls: &["batch_set_weights", "batch_commit_weights", "batch_reveal_weights"],
        reason: "for programs that validate on many networks at once; `weights` speaks of one network",
    },
];
