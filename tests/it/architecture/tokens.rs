//! A lexer for Rust that is just good enough to tell code from comments and literals.

/// One word or one sign of code, and the line on which it stands, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) line: usize,
}

/// The code of a source file without its comments and without what is inside of strings and characters. A path
/// separator is one token; every other sign is a token of its own.
pub(super) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let (mut rest, mut line) = (source, 1);
    while let Some(first) = rest.chars().next() {
        let (length, is_code) = match first {
            '/' if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), false),
            '/' if rest.starts_with("/*") => (block_comment(rest), false),
            '"' => (string(rest, 0), false),
            '\'' => quote(rest),
            _ if first.is_whitespace() => (first.len_utf8(), false),
            _ if is_word(first) => word_or_literal(rest),
            ':' if rest.starts_with("::") => (2, true),
            _ => (first.len_utf8(), true),
        };
        let (text, after) = rest.split_at(length);
        if is_code {
            found.push(Token { text, line });
        }
        line += text.matches('\n').count();
        rest = after;
    }
    found
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Comments nest.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        let step = text.get(at..at + 2).unwrap_or_default();
        match step {
            "/*" => depth += 1,
            "*/" => depth -= 1,
            _ => {
                at += text[at..].chars().next().map_or(1, char::len_utf8);
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// The length of the string that begins with a quotation mark after `start` bytes of prefix.
fn string(text: &str, start: usize) -> usize {
    let mut escaped = false;
    for (at, character) in text[start..].char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return start + at + 1,
            _ => {}
        }
    }
    text.len()
}

/// A character, or the apostrophe of a lifetime.
fn quote(text: &str) -> (usize, bool) {
    let mut characters = text.char_indices().skip(1);
    match (characters.next(), characters.next()) {
        (Some((_, '\\')), _) => {
            // The escaped character itself may be an apostrophe.
            let end = text.char_indices().skip(3).find(|(_, character)| *character == '\'');
            (end.map_or(text.len(), |(at, _)| at + 1), false)
        }
        (Some(_), Some((at, '\''))) => (at + 1, false),
        _ => (1, true),
    }
}

/// A word, unless it is the prefix of a string.
fn word_or_literal(text: &str) -> (usize, bool) {
    let length = text.find(|character| !is_word(character)).unwrap_or(text.len());
    let (word, after) = text.split_at(length);
    match word {
        "b" | "c" if after.starts_with('"') => (string(text, length), false),
        "b" if after.starts_with('\'') => (length + quote(after).0, false),
        "r" | "br" | "cr" => {
            let hashes = after.len() - after.trim_start_matches('#').len();
            if !after[hashes..].starts_with('"') {
                return (length, true);
            }
            let end = format!("\"{}", "#".repeat(hashes));
            let start = length + hashes + 1;
            let close = text[start..].find(&end).map_or(text.len(), |at| start + at + end.len());
            (close, false)
        }
        _ => (length, true),
    }
}

#[test]
fn code_is_told_from_comments_and_literals() {
    let source = r###"
        // one /* "
        a /* two /* three */ */ b "four \" \\" c r#"five " "# d b"six" e br##"seven "# "## f
        '"' '\'' '\u{1f600}' b'\'' g<'life>() 'é' r#h
    "###;
    let words: Vec<_> =
        tokens(source).into_iter().map(|token| token.text).filter(|text| text.len() > 1).collect();
    assert_eq!(words, ["life"]);
    let letters: String = tokens(source)
        .iter()
        .map(|token| token.text)
        .filter(|text| text.starts_with(char::is_alphabetic))
        .collect();
    assert_eq!(letters, "abcdefglifer".to_owned() + "h");
}

#[test]
fn tokens_know_their_lines() {
    let lines: Vec<_> =
        tokens("a\n\"\n\n\"b::c\n/*\n*/ d").iter().map(|token| (token.text, token.line)).collect();
    assert_eq!(lines, [("a", 1), ("b", 4), ("::", 4), ("c", 4), ("d", 6)]);
}
