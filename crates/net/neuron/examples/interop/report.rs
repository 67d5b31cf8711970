//! The table of cases.

/// A table of cases and their results, which prints each row at once.
#[derive(Debug, Default)]
pub(crate) struct Report {
    cases: usize,
    failed: usize,
}

impl Report {
    /// Begins a group of cases.
    #[expect(clippy::unused_self, reason = "a report is what prints")]
    pub(crate) fn group(&mut self, name: &str) {
        println!("\n{name}");
    }

    /// Records one case, and its fault if it has one.
    pub(crate) fn case(&mut self, name: &str, fault: Option<&str>) {
        self.cases += 1;
        match fault {
            None => println!("  ok      {name}"),
            Some(fault) => {
                self.failed += 1;
                println!("  FAILED  {name}: {fault}");
            }
        }
    }

    /// Records one case that passes if both values are equal.
    pub(crate) fn equal<T: PartialEq + core::fmt::Debug>(&mut self, name: &str, got: &T, expected: &T) {
        let fault = (got != expected).then(|| format!("{expected:?} was expected and {got:?} came"));
        self.case(name, fault.as_deref());
    }

    pub(crate) const fn cases(&self) -> usize {
        self.cases
    }

    pub(crate) const fn failed(&self) -> usize {
        self.failed
    }
}
