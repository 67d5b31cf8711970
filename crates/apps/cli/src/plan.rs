//! The plan of a command that changes the chain, and its approval.
//!
//! A command that changes the chain reads what it needs and makes a [`Plan`]. First the [`Policy`] of the configuration
//! file admits the plan, then the user confirms it. Only both together make an [`ApprovedPlan`], which the one function
//! that signs requires. No signature bypasses the limits.

use crate::{
    page::{Page, Render, TableCell, Tone},
    terminal::{PromptError, Terminal},
};
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_primitives::{Amount, NetUid, Tao};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// The effects, the cost and the risks of a command.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Plan {
    /// Summary in one line, verb first.
    pub summary: String,
    /// Changes after the command.
    pub effects: Vec<String>,
    /// Amount that leaves the coldkey's free balance, without the fee, in rao.
    #[schemars(with = "u64")]
    pub spend: Amount<Tao>,
    /// Fee, in rao; zero for free calls.
    #[schemars(with = "u64")]
    pub fee: Amount<Tao>,
    /// Subnets that the command touches.
    #[schemars(with = "Vec<u16>")]
    pub subnets: Vec<NetUid>,
    /// Possible failures, and what is lost by them.
    pub risks: Vec<String>,
    /// True if the fee is known.
    #[serde(skip)]
    priced: bool,
}

impl Plan {
    /// Makes a plan from a summary in one line, verb first.
    pub fn new(summary: impl Into<String>) -> Self {
        Self {
            summary: summary.into(),
            effects: Vec::new(),
            spend: Amount::ZERO,
            fee: Amount::ZERO,
            subnets: Vec::new(),
            risks: Vec::new(),
            priced: false,
        }
    }

    /// Adds a change after the command.
    #[must_use]
    pub fn effect(mut self, effect: impl Into<String>) -> Self {
        self.effects.push(effect.into());
        self
    }

    /// Sets the amount that leaves the coldkey's free balance, without the fee.
    #[must_use]
    pub const fn spends(mut self, amount: Amount<Tao>) -> Self {
        self.spend = amount;
        self
    }

    /// Sets the fee.
    ///
    /// Most commands leave it out: sending asks the chain for it.
    #[must_use]
    pub const fn costs(mut self, fee: Amount<Tao>) -> Self {
        self.fee = fee;
        self.priced = true;
        self
    }

    /// Adds a subnet that the command touches.
    #[must_use]
    pub fn touches(mut self, netuid: NetUid) -> Self {
        self.subnets.push(netuid);
        self
    }

    /// Adds a possible failure.
    #[must_use]
    pub fn risk(mut self, risk: impl Into<String>) -> Self {
        self.risks.push(risk.into());
        self
    }

    /// Returns the fee, if it is known.
    pub(crate) fn known_fee(&self) -> Option<Amount<Tao>> {
        self.priced.then_some(self.fee)
    }
}

impl Render for Plan {
    fn render(&self, page: &mut Page) {
        page.line(Tone::Label.paint(&self.summary));
        for effect in &self.effects {
            page.line(format!("  {effect}"));
        }
        let fee = if self.fee.is_zero() { "none".to_owned() } else { self.fee.to_string() };
        page.fields([("  spends", self.spend.to_string().into()), ("  fee", fee.into())]);
        for risk in &self.risks {
            page.fields([("  risk", TableCell::new(risk.as_str(), Tone::Warning))]);
        }
    }
}

/// Limits of the configuration file; `None` is no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Maximum amount that one command may spend, without the fee.
    pub max_spend: Option<Amount<Tao>>,
    /// Maximum fee.
    pub max_fee: Option<Amount<Tao>>,
    /// Only subnets that commands may touch.
    pub subnets: Option<BTreeSet<NetUid>>,
}

/// A refusal by the policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyRefusal {
    /// An amount above the limit.
    #[error("the policy allows {limit} per command; this command spends {spend}")]
    Spend {
        /// Amount that the plan spends.
        spend: Amount<Tao>,
        /// Limit of the policy.
        limit: Amount<Tao>,
    },
    /// A fee above the limit.
    #[error("the policy allows a fee of {limit}; the fee of this command is {fee}")]
    Fee {
        /// Fee of the plan.
        fee: Amount<Tao>,
        /// Limit of the policy.
        limit: Amount<Tao>,
    },
    /// A subnet that is not allowed.
    #[error("the policy does not allow subnet {netuid}")]
    Subnet {
        /// Number of the subnet.
        netuid: NetUid,
    },
}

