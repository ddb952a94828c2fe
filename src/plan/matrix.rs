//! Matrix: the cells of a process, as GitHub Actions makes them.
//!
//! The product of the axes in the order of the file, the last axis fastest, less what `exclude`
//! matches, and then `include`: an entry joins every cell of the product whose axes it does not
//! contradict, and where there is none it becomes a cell of its own. Unaware of processes.

use std::fmt::Write as _;

use crate::model::{Cell, Matrix};

/// Cells of one process. GitHub stops at 256; more than this is a list of items, and a queue holds
/// those without a node for each.
pub const MAX_CELLS: usize = 1024;

/// A matrix that has more than [`MAX_CELLS`], or might.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooMany;

/// Returns the cells of a matrix.
pub(super) fn expand(matrix: &Matrix) -> Result<Vec<Cell>, TooMany> {
    let mut cells = product(&matrix.axes)?;
    cells.retain(|cell| !matrix.exclude.iter().any(|entry| matches(entry, cell)));
    if matrix.include.len() > MAX_CELLS {
        return Err(TooMany);
    }
    let originals = cells.len();
    for entry in &matrix.include {
        let is_axis = |key: &str| matrix.axes.iter().any(|(axis, _)| axis == key);
        let (axes, added): (Cell, Cell) = entry.iter().cloned().partition(|(k, _)| is_axis(k));
        let mut joined = false;
        for cell in cells[..originals].iter_mut().filter(|cell| matches(&axes, cell)) {
            joined = true;
            for pair in &added {
                put(cell, pair);
            }
        }
        if !joined {
            cells.push(entry.clone());
        }
    }
    if cells.len() > MAX_CELLS { Err(TooMany) } else { Ok(cells) }
}

/// Returns the name of each cell's node, every one different: `test (linux, 1.88)`.
pub(super) fn names(process: &str, cells: &[Cell]) -> Vec<String> {
    let mut seen = std::collections::HashMap::new();
    let name = |cell: &Cell| {
        let values: Vec<&str> = cell.iter().map(|(_, value)| value.as_str()).collect();
        let mut name = format!("{process} ({})", values.join(", "));
        let times = seen.entry(name.clone()).and_modify(|n| *n += 1).or_insert(1_u32);
        if *times > 1 {
            write!(name, " #{times}").expect("text takes everything");
        }
        name
    };
    cells.iter().map(name).collect()
}

/// Returns every combination of the axes; none where there are no axes.
fn product(axes: &[(String, Vec<String>)]) -> Result<Vec<Cell>, TooMany> {
    if axes.is_empty() {
        return Ok(Vec::new());
    }
    let count = axes.iter().try_fold(1_usize, |n, (_, values)| n.checked_mul(values.len()));
    if count.is_none_or(|count| count > MAX_CELLS) {
        return Err(TooMany);
    }
    let mut cells: Vec<Cell> = vec![Vec::new()];
    for (key, values) in axes {
        let longer = |cell: &Cell, value: &String| {
            cell.iter().cloned().chain([(key.clone(), value.clone())]).collect()
        };
        cells = cells
            .iter()
            .flat_map(|cell| values.iter().map(move |value| longer(cell, value)))
            .collect();
    }
    Ok(cells)
}

/// Returns whether a cell has every pair of an entry.
fn matches(entry: &Cell, cell: &Cell) -> bool {
    entry.iter().all(|pair| cell.contains(pair))
}

