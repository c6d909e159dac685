use super::*;

/// Returns the options with `--prefix auto`.
fn learning() -> LayoutOptions {
    LayoutOptions {
        prefix: vec![LayoutOptions::AUTO.into()],
        bare: false,
        line_end: LineEndChoice::Auto,
        no_data: false,
    }
}

/// The last two lines are alike. With too many before them that are like none, they are not compared.
#[test]
fn too_many_lines_to_compare() {
    // Letters only: numbers would be alike.
    let unlike = |number: usize| format!("{number:b}").replace('0', "a").replace('1', "b");
    for (count, prefix, learned) in [
        (MAX_SAMPLES - 1, &unlike as &dyn Fn(usize) -> String, 1),
        (MAX_SAMPLES, &unlike, 0),
        (2 * MAX_SAMPLES, &|_| "gw".into(), 2),
    ] {
        let prefixes = (0..count).map(prefix).chain(["last".into(), "last".into()]);
        let text: String = prefixes.map(|prefix| format!("{prefix} 650 STREAM 1 NEW 0 a:1\n")).collect();
        let mut layout = Layout::default();
        // Further lines, as of a stream, would not be waited for.
        assert!(learning().set_formats(text.as_bytes(), &mut layout), "{count}");
        assert_eq!((layout.learned_formats().len(), layout.is_unknown), (learned, learned == 0), "{count}");
    }
}

/// The first read of a stream may have only a line that `--prefix` does not fit: the space that the option lacks is in a later one.
#[test]
fn a_given_format_in_the_second_read() {
    let options = LayoutOptions { prefix: vec!["gw:".into()], ..learning() };
    let text = Cursor::new("other: 650 STREAM 1 NEW 0 a:1\n").chain(Cursor::new("gw: 650 STREAM 2 NEW 0 b:1\n"));
    let (_, layout) = options.detect(Box::new(text), TextSource::Stream).unwrap();
    assert_eq!(layout.formats()[0].before(), b"gw: ");
    // An event that can be read does not wait for another line.
    for (start, is_enough) in [
        ("gw: 650 STREAM 2 NEW 0 b:1\n", true),
        ("gw: 650+CONF_CHANGED\ngw: 650 STREAM 2 NEW 0 b:1\n", true),
        ("other: 650 STREAM 2 NEW 0 b:1\n", false),
    ] {
        assert_eq!(options.set_formats(start.as_bytes(), &mut Layout::default()), is_enough, "{start}");
    }
}

/// A stream's first read may be without an event: the reads after it decide.
#[test]
fn events_in_the_second_read() {
    for (second, expected) in [
        ("650 STREAM 1 NEW 0 a:1\n", (false, false)),
        ("gw: 650 STREAM 1 NEW 0 a:1\ngw: 650 STREAM 2 NEW 0 b:1\n", (false, false)),
        ("gw: 650 STREAM 1 NEW 0 a:1\n", (true, false)),
        ("another note\n", (false, true)),
    ] {
        // Longer than a label, for which a text's first bytes are searched: the second text comes with a second read.
        let text = Cursor::new("a note of a program that is longer than a label\n").chain(Cursor::new(second));
        let (_, layout) = learning().detect(Box::new(text), TextSource::Stream).unwrap();
        assert_eq!((layout.is_unknown, layout.is_without_sample), expected, "{second}");
    }
}
