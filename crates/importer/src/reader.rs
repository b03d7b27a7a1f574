//! Rows of a CSV or TSV file, whatever is in it: bounded memory, every row with its line number, and a bad row is
//! an answer, never a panic or the end of the file.

use std::collections::VecDeque;
use std::io::BufRead;

/// How a file is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    /// What stands between two fields.
    pub separator: u8,
    /// Whether fields can be quoted with `"`, and then hold separators and line ends.
    pub quotes: bool,
    /// How bytes become text.
    pub encoding: Encoding,
    /// The longest row in bytes; a longer one is refused and never held in memory.
    pub row_bytes_max: usize,
}

/// An encoding that an import can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// GB18030, the superset of GBK and GB2312.
    Gb18030,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The number of its first line in the file, counted from 1.
    pub line: u64,
    /// Its fields without white space at their ends.
    pub fields: Vec<String>,
}

/// A row that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// The number of its first line in the file, counted from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// One physical line: its bytes without the line end, or nothing when it is too long.
struct Line {
    number: u64,
    bytes: Option<Vec<u8>>,
}

/// Reads rows from bytes.
pub struct Rows<R> {
    source: R,
    format: Format,
    /// Lines that were read ahead for a quoted field that then did not end.
    ahead: VecDeque<Line>,
    lines_read: u64,
    bytes_read: u64,
    ends_with_newline: bool,
}

impl<R: BufRead> Rows<R> {
    /// A reader of rows.
    pub fn new(source: R, format: Format) -> Self {
        Self { source, format, ahead: VecDeque::new(), lines_read: 0, bytes_read: 0, ends_with_newline: true }
    }

    /// How many bytes have been read so far.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Whether the last line that was read had a line end. When the last line of a file has none, the file may be
    /// cut off.
    pub fn ends_with_newline(&self) -> bool {
        self.ends_with_newline
    }

    /// The next row that is not blank; nothing at the end of the file.
    ///
    /// # Errors
    /// When the source cannot be read. What a row holds is never an error.
    pub fn next_row(&mut self) -> std::io::Result<Option<Result<Row, BadRow>>> {
        loop {
            let Some(first) = self.next_line()? else { return Ok(None) };
            let line = first.number;
            let read = match self.whole_row(first)? {
                Ok(bytes) if bytes.is_empty() => continue,
                Ok(bytes) => self.parse(&bytes),
                Err(reason) => Err(reason),
            };
            return Ok(Some(match read {
                Ok(fields) => Ok(Row { line, fields }),
                Err(reason) => Err(BadRow { line, reason }),
            }));
        }
    }

    /// The bytes of the row that begins with `first`: more lines when a quoted field goes on.
    fn whole_row(&mut self, first: Line) -> std::io::Result<Result<Vec<u8>, String>> {
        let limit = self.format.row_bytes_max;
        let Some(mut bytes) = first.bytes else {
            return Ok(Err(format!("the row has more than {limit} bytes, the limit `source.row_bytes_max`")));
        };
        let mut taken = VecDeque::new();
        let mut open = self.format.quotes && has_odd_quotes(&bytes);
        while open {
            let next = self.next_line()?;
            let fits = next
                .as_ref()
                .and_then(|next| next.bytes.as_ref())
                .filter(|more| bytes.len() + more.len() < limit);
            let Some(more) = fits else {
                // The quote is a mistake in this line; the lines after it are rows of their own.
                taken.extend(next);
                taken.append(&mut self.ahead);
                self.ahead = taken;
                return Ok(Err(format!("a quote is opened and not closed within {limit} bytes")));
            };
            open ^= has_odd_quotes(more);
            bytes.push(b'\n');
            bytes.extend_from_slice(more);
            taken.extend(next);
        }
        Ok(Ok(bytes))
    }

    fn next_line(&mut self) -> std::io::Result<Option<Line>> {
        if let Some(line) = self.ahead.pop_front() {
            return Ok(Some(line));
        }
        let mut bytes = Vec::new();
        let mut fits = true;
        let mut any = false;
        loop {
            let chunk = match self.source.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if chunk.is_empty() {
                break;
            }
            any = true;
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let part = &chunk[..end.unwrap_or(chunk.len())];
            fits = fits && bytes.len() + part.len() <= self.format.row_bytes_max;
            if fits {
                bytes.extend_from_slice(part);
            } else {
                bytes = Vec::new();
            }
            let used = part.len() + usize::from(end.is_some());
            self.source.consume(used);
            self.bytes_read += used as u64;
            self.ends_with_newline = end.is_some();
            if end.is_some() {
                break;
            }
        }
        if !any {
            return Ok(None);
        }
        self.lines_read += 1;
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        if self.lines_read == 1 && bytes.starts_with(&[0xEF, 0xBB, 0xBF]) {
            bytes.drain(..3);
        }
        Ok(Some(Line { number: self.lines_read, bytes: fits.then_some(bytes) }))
    }

