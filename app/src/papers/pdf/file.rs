//! Writing a tagged PDF: what is drawn, what each part is for those who hear it (PDF/UA), and the fonts that it needs.

use std::collections::BTreeMap;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use kernel::Timestamp;
use pdf_writer::types::{
    ArtifactType, CidFontType, FontFlags, StructRole, SystemInfo, TabOrder, TableHeaderScope, UnicodeCmap,
};
use pdf_writer::writers::StructTreeRoot;
use pdf_writer::{Content, Date, Filter, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};
use quick_xml::escape::escape;

use super::font::Face;

/// A4, in points.
pub(super) const WIDTH: f32 = 595.28;
pub(super) const HEIGHT: f32 = 841.89;

/// Red, green and blue, from 0 to 1.
pub(super) type Colour = [f32; 3];

/// How text is set.
#[derive(Clone, Copy)]
pub(super) struct Style {
    pub(super) face: Face,
    pub(super) size: f32,
    pub(super) colour: Colour,
}

/// What a file says about itself.
pub(super) struct About {
    pub(super) title: String,
    pub(super) author: String,
    pub(super) at: Timestamp,
}

enum Kid {
    Element(usize),
    Text { page: usize, mark: i32 },
}

struct Element {
    role: StructRole,
    parent: usize,
    kids: Vec<Kid>,
}

struct Page {
    content: Content,
    /// The element of each piece of text, by its mark.
    marks: Vec<usize>,
}

impl Page {
    fn empty() -> Self {
        Self { content: Content::new(), marks: Vec::new() }
    }
}

/// A file that is being drawn. Places are in points from the top left; `y` is that of the baseline.
pub(super) struct Canvas {
    pages: Vec<Page>,
    tree: Vec<Element>,
    open: usize,
    used: [BTreeMap<u16, char>; 3],
}

impl Canvas {
    /// A file with one empty page.
    pub(super) fn new() -> Self {
        let document = Element { role: StructRole::Document, parent: 0, kids: Vec::new() };
        Self { pages: vec![Page::empty()], tree: vec![document], open: 0, used: Default::default() }
    }

    pub(super) fn add_page(&mut self) {
        self.pages.push(Page::empty());
    }

    pub(super) fn page_count(&self) -> usize {
        self.pages.len()
    }

    /// What is drawn until [`Canvas::close`] belongs to a new element.
    pub(super) fn open(&mut self, role: StructRole) {
        let number = self.tree.len();
        self.tree.push(Element { role, parent: self.open, kids: Vec::new() });
        self.tree[self.open].kids.push(Kid::Element(number));
        self.open = number;
    }

    /// Ends the element that was opened last.
    pub(super) fn close(&mut self) {
        self.open = self.tree[self.open].parent;
    }

    /// One line of text, which belongs to the open element.
    pub(super) fn text(&mut self, x: f32, y: f32, style: Style, text: &str) {
        if text.is_empty() {
            return;
        }
        let (page, role) = (self.pages.len() - 1, self.tree[self.open].role);
        let mark = i32::try_from(self.pages[page].marks.len()).unwrap_or(i32::MAX);
        self.tree[self.open].kids.push(Kid::Text { page, mark });
        self.pages[page].marks.push(self.open);
        let content = &mut self.pages[page].content;
        content.begin_marked_content_with_properties(role.to_name()).properties().identify(mark);
        self.show(page, (x, y), style, text);
        self.pages[page].content.end_marked_content();
    }

    /// Text that is drawn on a page and said by nobody, such as its number.
    pub(super) fn aside(&mut self, page: usize, at: (f32, f32), style: Style, text: &str) {
        self.artifact(page, ArtifactType::Pagination);
        self.show(page, at, style, text);
        self.pages[page].content.end_marked_content();
    }

    /// A level line.
    pub(super) fn rule(&mut self, (from, to): (f32, f32), y: f32, width: f32, [r, g, b]: Colour) {
        let page = self.pages.len() - 1;
        self.artifact(page, ArtifactType::Layout);
        let content = &mut self.pages[page].content;
        content.set_line_width(width).set_stroke_rgb(r, g, b);
        content.move_to(from, HEIGHT - y).line_to(to, HEIGHT - y).stroke();
        content.end_marked_content();
    }

    fn artifact(&mut self, page: usize, kind: ArtifactType) {
        let content = &mut self.pages[page].content;
        content.begin_marked_content_with_properties(Name(b"Artifact")).properties().artifact().kind(kind);
    }

