//! What a command is about to do to the chain, and whether it may.
//!
//! A command that changes the chain reads what it needs and lays out a [`Plan`]. The [`Policy`] of the configuration
//! file looks at it first and whoever sits at the keyboard second, and only both together make an [`ApprovedPlan`], which
//! is what the one function that signs takes. So there is no way to a signature that does not lead past the limits.

use crate::{
    page::{Page, Render, TableCell, Tone},
    terminal::{PromptError, Terminal},
};
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_primitives::{Amount, NetUid, Tao};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// What will happen, what it costs and what could fail.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Plan {
    /// The deed in one line, verb first.
    pub summary: String,
    /// What will be different afterwards.
    pub effects: Vec<String>,
    /// What leaves the coldkey's free balance, fees apart, in rao.
    #[schemars(with = "u64")]
    pub spend: Amount<Tao>,
    /// The fee, in rao. Zero for calls that are free.
    #[schemars(with = "u64")]
    pub fee: Amount<Tao>,
    /// The subnets that are touched.
    #[schemars(with = "Vec<u16>")]
    pub subnets: Vec<NetUid>,
    /// What could fail, and what is lost if it does.
    pub risks: Vec<String>,
    /// Whether the fee was found out.
    #[serde(skip)]
    priced: bool,
}

impl Plan {
    /// This deed, said in one line, verb first.
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

    /// Something will be different afterwards.
    #[must_use]
    pub fn effect(mut self, effect: impl Into<String>) -> Self {
        self.effects.push(effect.into());
        self
    }

    /// This leaves the coldkey's free balance, fees apart.
    #[must_use]
    pub const fn spends(mut self, amount: Amount<Tao>) -> Self {
        self.spend = amount;
        self
    }

    /// This is the fee. Left out by most: whoever sends the call finds it out.
    #[must_use]
    pub const fn costs(mut self, fee: Amount<Tao>) -> Self {
        self.fee = fee;
        self.priced = true;
        self
    }

    /// A subnet is touched.
    #[must_use]
    pub fn touches(mut self, netuid: NetUid) -> Self {
        self.subnets.push(netuid);
        self
    }

    /// Something could fail.
    #[must_use]
    pub fn risk(mut self, risk: impl Into<String>) -> Self {
        self.risks.push(risk.into());
        self
    }

    /// The fee, if it was found out.
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

/// The limits of the configuration file. `None` is no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// The most that one command may spend, fees apart.
    pub max_spend: Option<Amount<Tao>>,
    /// The highest fee.
    pub max_fee: Option<Amount<Tao>>,
    /// The only subnets that may be touched.
    pub subnets: Option<BTreeSet<NetUid>>,
}

/// What a policy refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyRefusal {
    /// Too much.
    #[error("the policy allows to spend {limit} at once, and this spends {spend}")]
    Spend {
        /// What the plan spends.
        spend: Amount<Tao>,
        /// What is allowed.
        limit: Amount<Tao>,
    },
    /// Too dear.
    #[error("the policy allows a fee of {limit}, and this costs {fee}")]
    Fee {
        /// What the plan costs.
        fee: Amount<Tao>,
        /// What is allowed.
        limit: Amount<Tao>,
    },
    /// Not there.
    #[error("the policy does not allow to touch subnet {netuid}")]
    Subnet {
        /// Which.
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

/// A plan that the policy allows and that somebody wants. Whatever signs takes this.
#[derive(Debug)]
pub struct ApprovedPlan(Plan);

impl Policy {
    /// Looks at a plan.
    ///
    /// # Errors
    /// The first limit that it is beyond.
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
    /// The plan, to be shown.
    pub const fn plan(&self) -> &Plan {
        &self.0
    }

    /// The plan, to be shown instead of carried out.
    pub(crate) fn into_plan(self) -> Plan {
        self.0
    }

    /// Asks whether to go on.
    ///
    /// # Errors
    /// As [`Terminal::confirm`].
    pub fn confirm(self, terminal: Terminal) -> Result<ApprovedPlan, PromptError> {
        terminal.confirm(&format!("{}?", self.0.summary))?;
        Ok(ApprovedPlan(self.0))
    }
}

impl ApprovedPlan {
    /// The plan.
    pub const fn plan(&self) -> &Plan {
        &self.0
    }

    /// The plan, for whoever has signed.
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
