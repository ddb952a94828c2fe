//! Escape: text as it stands in an order, so that nothing in it ends the order or begins another.
//!
//! Unaware of what orders there are.

/// Returns a command of GitHub Actions, whose properties and data are escaped.
pub fn github_command(name: &str, properties: &[(&str, &str)], data: &str) -> String {
    let property = |(key, value): &(&str, &str)| format!("{key}={}", github_property(value));
    let properties = properties.iter().map(property).collect::<Vec<_>>().join(",");
    let gap = if properties.is_empty() { "" } else { " " };
    format!("::{name}{gap}{properties}::{}\n", github_data(data))
}

/// Returns a command of Azure Pipelines, whose properties and data are escaped.
pub(super) fn azure_command(name: &str, properties: &[(&str, &str)], data: &str) -> String {
    let property = |(key, value): &(&str, &str)| format!("{key}={};", azure_property(value));
    let properties = properties.iter().map(property).collect::<String>();
    let gap = if properties.is_empty() { "" } else { " " };
    format!("##vso[{name}{gap}{properties}]{}\n", azure_data(data))
}

/// Returns a service message of `TeamCity`, whose values are escaped.
pub(super) fn teamcity_message(name: &str, attributes: &[(&str, &str)]) -> String {
    let attribute = |(key, value): &(&str, &str)| format!(" {key}='{}'", teamcity_value(value));
    format!("##teamcity[{name}{}]\n", attributes.iter().map(attribute).collect::<String>())
}

fn github_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn github_property(text: &str) -> String {
    github_data(text).replace(':', "%3A").replace(',', "%2C")
}

fn azure_data(text: &str) -> String {
    text.replace('%', "%AZP25").replace('\r', "%0D").replace('\n', "%0A")
}

fn azure_property(text: &str) -> String {
    azure_data(text).replace(';', "%3B").replace(']', "%5D")
}

fn teamcity_value(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("|n"),
            '\r' => out.push_str("|r"),
            '|' | '\'' | '[' | ']' => out.extend(['|', c]),
            // It ends a line there, and has no other form.
            '\u{85}' | '\u{2028}' | '\u{2029}' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_an_order_before_its_end() {
        assert_eq!(
            github_command("error", &[("file", "a,b:c%")], "x%0A\r\ny::z"),
            "::error file=a%2Cb%3Ac%25::x%250A%0D%0Ay::z\n"
        );
        assert_eq!(github_command("endgroup", &[], ""), "::endgroup::\n");
        assert_eq!(
            azure_command("task.logissue", &[("sourcepath", "a;b]%")], "x\n]"),
            "##vso[task.logissue sourcepath=a%3Bb%5D%AZP25;]x%0A]\n"
        );
        assert_eq!(
            teamcity_message("blockOpened", &[("name", "it's [a|b]\r\n\u{2028}ü")]),
            "##teamcity[blockOpened name='it|'s |[a||b|]|r|n ü']\n"
        );
    }
}
