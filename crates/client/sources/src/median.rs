//! The middle of several sources.

use crate::{DataPoint, DataSource, ItemPage, SourceError, UnixSeconds};

/// The least number of sources, so that one that lies does not decide.
const LEAST: usize = 3;

/// A source whose values are the middle of those of others.
///
/// It answers as soon as more than half of the others do. Of an even number it takes the lower middle.
pub struct MedianSource {
    of: Vec<Box<dyn DataSource>>,
}

impl MedianSource {
    /// Returns the middle of these sources, or `None` if there are fewer than three.
    pub fn new(of: Vec<Box<dyn DataSource>>) -> Option<Self> {
        (of.len() >= LEAST).then_some(Self { of })
    }
}

impl DataSource for MedianSource {
    fn name(&self) -> &'static str {
        "median"
    }

    /// Returns the series that all sources have.
    fn series(&self) -> Vec<String> {
        let all: Vec<_> = self.of.iter().map(|source| source.series()).collect();
        let Some((first, others)) = all.split_first() else { return Vec::new() };
        first.iter().filter(|name| others.iter().all(|other| other.contains(name))).cloned().collect()
    }

    fn value(&self, series: &str, at: UnixSeconds) -> Result<Option<DataPoint>, SourceError> {
        let (mut points, mut unknown, mut failure) = (Vec::new(), 0_usize, None);
        for source in &self.of {
            match source.value(series, at) {
                Ok(Some(point)) => points.push(point),
                Ok(None) => unknown += 1,
                Err(error) => failure = Some(error),
            }
        }
        let is_majority = |count: usize| count > self.of.len() / 2;
        if is_majority(points.len()) {
            points.sort_by_key(|point| (point.micros, point.at));
            return Ok(points.get((points.len() - 1) / 2).copied());
        }
        match failure {
            Some(error) if !is_majority(unknown) => Err(error),
            _ => Ok(None),
        }
    }

    /// Returns no feed: items have no middle.
    fn items(&self, _: &str, _: Option<&str>, _: usize) -> Result<ItemPage, SourceError> {
        Err(SourceError::NoSuchSeries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(Result<Option<u64>, SourceError>);

    impl DataSource for Fixed {
        fn name(&self) -> &'static str {
            "fixed"
        }

        fn series(&self) -> Vec<String> {
            vec!["a".to_owned(), format!("{:?}", self.0)]
        }

        fn value(&self, _: &str, at: UnixSeconds) -> Result<Option<DataPoint>, SourceError> {
            self.0.clone().map(|value| value.map(|micros| DataPoint { at, micros }))
        }

        fn items(&self, _: &str, _: Option<&str>, _: usize) -> Result<ItemPage, SourceError> {
            Ok(ItemPage::default())
        }
    }

    fn median(values: &[Result<Option<u64>, SourceError>]) -> Result<Option<u64>, SourceError> {
        let sources = values.iter().map(|value| Box::new(Fixed(value.clone())) as Box<dyn DataSource>).collect();
        let median = MedianSource::new(sources).unwrap();
        assert_eq!(median.series(), ["a"]);
        median.value("a", 7).map(|point| point.map(|point| point.micros))
    }

    #[test]
    fn fewer_than_three_are_refused() {
        let two = || (0..2).map(|_| Box::new(Fixed(Ok(None))) as Box<dyn DataSource>).collect();
        assert!(MedianSource::new(two()).is_none());
        assert!(MedianSource::new(Vec::new()).is_none());
    }

    #[test]
    fn one_that_lies_or_is_silent_does_not_decide() {
        let down = || Err(SourceError::NotKnown);
        assert_eq!(median(&[Ok(Some(5)), Ok(Some(u64::MAX)), Ok(Some(6))]), Ok(Some(6)));
        assert_eq!(median(&[Ok(Some(0)), Ok(Some(5)), Ok(Some(6))]), Ok(Some(5)));
        assert_eq!(median(&[Ok(Some(5)), down(), Ok(Some(9))]), Ok(Some(5)));
        assert_eq!(median(&[Ok(Some(5)), down(), down()]), down());
        assert_eq!(median(&[Ok(Some(5)), Ok(None), Ok(None)]), Ok(None));
        assert_eq!(median(&[Ok(Some(1)), Ok(Some(2)), Ok(Some(3)), Ok(Some(4))]), Ok(Some(2)));
        assert_eq!(median(&[Ok(Some(1)), Ok(Some(2)), Ok(None), Ok(None)]), Ok(None));
    }
}
