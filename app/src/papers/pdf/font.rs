//! The fonts of papers: which glyph a character has, how wide it is, and the few outlines that a file needs.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use ttf_parser::{Face as Parsed, Tag};

/// In which face something is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Face {
    /// Text.
    Regular,
    /// What stands out in it.
    Bold,
    /// The name of the shop and of the paper.
    Display,
}

impl Face {
    pub(super) const ALL: [Self; 3] = [Self::Regular, Self::Bold, Self::Display];

    pub(super) fn font(self) -> &'static Font {
        static FONTS: LazyLock<[Font; 3]> = LazyLock::new(|| {
            [
                Font::read("Inter-Regular", include_bytes!("../../../fonts/inter-400.ttf")),
                Font::read("Inter-SemiBold", include_bytes!("../../../fonts/inter-600.ttf")),
                Font::read("Fraunces-SemiBold", include_bytes!("../../../fonts/fraunces-560.ttf")),
            ]
        });
        &FONTS[self as usize]
    }
}

/// A TrueType font that is part of the program.
pub(super) struct Font {
    pub(super) name: &'static str,
    data: &'static [u8],
    /// Glyph and width, in thousandths of the size, by character.
    glyphs: BTreeMap<char, (u16, u16)>,
    pub(super) ascent: i16,
    pub(super) descent: i16,
    pub(super) cap_height: i16,
    pub(super) bbox: [i16; 4],
}

impl Font {
    /// A font that cannot be read is one without glyphs; the tests see that ours can.
    fn read(name: &'static str, data: &'static [u8]) -> Self {
        let empty =
            Self { name, data, glyphs: BTreeMap::new(), ascent: 0, descent: 0, cap_height: 0, bbox: [0, 0, 0, 0] };
        let Ok(face) = Parsed::parse(data, 0) else { return empty };
        let units = i32::from(face.units_per_em());
        let scaled = |value: i16| i16::try_from(i32::from(value) * 1_000 / units).unwrap_or(0);
        let mut glyphs = BTreeMap::new();
        for table in face.tables().cmap.into_iter().flat_map(|cmap| cmap.subtables) {
            table.codepoints(|code| {
                let glyph = table.glyph_index(code).filter(|_| table.is_unicode());
                if let (Some(character), Some(glyph)) = (char::from_u32(code), glyph) {
                    let width = i32::from(face.glyph_hor_advance(glyph).unwrap_or(0)) * 1_000 / units;
                    glyphs.insert(character, (glyph.0, u16::try_from(width).unwrap_or(0)));
                }
            });
        }
        let bbox = face.global_bounding_box();
        Self {
            glyphs,
            ascent: scaled(face.ascender()),
            descent: scaled(face.descender()),
            cap_height: scaled(face.capital_height().unwrap_or(face.ascender())),
            bbox: [bbox.x_min, bbox.y_min, bbox.x_max, bbox.y_max].map(scaled),
            ..empty
        }
    }

    /// Glyph and width of a character. One that the font does not have is shown as a question mark: the page on the
    /// screen, which has all fonts of the reader, shows it.
    pub(super) fn glyph(&self, character: char) -> (char, u16, u16) {
        let known = |character: char| self.glyphs.get(&character).map(|(glyph, width)| (character, *glyph, *width));
        known(character).or_else(|| known('?')).unwrap_or(('?', 0, 500))
    }

    /// How wide text is at `size`.
    pub(super) fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|character| f32::from(self.glyph(character).2)).sum::<f32>() * size / 1_000.0
    }

    /// The font with the outlines of `used` glyphs alone, under their own numbers.
    pub(super) fn subset(&self, used: impl Fn(u16) -> bool) -> Vec<u8> {
        let Ok(face) = Parsed::parse(self.data, 0) else { return Vec::new() };
        let raw = face.raw_face();
        let table = |tag: &[u8; 4]| raw.table(Tag::from_bytes(tag)).unwrap_or_default();
        let (glyf, loca, is_long) = (table(b"glyf"), table(b"loca"), table(b"head").get(51) == Some(&1));
        let mut outlines = Vec::new();
        let mut places: Vec<u8> = Vec::new();
        for glyph in 0..face.number_of_glyphs() {
            places.extend(u32::try_from(outlines.len()).unwrap_or(0).to_be_bytes());
            let from = place_of(loca, is_long, usize::from(glyph)).filter(|_| used(glyph) || glyph == 0);
            let range = from.zip(place_of(loca, is_long, usize::from(glyph) + 1)).map(|(from, to)| from..to);
            outlines.extend(range.and_then(|range| glyf.get(range)).unwrap_or_default());
            outlines.resize(outlines.len().next_multiple_of(4), 0);
        }
        places.extend(u32::try_from(outlines.len()).unwrap_or(0).to_be_bytes());
        let mut head = table(b"head").to_vec();
        // indexToLocFormat: places are 32 bits wide.
        if let Some(format) = head.get_mut(50..52) {
            format.copy_from_slice(&1_u16.to_be_bytes());
        }
        let tables: [(&[u8; 4], &[u8]); 6] = [
            (b"glyf", &outlines),
            (b"head", &head),
            (b"hhea", table(b"hhea")),
            (b"hmtx", table(b"hmtx")),
            (b"loca", &places),
            (b"maxp", table(b"maxp")),
        ];
        font_file(&tables)
    }
}

