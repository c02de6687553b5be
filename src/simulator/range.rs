//! Visible ranges: which employees an agent may see (wechat reference 10, 12). What is about others it is not shown, and is
//! refused with 60011 where it names them; events about them do not reach it.

use crate::simulator::call::{Caller, Errcode, refused};
use crate::simulator::plan::Plan;
use crate::simulator::server::Simulator;
use crate::simulator::world::{BRANCH, CORP, World};

/// How many employees, from the first on, each agent of the corp may see.
pub(super) struct Ranges {
    own: u32,
    branch: u32,
    developed: u32,
    suite: u32,
}

impl Ranges {
    pub(super) fn of(plan: &Plan) -> Ranges {
        Ranges {
            own: plan.own_visible,
            branch: plan.branch_visible,
            developed: plan.visible,
            suite: plan.visible,
        }
    }
}

impl World {
    /// Whether a caller may see an employee.
    pub(super) fn sees(&self, caller: Caller, employee: u32) -> bool {
        let seen = match caller {
            Caller::Own(CORP) => self.ranges.own,
            Caller::Own(BRANCH) => self.ranges.branch,
            Caller::Developed => self.ranges.developed,
            _ if caller.is_provider() => self.ranges.suite,
            _ => u32::MAX,
        };
        employee < seen
    }

    /// The employee of a name, if a caller may see him.
    pub(super) fn seen_employee(&self, caller: Caller, userid: &str) -> Result<u32, Errcode> {
        match self.employee(caller, userid) {
            None => refused(60111),
            Some(user) if !self.sees(caller, user) => refused(60011),
            Some(user) => Ok(user),
        }
    }

    /// Whether a caller may see an account: as a customer, or as a member of a group.
    pub(super) fn sees_account(&self, caller: Caller, account: u32) -> bool {
        let corp = self.corp(self.corp_number(caller));
        let mut groups = corp.groups.iter().filter(|group| self.sees(caller, group.owner));
        corp.followers(account).any(|(user, _)| self.sees(caller, user))
            || groups.any(|group| group.members.iter().any(|member| member.account == account))
    }
}

impl Simulator {
    /// The range of an agent of the corp (by its number), or of the suite, is set anew: so many employees, from the first on.
    /// Of the suite's, an event is pushed. Whether there is such an agent.
    pub fn set_range(&self, agent: &str, employees: u32) -> bool {
        self.with(|world| {
            let names = &world.topology;
            let is_suite = agent == names.suite;
            let range = if agent == names.agent {
                &mut world.ranges.own
            } else if agent == names.branch_agent {
                &mut world.ranges.branch
            } else if agent == names.developed_agent {
                &mut world.ranges.developed
            } else if is_suite {
                &mut world.ranges.suite
            } else {
                return false;
            };
            *range = employees;
            if is_suite {
                world.push_change_auth();
            }
            true
        })
    }
}
