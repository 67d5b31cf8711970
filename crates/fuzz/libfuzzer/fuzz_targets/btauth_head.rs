#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| myelin_fuzz::check("btauth_head", bytes).expect("no rule breaks"));
