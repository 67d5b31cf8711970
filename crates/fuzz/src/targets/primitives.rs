//! Texts of amounts and addresses.

use myelin_keys::Address;
use myelin_primitives::{Amount, Tao, ss58 as codec};

/// The length in bytes above which no text is decoded.
const LONGEST: usize = 64;

/// Checks an amount of TAO as text: its shown form reads as the same amount.
pub fn amount(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    let Ok(amount) = text.parse::<Amount<Tao>>() else { return };
    assert!(text.len() <= LONGEST, "an amount of {} bytes is decoded", text.len());
    assert_eq!(amount.to_string().parse(), Ok(amount));
    assert_eq!(format!("{}rao", amount.rao()).parse(), Ok(amount));
}

/// Checks an address: it is written as its canonical text, and all readers find the same key.
pub fn ss58(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    let decoded = codec::decode(text);
    let wallet = text.parse::<Address>();
    let message = myelin_wire::from_ss58(text);
    let Ok(address) = decoded else {
        assert!(wallet.is_err() && message.is_err(), "a reader accepts more than the codec");
        return;
    };
    assert!(text.len() <= LONGEST, "an address of {} bytes is decoded", text.len());
    let written = codec::encode(&address.key, address.prefix);
    assert_eq!(address.is_canonical, written == text);
    let again = codec::decode(&written).expect("what is written is read");
    assert_eq!((again.key, again.prefix, again.is_canonical), (address.key, address.prefix, true));
    assert_eq!(message, Ok(address.key));
    if let Ok(wallet) = wallet {
        assert_eq!((wallet.public(), wallet.prefix(), wallet.as_str()), (address.key, address.prefix, text));
    }
}
