//! What a text is, by its first bytes.
//!
//! In: the beginning of an input. Out: JSON or YAML, or why it is neither. Guarantees: names do not count; text in
//! another encoding or compression is called what it is.

/// A format that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Yaml,
}

/// How much is looked at for bytes that no text has.
const LOOK: usize = 512;

/// Beginnings of what people hand over by mistake, and what to do about it.
const OTHERS: [(&[u8], &str); 6] = [
    (b"\x28\xb5\x2f\xfd", "it is compressed with zstd: only gzip is undone, use zstd -d"),
    (b"\xfd7zXZ", "it is compressed with xz: only gzip is undone, use xz -d"),
    (b"BZh", "it is compressed with bzip2: only gzip is undone, use bzip2 -d"),
    (b"PK\x03\x04", "it is a zip archive: unpack it and name the folder"),
    (b"\xff\xfe", "it is UTF-16, as PowerShell's > writes: use `| Out-File -Encoding utf8`, or `iconv -f utf-16 -t utf-8`"),
    (b"\xfe\xff", "it is UTF-16: use `iconv -f utf-16 -t utf-8`"),
];

/// How much of the text to leave out (white space, a byte order mark), and what the rest is; `None` if more is needed to
/// say. `first`: nothing was left out before. `last`: no more will come.
pub(crate) fn sniff(text: &[u8], first: bool, last: bool) -> Result<(usize, Option<Format>), String> {
    if first && let Some((_, what)) = OTHERS.iter().find(|(magic, _)| text.starts_with(magic)) {
        return Err((*what).to_owned());
    }
    let mark = if first && text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let Some(blank) = text[mark..].iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) else {
        return if last { Err("it is empty".to_owned()) } else { Ok((text.len(), None)) };
    };
    let start = mark + blank;
    let rest = &text[start..];
    if matches!(rest[0], b'{' | b'[') {
        return Ok((start, Some(Format::Json)));
    }
    let look = &rest[..rest.len().min(LOOK)];
    let text_ends = std::str::from_utf8(look).map_or_else(|error| error.valid_up_to(), str::len);
    // A character may be cut in two at the end of what is looked at.
    let is_text = text_ends + 4 > look.len() && !look[..text_ends].iter().any(|&byte| byte < b' ' && !byte.is_ascii_whitespace());
    if !is_text {
        return Err("it is neither JSON nor YAML".to_owned());
    }
    // In YAML, white space at the start of a line counts: only whole blank lines are left out.
    let line = text[mark..start].iter().rposition(|&byte| byte == b'\n').map_or(mark, |end| mark + end + 1);
    Ok((line, Some(Format::Yaml)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_yaml_are_told_apart_by_content() {
        let all = |text: &[u8]| sniff(text, true, true);
        assert_eq!(all(b" \n{}"), Ok((2, Some(Format::Json))));
        assert_eq!(all(b"\xef\xbb\xbf{}"), Ok((3, Some(Format::Json))));
        assert_eq!(all(b"apiVersion: v1"), Ok((0, Some(Format::Yaml))));
        assert_eq!(all(b"\n  a: 1"), Ok((1, Some(Format::Yaml))));
        assert_eq!(all(b"# a comment\n"), Ok((0, Some(Format::Yaml))));
        assert_eq!(all("bücher: 1".as_bytes()), Ok((0, Some(Format::Yaml))));
    }

    #[test]
    fn what_is_neither_is_called_what_it_is() {
        for (text, word) in [
            (&b"\xff\xfe{\0"[..], "UTF-16"),
            (b"\x28\xb5\x2f\xfd....", "zstd"),
            (b"\x7fELF\x02\x01\x01\0", "neither"),
            (b"  \n", "empty"),
            (b"", "empty"),
        ] {
            let error = sniff(text, true, true).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn white_space_without_an_end_needs_more() {
        assert_eq!(sniff(b" \n ", true, false), Ok((3, None)));
    }
}
