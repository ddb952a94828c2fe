//! Tests of reading what is typed: right texts, and broken ones.

use proptest::prelude::*;

use super::*;

/// Writes a way as one would in a header, with `*` for an entry of a list.
fn written(way: &[Way<'_>]) -> String {
    let step = |step: &Way<'_>| match *step {
        Way::Key(key) => key.to_owned(),
        Way::Entry => "*".to_owned(),
    };
    way.iter().map(step).collect::<Vec<_>>().join(".")
}

/// Returns the values of a text with their ways.
fn values(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    scan(text, &mut |piece| {
        if matches!(piece.kind, Kind::Text | Kind::Word) {
            found.push(format!("{}: {}", written(piece.way), &text[piece.at]));
        }
    });
    found
}

/// Returns what could be typed where `|` stands.
fn typed(text: &str) -> String {
    let text = text.split('|').next().unwrap();
    let end = scan(text, &mut |_| {});
    format!("{:?} {} `{}`", end.spot, written(&end.way), &text[end.from..])
}

#[test]
fn right_texts_are_read() {
    let text = "name = \"x\" # y = \"z\"\n[process.a]\nneeds = [\"b\", { process = 'c' }, \"d\"]\n\
                matrix.os = [1, 2]\nscript = '''\n[pool.x]\n'''\nstdin = { file = \"f\\\"g\" }\n\
                [process.\"a b\".env]\nX = \"1\"\n[[pool.p.slots]]\nPORT = \"5\"\n";
    assert_eq!(
        values(text),
        [
            "name: x",
            "process.a.needs.*: b",
            "process.a.needs.*.process: c",
            "process.a.needs.*: d",
            "process.a.matrix.os.*: 1",
            "process.a.matrix.os.*: 2",
            "process.a.script: \n[pool.x]\n",
            "process.a.stdin.file: f\\\"g",
            "process.a b.env.X: 1",
            "pool.p.slots.*.PORT: 5",
        ]
    );
}

#[test]
fn what_is_open_ends_where_something_new_begins() {
    for open in ["needs = [\"a\", ", "needs = [\"a", "needs = [{ process = \"a\"", "needs = ", "="]
    {
        for next in ["pool = \"p\"\n", "[pool.x]\npool = \"p\"\n"] {
            let last = values(&format!("[process.a]\n{open}\n{next}")).pop().unwrap();
            assert!(last == "process.a.pool: p" || last == "pool.x.pool: p", "{open:?}: {last}");
        }
    }
    let open = "[process.a]\nscript = \"\"\"\nx\n[process.b]\npool = \"p\"\n";
    assert_eq!(values(open)[1], "process.b.pool: p");
    assert_eq!(values("a = [\n  \"x\",\n  \"y\",\n]\nb = 1")[1..], ["a.*: y", "b: 1"]);
}

#[test]
fn every_place_says_what_could_be_typed() {
    for (text, expected) in [
        ("|", "Key  ``"),
        ("na|", "Key  `na`"),
        ("[|", "Header  ``"),
        ("[process.a]\n[po|ol.b]", "Header  `po`"),
        ("[process.|", "Header process ``"),
        ("[process.a.e|", "Header process.a `e`"),
        ("[process.a] |", "Nothing process.a ``"),
        ("[process.a]\n|", "Key process.a ``"),
        ("[process.a]\nne|", "Key process.a `ne`"),
        ("[process.a]\nmatrix.o|", "Key process.a.matrix `o`"),
        ("[process.a]\nneeds |", "Nothing process.a.needs ``"),
        ("[process.a]\nneeds = |", "Value process.a.needs ``"),
        ("[process.a]\nneeds = b|", "Value process.a.needs `b`"),
        ("[process.a]\nneeds = [|", "Value process.a.needs.* ``"),
        ("[process.a]\nneeds = [\"b\", \"c|\"]", "Text process.a.needs.* `c`"),
        ("[process.a]\nneeds = [\n  \"b\",\n  |", "Value process.a.needs.* ``"),
        ("[process.a]\nneeds = [{ |", "Key process.a.needs.* ``"),
        ("[process.a]\nneeds = [{ process = \"b\", w|", "Key process.a.needs.* `w`"),
        ("[process.a]\nneeds = [{ process = \"|", "Text process.a.needs.*.process ``"),
        ("[process.a]\nneeds = [\"b\"]|", "Nothing process.a.needs ``"),
        ("[process.a]\nscript = '''\necho {|'''", "Text process.a.script `\necho {`"),
        ("[process.a]\ncommand = [\"x]\npool = \"|", "Text process.a.pool ``"),
        ("# pool = \"|", "Nothing  ``"),
    ] {
        assert_eq!(typed(text), expected, "{text}");
    }
}

#[test]
fn nothing_is_deep_enough_to_hurt() {
    let deep = "a = ".to_owned() + &"[{a=".repeat(10_000) + "1";
    let end = scan(&deep, &mut |piece| assert!(piece.way.len() <= MOST_STEPS));
    assert!(end.way.len() <= MOST_STEPS);
    let dotted = "a.".repeat(10_000);
    assert!(scan(&dotted, &mut |_| {}).way.len() <= MOST_STEPS);
}

proptest! {
    #[test]
    fn any_text_is_read_in_order(
        text in "(\\[|\\]|\\{|\\}|\"|'|\"\"\"|=|,|#|\\.|\\\\|\n|\r| |a|é|process|\u{feff}){0,60}",
    ) {
        let mut last = 0;
        scan(&text, &mut |piece| {
            assert!(piece.at.start >= last && text.get(piece.at.clone()).is_some());
            last = piece.at.start;
        });
        for (cut, _) in text.char_indices() {
            let end = scan(&text[..cut], &mut |_| {});
            prop_assert!(end.from <= cut && text.is_char_boundary(end.from));
        }
    }
}