/// Sets a key of a cell.
fn put(cell: &mut Cell, (key, value): &(String, String)) {
    match cell.iter_mut().find(|(have, _)| have == key) {
        Some((_, old)) => old.clone_from(value),
        None => cell.push((key.clone(), value.clone())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cell(text: &str) -> Cell {
        let pair = |word: &str| {
            let (key, value) = word.split_once('=').unwrap();
            (key.to_owned(), value.to_owned())
        };
        text.split_whitespace().map(pair).collect()
    }

    fn axis(key: &str, values: &[&str]) -> (String, Vec<String>) {
        (key.to_owned(), values.iter().map(|&v| v.to_owned()).collect())
    }

    fn shown(matrix: &Matrix) -> Vec<String> {
        let pairs = |cell: &Cell| {
            cell.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" ")
        };
        expand(matrix).unwrap().iter().map(pairs).collect()
    }

    #[test]
    fn the_example_of_github() {
        let matrix = Matrix {
            axes: vec![axis("fruit", &["apple", "pear"]), axis("animal", &["cat", "dog"])],
            include: [
                "color=green",
                "color=pink animal=cat",
                "fruit=apple shape=circle",
                "fruit=banana",
                "fruit=banana animal=cat",
            ]
            .map(cell)
            .to_vec(),
            exclude: Vec::new(),
        };
        let expected = [
            "fruit=apple animal=cat color=pink shape=circle",
            "fruit=apple animal=dog color=green shape=circle",
            "fruit=pear animal=cat color=pink",
            "fruit=pear animal=dog color=green",
            "fruit=banana",
            "fruit=banana animal=cat",
        ];
        assert_eq!(shown(&matrix), expected);
    }

    #[test]
    fn exclude_matches_in_part_and_include_can_bring_back() {
        let matrix = Matrix {
            axes: vec![axis("os", &["a", "b"]), axis("v", &["1", "2"])],
            include: vec![cell("os=a v=9"), cell("os=b v=1")],
            exclude: vec![cell("os=b"), cell("os=a v=2"), cell("os=c")],
        };
        assert_eq!(shown(&matrix), ["os=a v=1", "os=a v=9", "os=b v=1"]);
    }

    #[test]
    fn only_include_makes_one_cell_each() {
        let matrix = Matrix { include: vec![cell("a=1"), cell("b=2")], ..Matrix::default() };
        assert_eq!(shown(&matrix), ["a=1", "b=2"]);
        assert!(expand(&Matrix::default()).unwrap().is_empty());
    }

    #[test]
    fn names_are_different() {
        let cells = [cell("a=x b=1"), cell("a=x b=1"), cell("a=y")];
        assert_eq!(names("t", &cells), ["t (x, 1)", "t (x, 1) #2", "t (y)"]);
    }

    #[test]
    fn too_many_cells_are_never_made() {
        let many: Vec<String> = (0..1000).map(|n| n.to_string()).collect();
        let axes = (0..40).map(|n| (format!("k{n}"), many.clone())).collect();
        assert_eq!(expand(&Matrix { axes, ..Matrix::default() }), Err(TooMany));
    }

    proptest! {
        #[test]
        fn laws(
            axes in prop::collection::vec(1..4_usize, 1..4),
            exclude in prop::collection::vec((0..4_usize, 0..4_usize), 0..4),
            include in prop::collection::vec((0..5_usize, 0..5_usize), 0..4),
        ) {
            let pair = |(k, v): (usize, usize)| (format!("k{k}"), format!("{v}"));
            let matrix = Matrix {
                axes: axes.iter().enumerate()
                    .map(|(k, n)| (format!("k{k}"), (0..*n).map(|v| v.to_string()).collect()))
                    .collect(),
                include: include.into_iter().map(|p| vec![pair(p)]).collect(),
                exclude: exclude.into_iter().map(|p| vec![pair(p)]).collect(),
            };
            let cells = expand(&matrix).unwrap();
            let full: usize = axes.iter().product();
            prop_assert!(cells.len() <= full + matrix.include.len());
            // Every include is found in a cell, unless a later one has overwritten its extra key.
            for entry in &matrix.include {
                let key = &entry[0].0;
                prop_assert!(cells.iter().any(|cell| cell.iter().any(|(k, _)| k == key)));
            }
            // Nothing excluded is left among the cells of the product.
            let has = |cell: &Cell, key: &str| cell.iter().any(|(k, _)| k == key);
            let whole = |cell: &&Cell| matrix.axes.iter().all(|(k, _)| has(cell, k));
            for cell in cells.iter().filter(whole) {
                let back = matrix.include.iter().any(|entry| matches(entry, cell));
                prop_assert!(back || !matrix.exclude.iter().any(|entry| matches(entry, cell)));
            }
            let names = names("p", &cells);
            let unique: std::collections::HashSet<_> = names.iter().collect();
            prop_assert_eq!(unique.len(), names.len());
        }
    }
}
