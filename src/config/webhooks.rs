//! Where webhooks may go.

use clap::Args;

use super::entries;
use crate::egress::guard::{Exception, Guard, Inside, Policy};

/// Where webhooks may go: to public addresses by default.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Webhooks")]
pub struct Webhooks {
    /// Let webhooks go to this machine and to private networks
    #[arg(long, env = "PHASEFLAG_WEBHOOK_ALLOW_PRIVATE")]
    pub webhook_allow_private: bool,

    /// Hosts, addresses or networks that webhooks may go to whatever they are, separated by commas; none by default
    #[arg(
        long,
        env = "PHASEFLAG_WEBHOOK_ALLOW_HOST",
        value_name = "HOSTS",
        default_value = "",
        hide_default_value = true,
        value_parser = AllowedHosts::parse
    )]
    pub webhook_allow_host: AllowedHosts,
}

impl Webhooks {
    /// What they come to.
    pub fn policy(&self) -> Policy {
        let inside = if self.webhook_allow_private { Inside::Open } else { Inside::Closed };
        Policy::Guarded(Guard { inside, exceptions: self.webhook_allow_host.0.clone() })
    }
}

/// What webhooks may go to whatever it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedHosts(Vec<Exception>);

impl AllowedHosts {
    /// Reads hosts, addresses and networks, separated by commas.
    pub fn parse(text: &str) -> Result<Self, String> {
        entries(text).map(Exception::parse).collect::<Result<_, _>>().map(Self)
    }
}
