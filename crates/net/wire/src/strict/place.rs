//! The place of a strict request: a subnet of a chain. spec signed-requests §2.

use core::fmt;
use myelin_primitives::NetUid;

/// The first segment of the path of a request with a place.
const PREFIX: &str = "/myelin/";

/// The query of a request for a signed stream. spec signed-requests §7.
const STREAM: &str = "stream=1";

/// A subnet of a chain, in the path of a request.
///
/// The path is signed, so an axon of the same hotkey at another place does not accept the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The first bytes of the hash of the chain's first block.
    pub genesis: [u8; 8],
    /// The subnet.
    pub netuid: NetUid,
}

impl Place {
    /// Returns the place of a subnet of the chain whose first block has this hash.
    pub fn new(genesis: &[u8; 32], netuid: NetUid) -> Self {
        let mut start = [0; 8];
        start.iter_mut().zip(genesis).for_each(|(to, byte)| *to = *byte);
        Self { genesis: start, netuid }
    }

    /// Returns the place in the path of a request, and the rest of the path.
    fn split(path: &str) -> Option<(Self, &str)> {
        let mut segments = path.strip_prefix(PREFIX)?.splitn(3, '/');
        let genesis = hex::decode(segments.next()?).ok()?.try_into().ok()?;
        let netuid = segments.next()?.parse().ok()?;
        let place = Self { genesis, netuid: NetUid::new(netuid) };
        let rest = segments.next()?;
        // One place has one path.
        path.strip_suffix(rest).is_some_and(|start| start == format!("{PREFIX}{place}/")).then_some((place, rest))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", hex::encode(self.genesis), self.netuid)
    }
}

/// The parts of the target of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestTarget<'a> {
    /// The place, if the request names one.
    pub place: Option<Place>,
    /// The rest of the path, which is the name of the class.
    pub class: &'a str,
    /// True if the sender reads a signed stream. spec signed-requests §7.
    pub is_streamed: bool,
}

impl<'a> RequestTarget<'a> {
    /// Reads a target. Returns `None` if its path begins like one with a place, and has none.
    pub fn read(target: &'a str) -> Option<Self> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let is_streamed = query.split('&').any(|part| part == STREAM);
        let (place, class) = if path.starts_with(PREFIX) {
            let (place, class) = Place::split(path)?;
            (Some(place), class)
        } else {
            (None, path.strip_prefix('/').unwrap_or_default())
        };
        Some(Self { place, class, is_streamed })
    }
}

impl fmt::Display for RequestTarget<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some(place) => write!(out, "{PREFIX}{place}/")?,
            None => out.write_str("/")?,
        }
        out.write_str(self.class)?;
        if self.is_streamed { write!(out, "?{STREAM}") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nh_65_a_target_names_place_and_class() {
        let place = Place::new(&[0xab; 32], NetUid::new(7));
        let placed = RequestTarget { place: Some(place), class: "Echo", is_streamed: true };
        assert_eq!(placed.to_string(), "/myelin/abababababababab/7/Echo?stream=1");
        let plain = RequestTarget { place: None, class: "Echo", is_streamed: false };
        assert_eq!(plain.to_string(), "/Echo");
        for target in [placed, plain] {
            let written = target.to_string();
            assert_eq!(RequestTarget::read(&written), Some(target));
        }
        assert_eq!(RequestTarget::read("/myelin"), Some(RequestTarget { class: "myelin", ..plain }));
    }

    #[test]
    fn nh_65_one_place_has_one_path() {
        for target in [
            "/myelin/",
            "/myelin/abababababababab/7",
            "/myelin/ABabababababababab/7/Echo",
            "/myelin/ABABABABABABABAB/7/Echo",
            "/myelin/abababababababab/07/Echo",
            "/myelin/abababababababab/+7/Echo",
            "/myelin/abababababababab/65536/Echo",
            "/myelin/ababababababab/7/Echo",
            "/myelin//7/Echo",
            "/myelin/abababababababab//7/Echo",
        ] {
            assert_eq!(RequestTarget::read(target), None, "{target}");
        }
        let class = RequestTarget::read("/myelin/abababababababab/7/a/b").map(|target| target.class);
        assert_eq!(class, Some("a/b"));
    }

    #[test]
    fn nh_69_the_query_asks_for_a_signed_stream() {
        let is_streamed = |target| RequestTarget::read(target).unwrap().is_streamed;
        assert!(is_streamed("/Echo?stream=1") && is_streamed("/Echo?a=b&stream=1&c"));
        for target in ["/Echo", "/Echo?", "/Echo?stream=0", "/Echo?stream=11", "/Echo?xstream=1", "/stream=1"] {
            assert!(!is_streamed(target), "{target}");
        }
    }

    proptest! {
        #[test]
        fn nh_65_targets_read_back(genesis: [u8; 32], netuid: u16, class in "[A-Za-z0-9_]{1,12}", is_streamed: bool) {
            let place = Some(Place::new(&genesis, NetUid::new(netuid)));
            let target = RequestTarget { place, class: &class, is_streamed };
            let written = target.to_string();
            prop_assert_eq!(RequestTarget::read(&written), Some(target));
        }

        #[test]
        fn garbage_never_panics(text: String, path in "/myelin/[0-9a-f/]{0,24}") {
            let _ = RequestTarget::read(&text);
            if let Some(target) = RequestTarget::read(&path) {
                prop_assert_eq!(target.to_string(), path.as_str());
            }
        }
    }
}