    fn show(&mut self, page: usize, (x, y): (f32, f32), style: Style, text: &str) {
        let font = style.face.font();
        let mut encoded = Vec::with_capacity(text.len() * 2);
        for character in text.chars() {
            let (shown, glyph, _) = font.glyph(character);
            self.used[style.face as usize].insert(glyph, shown);
            encoded.extend(glyph.to_be_bytes());
        }
        let [r, g, b] = style.colour;
        let content = &mut self.pages[page].content;
        content.begin_text().set_font(Name(face_name(style.face)), style.size).set_fill_rgb(r, g, b);
        content.set_text_matrix([1.0, 0.0, 0.0, 1.0, x, HEIGHT - y]).show(Str(&encoded)).end_text();
    }

    /// The file.
    pub(super) fn finish(self, about: &About) -> Vec<u8> {
        let mut ids = Ids(0);
        let (catalog, page_tree, info, xmp, root) = (ids.next(), ids.next(), ids.next(), ids.next(), ids.next());
        let pages: Vec<Ref> = self.pages.iter().map(|_| ids.next()).collect();
        let elements: Vec<Ref> = self.tree.iter().map(|_| ids.next()).collect();
        let used = |face: &Face| !self.used[*face as usize].is_empty();
        let fonts: Vec<(Face, Ref)> = Face::ALL.into_iter().filter(used).map(|face| (face, ids.next())).collect();

        let mut pdf = Pdf::new();
        pdf.set_version(1, 7);
        let mut of_catalog = pdf.catalog(catalog);
        of_catalog.pages(page_tree).lang(TextStr("en")).metadata(xmp);
        of_catalog.pair(Name(b"StructTreeRoot"), root);
        of_catalog.mark_info().marked(true);
        of_catalog.viewer_preferences().display_doc_title(true);
        of_catalog.finish();
        write_about(&mut pdf, info, xmp, about);
        self.write_tree(&mut pdf, &mut ids, root, (&pages, &elements));
        pdf.pages(page_tree).kids(pages.iter().copied()).count(number(pages.len()));
        for (place, page) in self.pages.into_iter().enumerate() {
            write_page(&mut pdf, &mut ids, (pages[place], page_tree, place), page.content, &fonts);
        }
        for (face, id) in &fonts {
            write_font(&mut pdf, &mut ids, *face, *id, &self.used[*face as usize]);
        }
        pdf.finish()
    }

    /// What each piece of text is for: the elements, and the way to them from the marks on the pages.
    fn write_tree(&self, pdf: &mut Pdf, ids: &mut Ids, root: Ref, (pages, elements): (&[Ref], &[Ref])) {
        let of_pages: Vec<Ref> = self.pages.iter().map(|_| ids.next()).collect();
        let mut tree = pdf.indirect(root).start::<StructTreeRoot<'_>>();
        tree.child(elements[0]).parent_tree_next_key(number(of_pages.len()));
        let mut parents = tree.parent_tree();
        let mut entries = parents.nums();
        for (place, of_page) in of_pages.iter().enumerate() {
            entries.insert(number(place), *of_page);
        }
        entries.finish();
        parents.finish();
        tree.finish();
        for (page, of_page) in self.pages.iter().zip(of_pages) {
            pdf.indirect(of_page).array().items(page.marks.iter().map(|element| elements[*element]));
        }
        for (place, element) in self.tree.iter().enumerate() {
            let mut written = pdf.struct_element(elements[place]);
            written.kind(element.role).parent(if place == 0 { root } else { elements[element.parent] });
            if element.role == StructRole::TH {
                written.attributes().push().table().scope(TableHeaderScope::Column);
            }
            let mut kids = written.children();
            for kid in &element.kids {
                match kid {
                    Kid::Element(kid) => {
                        kids.struct_element(elements[*kid]);
                    }
                    Kid::Text { page, mark } => {
                        kids.marked_content_ref().page(pages[*page]).marked_content_id(*mark);
                    }
                }
            }
        }
    }
}

/// Numbers of objects, each given out once.
struct Ids(i32);

impl Ids {
    fn next(&mut self) -> Ref {
        self.0 += 1;
        Ref::new(self.0)
    }
}

fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

fn face_name(face: Face) -> &'static [u8] {
    match face {
        Face::Regular => b"F1",
        Face::Bold => b"F2",
        Face::Display => b"F3",
    }
}

