//! The page: its head, the figures that matter first, and the chapters in their order.

use crate::error::Result;
use crate::page::{Frame, Markup, Texts, count, frame, moment};
use crate::report::sheet::{EN, Report, ReportStyle, Sheet, ZH};

const CSS: &str = include_str!("page.css");

impl Report<'_> {
    /// The page.
    ///
    /// # Errors
    /// `Internal`, if a chart could not be drawn.
    pub fn html(&self, style: &ReportStyle) -> Result<String> {
        let texts = Texts::new(style.lang, [EN, ZH]);
        let around = Frame { lang: style.lang, title: texts.text("title"), style: CSS, script: "" };
        let mut written = Ok(());
        let page = frame(&around, |body| {
            self.head(body, &texts);
            body.element("main", &[], |out| {
                written = self.chapters(&mut Sheet { out, texts: &texts, with_ids: style.with_ids });
            });
            body.said("footer", &[], texts.text("foot"));
        });
        written.map(|()| page)
    }

    fn head(&self, body: &mut Markup, texts: &Texts) {
        let analysis = self.analysis;
        body.element("header", &[], |head| {
            head.said("h1", &[], texts.text("title"));
            let (seq, at) = (count(analysis.seq), moment(analysis.recorded_at));
            head.said(
                "p",
                &[],
                &texts.filled("of", &[("seq", &seq), ("at", &at), ("now", &moment(analysis.now))]),
            );
            let edges = analysis.edges.as_ref();
            let suspects = analysis.suspects.as_ref();
            let tiles = [
                ("tile.ids", Some(analysis.ids)),
                ("tile.entities", Some(analysis.entities)),
                ("tile.contacts", analysis.funnel.as_ref().map(|funnel| funnel.all.contacts)),
                ("tile.conflicts", edges.map(|edges| edges.conflicts())),
                ("tile.over", suspects.map(|suspects| suspects.over.values().sum())),
                ("tile.under", suspects.map(|suspects| suspects.under.values().sum())),
            ];
            head.element("dl", &[("class", &"tiles")], |list| {
                for (key, number) in tiles {
                    let Some(number) = number else { continue };
                    list.element("div", &[], |tile| {
                        tile.said("dt", &[], texts.text(key));
                        tile.said("dd", &[], &count(number));
                    });
                }
            });
        });
        body.line();
    }

    fn chapters(&self, sheet: &mut Sheet<'_>) -> Result<()> {
        let analysis = self.analysis;
        if let Some(change) = self.change {
            sheet.chapter("change", |sheet| crate::report::change::write(sheet, change))?;
        }
        if let Some(coverage) = &analysis.coverage {
            sheet.chapter("coverage", |sheet| crate::report::coverage::write(sheet, coverage))?;
        }
        if let Some(reach) = &analysis.reach {
            sheet.chapter("reach", |sheet| crate::report::reach::write(sheet, reach))?;
        }
        if let Some(funnel) = &analysis.funnel {
            sheet.chapter("funnel", |sheet| crate::report::funnel::write(sheet, funnel))?;
        }
        if let Some(growth) = &analysis.growth {
            sheet.chapter("growth", |sheet| crate::report::growth::write(sheet, growth))?;
        }
        if let Some(contacts) = &analysis.contacts {
            sheet.chapter("contacts", |sheet| crate::report::began::contacts(sheet, contacts))?;
        }
        if let Some(followers) = &analysis.followers {
            sheet.chapter("followers", |sheet| crate::report::began::followers(sheet, followers))?;
        }
        if let Some(sizes) = &analysis.sizes {
            sheet.chapter("sizes", |sheet| crate::report::sizes::write(sheet, sizes))?;
        }
        if let Some(degrees) = &analysis.degrees {
            sheet.chapter("degrees", |sheet| crate::report::sizes::write_degrees(sheet, degrees))?;
        }
        if let Some(edges) = &analysis.edges {
            sheet.chapter("edges", |sheet| crate::report::edges::write(sheet, edges))?;
        }
        if let Some(hubs) = &analysis.hubs {
            sheet.chapter("hubs", |sheet| crate::report::findings::hubs(sheet, hubs))?;
        }
        if let Some(joints) = &analysis.weak_joints {
            sheet.chapter("joints", |sheet| crate::report::findings::joints(sheet, joints))?;
        }
        if let Some(suspects) = &analysis.suspects {
            sheet.chapter("suspects", |sheet| crate::report::findings::suspects(sheet, suspects))?;
        }
        Ok(())
    }
}
