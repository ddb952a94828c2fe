//! Jump: where a name is declared, and where it is used.
//!
//! Unaware of whether that is right.

use lsp_types::{Location, Range as Area};

use super::address::canonical;
use super::look::Look;
use super::nouns::{Name, Names, Noun};

/// Returns where the name at the cursor is declared; of a file, its beginning.
pub(super) fn definition(look: &Look<'_>) -> Vec<Location> {
    let Some(name) = Names::at(look.text(), look.language, look.byte) else { return Vec::new() };
    if name.noun == Noun::File {
        return file(look, &name).into_iter().collect();
    }
    places(look, &name, true, false)
}

/// Returns where the name at the cursor is used, and where it is declared if that is asked too.
pub(super) fn references(look: &Look<'_>, declared: bool) -> Vec<Location> {
    let name = Names::at(look.text(), look.language, look.byte);
    name.map(|name| places(look, &name, declared, true)).unwrap_or_default()
}

fn file(look: &Look<'_>, name: &Name<'_>) -> Option<Location> {
    let path = canonical(&look.path().parent()?.join(name.text));
    path.is_file().then(|| look.location(&path, Area::default()))
}

fn places(look: &Look<'_>, name: &Name<'_>, declared: bool, used: bool) -> Vec<Location> {
    let mut found = Vec::new();
    for (path, text, names) in look.names() {
        let lines = look.lines(text);
        let declared = names.declared.iter().filter(|_| declared);
        let all = declared.chain(names.used.iter().filter(|_| used));
        let same = all.filter(|other| other.is(name));
        found.extend(same.map(|other| look.location(path, lines.area(&other.at))));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::look::tests::look;
    use super::*;

    const PART: (&str, &str) = (
        "part.toml",
        "[process.b]\nneeds = [\"a\"]\ncommand = [\"{process.a.stdout}\"]\n[pool.a]\n",
    );

    fn shown(places: Vec<Location>) -> Vec<String> {
        let place = |place: Location| {
            let name = place.uri.path().as_str().rsplit('/').next().unwrap_or_default().to_owned();
            format!("{name}:{}:{}", place.range.start.line, place.range.start.character)
        };
        places.into_iter().map(place).collect()
    }

    #[test]
    fn names_lead_to_their_declaration_in_any_file() {
        for (text, expected) in [
            ("[process.a]\nafter = [\"|b\"]\n", "part.toml:0:9"),
            ("[process.a]\nstdin = { process = \"b|\" }\n", "part.toml:0:9"),
            ("[process.c]\nscript = \"ä {process.b|.stdout}\"\n", "part.toml:0:9"),
            ("[process.c]\npool = [\"|a\"]\n", "part.toml:3:6"),
            ("[process.c]\nscript = \"{vars.x|}\"\n[vars]\n\"x\" = \"1\"\n", "job.toml:3:1"),
        ] {
            assert_eq!(shown(look(&[("job.toml", text), PART], definition)), [expected], "{text}");
        }
        assert!(
            look(&[("job.toml", "[process.a]\nneeds = [\"n|o\"]\n"), PART], definition).is_empty()
        );
        assert!(look(&[("job.toml", "[process.a]\nne|eds = []\n"), PART], definition).is_empty());
        assert!(look(&[("job.toml", "include = [\"no|.toml\"]\n"), PART], definition).is_empty());
    }

    #[test]
    fn uses_are_found_in_all_files() {
        let text = "[process.a|]\ncommand = [\"a\"]\n";
        let found = |declared| look(&[("job.toml", text), PART], |look| references(look, declared));
        assert_eq!(shown(found(false)), ["part.toml:1:10", "part.toml:2:21"]);
        assert_eq!(shown(found(true))[0], "job.toml:0:9");
    }
}
