//! The migration of the version after this one, which only tests of upgrades build. docs/decisions/0017

use crate::{FreeCalls, Runtime, free_calls::Used};
use frame_support::{
    migrations::VersionedMigration,
    traits::{Get, UncheckedOnRuntimeUpgrade},
    weights::Weight,
};
use frame_system::Config;
#[cfg(feature = "try-runtime")]
use {alloc::vec::Vec, frame_support::ensure, sp_runtime::TryRuntimeError};

/// The migrations of the next version.
pub type Migrations = VersionedMigration<1, 2, ForgetUsedRoom, FreeCalls, <Runtime as Config>::DbWeight>;

/// The removal of the room that free calls took in the last block of the version before.
pub struct ForgetUsedRoom;

impl UncheckedOnRuntimeUpgrade for ForgetUsedRoom {
    fn on_runtime_upgrade() -> Weight {
        Used::<Runtime>::kill();
        <Runtime as Config>::DbWeight::get().writes(1)
    }

    #[cfg(feature = "try-runtime")]
    fn post_upgrade(_: Vec<u8>) -> Result<(), TryRuntimeError> {
        ensure!(!Used::<Runtime>::exists(), "the room of the last block is still counted");
        Ok(())
    }
}
