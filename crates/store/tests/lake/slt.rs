// SPDX-License-Identifier: Apache-2.0
//! The questions of `tests/slt/*.slt` and their answers, asked of the rows of `fixtures/nfdump`. A question is a line that
//! says what it is (`query`, `sorted`, `filter`, `having`, `error`), its text, `----` and the answer; an empty line ends it
//! and `#` starts a remark. `sorted` puts the lines of an answer in order; `filter` answers with the number of flows and the
//! canonical text; `error` with the message. After a wanted change `MINAMO_BLESS=1` writes the answers anew.

use std::fmt::Write as _;
use std::path::Path;

use minamo_store::Lake;

use crate::nfdump;
use crate::rows::ask;

/// One question as it stands in a file.
struct Question {
    /// Remarks and empty lines in front of it.
    head: String,
    kind: String,
    text: String,
    answer: String,
}

fn read(text: &str) -> Vec<Question> {
    let mut out = Vec::new();
    let mut lines = text.lines().peekable();
    while lines.peek().is_some() {
        let mut head = String::new();
        while let Some(line) = lines.next_if(|line| line.is_empty() || line.starts_with('#')) {
            head.push_str(line);
            head.push('\n');
        }
        let Some(kind) = lines.next() else { break };
        let question: Vec<&str> = std::iter::from_fn(|| lines.next_if(|line| *line != "----")).collect();
        assert_eq!(lines.next(), Some("----"), "{kind} {question:?} has an answer");
        let answer: Vec<&str> = std::iter::from_fn(|| lines.next_if(|line| !line.is_empty())).collect();
        out.push(Question { head, kind: kind.to_owned(), text: question.join("\n"), answer: answer.join("\n") });
    }
    out
}

async fn answer(lake: &Lake, question: &Question) -> String {
    let text = question.text.as_str();
    match question.kind.as_str() {
        "query" => ask(lake, text).await.join("\n"),
        "sorted" => {
            let mut lines = ask(lake, text).await;
            lines.sort();
            lines.join("\n")
        }
        "filter" => match (minamo_filter::parse(text), nfdump::passing(lake, text).await) {
            (Ok(filter), Ok(count)) => format!("{count}|{filter}"),
            (Err(error), _) => error.to_string(),
            (_, Err(error)) => error,
        },
        "having" => match minamo_filter::parse_having(text) {
            Ok(having) => having.to_string(),
            Err(error) => error.to_string(),
        },
        "error" => match lake.sql(text, 10).await {
            Ok(_) => "no error".to_owned(),
            Err(error) => error.to_string(),
        },
        other => panic!("no kind of question: {other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_have_the_answers_of_their_files() {
    let bless = std::env::var_os("MINAMO_BLESS").is_some();
    let dir = tempfile::tempdir().expect("a directory");
    let lake = nfdump::lake(dir.path()).await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slt");
    let mut files: Vec<_> = std::fs::read_dir(&folder).expect("a folder").map(|f| f.expect("a file").path()).collect();
    files.sort();
    assert!(files.len() >= 3, "the questions are there");
    let mut wrong = String::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a text");
        let mut written = String::new();
        for question in read(&text) {
            let found = answer(&lake, &question).await;
            if found != question.answer {
                writeln!(
                    wrong,
                    "{}:\n{}\n  got  {found:?}\n  want {:?}",
                    file.display(),
                    question.text,
                    question.answer
                )
                .expect("a text takes everything");
            }
            let Question { head, kind, text, .. } = question;
            writeln!(written, "{head}{kind}\n{text}\n----\n{found}").expect("a text takes everything");
        }
        if bless {
            std::fs::write(&file, written).expect("written");
        }
    }
    assert!(bless || wrong.is_empty(), "{wrong}");
}
