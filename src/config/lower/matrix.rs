//! Matrix: the axes of a process, and the cells put in and left out.
//!
//! Unaware of how cells are combined; only how many there would be is bounded here.

use std::collections::HashSet;

use super::Reader;
use crate::config::forms::{At, Cell as Scalar, Either, Key, List, Map, Span};
use crate::config::raw;
use crate::model::{Cell, Matrix, Problem, code, nearest, unusable};

/// The most instances of one process: more were not meant, and each has its own log.
const MOST_CELLS: usize = 65_536;

/// What stands behind a key of a matrix.
type Values = Key<List<Either<Scalar, Map<Scalar>>>>;

impl Reader<'_, '_, '_> {
    /// Reads `matrix`.
    pub(super) fn matrix(&mut self, key: &Key<raw::Matrix>) -> Option<Matrix> {
        let At { value, at } = key.get()?;
        let mut matrix = Matrix::default();
        for (name, values) in &value.0.0 {
            match name.value.as_str() {
                "include" => matrix.include = self.cells(values),
                "exclude" => matrix.exclude = self.cells(values),
                axis => {
                    if let Some(why) = unusable(axis) {
                        let said = format!("{axis:?} cannot name a key of a matrix: {why}");
                        let help = "use letters, digits, `.`, `_` and `-`";
                        self.error(code::BAD_NAME, said, name.at, ("this name", help));
                    }
                    let values = self.axis(name, values);
                    matrix.axes.push((axis.to_owned(), values));
                }
            }
        }
        if matrix.axes.is_empty() && matrix.include.is_empty() {
            let problem = "`matrix` has no keys, so no instance would be left";
            let help = "give it a key with a list of values";
            self.error(code::BAD_VALUE, problem, *at, ("no keys", help));
        }
        self.excluded(&value.0, &matrix);
        self.bound(&matrix, *at);
        Some(matrix)
    }

    fn axis(&mut self, name: &At<String>, values: &Values) -> Vec<String> {
        let Some(list) = values.get() else {
            self.all.edges_known = false;
            return Vec::new();
        };
        if list.value.entries.is_empty() && list.value.whole {
            let said = format!("`{}` has no values", name.value);
            self.error(
                code::BAD_VALUE,
                said,
                list.at,
                ("no instance would be left", "list a value"),
            );
        }
        let mut seen = HashSet::new();
        let mut axis = Vec::new();
        for entry in &list.value.entries {
            match &entry.value {
                Either::A(value) if seen.insert(&value.0) => axis.push(value.0.clone()),
                Either::A(value) => {
                    let said = format!("`{}` has the value {:?} twice", name.value, value.0);
                    self.error(
                        code::DUPLICATE,
                        said,
                        entry.at,
                        ("given again", "remove this entry"),
                    );
                }
                Either::B(_) => {
                    let said = format!("a value of `{}` must be text or a number", name.value);
                    let help = "tables stand in `include` and `exclude`";
                    self.error(code::WRONG_TYPE, said, entry.at, ("this is a table", help));
                }
            }
        }
        axis
    }

    fn cells(&mut self, values: &Values) -> Vec<Cell> {
        let mut cells = Vec::new();
        for entry in values.get().map_or(&[][..], |list| &list.value.entries) {
            match &entry.value {
                Either::B(map) => {
                    let pairs = map.0.iter().filter_map(|(key, value)| {
                        value.get().map(|value| (key.value.clone(), value.value.0.clone()))
                    });
                    cells.push(pairs.collect());
                }
                Either::A(_) => {
                    let said = "an entry of `include` or `exclude` must be a table of values";
                    let help = "write it as { KEY = \"value\" }";
                    self.error(code::WRONG_TYPE, said, entry.at, ("this is none", help));
                }
            }
        }
        cells
    }

    /// Says where `exclude` names a key that no combination has.
    fn excluded(&mut self, map: &Map<List<Either<Scalar, Map<Scalar>>>>, matrix: &Matrix) {
        let exclude = map.0.iter().find(|(name, _)| name.value == "exclude");
        let entries = exclude.and_then(|(_, values)| values.get()).map(|list| &list.value.entries);
        for entry in entries.into_iter().flatten() {
            let Either::B(cell) = &entry.value else { continue };
            for (key, _) in &cell.0 {
                if matrix.axes.iter().any(|(axis, _)| *axis == key.value) {
                    continue;
                }
                let axes = matrix.axes.iter().map(|(axis, _)| axis.as_str());
                let mut label = "nothing has this key".to_owned();
                let mut help = "exclude by a key of the matrix, or remove this one".to_owned();
                if let Some(meant) = nearest(&key.value, axes) {
                    label = format!("did you mean `{meant}`?");
                    help = format!("write `{meant}`");
                }
                let said = format!("the matrix has no key `{}` to exclude by", key.value);
                self.error(code::UNKNOWN_KEY, said, key.at, (&label, &help));
            }
        }
    }

    fn bound(&mut self, matrix: &Matrix, at: Span) {
        let count = |axes: &[(String, Vec<String>)]| {
            axes.iter().try_fold(1_usize, |all, (_, values)| all.checked_mul(values.len()))
        };
        let most = count(&matrix.axes).and_then(|cells| cells.checked_add(matrix.include.len()));
        if most.is_none_or(|cells| cells > MOST_CELLS) {
            let said = format!("this matrix has more than {MOST_CELLS} combinations");
            let problem = Problem::error(code::BAD_VALUE, said, self.label(at, "too many"));
            self.tell(problem.help("feed a queue with them instead: items are cheap"));
        }
    }
}
