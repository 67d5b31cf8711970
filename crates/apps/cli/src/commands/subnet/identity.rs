//! The identities of subnets.

use super::{find, find_own};
use crate::{
    command::{Calls, Command, Effect, Example, outputs},
    commands::metagraph::{none, title},
    context::Context,
    error::CliError,
    key::WalletSigner,
    output::Printer,
    page::{Page, Render, TableCell, Tone, plain},
    plan::Plan,
    transact::{TransactionArgs, TransactionOutput},
};
use myelin_client::{NetUid, SubnetIdentity, calls};
use schemars::JsonSchema;
use serde::Serialize;

/// Largest length of a name, in bytes. spec subnets-and-neurons §15.2
const MAX_NAME: usize = 256;

/// Largest length of any other text, in bytes. spec subnets-and-neurons §15.2
const MAX_TEXT: usize = 1_024;

/// The texts of a subnet's identity; not verified. spec subnets-and-neurons §15.2
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema, clap::Args)]
pub struct SubnetIdentityTexts {
    /// Name of the subnet
    #[arg(long, value_name = "TEXT", value_parser = at_most(MAX_NAME))]
    name: Option<String>,
    /// Description of its task
    #[arg(long, value_name = "TEXT", value_parser = at_most(MAX_TEXT))]
    description: Option<String>,
    /// URL of its web page
    #[arg(long, value_name = "TEXT", value_parser = at_most(MAX_TEXT))]
    url: Option<String>,
    /// URL of its repository
    #[arg(long, value_name = "TEXT", value_parser = at_most(MAX_TEXT))]
    github: Option<String>,
    /// Contact of its owner
    #[arg(long, value_name = "TEXT", value_parser = at_most(MAX_TEXT))]
    contact: Option<String>,
    /// Discord server or account
    #[arg(long, value_name = "TEXT", value_parser = at_most(MAX_NAME))]
    discord: Option<String>,
    /// URL of its logo
    #[arg(long, value_name = "TEXT", value_parser = at_most(MAX_TEXT))]
    logo: Option<String>,
    /// Additional text
    #[arg(long, value_name = "TEXT", value_parser = at_most(MAX_TEXT))]
    additional: Option<String>,
}

/// Returns a parser of texts with at most this many bytes, as the chain stores them.
pub(super) fn at_most(bytes: usize) -> impl Fn(&str) -> Result<String, String> + Clone {
    move |text| {
        if text.len() > bytes {
            Err(format!("the text has {} bytes; at most {bytes} are stored", text.len()))
        } else {
            Ok(text.into())
        }
    }
}

/// Returns a parser of names.
pub(super) fn a_name() -> impl Fn(&str) -> Result<String, String> + Clone {
    at_most(MAX_NAME)
}

impl SubnetIdentityTexts {
    /// Returns texts with only a name.
    pub(crate) fn named(name: String) -> Self {
        Self { name: Some(name), ..Self::default() }
    }

    /// Merges these texts over earlier ones. An empty text removes the earlier one.
    fn over(self, before: Self) -> Self {
        let said = |now: Option<String>, before| now.or(before).filter(|text: &String| !text.is_empty());
        Self {
            name: said(self.name, before.name),
            description: said(self.description, before.description),
            url: said(self.url, before.url),
            github: said(self.github, before.github),
            contact: said(self.contact, before.contact),
            discord: said(self.discord, before.discord),
            logo: said(self.logo, before.logo),
            additional: said(self.additional, before.additional),
        }
    }

