//! The names of one use of a way: which app, open account, corp and viewer; and the spots they make.

use std::fmt;

use crate::model::{Id, Kind, KindScope, split_scope};
use crate::wechat::acquire::way::{Scope, Space};

/// Stands for an open account that is not known: whatever the app is bound to.
pub(crate) const UNKNOWN_OPEN: &str = "?";

/// A kind and scope on the way: what a step begins with or gives. The scope of a unionid may be unknown.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Spot {
    text: String,
    kind_len: usize,
}

impl Spot {
    pub(crate) fn new(kind: &Kind, scope: &str) -> Spot {
        Spot { text: format!("{kind}:{scope}"), kind_len: kind.name().len() }
    }

    pub(crate) fn of_id(id: &Id) -> Spot {
        Spot::new(id.kind(), id.scope())
    }

    /// The kind's name.
    pub fn kind(&self) -> &str {
        self.text.get(..self.kind_len).unwrap_or_default()
    }

    /// The scope; `?` = the open account is not known.
    pub fn scope(&self) -> &str {
        self.text.get(self.kind_len + 1..).unwrap_or_default()
    }

    /// `kind:scope`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn is(&self, target: &KindScope) -> bool {
        self.text == target.as_str()
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Who looks at a corp.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Viewer {
    Own,
    Of(String),
}

/// The names that the scopes of a way stand for.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Names {
    pub(crate) app: Option<String>,
    pub(crate) old_app: Option<String>,
    pub(crate) open: Option<String>,
    pub(crate) corp: Option<String>,
    pub(crate) viewer: Option<Viewer>,
    pub(crate) chat: Option<String>,
    pub(crate) named: Option<String>,
}

/// A name is set once; then it has to be the same everywhere.
fn set(name: &mut Option<String>, value: &str) -> bool {
    match name {
        Some(known) => known == value,
        None => {
            *name = Some(value.to_owned());
            !value.is_empty()
        }
    }
}

impl Names {
    /// The app.
    pub fn app(&self) -> Option<&str> {
        self.app.as_deref()
    }

    /// The app that is given up.
    pub fn old_app(&self) -> Option<&str> {
        self.old_app.as_deref()
    }

    /// The open account; `None` also where it is not known.
    pub fn open_account(&self) -> Option<&str> {
        self.open.as_deref().filter(|open| *open != UNKNOWN_OPEN)
    }

    /// The corp.
    pub fn corp(&self) -> Option<&str> {
        self.corp.as_deref()
    }

    /// Who looks at the corp, if not the corp itself.
    pub fn viewer(&self) -> Option<&str> {
        match &self.viewer {
            Some(Viewer::Of(viewer)) => Some(viewer),
            _ => None,
        }
    }

    /// Takes the names from a scope that a space is to have; false if it cannot have it.
    pub(crate) fn bind(&mut self, space: Space, scope: &str) -> bool {
        let (first, second) = split_scope(scope);
        match space.scope {
            Scope::App => set(&mut self.app, scope),
            Scope::OldApp => set(&mut self.old_app, scope),
            Scope::Open => set(&mut self.open, scope),
            Scope::Corp => second.is_none() && set(&mut self.corp, first),
            Scope::View => second.is_some() && self.bind_view(first, second),
            Scope::AnyView => self.bind_view(first, second),
            Scope::Viewer => self.bind_viewer(Viewer::Of(scope.to_owned())),
            Scope::AtViewer => {
                first.is_empty()
                    && second.is_some_and(|viewer| self.bind_viewer(Viewer::Of(viewer.to_owned())))
            }
            Scope::Chat => set(&mut self.app, first) && second.is_some_and(|chat| set(&mut self.chat, chat)),
            Scope::Empty => scope.is_empty(),
            Scope::Named => set(&mut self.named, scope),
        }
    }

    pub(crate) fn bind_view(&mut self, corp: &str, viewer: Option<&str>) -> bool {
        let viewer = viewer.map_or(Viewer::Own, |viewer| Viewer::Of(viewer.to_owned()));
        set(&mut self.corp, corp) && self.bind_viewer(viewer)
    }

    fn bind_viewer(&mut self, viewer: Viewer) -> bool {
        *self.viewer.get_or_insert_with(|| viewer.clone()) == viewer
    }

    /// The spot of a space, if all of its names are known.
    pub(crate) fn spot(&self, space: Space) -> Option<Spot> {
        let kind = space.kind?;
        let corp = || self.corp.clone();
        let scope = match (space.scope, &self.viewer) {
            (Scope::App, _) => self.app.clone()?,
            (Scope::OldApp, _) => self.old_app.clone()?,
            (Scope::Open, _) => self.open.clone()?,
            (Scope::Corp, _) | (Scope::AnyView, Some(Viewer::Own)) => corp()?,
            (Scope::View | Scope::AnyView, Some(Viewer::Of(viewer))) => format!("{}@{viewer}", corp()?),
            (Scope::Viewer, Some(Viewer::Of(viewer))) => viewer.clone(),
            (Scope::AtViewer, Some(Viewer::Of(viewer))) => format!("@{viewer}"),
            (Scope::View | Scope::AnyView | Scope::Viewer | Scope::AtViewer, _) => return None,
            (Scope::Chat, _) => format!("{}@{}", self.app.as_deref()?, self.chat.as_deref()?),
            (Scope::Empty, _) => String::new(),
            (Scope::Named, _) => self.named.clone()?,
        };
        Some(Spot::new(kind, &scope))
    }
}
