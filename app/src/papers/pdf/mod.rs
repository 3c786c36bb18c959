//! A paper as a PDF: A4, tagged for those who hear it, in the fonts of the shop.

mod file;
mod font;

use pdf_writer::types::StructRole;

use super::views::{Column, Paper, PaperLine, Sum};
use crate::storefront::views::Row;
use file::{About, Canvas, Colour, HEIGHT, Style, WIDTH};
use font::Face;

const LEFT: f32 = 62.0;
const RIGHT: f32 = WIDTH - 62.0;
/// Below this nothing is drawn but the foot.
const BOTTOM: f32 = HEIGHT - 118.0;
const TOP: f32 = 62.0;

// Colours of the shop by day: `--text`, `--text-2`, `--line`, `--accent`.
const INK: Colour = [0.129, 0.118, 0.098];
const SOFT: Colour = [0.341, 0.314, 0.275];
const LINE: Colour = [0.867, 0.839, 0.784];
const ACCENT: Colour = [0.114, 0.353, 0.286];

const fn style(face: Face, size: f32, colour: Colour) -> Style {
    Style { face, size, colour }
}

const BODY: Style = style(Face::Regular, 9.5, INK);
const SMALL: Style = style(Face::Regular, 8.0, SOFT);
const HEAD: Style = style(Face::Bold, 8.0, SOFT);
const TITLE: Style = style(Face::Display, 24.0, INK);
const SHOP: Style = style(Face::Display, 15.0, ACCENT);
const TOTAL: Style = style(Face::Bold, 12.0, INK);

/// Draws the paper.
pub(super) fn draw(paper: &Paper) -> Vec<u8> {
    let mut page = Drawing { canvas: Canvas::new(), y: TOP, paper };
    page.letterhead();
    page.table();
    if !paper.sums.is_empty() {
        page.sums();
    }
    if !paper.vat.is_empty() {
        page.vat();
    }
    page.notes();
    page.foot(true);
    page.number_pages();
    let title = format!("{} {}", paper.title, paper.number);
    page.canvas.finish(&About { title, author: paper.shop_name.clone(), at: paper.at })
}

struct Drawing<'a> {
    canvas: Canvas,
    /// The next baseline.
    y: f32,
    paper: &'a Paper,
}