    fn parse(&self, bytes: &[u8]) -> Result<Vec<String>, String> {
        if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
            return Err(format!("byte {} is NUL; the file is not a text file or is damaged", at + 1));
        }
        let text = match self.format.encoding {
            Encoding::Utf8 => std::str::from_utf8(bytes).map(std::borrow::Cow::Borrowed).map_err(|error| {
                format!("byte {} is not UTF-8; is the file's encoding another one?", error.valid_up_to() + 1)
            }),
            Encoding::Gb18030 => encoding_rs::GB18030
                .decode_without_bom_handling_and_without_replacement(bytes)
                .ok_or_else(|| "the row is not GB18030; is the file's encoding another one?".to_owned()),
        }?;
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.format.separator)
            .quoting(self.format.quotes)
            .buffer_capacity(text.len().clamp(16, 1 << 16))
            .from_reader(text.as_bytes());
        let mut record = csv::StringRecord::new();
        match reader.read_record(&mut record) {
            Ok(_) => Ok(record.iter().map(|field| field.trim().to_owned()).collect()),
            Err(error) => Err(format!("the row cannot be parsed: {error}")),
        }
    }
}

/// Whether a quoted field is opened and not closed, or closed and not opened.
fn has_odd_quotes(bytes: &[u8]) -> bool {
    bytes.iter().filter(|byte| **byte == b'"').count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn format() -> Format {
        Format { separator: b',', quotes: true, encoding: Encoding::Utf8, row_bytes_max: 64 }
    }

    fn read(bytes: &[u8], format: Format) -> Vec<Result<Row, BadRow>> {
        let mut rows = Rows::new(bytes, format);
        std::iter::from_fn(|| rows.next_row().unwrap()).collect()
    }

    fn row(line: u64, fields: &[&str]) -> Result<Row, BadRow> {
        Ok(Row { line, fields: fields.iter().map(|field| (*field).to_owned()).collect() })
    }

    fn bad(rows: &[Result<Row, BadRow>]) -> Vec<(u64, &str)> {
        rows.iter().filter_map(|row| row.as_ref().err()).map(|bad| (bad.line, bad.reason.as_str())).collect()
    }

    #[test]
    fn a_mark_at_the_start_blank_lines_and_both_line_ends_are_read_over() {
        let rows = read(b"\xEF\xBB\xBFa,b\r\n\r\n 1 ,2\n3,4", format());
        assert_eq!(rows, [row(1, &["a", "b"]), row(3, &["1", "2"]), row(4, &["3", "4"])]);
    }

    #[test]
    fn quoted_fields_can_hold_separators_quotes_and_line_ends() {
        let rows = read(b"\"x, \"\"y\"\"\",\"two\nlines\"\nnext,row\n", format());
        assert_eq!(rows, [row(1, &["x, \"y\"", "two\nlines"]), row(3, &["next", "row"])]);
    }

    #[test]
    fn a_quote_that_is_never_closed_costs_its_own_line_only() {
        let rows = read(b"a,\"b\nc,d\ne,f\n", format());
        assert_eq!(bad(&rows), [(1, "a quote is opened and not closed within 64 bytes")]);
        assert_eq!(&rows[1..], [row(2, &["c", "d"]), row(3, &["e", "f"])]);
    }

    #[test]
    fn a_line_beyond_the_limit_is_refused_and_the_next_one_read() {
        let mut bytes = vec![b'x'; 10 << 20];
        bytes.extend_from_slice(b"\nc,d\n");
        let rows = read(&bytes, format());
        assert_eq!(bad(&rows), [(1, "the row has more than 64 bytes, the limit `source.row_bytes_max`")]);
        assert_eq!(rows[1], row(2, &["c", "d"]));
    }

    #[test]
    fn nul_bytes_and_other_encodings_are_refused_by_row() {
        let rows = read(b"a\0b\n\xB9\xA4\xC9\xCC\nok,1\n", format());
        let reasons = bad(&rows);
        assert!(reasons[0].1.starts_with("byte 2 is NUL"), "{reasons:?}");
        assert!(reasons[1].1.starts_with("byte 1 is not UTF-8"), "{reasons:?}");
        assert_eq!(rows[2], row(3, &["ok", "1"]));
    }

    #[test]
    fn gb18030_is_read_as_text() {
        let gb = Format { encoding: Encoding::Gb18030, ..format() };
        assert_eq!(read(b"\xB9\xA4\xC9\xCC,1\n", gb.clone()), [row(1, &["工商", "1"])]);
        assert!(bad(&read(b"\xB9\xFF,1\n", gb))[0].1.contains("GB18030"));
    }

    #[test]
    fn a_last_line_without_its_end_is_told() {
        let mut rows = Rows::new(&b"a,b\nc"[..], format());
        while rows.next_row().unwrap().is_some() {}
        assert!(!rows.ends_with_newline());
    }

    proptest! {
        #[test]
        fn no_bytes_bring_the_reader_down_and_lines_rise(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            for encoding in [Encoding::Utf8, Encoding::Gb18030] {
                let lines: Vec<u64> = read(&bytes, Format { encoding, ..format() })
                    .into_iter()
                    .map(|row| row.map_or_else(|bad| bad.line, |row| row.line))
                    .collect();
                prop_assert!(lines.is_sorted_by(|a, b| a < b));
            }
        }
    }
}
