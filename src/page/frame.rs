//! The frame of a page: one file that asks nobody for anything, and says so to the browser.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::model::Lang;
use crate::page::markup::Markup;

/// What is around the content of a page.
pub(crate) struct Frame<'a> {
    /// The language of its texts.
    pub(crate) lang: Lang,
    /// Its title.
    pub(crate) title: &'a str,
    /// Its style sheet, of our own.
    pub(crate) style: &'a str,
    /// Its script, of our own; empty = none.
    pub(crate) script: &'a str,
}

/// A whole page. Its policy lets through this style sheet and this script, and nothing else from anywhere.
pub(crate) fn frame(frame: &Frame<'_>, fill: impl FnOnce(&mut Markup)) -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    let mut policy = format!(
        "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-{}'",
        hash(frame.style)
    );
    if !frame.script.is_empty() {
        policy.push_str(&format!("; script-src 'sha256-{}'", hash(frame.script)));
    }
    let mut page = Markup::default();
    page.raw("<!DOCTYPE html>\n");
    let lang = match frame.lang {
        Lang::En => "en",
        Lang::Zh => "zh-CN",
    };
    page.element("html", &[("lang", &lang)], |html| {
        html.element("head", &[], |head| {
            head.empty("meta", &[("charset", &"utf-8")]);
            head.empty("meta", &[("http-equiv", &"Content-Security-Policy"), ("content", &policy)]);
            head.empty("meta", &[("name", &"viewport"), ("content", &"width=device-width, initial-scale=1")]);
            head.empty("meta", &[("name", &"referrer"), ("content", &"no-referrer")]);
            head.empty("meta", &[("name", &"robots"), ("content", &"noindex")]);
            head.said("title", &[], frame.title);
            head.element("style", &[], |style| style.raw(frame.style));
        });
        html.line();
        html.element("body", &[], |body| {
            fill(body);
            if !frame.script.is_empty() {
                body.element("script", &[], |script| script.raw(frame.script));
            }
        });
    });
    page.line();
    page.into_text()
}
