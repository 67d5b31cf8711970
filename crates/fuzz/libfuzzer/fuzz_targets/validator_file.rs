#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| myelin_fuzz::check("validator_file", bytes).expect("no rule breaks"));
