//! The check that the machine of an authority is fast enough, whose measures are those of every Substrate chain.

use sc_sysinfo::{Metric, Requirement, Requirements, Throughput};
use std::path::Path;

/// Returns the least hardware of an authority: the reference hardware of Polkadot's validators.
fn least() -> Requirements {
    let require = |metric, minimum| Requirement { metric, minimum, validator_only: false };
    Requirements(vec![
        require(Metric::Blake2256, Throughput::from_mibs(1_000.0)),
        require(Metric::MemCopy, Throughput::from_gibs(11.49)),
        require(Metric::DiskSeqWrite, Throughput::from_mibs(950.0)),
        require(Metric::DiskRndWrite, Throughput::from_mibs(420.0)),
    ])
}

/// Measures the machine for about a second, and warns about each part that is too slow.
///
/// Measures the disk of `folder` with a file that is deleted afterwards.
pub(crate) fn check(folder: &Path) {
    let requirements = least();
    let measured = sc_sysinfo::gather_hwbench(Some(folder), &requirements);
    sc_sysinfo::print_hwbench(&measured);
    if let Err(slow) = requirements.check_hardware(&measured, false) {
        log::warn!("this machine is slower than that of an authority should be, so it may miss slots. {slow}");
        log::warn!("`--no-hardware-check` leaves this check out");
    }
}
