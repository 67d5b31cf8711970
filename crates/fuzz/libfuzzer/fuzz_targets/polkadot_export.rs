#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| myelin_fuzz::check("polkadot_export", bytes).expect("no rule breaks"));