/// Smaller; the same when it cannot be made smaller.
fn deflated(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    // Writing into memory does not fail.
    let _ = encoder.write_all(data);
    encoder.finish().unwrap_or_default()
}

fn write_about(pdf: &mut Pdf, info: Ref, xmp: Ref, about: &About) {
    let (year, month, day, hour, minute, second) = about.at.civil();
    let small = |part: u32| u8::try_from(part).unwrap_or(0);
    let date = Date::new(u16::try_from(year).unwrap_or(0))
        .month(small(month))
        .day(small(day))
        .hour(small(hour))
        .minute(small(minute))
        .second(small(second))
        .utc_offset_hour(0);
    pdf.document_info(info)
        .title(TextStr(&about.title))
        .author(TextStr(&about.author))
        .creator(TextStr("Freestone"))
        .creation_date(date);
    let (title, author) = (escape(&about.title), escape(&about.author));
    let packet = format!(
        r#"<?xpacket begin="{mark}" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/"><dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title><dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator><dc:language><rdf:Bag><rdf:li>en</rdf:li></rdf:Bag></dc:language><xmp:CreatorTool>Freestone</xmp:CreatorTool><xmp:CreateDate>{at}</xmp:CreateDate><pdfuaid:part>1</pdfuaid:part></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>"#,
        mark = '\u{feff}',
        at = about.at,
    );
    pdf.metadata(xmp, packet.as_bytes());
}

fn write_page(
    pdf: &mut Pdf,
    ids: &mut Ids,
    (id, parent, place): (Ref, Ref, usize),
    content: Content,
    fonts: &[(Face, Ref)],
) {
    let drawn = ids.next();
    let mut page = pdf.page(id);
    page.parent(parent).media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT)).contents(drawn);
    page.struct_parents(number(place)).tab_order(TabOrder::StructureOrder);
    let mut resources = page.resources();
    let mut of_fonts = resources.fonts();
    for (face, font) in fonts {
        of_fonts.pair(Name(face_name(*face)), *font);
    }
    of_fonts.finish();
    resources.finish();
    page.finish();
    pdf.stream(drawn, &deflated(&content.finish())).filter(Filter::FlateDecode);
}

const IDENTITY: SystemInfo<'static> = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// The font with the glyphs that are used, their widths, and the characters that they stand for.
fn write_font(pdf: &mut Pdf, ids: &mut Ids, face: Face, id: Ref, used: &BTreeMap<u16, char>) {
    let font = face.font();
    let (descendant, descriptor, to_unicode, file) = (ids.next(), ids.next(), ids.next(), ids.next());
    // Six capital letters before the name say that it is a part of the font.
    let name = format!("{}+{}", ["PAPERA", "PAPERB", "PAPERC"][face as usize], font.name);
    let name = Name(name.as_bytes());
    pdf.type0_font(id)
        .base_font(name)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(descendant)
        .to_unicode(to_unicode);
    let mut of_glyphs = pdf.cid_font(descendant);
    of_glyphs.subtype(CidFontType::Type2).base_font(name).system_info(IDENTITY).font_descriptor(descriptor);
    of_glyphs.default_width(0.0).cid_to_gid_map_predefined(Name(b"Identity"));
    let mut widths = of_glyphs.widths();
    for (glyph, character) in used {
        widths.consecutive(*glyph, [f32::from(font.glyph(*character).2)]);
    }
    widths.finish();
    of_glyphs.finish();
    let [left, bottom, right, top] = font.bbox.map(f32::from);
    pdf.font_descriptor(descriptor)
        .name(name)
        .flags(FontFlags::SYMBOLIC)
        .bbox(Rect::new(left, bottom, right, top))
        .italic_angle(0.0)
        .ascent(f32::from(font.ascent))
        .descent(f32::from(font.descent))
        .cap_height(f32::from(font.cap_height))
        .stem_v(if face == Face::Regular { 80.0 } else { 120.0 })
        .font_file2(file);
    let mut characters = UnicodeCmap::<u16>::new(Name(b"Custom"), IDENTITY);
    for (glyph, character) in used {
        characters.pair(*glyph, *character);
    }
    pdf.cmap(to_unicode, &deflated(&characters.finish())).filter(Filter::FlateDecode);
    let subset = font.subset(|glyph| used.contains_key(&glyph));
    let deflated = deflated(&subset);
    pdf.stream(file, &deflated).filter(Filter::FlateDecode).pair(Name(b"Length1"), number(subset.len()));
}