impl Diagnostic for PolicyRefusal {
    fn code(&self) -> &'static str {
        "policy"
    }

    fn hints(&self, out: &mut Hints) {
        out.push(match self {
            Self::Spend { .. } => "lower the amount, or change `policy.max-spend` with `myelin config set`",
            Self::Fee { .. } => "wait until fees fall, or change `policy.max-fee` with `myelin config set`",
            Self::Subnet { .. } => "choose another subnet, or change `policy.subnets` with `myelin config set`",
        });
    }
}

/// A plan that the policy allows.
#[derive(Debug)]
pub struct AllowedPlan(Plan);

/// A plan that the policy allows and the user confirmed; signing requires it.
#[derive(Debug)]
pub struct ApprovedPlan(Plan);

impl Policy {
    /// Compares a plan with the limits.
    ///
    /// # Errors
    /// [`PolicyRefusal`] for the first limit that the plan exceeds.
    pub fn admit(&self, plan: Plan) -> Result<AllowedPlan, PolicyRefusal> {
        if let Some(limit) = self.max_spend.filter(|limit| plan.spend > *limit) {
            return Err(PolicyRefusal::Spend { spend: plan.spend, limit });
        }
        if let Some(limit) = self.max_fee.filter(|limit| plan.fee > *limit) {
            return Err(PolicyRefusal::Fee { fee: plan.fee, limit });
        }
        if let Some(allowed) = &self.subnets
            && let Some(netuid) = plan.subnets.iter().find(|netuid| !allowed.contains(netuid))
        {
            return Err(PolicyRefusal::Subnet { netuid: *netuid });
        }
        Ok(AllowedPlan(plan))
    }
}

impl AllowedPlan {
    /// Returns the plan, to show it.
    pub const fn plan(&self) -> &Plan {
        &self.0
    }

    /// Returns the plan, to show it instead of executing it.
    pub(crate) fn into_plan(self) -> Plan {
        self.0
    }

    /// Asks the user to confirm the plan.
    ///
    /// # Errors
    /// As [`Terminal::confirm`].
    pub fn confirm(self, terminal: Terminal) -> Result<ApprovedPlan, PromptError> {
        terminal.confirm(&format!("{}?", self.0.summary))?;
        Ok(ApprovedPlan(self.0))
    }
}

impl ApprovedPlan {
    /// Returns the plan.
    pub const fn plan(&self) -> &Plan {
        &self.0
    }

    /// Returns the plan, after it was executed.
    pub(crate) fn into_plan(self) -> Plan {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan::new("Lend 2 TAO")
            .effect("the loan grows")
            .spends(Amount::from_rao(2_000_000_000))
            .costs(Amount::from_rao(250))
            .touches(NetUid::new(1))
            .touches(NetUid::new(7))
            .risk("the price may rise")
    }

    #[test]
    fn no_policy_admits_everything() {
        assert!(Policy::default().admit(plan()).is_ok());
    }

    #[test]
    fn a_limit_admits_what_reaches_it_and_nothing_beyond() {
        let limits = |spend, fee, subnets: &[u16]| Policy {
            max_spend: Some(Amount::from_rao(spend)),
            max_fee: Some(Amount::from_rao(fee)),
            subnets: Some(subnets.iter().copied().map(NetUid::new).collect()),
        };
        assert!(limits(2_000_000_000, 250, &[1, 7]).admit(plan()).is_ok());
        let refused = |policy: Policy| policy.admit(plan()).unwrap_err();
        assert!(matches!(refused(limits(1_999_999_999, 250, &[1, 7])), PolicyRefusal::Spend { .. }));
        assert!(matches!(refused(limits(2_000_000_000, 249, &[1, 7])), PolicyRefusal::Fee { .. }));
        assert_eq!(refused(limits(2_000_000_000, 250, &[1])), PolicyRefusal::Subnet { netuid: NetUid::new(7) });
        assert!(matches!(refused(limits(2_000_000_000, 250, &[])), PolicyRefusal::Subnet { .. }));
    }

    #[test]
    fn nothing_is_approved_without_somebody_or_a_word() {
        let admitted = || Policy::default().admit(plan()).unwrap();
        // Tests have no terminal, or at least none that is asked.
        if !Terminal::of_process(false).somebody() {
            assert!(matches!(admitted().confirm(Terminal::of_process(false)), Err(PromptError::NoTerminal { .. })));
        }
        assert!(admitted().confirm(Terminal::of_process(true)).is_ok());
    }

    #[test]
    fn a_plan_says_what_it_costs() {
        let mut page = Page::new(80);
        plan().render(&mut page);
        let text = anstream::adapter::strip_str(&page.into_text()).to_string();
        assert!(text.contains("2 TAO") && text.contains("0.00000025 TAO") && text.contains("may rise"), "{text}");
    }
}
