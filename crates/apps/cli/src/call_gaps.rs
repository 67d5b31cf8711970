//! Calls of the chain that no command makes, with the reason for each.
//!
//! A test compares this list and the calls of the commands with the metadata. Each call has a command or is listed, and
//! no listed call has a command or does not exist.

/// Calls of one pallet that no command makes.
#[derive(Debug)]
pub struct CallGap {
    /// Name of the pallet.
    pub pallet: &'static str,
    /// Names of the calls; empty for all calls of the pallet.
    pub calls: &'static [&'static str],
    /// Reason that no command makes the calls.
    pub reason: &'static str,
}

/// Reason for the calls that only governance makes.
const GOVERNANCE: &str = "governance makes it, through sudo or a proposal; users cannot";

/// All calls without a command, by pallet.
pub static UNCALLED: &[CallGap] = &[
    CallGap { pallet: "System", calls: &[], reason: "remarks change nothing, and governance makes the other calls" },
    CallGap { pallet: "Timestamp", calls: &[], reason: "the author of a block includes it" },
    CallGap { pallet: "Grandpa", calls: &[], reason: "nodes report an authority that finalises two chains" },
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
    CallGap {
        pallet: "Balances",
        calls: &["upgrade_accounts"],
        reason: "no account of this chain has the older format",
    },
    CallGap {
        pallet: "Balances",
        calls: &["burn"],
        reason: "burning TAO gives the caller nothing; paid calls recycle their price",
    },
    CallGap {
        pallet: "Sudo",
        calls: &[],
        reason: "it governs networks that are not public, with any Substrate client",
    },
    CallGap { pallet: "Authorities", calls: &[], reason: GOVERNANCE },
    CallGap {
        pallet: "Session",
        calls: &[],
        reason: "the operator of an authority makes it, with the keys of the node",
    },
    CallGap {
        pallet: "Utility",
        calls: &[],
        reason: "it wraps other calls; a command makes one call, or a pair of keys and one call, so that its outcome is certain",
    },
    CallGap {
        pallet: "Proxy",
        calls: &[],
        reason: "it wraps other calls; organisations use it with any Substrate client",
    },
    CallGap {
        pallet: "Multisig",
        calls: &[],
        reason: "it wraps other calls; organisations use it with any Substrate client",
    },
    CallGap { pallet: "Preimage", calls: &[], reason: GOVERNANCE },
    CallGap { pallet: "Scheduler", calls: &[], reason: GOVERNANCE },
    CallGap { pallet: "SafeMode", calls: &[], reason: GOVERNANCE },
    CallGap { pallet: "TxPause", calls: &[], reason: GOVERNANCE },
    CallGap { pallet: "Keys", calls: &["reset_coldkey_swap", "swap_coldkey"], reason: GOVERNANCE },
    CallGap {
        pallet: "Subnets",
        calls: &["root_dissolve_network", "set_network_parameters", "set_default_parameters"],
        reason: GOVERNANCE,
    },
    CallGap {
        pallet: "Weights",
        calls: &["batch_set_weights", "batch_commit_weights", "batch_reveal_weights"],
        reason: "for programs that validate on many networks at once; the commands of `weights` act on one network",
    },
];
