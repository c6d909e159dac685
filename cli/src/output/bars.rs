//! Bars and blocks of text, for counts.

/// Returns a bar for a count. The bar of `highest` is `width` columns wide; the bar of any count but zero is visible.
pub(crate) fn bar(count: u64, highest: u64, width: u64) -> String {
    let eighths = (u128::from(count) * u128::from(width) * 8).div_ceil(u128::from(highest.max(1)));
    let eighths = usize::try_from(eighths).unwrap_or_default();
    let mut bar = "█".repeat(eighths / 8);
    bar.push_str(["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"].get(eighths % 8).copied().unwrap_or_default());
    bar
}

/// Returns counts as a line of blocks, one for each: a full block for `highest`, a space for zero only.
pub(crate) fn blocks(counts: impl IntoIterator<Item = u64>, highest: u64) -> String {
    const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let highest = u128::from(highest.max(1));
    let block = |count: u64| usize::try_from((u128::from(count) * 8).div_ceil(highest)).unwrap_or(8);
    counts.into_iter().filter_map(|count| BLOCKS.get(block(count).min(8))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_and_blocks() {
        assert_eq!(
            [0, 1, 50, 99, 100].map(|count| bar(count, 100, 4)),
            ["", "▏", "██", "████", "████"].map(String::from)
        );
        assert_eq!(bar(u64::MAX, u64::MAX, 3), "███");
        assert_eq!(blocks([0, 1, 4, 8, 0], 8), " ▁▄█ ");
        assert_eq!(blocks([1, u64::MAX], u64::MAX), "▁█");
    }
}