    /// Returns each text with its label.
    fn labelled(&self) -> [(&'static str, Option<&str>); 8] {
        [
            ("name", self.name.as_deref()),
            ("description", self.description.as_deref()),
            ("url", self.url.as_deref()),
            ("github", self.github.as_deref()),
            ("contact", self.contact.as_deref()),
            ("discord", self.discord.as_deref()),
            ("logo", self.logo.as_deref()),
            ("additional", self.additional.as_deref()),
        ]
    }
}

impl From<SubnetIdentity> for SubnetIdentityTexts {
    fn from(identity: SubnetIdentity) -> Self {
        let text = |bytes: Vec<u8>| Some(String::from_utf8_lossy(&bytes).into_owned()).filter(|text| !text.is_empty());
        Self {
            name: text(identity.subnet_name),
            description: text(identity.description),
            url: text(identity.subnet_url),
            github: text(identity.github_repo),
            contact: text(identity.subnet_contact),
            discord: text(identity.discord),
            logo: text(identity.logo_url),
            additional: text(identity.additional),
        }
    }
}

impl From<SubnetIdentityTexts> for SubnetIdentity {
    fn from(texts: SubnetIdentityTexts) -> Self {
        let bytes = |text: Option<String>| text.unwrap_or_default().into_bytes();
        Self {
            subnet_name: bytes(texts.name),
            description: bytes(texts.description),
            subnet_url: bytes(texts.url),
            github_repo: bytes(texts.github),
            subnet_contact: bytes(texts.contact),
            discord: bytes(texts.discord),
            logo_url: bytes(texts.logo),
            additional: bytes(texts.additional),
        }
    }
}

/// A subnet and its identity.
#[derive(Debug, Serialize, JsonSchema)]
struct SubnetIdentityRow {
    /// Number of the subnet.
    #[schemars(with = "u16")]
    netuid: NetUid,
    /// Texts of its identity.
    #[serde(flatten)]
    texts: SubnetIdentityTexts,
    #[serde(skip)]
    title: String,
}

impl Render for SubnetIdentityRow {
    fn render(&self, page: &mut Page) {
        page.line(Tone::Label.paint(&self.title));
        page.fields(
            self.texts
                .labelled()
                .map(|(label, text)| (label, text.map_or_else(none, |text| TableCell::from(plain(text))))),
        );
    }
}

outputs! {
    /// The identity of a subnet.
    SubnetIdentityShowOutput(SubnetIdentityRow);
    /// The new identity of a subnet.
    SubnetIdentitySetOutput(SubnetIdentityRow);
}

/// Arguments of `myelin subnet identity show`.
#[derive(Debug, clap::Args)]
pub struct ShowIdentity {
    /// Number of the subnet
    netuid: NetUid,
}

impl Command for ShowIdentity {
    const PATH: &'static str = "subnet identity show";
    const SUMMARY: &'static str = "Show the identity of a subnet";
    const DETAILS: &'static str = "The owner publishes the texts. They are not verified.";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "The identity of subnet 1", line: "myelin subnet identity show 1" }];
    type Output = SubnetIdentityShowOutput;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let now = context.chain().await?.at_finalised().await?;
        let subnet = find(&now, self.netuid).await?;
        let texts = now.subnet_identity(self.netuid).await?.map(SubnetIdentityTexts::from).unwrap_or_default();
        let title = title(self.netuid, &subnet);
        Ok(output.show(&SubnetIdentityShowOutput(SubnetIdentityRow { netuid: self.netuid, texts, title }))?)
    }
}

/// Arguments of `myelin subnet identity set`.
#[derive(Debug, clap::Args)]
pub struct SetIdentity {
    /// Number of the subnet
    netuid: NetUid,

    #[command(flatten)]
    texts: SubnetIdentityTexts,

    #[command(flatten)]
    sending: TransactionArgs,
}

impl Command for SetIdentity {
    const PATH: &'static str = "subnet identity set";
    const SUMMARY: &'static str = "Set the identity of a subnet: its name, pages and contact";
    const DETAILS: &'static str = "Signed by the owner. Texts that are not given stay; an empty text removes one.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Subnets", "set_subnet_identity")];
    const EXAMPLES: &'static [Example] = &[
        Example {
            purpose: "A name and a page",
            line: "myelin subnet identity set 1 --name text --url https://text.example",
        },
        Example { purpose: "Remove the logo", line: "myelin subnet identity set 1 --logo=" },
    ];
    type Output = TransactionOutput<SubnetIdentitySetOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        if self.texts == SubnetIdentityTexts::default() {
            return Err(CliError::Usage { message: "no text is given".into(), hint: "give a text, such as `--name`" });
        }
        let signer = WalletSigner::coldkey(context)?;
        let chain = context.chain().await?;
        let now = chain.at_finalised().await?;
        let mut subnet = find_own(&now, self.netuid, &signer).await?;
        let before = now.subnet_identity(self.netuid).await?.map(SubnetIdentityTexts::from).unwrap_or_default();
        let texts = self.texts.over(before.clone());
        let mut plan = Plan::new(format!("Set the identity of subnet {}", self.netuid)).touches(self.netuid);
        for ((label, was), (_, is)) in before.labelled().into_iter().zip(texts.labelled()) {
            if was != is {
                plan = plan.effect(format!(
                    "{label}: {} instead of {}",
                    is.unwrap_or("nothing"),
                    was.unwrap_or("nothing")
                ));
            }
        }
        let call = calls::set_subnet_identity(self.netuid, texts.clone().into());
        let sent = self.sending.send(context, &chain, &signer, &call, plan).await?;
        subnet.name = texts.name.clone().unwrap_or_default().into_bytes();
        let row = SubnetIdentityRow { netuid: self.netuid, title: title(self.netuid, &subnet), texts };
        Ok(output.show(&sent.output(|_| Ok(SubnetIdentitySetOutput(row)))?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_stays_and_an_empty_text_goes() {
        let text = |text: &str| Some(text.to_owned());
        let before = SubnetIdentityTexts {
            name: text("one"),
            url: text("https://one"),
            logo: text("picture"),
            ..SubnetIdentityTexts::default()
        };
        let now = SubnetIdentityTexts { name: text("two"), logo: text(""), ..SubnetIdentityTexts::default() };
        let after =
            SubnetIdentityTexts { name: text("two"), url: text("https://one"), ..SubnetIdentityTexts::default() };
        assert_eq!(now.over(before), after);
        assert_eq!(SubnetIdentityTexts::from(SubnetIdentity::from(after.clone())), after);
    }

    #[test]
    fn texts_are_counted_in_bytes() {
        let parse = at_most(4);
        assert_eq!(parse("äö").unwrap(), "äö");
        assert!(parse("äöü").unwrap_err().contains("6 bytes"));
    }
}
