//! A report as a picture that needs nothing but a browser.

use std::fmt::Write as _;

use crate::report::Report;

const LEFT: f64 = 220.0;
const BARS: f64 = 420.0;
const LINE: f64 = 22.0;
const TITLE: f64 = 34.0;

/// One panel for each figure, a bar for each world, a whisker for its 95 % interval.
pub(crate) fn svg(report: &Report) -> String {
    let names = report.figure_names();
    let panel = TITLE + LINE * report.rows.len() as f64 + 10.0;
    let (width, height) = (LEFT + BARS + 140.0, 40.0 + panel * names.len() as f64);
    let mut text = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="12">"#
    );
    let _ = write!(text, r#"<rect width="{width}" height="{height}" fill="white"/>"#);
    let caption = format!("{}: means of {} runs with 95 % intervals", report.name, report.runs);
    let _ = write!(text, r#"<text x="10" y="22" font-size="15">{}</text>"#, escaped(&caption));
    for (at, name) in names.iter().enumerate() {
        let top = 40.0 + panel * at as f64;
        let _ =
            write!(text, r#"<text x="10" y="{}" font-weight="bold">{}</text>"#, top + 20.0, escaped(name));
        bars(&mut text, report, name, top + TITLE);
    }
    text.push_str("</svg>\n");
    text
}

fn bars(text: &mut String, report: &Report, name: &str, top: f64) {
    let ends = report.rows.iter().filter_map(|row| row.figure(name));
    let end = |high: f64| if high.is_finite() { high } else { 0.0 };
    let most = ends.map(|estimate| end(estimate.high()).max(estimate.mean)).fold(0.0, f64::max);
    let scale = if most > 0.0 { BARS / most } else { 0.0 };
    for (at, row) in report.rows.iter().enumerate() {
        let Some(estimate) = row.figure(name) else { continue };
        let y = top + LINE * at as f64;
        let length = (estimate.mean * scale).max(0.0);
        let _ = write!(
            text,
            r##"<text x="{}" y="{}" text-anchor="end">{}</text><rect x="{LEFT}" y="{y}" width="{length:.1}" height="15" fill="#4a7ebb"/>"##,
            LEFT - 8.0,
            y + 12.0,
            escaped(&row.world),
        );
        if estimate.reach.is_finite() {
            let (low, high) =
                (LEFT + (estimate.low() * scale).max(0.0), LEFT + (estimate.high() * scale).max(0.0));
            let middle = y + 7.5;
            let _ =
                write!(text, r##"<path d="M{low:.1} {middle}H{high:.1}" stroke="#222" stroke-width="2"/>"##);
        }
        let value = format!("{:.4}", estimate.mean);
        let _ = write!(text, r#"<text x="{:.1}" y="{}">{value}</text>"#, LEFT + length + 14.0, y + 12.0);
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
