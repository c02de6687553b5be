//! `contacts-of`: whose contact is this, since when, by which way?

use clap::Args;
use idweave::{Contact, EntityId, KindScope};

use crate::answers::ContactAnswer;
use crate::cli::Common;
use crate::database;
use crate::exit::{Done, Failure};
use crate::moment::{show, show_end};
use crate::neighbors::spelt;
use crate::output::Out;

#[derive(Debug, Args)]
pub(crate) struct ContactsArgs {
    /// kind:scope:value, or the number of an entity
    #[arg(value_name = "ID|ENTITY")]
    id: String,
    /// Who looks at which corp: CORP or CORP@VIEWER
    #[arg(long, value_name = "VIEW")]
    view: String,
    /// Only contacts that have not ended
    #[arg(long)]
    open: bool,
}

pub(crate) fn run(args: &ContactsArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let view = KindScope::new(idweave::Kind::ExternalUserid, &args.view)
        .map_err(|rule| Failure::Usage(format!("--view: {rule}")))?;
    // No id is a number: kind and scope come first.
    let mut contacts = match args.id.parse() {
        Ok(number) => database::read(common)?.contacts_of_entity(EntityId(number), view.scope())?,
        Err(_) => {
            let id = database::id("ID", &args.id)?;
            database::read(common)?.contacts_of(&id, view.scope())?
        }
    };
    contacts.retain(|contact| !args.open || contact.until.is_none());
    if common.json {
        for contact in &contacts {
            out.json(&ContactAnswer::from(contact))?;
        }
    } else if contacts.is_empty() {
        out.line("nobody's contact in this view")?;
    } else {
        let heading = ["EMPLOYEE", "CONTACT", "SINCE", "UNTIL", "WAY", "STATE", "MORE"];
        out.table(heading, contacts.iter().map(row))?;
    }
    Ok(Done::found(!contacts.is_empty()))
}

fn row(contact: &Contact) -> [String; 7] {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let more = contact.attrs.iter().filter(|(name, _)| !["add_way", "state"].contains(&name.as_str()));
    [
        spelt(&contact.userid),
        contact.external_userid.to_string(),
        show(contact.since),
        show_end(contact.until),
        or_dash(&contact.add_way),
        or_dash(&contact.state),
        more.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" "),
    ]
}

/// Attributes for people.
pub(crate) fn attrs_text(contact: &Contact) -> String {
    contact.attrs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}
