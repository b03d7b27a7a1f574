//! Looking for planted values: in files, in texts and in Redis, byte by byte and in every spelling that programs give them.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;

use aho_corasick::AhoCorasick;
use anyhow::{Context as _, Result, ensure};
use trunkline_testkit::Redis;

/// What nobody may find, in every spelling.
pub(crate) struct Planted {
    names: Vec<String>,
    search: AhoCorasick,
}

impl Planted {
    pub(crate) fn new(secrets: &[&str]) -> Result<Self> {
        let (names, spelled): (Vec<_>, Vec<_>) = secrets.iter().flat_map(|secret| spellings(secret)).unzip();
        Ok(Self { names, search: AhoCorasick::new(&spelled)? })
    }

    /// The planted values that some bytes hold.
    pub(crate) fn within(&self, bytes: &[u8]) -> BTreeSet<&str> {
        let found = self.search.find_iter(bytes);
        found.filter_map(|found| Some(self.names.get(found.pattern().as_usize())?.as_str())).collect()
    }

    /// Where one of them stands in a file below a folder, with what stands around it.
    pub(crate) fn below(&self, folder: &Path) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                found.extend(self.below(&path)?);
                continue;
            }
            let bytes = fs::read(&path)?;
            found.extend(
                self.within(&bytes).iter().map(|secret| format!("{} tells {secret}", path.display())),
            );
        }
        Ok(found)
    }

    /// The lines of a text that hold one of them; the first few, cut.
    pub(crate) fn lines(&self, text: &str) -> Vec<String> {
        let bad = text.lines().filter(|line| !self.within(line.as_bytes()).is_empty());
        bad.take(10).map(|line| line.chars().take(600).collect()).collect()
    }
}

/// As it is, as JSON escapes it, as addresses do, in hexadecimal, and in Base64 wherever it begins.
fn spellings(secret: &str) -> Vec<(String, Vec<u8>)> {
    let escaped: String = secret.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    let percent: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let bytes: Vec<String> = secret.bytes().map(|byte| byte.to_string()).collect();
    let mut all = vec![
        (secret.to_owned(), secret.as_bytes().to_vec()),
        (format!("{secret} in UTF-16"), secret.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        (format!("{secret} in hexadecimal"), hex.into_bytes()),
        (format!("{secret} as a list of bytes"), bytes.join(", ").into_bytes()),
    ];
    if !secret.is_ascii() {
        all.push((format!("{secret} in an address"), percent.into_bytes()));
        all.push((format!("{secret} in escapes"), escaped.into_bytes()));
    }
    all.extend((0..3).map(|shift| (format!("{secret} in Base64"), base64(secret, shift))));
    all
}

/// The part of a Base64 text that does not depend on what stands before and after it.
fn base64(secret: &str, shift: usize) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    // What shares a group of three bytes with something else is left out.
    let skipped = (3 - shift) % 3;
    let whole = &secret.as_bytes()[skipped.min(secret.len())..];
    let groups = whole.chunks_exact(3).map(|group| {
        let bits = group.iter().fold(0_usize, |bits, byte| (bits << 8) | usize::from(*byte));
        [18, 12, 6, 0].map(|shift| ALPHABET[(bits >> shift) & 63])
    });
    groups.flatten().collect()
}

/// Everything that a Redis server has: its keys and what stands under them, as it dumps them.
pub(crate) fn of_redis(redis: &Redis) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect(("127.0.0.1", redis.port()))?;
    let mut answers = BufReader::new(stream.try_clone()?);
    let mut all = Vec::new();
    for key in asked(&mut stream, &mut answers, &["KEYS", "*"])? {
        all.extend_from_slice(&key);
        all.push(b'\n');
        let name = String::from_utf8(key)?;
        let kind = asked(&mut stream, &mut answers, &["TYPE", &name])?;
        let within: Vec<&str> = match kind.first().map(Vec::as_slice) {
            Some(b"string") => vec!["GET", &name],
            Some(b"hash") => vec!["HGETALL", &name],
            Some(b"zset") => vec!["ZRANGE", &name, "0", "-1", "WITHSCORES"],
            Some(b"set") => vec!["SMEMBERS", &name],
            Some(b"list") => vec!["LRANGE", &name, "0", "-1"],
            Some(b"stream") => vec!["XRANGE", &name, "-", "+"],
            other => anyhow::bail!("a key of an unknown kind {other:?}"),
        };
        all.extend(asked(&mut stream, &mut answers, &within)?.concat());
    }
    Ok(all)
}

/// Sends one command and gives the texts of the answer.
fn asked(stream: &mut TcpStream, answers: &mut impl BufRead, words: &[&str]) -> Result<Vec<Vec<u8>>> {
    let words: String = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len())).collect();
    let count = words.matches('$').count();
    stream.write_all(format!("*{count}\r\n{words}").as_bytes())?;
    let mut texts = Vec::new();
    let mut left = 1;
    while left > 0 {
        left -= 1;
        let mut line = String::new();
        answers.read_line(&mut line)?;
        let (sign, rest) = line.trim_end().split_at_checked(1).context("Redis answered nothing")?;
        match sign {
            "*" => left += rest.parse::<usize>()?,
            "$" if rest == "-1" => {}
            "$" => {
                let mut text = vec![0; rest.parse::<usize>()? + 2];
                answers.read_exact(&mut text)?;
                text.truncate(text.len() - 2);
                texts.push(text);
            }
            _ => {
                ensure!(sign != "-", "Redis refused {rest}");
                texts.push(rest.as_bytes().to_vec());
            }
        }
    }
    Ok(texts)
}

#[test]
fn every_spelling_is_found_and_nothing_else() {
    let planted = Planted::new(&["欧阳锋利", "zebediah@quokka.example"]).unwrap();
    assert!(planted.within(b"nothing of it").is_empty());
    for spelled in [
        "x欧阳锋利y",
        "q=%E6%AC%A7%E9%98%B3%E9%94%8B%E5%88%A9&",
        "{\"name\":\"\\u6b27\\u9633\\u950b\\u5229\"}",
        "eyJlbWFpbCI6InplYmVkaWFoQHF1b2trYS5leGFtcGxlIn0=",
        "7a65626564696168407175 6f 7a656265646961684071756f6b6b612e6578616d706c65",
    ] {
        assert_eq!(planted.within(spelled.as_bytes()).len(), 1, "{spelled}");
    }
}
