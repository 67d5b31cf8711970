//! The screen of a local network: one page with the neurons and the last events.

use crate::{
    output::OutputError,
    page::{Page, Render, Side, Table, TableCell, Tone},
    screen::Screen,
};
use myelin_local::{
    NetworkEvent,
    neurons::{EpochPay, NeuronPay, NeuronReport, SubnetReport},
};
use myelin_primitives::{Amount, RAO_PER_TAO, Tao};
use std::collections::VecDeque;

/// Number of last events that are shown.
const REMEMBERED: usize = 5;

/// The screen of a local network on a terminal.
#[derive(Debug)]
pub(super) struct NetworkScreen {
    screen: Screen,
    page: ScreenState,
}

/// Contents of the screen.
#[derive(Debug, Default)]
struct ScreenState {
    report: Option<SubnetReport>,
    happened: VecDeque<String>,
}

impl NetworkScreen {
    /// Returns the screen of the process, if it has a terminal.
    pub(super) fn of_process() -> Option<Self> {
        Some(Self { screen: Screen::of_process()?, page: ScreenState::default() })
    }

    /// Takes in an event, and draws again once there are neurons to show.
    ///
    /// Returns true if it drew.
    ///
    /// # Errors
    /// As [`Screen::draw`].
    pub(super) fn show(&mut self, event: &NetworkEvent) -> Result<bool, OutputError> {
        match event {
            NetworkEvent::Neurons(report) => self.page.report = Some(report.clone()),
            NetworkEvent::Down {} => return Ok(false),
            _ if self.page.report.is_none() => return Ok(false),
            other => self.page.remember(other),
        }
        self.screen.draw(&self.page)?;
        Ok(true)
    }
}

impl ScreenState {
    fn remember(&mut self, event: &NetworkEvent) {
        let mut page = Page::new(usize::MAX);
        event.render(&mut page);
        self.happened.extend(page.into_text().lines().map(str::to_owned));
        let over = self.happened.len().saturating_sub(REMEMBERED);
        self.happened.drain(..over);
    }
}

impl Render for ScreenState {
    fn render(&self, page: &mut Page) {
        if let Some(report) = &self.report {
            report.render(page);
        }
        for line in &self.happened {
            page.line(line);
        }
        page.line(Tone::Faint.paint("ask it from another terminal: myelin ask \"…\"; Ctrl-C ends the network"));
    }
}

impl Render for SubnetReport {
    fn render(&self, page: &mut Page) {
        let epoch = match self.next_epoch_in {
            Some(0) | None => String::new(),
            Some(1) => ", epoch in the next block".to_owned(),
            Some(blocks) => format!(", epoch in {blocks} blocks"),
        };
        page.line(Tone::Label.paint(&format!(
            "block {}{epoch}; subnet {} `{}` earns {} a block",
            self.height, self.netuid, self.name, self.emission
        )));
        page.line("");
        let columns = [
            ("UID", Side::Right),
            ("NEURON", Side::Left),
            ("STAKE", Side::Right),
            ("INCENTIVE", Side::Right),
            ("DIVIDENDS", Side::Right),
            ("TRUST", Side::Right),
            ("DUE", Side::Right),
            ("PAID", Side::Right),
            ("OFF BY", Side::Right),
        ];
        let mut table = Table::new(columns);
        for NeuronReport { uid, name, stake, incentive, dividends, trust, pay } in &self.neurons {
            let [due, paid, off] = pay_cells(pay.as_ref());
            table.row([
                uid.to_string().into(),
                name.as_str().into(),
                short(*stake).into(),
                percent(*incentive),
                percent(*dividends),
                percent(*trust),
                due,
                paid,
                off,
            ]);
        }
        page.table(&table);
        page.line("");
        page.line("stake in TAO; due by the rules and paid by the chain in the last epoch, in TAO; off by, in rao");
        if let Some(EpochPay { block, emission, owner, miners, validators, .. }) = &self.epoch {
            page.line(format!(
                "epoch of block {block}: {emission} = {owner} to the owner + {miners} to miners + {validators} to validators"
            ));
        }
    }
}

fn pay_cells(pay: Option<&NeuronPay>) -> [TableCell; 3] {
    let Some(NeuronPay { due, paid, difference }) = pay else { return ["-".into(), "-".into(), "-".into()] };
    let tone = if *difference == 0 { Tone::Good } else { Tone::Bad };
    [short(*due).into(), short(*paid).into(), TableCell::new(difference.to_string(), tone)]
}

/// Formats an amount in TAO with four decimals, rounded down.
fn short(amount: Amount<Tao>) -> String {
    let (whole, decimals) = (amount.rao() / RAO_PER_TAO, amount.rao() % RAO_PER_TAO / (RAO_PER_TAO / 10_000));
    format!("{whole}.{decimals:04}")
}

/// Formats a part of 65 535 in percent with one decimal; zero is faint.
fn percent(part: u16) -> TableCell {
    let tenths = (u32::from(part) * 1_000 + 32_767) / 65_535;
    let text = format!("{}.{} %", tenths / 10, tenths % 10);
    if part == 0 { TableCell::new(text, Tone::Faint) } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> SubnetReport {
        let pay =
            |due, paid| Some(NeuronPay { due, paid, difference: paid.rao().cast_signed() - due.rao().cast_signed() });
        let tao = |rao| Amount::from_rao(rao);
        let row = |uid, name: &str, incentive, pay| NeuronReport {
            uid,
            name: name.into(),
            stake: tao(600 * RAO_PER_TAO),
            incentive,
            dividends: 0,
            trust: 0,
            pay,
        };
        SubnetReport {
            height: 41,
            netuid: 2,
            name: "text".into(),
            emission: tao(RAO_PER_TAO / 2),
            next_epoch_in: Some(1),
            epoch: None,
            neurons: vec![
                row(1, "fast", 65_535, pay(tao(1_234_567_899), tao(1_234_567_899))),
                row(2, "copies", 33, pay(tao(1), tao(2))),
                row(3, "new", 0, None),
            ],
        }
    }

    fn shown(width: usize) -> String {
        let mut page = Page::new(width);
        report().render(&mut page);
        anstream::adapter::strip_str(&page.into_text()).to_string()
    }

    #[test]
    fn what_is_due_stands_beside_what_was_paid() {
        let text = shown(usize::MAX);
        let row =
            |name: &str| text.lines().find(|line| line.contains(name)).unwrap().split_whitespace().collect::<Vec<_>>();
        assert_eq!(row("fast")[2..4], ["600.0000", "100.0"]);
        assert_eq!(row("fast")[9..], ["1.2345", "1.2345", "0"]);
        assert_eq!(row("copies")[9..], ["0.0000", "0.0000", "1"]);
        assert_eq!(row("new")[9..], ["-", "-", "-"]);
        assert!(
            text.starts_with("block 41, epoch in the next block; subnet 2 `text` earns 0.5 TAO a block\n"),
            "{text}"
        );
    }

    #[test]
    fn it_fits_a_wide_terminal_as_a_table() {
        assert!(shown(100).lines().all(|line| line.chars().count() <= 100), "{}", shown(100));
    }
}
