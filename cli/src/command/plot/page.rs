//! The page with all figures.

use super::data::StreamCounts;
use super::figures::{Drawn, Figure};
use super::markup::Tag;
use crate::input::time::rfc3339;
use crate::output::table::{count, share, thousands};
use crate::output::width::cut;

/// Style sheet of the pictures.
pub(super) const STYLE: &str = include_str!("style/picture.css");
/// Style sheet of the page around them.
const PAGE_STYLE: &str = include_str!("style/page.css");
/// Maximum number of files that are named; the others are counted.
const MAX_FILES: usize = 8;
/// Maximum length of the name of a file, in characters.
const MAX_NAME: usize = 80;

/// Returns the page of some figures, which needs neither a script nor anything from elsewhere.
pub(super) fn page(data: &StreamCounts, files: &[String], figures: Vec<(Figure, Drawn)>) -> String {
    let title = match files {
        [file] => format!("Tor streams of {}", cut(file, MAX_NAME)),
        _ => format!("Tor streams of {}", count(files.len() as u64, "log")),
    };
    // A browser loads nothing and runs no script, even if a text were to hold an element in spite of its escapes.
    let policy = "default-src 'none'; style-src 'unsafe-inline'";
    let head = Tag::new("head")
        .add(Tag::new("meta").set("charset", "utf-8"))
        .add(Tag::new("meta").set("http-equiv", "Content-Security-Policy").set("content", policy))
        .add(Tag::new("meta").set("name", "viewport").set("content", "width=device-width, initial-scale=1"))
        .add(Tag::new("meta").set("name", "color-scheme").set("content", "light dark"))
        .add(Tag::new("title").text(&title))
        .add(Tag::new("style").style(STYLE).style(PAGE_STYLE));
    let mut body = Tag::new("body").add(Tag::new("h1").text(&title)).add(Tag::new("p").text(&sentences(data)));
    if files.len() > 1 {
        body.push(Tag::new("p").text(&file_names(files)));
    }
    let figures = figures.into_iter().map(|(figure, drawn)| figure_element(figure, drawn));
    let made = format!("Drawn by tor-streams {}. Times are UTC.", env!("CARGO_PKG_VERSION"));
    let body = body.add(Tag::new("main").add_all(figures)).add(Tag::new("footer").text(&made));
    format!("<!DOCTYPE html>\n{}\n", Tag::new("html").set("lang", "en").add(head).add(body))
}

/// Returns a figure with its caption and numbers.
fn figure_element(figure: Figure, Drawn { chart, caption, numbers, .. }: Drawn) -> Tag {
    let mut element = Tag::new("figure").set("id", figure.name()).add(chart.finish(None));
    if !caption.is_empty() {
        element.push(Tag::new("figcaption").text(&caption.join(" ")));
    }
    if !numbers.rows.is_empty() {
        // Returns a row of the table, whose cells are elements with this name.
        let row = |name: &str, cells: Vec<String>| {
            // The crate `svg` writes an empty element as `<td/>`, which HTML takes for an open tag.
            let cell = |text: String| Tag::new(name).text(if text.is_empty() { " " } else { &text });
            Tag::new("tr").add_all(cells.into_iter().map(cell))
        };
        let table = Tag::new("table")
            .add(Tag::new("thead").add(row("th", numbers.head)))
            .add(Tag::new("tbody").add_all(numbers.rows.into_iter().map(|cells| row("td", cells))));
        let details = Tag::new("details").add(Tag::new("summary").text("Numbers"));
        element.push(details.add(Tag::new("div").set("class", "scroll").add(table)));
    }
    element
}

/// Returns the sentences at the head of the page.
fn sentences(data: &StreamCounts) -> String {
    let mut text = count(data.streams, "stream");
    if let Some((first, last)) = data.span {
        let date = |time| rfc3339(time).unwrap_or_default().replace('T', " ").replace('Z', "");
        text += &format!(" from {} to {}", date(first), date(last));
    }
    text + &format!("; {} failed ({}).", thousands(data.failed), share(data.failed, data.streams))
}

/// Returns the names of the files, as many as have room.
fn file_names(files: &[String]) -> String {
    let named: Vec<_> = files.iter().take(MAX_FILES).map(|file| cut(file, MAX_NAME)).collect();
    let more = files.len().saturating_sub(MAX_FILES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("Logs: {}{more}.", named.join(", "))
}