impl Drawing<'_> {
    /// One element with one line of text.
    fn say(&mut self, role: StructRole, x: f32, style: Style, text: &str) {
        self.canvas.open(role);
        self.canvas.text(x, self.y, style, text);
        self.canvas.close();
    }

    /// Text that ends at `right`.
    fn say_to(&mut self, role: StructRole, right: f32, style: Style, text: &str) {
        let x = right - style.face.font().width(text, style.size);
        self.say(role, x, style, text);
    }

    /// The shop, the address in the window of an envelope, the title, and the facts beside.
    fn letterhead(&mut self) {
        let paper = self.paper;
        self.y = TOP + 10.0;
        self.say(StructRole::P, LEFT, SHOP, &paper.shop_name);
        self.y = 132.0;
        let sender = fitting(&paper.sender, SMALL, 260.0).swap_remove(0);
        self.say(StructRole::P, LEFT, SMALL, &sender);
        self.y += 20.0;
        self.canvas.open(StructRole::P);
        for line in &paper.recipient {
            for part in fitting(line, BODY, 250.0) {
                self.canvas.text(LEFT, self.y, BODY, &part);
                self.y += 13.5;
            }
        }
        self.canvas.close();
        let below = self.facts().max(self.y);
        self.y = below.max(238.0) + 34.0;
        self.say(StructRole::H1, LEFT, TITLE, &paper.title);
        self.y += 18.0;
        if !paper.lead.is_empty() {
            self.paragraph(BODY, &paper.lead);
        }
        self.y += 12.0;
    }

    /// Names and values at the right; gives where they end.
    fn facts(&mut self) -> f32 {
        let (from, before) = (352.0, self.y);
        self.y = 152.0;
        self.canvas.open(StructRole::L);
        for Row { name, value } in &self.paper.facts {
            self.canvas.open(StructRole::LI);
            self.say(StructRole::Lbl, from, SMALL, name);
            self.canvas.open(StructRole::LBody);
            for part in fitting(value, BODY, RIGHT - from - 88.0) {
                self.canvas.text(from + 88.0, self.y, BODY, &part);
                self.y += 13.5;
            }
            self.canvas.close();
            self.canvas.close();
        }
        self.canvas.close();
        std::mem::replace(&mut self.y, before)
    }

    /// The lines. The head is repeated on each page.
    fn table(&mut self) {
        let paper = self.paper;
        let places = places(&paper.columns, &paper.lines);
        self.canvas.open(StructRole::Table);
        self.table_head(&places);
        for line in &paper.lines {
            self.table_line(&places, line);
        }
        self.canvas.close();
        self.y += 8.0;
    }

    fn table_head(&mut self, places: &[f32]) {
        self.canvas.open(StructRole::TR);
        for (column, right) in self.paper.columns.iter().zip(places) {
            if column.number {
                self.say_to(StructRole::TH, *right, HEAD, &column.name);
            } else {
                self.say(StructRole::TH, LEFT, HEAD, &column.name);
            }
        }
        self.canvas.close();
        self.y += 7.0;
        self.canvas.rule((LEFT, RIGHT), self.y, 0.9, INK);
        self.y += 16.0;
    }

    fn table_line(&mut self, places: &[f32], line: &PaperLine) {
        let width = places.get(1).map_or(RIGHT, |_| first_column(places)) - LEFT - 10.0;
        let (title, detail) = (fitting(&line.title, BODY, width), fitting(&line.detail, SMALL, width));
        let details = if line.detail.is_empty() { 0.0 } else { detail.len() as f32 * 11.0 };
        if self.y + title.len() as f32 * 13.0 + details > BOTTOM {
            self.next_page();
            self.table_head(places);
        }
        self.canvas.open(StructRole::TR);
        let top = self.y;
        self.canvas.open(StructRole::TD);
        for part in &title {
            self.canvas.text(LEFT, self.y, BODY, part);
            self.y += 13.0;
        }
        self.y -= 1.5;
        for part in detail.iter().filter(|part| !part.is_empty()) {
            self.canvas.text(LEFT, self.y, SMALL, part);
            self.y += 11.0;
        }
        self.canvas.close();
        let end = std::mem::replace(&mut self.y, top);
        for (cell, right) in line.cells.iter().zip(&places[1..]) {
            self.say_to(StructRole::TD, *right, BODY, cell);
        }
        self.canvas.close();
        self.y = end - 5.0;
        self.canvas.rule((LEFT, RIGHT), self.y, 0.5, LINE);
        self.y += 15.0;
    }

    fn next_page(&mut self) {
        self.foot(false);
        self.canvas.add_page();
        self.y = TOP + 20.0;
    }

    /// Begins a page unless `height` is left on this one.
    fn need(&mut self, height: f32) {
        if self.y + height > BOTTOM {
            self.next_page();
        }
    }

    fn sums(&mut self) {
        let paper = self.paper;
        self.need(paper.sums.len() as f32 * 18.0 + 20.0);
        self.y += 6.0;
        self.canvas.open(StructRole::Table);
        for Sum { name, value, strong } in &paper.sums {
            let style = if *strong { TOTAL } else { BODY };
            if *strong {
                self.canvas.rule((352.0, RIGHT), self.y - 9.0, 0.9, INK);
                self.y += 7.0;
            }
            self.canvas.open(StructRole::TR);
            self.say(StructRole::TH, 352.0, style, name);
            self.say_to(StructRole::TD, RIGHT, style, value);
            self.canvas.close();
            self.y += 17.0;
        }
        self.canvas.close();
        self.y += 10.0;
    }

    fn vat(&mut self) {
        let paper = self.paper;
        self.need(paper.vat.len() as f32 * 13.0 + 24.0);
        let places = [LEFT + 30.0, LEFT + 120.0, LEFT + 190.0, LEFT + 270.0];
        self.canvas.open(StructRole::Table);
        self.canvas.open(StructRole::TR);
        for (name, right) in ["Rate", "Without VAT", "VAT", "Together"].into_iter().zip(places) {
            self.say_to(StructRole::TH, right, HEAD, name);
        }
        self.canvas.close();
        self.y += 6.0;
        self.canvas.rule((LEFT, LEFT + 270.0), self.y, 0.5, LINE);
        self.y += 12.0;
        for row in &paper.vat {
            self.canvas.open(StructRole::TR);
            for (cell, right) in row.iter().zip(places) {
                self.say_to(StructRole::TD, right, SMALL, cell);
            }
            self.canvas.close();
            self.y += 13.0;
        }
        self.canvas.close();
        self.y += 14.0;
    }

    fn notes(&mut self) {
        let paper = self.paper;
        for note in &paper.notes {
            self.need(26.0);
            self.paragraph(BODY, note);
            self.y += 3.0;
        }
    }

    fn paragraph(&mut self, style: Style, text: &str) {
        self.canvas.open(StructRole::P);
        for part in fitting(text, style, RIGHT - LEFT) {
            self.canvas.text(LEFT, self.y, style, &part);
            self.y += 13.5;
        }
        self.canvas.close();
    }

    /// Who sells, at the foot of the page. It is said on the last one; on those before it is only seen.
    fn foot(&mut self, is_last: bool) {
        let paper = self.paper;
        if paper.foot.is_empty() {
            return;
        }
        let page = self.canvas.page_count() - 1;
        self.canvas.rule((LEFT, RIGHT), HEIGHT - 100.0, 0.5, LINE);
        let width = (RIGHT - LEFT) / 3.0;
        for (group, x) in paper.foot.iter().zip([LEFT, LEFT + width, LEFT + 2.0 * width]) {
            let lines = group.iter().flat_map(|line| fitting(line, SMALL, width - 10.0));
            let placed = lines.take(5).enumerate().map(|(place, line)| (HEIGHT - 84.0 + 10.5 * place as f32, line));
            if is_last {
                self.canvas.open(StructRole::P);
                placed.for_each(|(y, line)| self.canvas.text(x, y, SMALL, &line));
                self.canvas.close();
            } else {
                placed.for_each(|(y, line)| self.canvas.aside(page, (x, y), SMALL, &line));
            }
        }
    }

    fn number_pages(&mut self) {
        let count = self.canvas.page_count();
        for page in 0..count {
            let text = format!("Page {} of {count}", page + 1);
            let x = RIGHT - Face::Regular.font().width(&text, SMALL.size);
            self.canvas.aside(page, (x, HEIGHT - 28.0), SMALL, &text);
            let name = format!("{} {}", self.paper.title, self.paper.number);
            self.canvas.aside(page, (LEFT, HEIGHT - 28.0), SMALL, &name);
        }
    }
}

