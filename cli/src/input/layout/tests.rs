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

/// The last two lines are alike, after others of which each is like none, or like one other in its outline only.
#[test]
fn many_lines_to_compare() {
    // Letters only: numbers would be alike.
    let name = |number: usize| format!("{number:b}").replace('0', "a").replace('1', "b");
    let unlike = |number| format!("{} 650 STREAM 1 NEW 0 a:1\n", name(number));
    // The end of the first line is no end of the second.
    let pair = |number| format!("{0} '650 STREAM 1 NEW 0 a:1\\r\\n'\n{0} '650 STREAM 1 NEW 0 a:1'\n", name(number));
    for (count, lines, learned, is_enough) in [
        (MAX_SAMPLES - 3, &unlike as &dyn Fn(usize) -> String, 1, true),
        (10 * MAX_SAMPLES, &unlike, 1, true),
        (MAX_SAMPLES / 2 - 1, &pair, 1, true),
        (MAX_SAMPLES, &pair, 0, true),
        (10 * MAX_SAMPLES, &|_| unlike(0), 2, true),
    ] {
        let mut text: String = (0..count).map(lines).collect();
        for is_repeated in [false, true] {
            text += "last 650 STREAM 1 NEW 0 a:1\n";
            let mut layout = Layout::default();
            let enough = learning().set_formats(text.as_bytes(), &mut layout);
            if is_repeated {
                assert_eq!((layout.learned_formats().len(), layout.is_unknown), (learned, learned == 0), "{count}");
                assert_eq!(enough, is_enough, "{count}");
            } else if learned == 1 {
                // Further lines of a stream are waited for.
                assert!(!enough, "{count}");
            }
        }
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
