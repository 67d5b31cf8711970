//! Authorities of a local network, with development keys that are public.

/// An authority of a local network.
#[derive(Debug)]
pub(crate) struct LocalAuthority {
    /// Name of the development key and of the node's flag, in lower case.
    pub(crate) name: &'static str,
    /// Address of its Aura key, which makes blocks, sr25519.
    aura: &'static str,
    /// Address of its GRANDPA key, which finalises blocks, ed25519.
    grandpa: &'static str,
}

impl LocalAuthority {
    /// Returns the value of `export-chain-spec --authority`.
    pub(crate) fn keys(&self) -> String {
        format!("{},{}", self.aura, self.grandpa)
    }
}

/// The most authorities of a local network.
pub const MAX_AUTHORITIES: usize = AUTHORITIES.len();

/// The authorities of local networks.
///
/// The node has their private keys, derived from `//Alice` and so on, behind the flags `--alice` and so on.
pub(crate) const AUTHORITIES: [LocalAuthority; 6] = [
    LocalAuthority {
        name: "alice",
        aura: "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
        grandpa: "5FA9nQDVg267DEd8m1ZypXLBnvN7SFxYwV7ndqSYGiN9TTpu",
    },
    LocalAuthority {
        name: "bob",
        aura: "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty",
        grandpa: "5GoNkf6WdbxCFnPdAnYYQyCjAKPJgLNxXwPjwTh6DGg6gN3E",
    },
    LocalAuthority {
        name: "charlie",
        aura: "5FLSigC9HGRKVhB9FiEo4Y3koPsNmBmLJbpXg2mp1hXcS59Y",
        grandpa: "5DbKjhNLpqX3zqZdNBc9BGb4fHU1cRBaDhJUskrvkwfraDi6",
    },
    LocalAuthority {
        name: "dave",
        aura: "5DAAnrj7VHTznn2AWBemMuyBwZWs6FNFjdyVXUeYum3PTXFy",
        grandpa: "5ECTwv6cZ5nJQPk6tWfaTrEk8YH2L7X1VT4EL5Tx2ikfFwb7",
    },
    LocalAuthority {
        name: "eve",
        aura: "5HGjWAeFDfFCWPsjFQdVV2Msvz2XtMktvgocEZcCj68kUMaw",
        grandpa: "5Ck2miBfCe1JQ4cY3NDsXyBaD6EcsgiVmEFTWwqNSs25XDEq",
    },
    LocalAuthority {
        name: "ferdie",
        aura: "5CiPPseXPECbkjWCa6MnjNokrgYjMqmKndv2rSnekmSK2DjL",
        grandpa: "5E2BmpVFzYGd386XRCZ76cDePMB3sfbZp5ZKGUsrG1m6gomN",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use myelin_keys::{Address, Secret};

    #[test]
    fn addresses_are_those_of_the_names() {
        for LocalAuthority { name, aura, grandpa } in AUTHORITIES {
            let (first, rest) = name.split_at(1);
            let secret = Secret::from_uri(&format!("//{}{rest}", first.to_uppercase())).unwrap();
            assert_eq!(secret.public().to_string(), aura);
            assert!(grandpa.parse::<Address>().is_ok(), "{name}");
        }
    }
}
