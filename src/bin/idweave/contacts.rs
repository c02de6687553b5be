//! `contacts-of`: whose contact is this?

use clap::Args;
use idweave::{Contact, KindScope};

use crate::answers::ContactAnswer;
use crate::cli::Common;
use crate::database;
use crate::exit::{Done, Failure};
use crate::moment::{show, show_end};
use crate::output::Out;

#[derive(Debug, Args)]
pub(crate) struct ContactsArgs {
    /// kind:scope:value
    #[arg(value_name = "ID")]
    id: String,
    /// Who looks at which corp: CORP or CORP@VIEWER
    #[arg(long, value_name = "VIEW")]
    view: String,
}

pub(crate) fn run(args: &ContactsArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let id = database::id("ID", &args.id)?;
    let view = KindScope::new(idweave::Kind::ExternalUserid, &args.view)
        .map_err(|rule| Failure::Usage(format!("--view: {rule}")))?;
    let contacts = database::read(common)?.contacts_of(&id, view.scope())?;
    if common.json {
        for contact in &contacts {
            out.json(&ContactAnswer::from(contact))?;
        }
    } else if contacts.is_empty() {
        out.line("nobody's contact in this view")?;
    } else {
        out.table(["EMPLOYEE", "CONTACT", "SINCE", "UNTIL", "HOW"], contacts.iter().map(row))?;
    }
    Ok(Done::found(!contacts.is_empty()))
}

fn row(contact: &Contact) -> [String; 5] {
    [
        format!("{}:{}", contact.userid.space(), contact.userid.spelling()),
        contact.external_userid.to_string(),
        show(contact.since),
        show_end(contact.until),
        attrs_text(contact),
    ]
}

/// Attributes for people.
pub(crate) fn attrs_text(contact: &Contact) -> String {
    contact.attrs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}