/// Where the outline of a glyph begins, as the table `loca` says: in bytes, or in pairs of them.
fn place_of(loca: &[u8], is_long: bool, glyph: usize) -> Option<usize> {
    if is_long {
        let bytes: [u8; 4] = loca.get(glyph * 4..glyph * 4 + 4)?.try_into().ok()?;
        return usize::try_from(u32::from_be_bytes(bytes)).ok();
    }
    let bytes: [u8; 2] = loca.get(glyph * 2..glyph * 2 + 2)?.try_into().ok()?;
    Some(usize::from(u16::from_be_bytes(bytes)) * 2)
}

/// The tables, which are sorted, behind their directory.
fn font_file(tables: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let count = u16::try_from(tables.len()).unwrap_or(0);
    let largest = 1_u16 << count.ilog2();
    let mut file = Vec::new();
    file.extend(0x0001_0000_u32.to_be_bytes());
    for number in [count, largest * 16, count.ilog2() as u16, (count - largest) * 16] {
        file.extend(number.to_be_bytes());
    }
    let mut place = 12 + 16 * tables.len();
    for (tag, data) in tables {
        file.extend(*tag);
        file.extend(checksum(data).to_be_bytes());
        file.extend(u32::try_from(place).unwrap_or(0).to_be_bytes());
        file.extend(u32::try_from(data.len()).unwrap_or(0).to_be_bytes());
        place += data.len().next_multiple_of(4);
    }
    for (_, data) in tables {
        file.extend(*data);
        file.resize(file.len().next_multiple_of(4), 0);
    }
    file
}

fn checksum(data: &[u8]) -> u32 {
    let word = |bytes: &[u8]| {
        let mut word = [0; 4];
        word[..bytes.len()].copy_from_slice(bytes);
        u32::from_be_bytes(word)
    };
    data.chunks(4).fold(0, |sum: u32, bytes| sum.wrapping_add(word(bytes)))
}

#[cfg(test)]
mod tests {
    use ttf_parser::GlyphId;

    use super::*;

    #[test]
    fn every_face_has_the_letters_of_europe_and_digits_of_one_width() {
        for face in Face::ALL {
            let font = face.font();
            for character in "AzÄößéÇŁőžĞ€–’“ 0123456789".chars() {
                assert_eq!(font.glyph(character).0, character, "{character} in {}", font.name);
            }
            assert_eq!(font.glyph('漢').0, '?');
        }
        for face in [Face::Regular, Face::Bold] {
            let widths: Vec<u16> = ('0'..='9').map(|digit| face.font().glyph(digit).2).collect();
            assert!(widths.iter().all(|width| *width == widths[0]), "{widths:?}");
            assert_eq!(face.font().glyph('Ж').0, 'Ж');
            assert_eq!(face.font().glyph('Ω').0, 'Ω');
        }
    }

    #[test]
    fn a_subset_is_a_font_with_a_few_outlines() {
        let font = Face::Regular.font();
        let (_, glyph, _) = font.glyph('A');
        let subset = font.subset(|wanted| wanted == glyph);
        let face = Parsed::parse(&subset, 0).expect("a font");
        assert!(face.glyph_bounding_box(GlyphId(glyph)).is_some());
        assert!(face.glyph_bounding_box(GlyphId(font.glyph('B').1)).is_none());
        assert!(subset.len() < 20_000, "{}", subset.len());
    }
}
