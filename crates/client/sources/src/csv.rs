//! A series in a file.

use crate::{DataPoint, DataSource, ItemPage, SourceError, UnixSeconds, decimal::micros, time::parse_time};
use myelin_files::Access;
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

/// The greatest length of the file, in bytes.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The first line.
const HEADER: &str = "time,value";

/// A series in a file with the columns `time` and `value`.
///
/// Times are Unix seconds or ISO 8601, and rise from line to line. Values are decimals with up to 12 digits before and 6
/// after the point. A file that changes is read again.
#[derive(Debug)]
pub struct CsvSource {
    path: PathBuf,
    name: String,
    last: Mutex<Option<ReadFile>>,
}

/// The content of the file when it was read last.
#[derive(Debug)]
struct ReadFile {
    modified: Option<SystemTime>,
    points: Arc<[DataPoint]>,
}

impl CsvSource {
    /// Returns the series of a file. Its name is that of the file, without the extension.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Self { path, name, last: Mutex::default() }
    }

    fn points(&self) -> Result<Arc<[DataPoint]>, SourceError> {
        let unreachable = |error: &dyn std::fmt::Display| SourceError::Unreachable(error.to_string());
        let modified = std::fs::metadata(&self.path).and_then(|file| file.modified()).ok();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last.as_ref().filter(|last| modified.is_some() && last.modified == modified) {
            return Ok(Arc::clone(&last.points));
        }
        let content = myelin_files::read(&self.path, Access::Shared, MAX_BYTES).map_err(|error| unreachable(&error))?;
        let content = content.ok_or_else(|| unreachable(&format!("there is no file {}", self.path.display())))?;
        let text = std::str::from_utf8(&content).map_err(|error| SourceError::Form(error.to_string()))?;
        let points: Arc<[DataPoint]> = parse(text).map_err(SourceError::Form)?.into();
        *last = Some(ReadFile { modified, points: Arc::clone(&points) });
        Ok(points)
    }
}

/// Parses a file.
fn parse(text: &str) -> Result<Vec<DataPoint>, String> {
    let mut lines = text.lines().zip(1_u32..);
    if lines.next().map(|(line, _)| line.trim()) != Some(HEADER) {
        return Err(format!("line 1 is not `{HEADER}`"));
    }
    let mut points = Vec::<DataPoint>::new();
    for (line, number) in lines.filter(|(line, _)| !line.trim().is_empty()) {
        let point = line
            .split_once(',')
            .and_then(|(time, value)| Some(DataPoint { at: parse_time(time.trim())?, micros: micros(value.trim())? }));
        let point = point.ok_or_else(|| format!("line {number} is no time and decimal"))?;
        if points.last().is_some_and(|last| last.at >= point.at) {
            return Err(format!("line {number} is not later than the one before it"));
        }
        points.push(point);
    }
    Ok(points)
}

impl DataSource for CsvSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn series(&self) -> Vec<String> {
        vec![self.name.clone()]
    }

    fn value(&self, series: &str, at: UnixSeconds) -> Result<Option<DataPoint>, SourceError> {
        if series != self.name {
            return Err(SourceError::NoSuchSeries);
        }
        let points = self.points()?;
        let after = points.partition_point(|point| point.at <= at);
        match after.checked_sub(1).and_then(|last| points.get(last)) {
            None if points.is_empty() => Ok(None),
            None => Err(SourceError::NotKnown),
            // The file may get a later line that is still before the time.
            Some(_) if after == points.len() && points.last().is_some_and(|last| last.at < at) => Ok(None),
            Some(point) => Ok(Some(*point)),
        }
    }

    fn items(&self, _: &str, _: Option<&str>, _: usize) -> Result<ItemPage, SourceError> {
        Err(SourceError::NoSuchSeries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, time::Duration};

    #[test]
    fn the_last_point_before_a_time_is_its_value() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gold.csv");
        fs::write(&path, "time,value\n1970-01-01T00:01:40Z,1.5\r\n\n200,2\n").unwrap();
        let source = CsvSource::new(&path);
        let value = |at| source.value("gold", at).map(|point| point.map(|point| (point.at, point.micros)));
        assert_eq!(value(99), Err(SourceError::NotKnown));
        assert_eq!(value(100), Ok(Some((100, 1_500_000))));
        assert_eq!(value(199), Ok(Some((100, 1_500_000))));
        assert_eq!(value(200), Ok(Some((200, 2_000_000))));
        assert_eq!(value(201), Ok(None), "a line of that time may follow");
        assert_eq!(source.value("silver", 100), Err(SourceError::NoSuchSeries));
        assert_eq!(source.series(), ["gold"]);

        fs::write(&path, "time,value\n100,7\n300,8\n").unwrap();
        let later = SystemTime::now() + Duration::from_secs(9);
        fs::File::options().write(true).open(&path).unwrap().set_modified(later).unwrap();
        assert_eq!(value(200), Ok(Some((100, 7_000_000))));
        fs::remove_file(&path).unwrap();
        assert!(matches!(value(200), Err(SourceError::Unreachable(_))));
    }

    #[test]
    fn a_file_of_another_form_names_the_line() {
        for (text, error) in [
            ("", "line 1 is not `time,value`"),
            ("a,b\n1,2\n", "line 1 is not `time,value`"),
            ("time,value\n1,2\nx,3\n", "line 3 is no time and decimal"),
            ("time,value\n1\n", "line 2 is no time and decimal"),
            ("time,value\n1,1e9\n", "line 2 is no time and decimal"),
            ("time,value\n1,1.0000001\n", "line 2 is no time and decimal"),
            ("time,value\n2,1\n2,1\n", "line 3 is not later than the one before it"),
            ("time,value\n2,1\n1,1\n", "line 3 is not later than the one before it"),
        ] {
            assert_eq!(parse(text), Err(error.to_owned()), "{text}");
        }
        assert_eq!(parse("time,value\n"), Ok(Vec::new()));
    }
}
