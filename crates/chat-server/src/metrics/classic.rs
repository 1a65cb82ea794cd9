//! Prometheus' text format before `OpenMetrics` (0.0.4), for tools that read no other.

const TYPE: &str = "# TYPE ";
const HELP: &str = "# HELP ";

/// Converts a page to the classic format: a counter's family name ends with `_total`, as its samples do, and there is
/// no end marker.
pub(super) fn classic(page: &str) -> String {
    let counters: Vec<&str> =
        page.lines().filter_map(|line| line.strip_prefix(TYPE)?.strip_suffix(" counter")).collect();
    let mut text = String::with_capacity(page.len());
    for line in page.lines().filter(|line| *line != "# EOF" && !line.starts_with("# UNIT ")) {
        let described =
            [HELP, TYPE].into_iter().find_map(|kind| Some((kind, line.strip_prefix(kind)?.split_once(' ')?)));
        match described {
            Some((kind, (name, rest))) if counters.contains(&name) => text.extend([kind, name, "_total ", rest]),
            _ => text += line,
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::classic;

    #[test]
    fn families_of_counters_have_the_name_of_their_samples() {
        let page = "# HELP chat_sends Sends.\n# TYPE chat_sends counter\nchat_sends_total{outcome=\"stored\"} 4\n\
                    # HELP chat_ready Ready.\n# TYPE chat_ready gauge\nchat_ready 1\n# EOF\n";
        let expected = "# HELP chat_sends_total Sends.\n# TYPE chat_sends_total \
            counter\nchat_sends_total{outcome=\"stored\"} 4\n\
                        # HELP chat_ready Ready.\n# TYPE chat_ready gauge\nchat_ready 1\n";
        assert_eq!(classic(page), expected);
    }
}