/// Where each column ends. Those with numbers are as wide as what is in them; the first has what they leave.
fn places(columns: &[Column], lines: &[PaperLine]) -> Vec<f32> {
    let mut right = RIGHT;
    let mut places = Vec::new();
    for (place, column) in columns.iter().enumerate().skip(1).rev() {
        places.push(right);
        let cells = lines.iter().filter_map(|line| line.cells.get(place - 1));
        let widest = cells.map(|cell| BODY.face.font().width(cell, BODY.size)).fold(0.0, f32::max);
        right -= widest.max(HEAD.face.font().width(&column.name, HEAD.size)) + 18.0;
    }
    places.push(right);
    places.reverse();
    places
}

/// Where the first column ends.
fn first_column(places: &[f32]) -> f32 {
    places.first().copied().unwrap_or(RIGHT)
}

/// The text in lines of at most `width`, broken between words, and within those that are wider.
fn fitting(text: &str, style: Style, width: f32) -> Vec<String> {
    let fits = |line: &str| style.face.font().width(line, style.size) <= width;
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().map(std::mem::take).unwrap_or_default();
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        let last = lines.len() - 1;
        if fits(&longer) {
            lines[last] = longer;
            continue;
        }
        lines[last] = line;
        if !lines[last].is_empty() {
            lines.push(String::new());
        }
        for character in word.chars() {
            let last = lines.len() - 1;
            lines[last].push(character);
            if !fits(&lines[last]) && lines[last].chars().count() > 1 {
                lines[last].pop();
                lines.push(character.to_string());
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use kernel::Timestamp;

    use super::*;

    /// A delivery note over `lines` lines, in words that are hard to set.
    fn paper(lines: usize) -> Paper {
        let line = PaperLine {
            title: "Stoneware Mug ".repeat(6),
            detail: "漢字 <b>\"'& Ünïcode".to_owned(),
            cells: vec!["2".to_owned(), "1".to_owned()],
        };
        let column = |name: &str, number| Column { name: name.to_owned(), number };
        Paper {
            shop_name: "Freestone".to_owned(),
            title: "Delivery note".to_owned(),
            number: "F-1001".to_owned(),
            lead: String::new(),
            sender: String::new(),
            recipient: vec!["A".repeat(200), String::new()],
            facts: vec![Row::new("Order", "F-1001")],
            columns: vec![column("Item", false), column("Ordered", true), column("In this parcel", true)],
            lines: vec![line; lines],
            sums: Vec::new(),
            vat: Vec::new(),
            notes: vec!["The rest follows.".to_owned()],
            foot: vec![vec!["Freestone Goods GmbH".to_owned()]],
            at: Timestamp(1_790_000_000_000_000),
        }
    }

    fn count(file: &[u8], words: &[u8]) -> usize {
        file.windows(words.len()).filter(|window| *window == words).count()
    }

    #[test]
    fn a_file_is_tagged_small_and_the_same_each_time() {
        let file = draw(&paper(3));
        assert!(file.starts_with(b"%PDF-1.7") && file.len() < 60_000, "{}", file.len());
        assert_eq!(file, draw(&paper(3)));
        assert_eq!((count(&file, b"/Type /Page\n"), count(&file, b"/S /TR")), (1, 4));
        assert_eq!((count(&file, b"/Marked true"), count(&file, b"/DisplayDocTitle true")), (1, 1));
    }

    #[test]
    fn a_long_table_goes_on_under_its_head_on_the_next_page() {
        let file = draw(&paper(40));
        let pages = count(&file, b"/Type /Page\n");
        assert!(pages > 2, "{pages}");
        // 40 lines, and a head on each page that has some of them.
        assert!(count(&file, b"/S /TR") >= 40 + pages - 1);
        assert!(!draw(&paper(0)).is_empty());
    }

    #[test]
    fn words_that_are_wider_than_their_place_are_broken() {
        for text in ["", "short", "A chopping board made of oak", &"x".repeat(300)] {
            let lines = fitting(text, BODY, 100.0);
            assert!(lines.iter().all(|line| BODY.face.font().width(line, BODY.size) <= 100.0), "{lines:?}");
            assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
        }
    }
}
