//! URLs of nodes.

use myelin_diagnostic::{Diagnostic, Hints};
use std::{fmt, str::FromStr};
use subxt::rpcs::utils::url_is_secure;

/// The URLs of nodes in the order of their use. Never empty.
///
/// Each is `wss://…`, or `ws://…` on this machine. The answers of a node are trusted, so the connection must be
/// authentic.
///
/// ```
/// use myelin_client::NodeUrls;
///
/// let urls: NodeUrls = "ws://127.0.0.1:9944, wss://node.example".parse()?;
/// assert_eq!(urls.iter().count(), 2);
/// assert!("ws://node.example".parse::<NodeUrls>().is_err());
/// # Ok::<(), myelin_client::NodeUrlError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeUrls(Vec<String>);

impl NodeUrls {
    /// Checks URLs, which are in the order of their use.
    ///
    /// # Errors
    /// [`NodeUrlError`] if there is no URL, or one that is not usable.
    pub fn new<Url: Into<String>>(urls: impl IntoIterator<Item = Url>) -> Result<Self, NodeUrlError> {
        let urls: Vec<String> = urls.into_iter().map(Into::into).collect();
        if urls.is_empty() {
            return Err(NodeUrlError::None);
        }
        urls.iter().try_for_each(|url| check(url))?;
        Ok(Self(urls))
    }

    /// Returns the URL of a node on this machine, on the default port of nodes.
    pub fn local() -> Self {
        Self(vec!["ws://127.0.0.1:9944".to_owned()])
    }

    /// Returns the URLs in the order of their use.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub(crate) fn into_urls(self) -> Vec<String> {
        self.0
    }
}

fn check(url: &str) -> Result<(), NodeUrlError> {
    let secure =
        url_is_secure(url).map_err(|error| NodeUrlError::Malformed { url: url.into(), reason: error.to_string() })?;
    let scheme = url.split(':').next().unwrap_or_default();
    if !["ws", "wss"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return Err(NodeUrlError::Scheme(url.into()));
    }
    if secure { Ok(()) } else { Err(NodeUrlError::Insecure(url.into())) }
}

/// Reads URLs that are separated by commas.
impl FromStr for NodeUrls {
    type Err = NodeUrlError;

    fn from_str(text: &str) -> Result<Self, NodeUrlError> {
        Self::new(text.split(',').map(str::trim).filter(|url| !url.is_empty()))
    }
}

impl fmt::Display for NodeUrls {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.join(", "))
    }
}

/// An unusable URL of a node.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NodeUrlError {
    /// There is no URL.
    #[error("no node URL is given")]
    None,
    /// The text is not a URL.
    #[error("`{url}` is not a URL: {reason}")]
    Malformed {
        /// The text.
        url: String,
        /// The reason.
        reason: String,
    },
    /// The URL is not that of a web socket.
    #[error("`{0}` is not the URL of a web socket")]
    Scheme(String),
    /// The URL is neither encrypted nor on this machine.
    #[error("`{0}` is neither encrypted nor on this machine")]
    Insecure(String),
}

impl Diagnostic for NodeUrlError {
    fn code(&self) -> &'static str {
        "endpoint"
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::None | Self::Malformed { .. } => out.push("give a URL like `ws://127.0.0.1:9944`"),
            Self::Scheme(_) => out.push("begin the URL with `wss://`, or with `ws://` for a node on this machine"),
            Self::Insecure(_) => out.push("begin the URL with `wss://`, or forward a port of this machine to the node"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_sockets_are_for_this_machine() {
        for url in ["ws://127.0.0.1:9944", "ws://localhost", "ws://[::1]:1", "wss://node.example/path", "WSS://a.b"] {
            assert!(url.parse::<NodeUrls>().is_ok(), "{url}");
        }
        for url in ["ws://10.0.0.1", "ws://127.0.0.1.example", "ws://node.example", "ws://localhost.example"] {
            assert_eq!(url.parse::<NodeUrls>(), Err(NodeUrlError::Insecure(url.to_owned())));
        }
        for url in ["http://127.0.0.1", "https://node.example"] {
            assert_eq!(url.parse::<NodeUrls>(), Err(NodeUrlError::Scheme(url.to_owned())));
        }
        assert!(matches!("127.0.0.1:9944".parse::<NodeUrls>(), Err(NodeUrlError::Malformed { .. })));
        assert_eq!(" , ".parse::<NodeUrls>(), Err(NodeUrlError::None));
    }

    #[test]
    fn the_order_is_kept() {
        let endpoints: NodeUrls = "wss://b, wss://a,".parse().unwrap();
        assert_eq!(endpoints.iter().collect::<Vec<_>>(), ["wss://b", "wss://a"]);
        assert_eq!(endpoints.to_string().parse(), Ok(endpoints));
    }
}
