//! The working subnet: rounds in memory, and consumers on real sockets of the loopback interface.

mod asking;
mod rounds;
#[path = "../model/tiny.rs"]
#[expect(dead_code, reason = "shared with the tests of the model, which ask for more")]
mod tiny;
