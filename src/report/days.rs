//! A count a day: a bar each, a bar a week or a month where days are too many.

use plotters::chart::ChartBuilder;
use plotters::element::Rectangle;
use plotters::style::text_anchor::HPos;
use plotters::style::{Color, RGBColor, WHITE};

use crate::analytics::ChinaDay;
use crate::error::Result;
use crate::model::Time;
use crate::page::count;
use crate::report::canvas::{INK, SOFT, draw, text};

/// Bars that a chart has room for.
const BARS_MAX: usize = 180;
/// Days of a bar, where one a day would be too many: weeks, then four weeks, then years of 364 days.
const DAYS_OF_A_BAR: [u16; 4] = [1, 7, 28, 364];

/// Days that a table shows: the latest.
pub(crate) const DAYS_SHOWN: usize = 7;

/// Counts of days that follow each other.
pub(crate) struct Days {
    /// The first day of the first bar.
    first: ChinaDay,
    /// Days of a bar.
    pub(crate) step: u16,
    counts: Vec<u64>,
}

impl Days {
    /// Counts by day; days between that have none are zero. `None` = there is no day.
    pub(crate) fn of(counts: impl IntoIterator<Item = (ChinaDay, u64)> + Clone) -> Option<Days> {
        let first = counts.clone().into_iter().map(|(day, _)| day).min()?;
        let last = counts.clone().into_iter().map(|(day, _)| day).max()?;
        let span = usize::from(last.number() - first.number()) + 1;
        let fits = |step: &u16| span.div_ceil(usize::from(*step)) <= BARS_MAX;
        let step = DAYS_OF_A_BAR.into_iter().find(fits).unwrap_or(364);
        let mut sums = vec![0; span.div_ceil(usize::from(step))];
        for (day, times) in counts {
            let at = usize::from((day.number() - first.number()) / step);
            if let Some(sum) = sums.get_mut(at) {
                *sum += times;
            }
        }
        Some(Days { first, step, counts: sums })
    }

    /// The day that a bar begins with.
    fn day(&self, bar: f64) -> String {
        let ms = (bar.max(0.0) as i64) * i64::from(self.step) * Time::DAY_MS;
        ChinaDay::of(self.first.begin().plus_ms(ms)).to_string()
    }

    /// The chart.
    pub(crate) fn draw(&self, color: RGBColor) -> Result<String> {
        let bars = self.counts.len() as f64;
        let most = self.counts.iter().copied().max().unwrap_or(0).max(1) as f64;
        draw((440, 160), |area| {
            let mut chart = ChartBuilder::on(area)
                .margin(8)
                .margin_right(44)
                .x_label_area_size(26)
                .y_label_area_size(64)
                .build_cartesian_2d(0.0..bars, 0.0..most * 1.05)?;
            chart
                .configure_mesh()
                .disable_x_mesh()
                .light_line_style(WHITE)
                .bold_line_style(INK.mix(0.15))
                .x_labels(self.counts.len().min(4))
                .y_labels(4)
                .x_label_formatter(&|bar| if bar.fract() == 0.0 { self.day(*bar) } else { String::new() })
                .y_label_formatter(&|y| if y.fract() == 0.0 { count(*y as u64) } else { String::new() })
                .label_style(text(12, SOFT, HPos::Center))
                .axis_style(INK.mix(0.4))
                .draw()?;
            let drawn = self.counts.iter().enumerate().filter(|(_, times)| **times > 0).map(|(at, times)| {
                let (from, to) = (at as f64 + 0.08, at as f64 + 0.92);
                Rectangle::new([(from, 0.0), (to, *times as f64)], color.filled())
            });
            chart.draw_series(drawn)?;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Days;
    use crate::analytics::ChinaDay;
    use crate::model::Time;

    fn day(number: i64) -> ChinaDay {
        ChinaDay::of(Time::from_ms(1_735_689_600_000 + number * Time::DAY_MS))
    }

    #[test]
    fn days_without_anything_are_there_and_many_days_are_weeks() {
        let few = Days::of([(day(0), 2), (day(3), 5)]).unwrap();
        assert_eq!((few.step, few.counts.clone()), (1, vec![2, 0, 0, 5]));
        assert_eq!(few.day(3.0), day(3).to_string());
        let many = Days::of((0..400).map(|at| (day(at), 1))).unwrap();
        assert_eq!(
            (many.step, many.counts.len(), many.counts[0], many.counts.iter().sum::<u64>()),
            (7, 58, 7, 400)
        );
        assert!(Days::of([]).is_none());
    }
}
