//! Clients know the chain by a committed copy of its metadata. It must be what the runtime says today.

use myelin_runtime::Runtime;
use sp_io::TestExternalities;
use std::{env, fs, path::Path};

/// The version of the metadata format: the oldest that tells of runtime APIs.
const FORMAT: u32 = 15;

#[test]
fn the_metadata_of_clients_is_that_of_the_runtime() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../client/client/metadata.scale");
    // Some constants, like the time between blocks, are what genesis says. Without a genesis they are those of the main
    // network.
    let metadata = TestExternalities::default().execute_with(|| Runtime::metadata_at_version(FORMAT));
    let metadata = metadata.expect("the runtime speaks this format");
    if env::var_os("ACCEPT_METADATA").is_some() {
        fs::write(&file, &*metadata).expect("the copy can be written");
    }
    let committed = fs::read(&file).expect("there is a copy");
    assert!(
        committed == *metadata,
        "{} is not the metadata of the runtime any more. If clients should follow, accept it with:\n\
         ACCEPT_METADATA=1 cargo test -p myelin-runtime --test metadata",
        file.display()
    );
}
