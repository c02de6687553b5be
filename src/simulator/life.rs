//! What becomes of employees, of groups, and of those who were customers: departures, dismissals, deletions (wechat reference
//! 11, 12.2, 12.6, 16.2, 16.3).

use crate::simulator::corp::Contact;
use crate::simulator::group::Member;
use crate::simulator::server::Simulator;
use crate::simulator::world::{CORP, World};

impl World {
    /// A pair is one no longer. What the employee's list and the reads of the contact show of it from now on is the plan's.
    pub(super) fn part(&mut self, account: u32, employee: u32, by_customer: bool) -> Option<Contact> {
        let (now_ms, stale_ms) = (self.now_ms, self.plan.stale_ms);
        let keeps_list = by_customer && self.plan.lists_who_left;
        let corp = self.corps.get_mut(CORP)?;
        let contact = corp.contacts.remove(&(account, employee))?;
        if !keeps_list {
            corp.of_employee.remove(&(employee, account));
        }
        if stale_ms > 0 {
            corp.stale.insert((account, employee), (contact.clone(), now_ms + stale_ms));
        }
        Some(contact)
    }

    fn depart(&mut self, employee: u32) {
        let now_ms = self.now_ms;
        let Some(corp) = self.corps.get_mut(CORP) else { return };
        let userid = corp.userid(employee).to_owned();
        if userid.is_empty() || !corp.departed.insert(employee) {
            return;
        }
        let listed = corp.of_employee.range((employee, 0)..=(employee, u32::MAX)).copied();
        for (employee, account) in listed.collect::<Vec<_>>() {
            corp.of_employee.remove(&(employee, account));
            if corp.contacts.remove(&(account, employee)).is_some() {
                corp.unassigned.push((userid.clone(), account, now_ms));
            }
        }
        self.push_employee("delete_user", employee);
    }

    fn quit(&mut self, account: u32, group: usize) {
        let Some(group) = self.corps.get_mut(CORP).and_then(|corp| corp.groups.get_mut(group)) else {
            return;
        };
        group.members.retain(|member| member.account != account);
        group.version += 1;
    }
}

impl Simulator {
    /// An employee leaves, and is deleted: an event is pushed. No call knows him any more, and his customers are those that
    /// nobody is assigned to.
    pub fn depart(&self, employee: u32) {
        self.with(|world| world.depart(employee));
    }

    /// Another person is employed under the name of one who left: an event is pushed.
    pub fn hire_again(&self, employee: u32) {
        self.with(|world| {
            let corp = world.corps.get_mut(CORP);
            if corp.is_some_and(|corp| corp.departed.remove(&employee)) {
                world.push_employee("create_user", employee);
            }
        });
    }

    /// The employee deletes a customer (`del_external_contact`), or the customer the employee (`del_follow_user`).
    pub fn remove_contact(&self, account: u32, employee: u32, by_customer: bool) {
        self.with(|world| {
            if world.part(account, employee, by_customer).is_some() {
                let change = if by_customer { "del_follow_user" } else { "del_external_contact" };
                world.push_contact(change, account, employee, "");
            }
        });
    }

    /// A contact is gone, and the event of it is lost: only a comparison finds it.
    pub fn lose_contact(&self, account: u32, employee: u32) {
        self.with(|world| world.part(account, employee, false));
    }

    /// An account joins a group; an event is pushed.
    pub fn join_group(&self, account: u32, group: usize) {
        self.with(|world| {
            let since_ms = world.now_ms;
            if let Some(group) = world.corps.get_mut(CORP).and_then(|corp| corp.groups.get_mut(group)) {
                group.members.push(Member { account, since_ms });
                group.version += 1;
            }
            world.push_chat(group, "update", "add_member");
        });
    }

    /// An account leaves a group; an event is pushed.
    pub fn leave_group(&self, account: u32, group: usize) {
        self.with(|world| {
            world.quit(account, group);
            world.push_chat(group, "update", "del_member");
        });
    }

    /// A group is dismissed: an event is pushed, and no call knows it any more.
    pub fn dismiss_group(&self, group: usize) {
        self.with(|world| {
            world.push_chat(group, "dismiss", "");
            if let Some(group) = world.corps.get_mut(CORP).and_then(|corp| corp.groups.get_mut(group)) {
                group.is_dismissed = true;
            }
        });
    }

    /// The accounts in a group now.
    pub fn members(&self, group: usize) -> Vec<u32> {
        self.with(|world| {
            let known = world.corp(CORP).groups.get(group).filter(|group| !group.is_dismissed);
            known.map_or(Vec::new(), |group| group.members.iter().map(|member| member.account).collect())
        })
    }
}
