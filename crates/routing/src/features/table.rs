//! Many vectors of one schema, one after the other in memory.

/// Rows of equal width. What is added up over all agents wants them side by side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    width: usize,
    cells: Vec<f32>,
}

impl Table {
    /// An empty table of rows of that width.
    pub fn new(width: usize) -> Self {
        Self { width, cells: Vec::new() }
    }

    /// Appends a row; a longer one is cut, a shorter one is filled with "missing".
    pub fn push(&mut self, row: &[f32]) {
        let from = self.cells.len();
        self.cells.extend(row.iter().take(self.width));
        self.cells.resize(from + self.width, f32::NAN);
    }

    /// Replaces a row, likewise; gives whether there is one.
    pub fn set(&mut self, at: usize, row: &[f32]) -> bool {
        let Some(cells) = self.cells.get_mut(at * self.width..(at + 1) * self.width) else { return false };
        for (column, cell) in cells.iter_mut().enumerate() {
            *cell = row.get(column).copied().unwrap_or(f32::NAN);
        }
        true
    }

    /// The row there; empty when there is none.
    pub fn row(&self, at: usize) -> &[f32] {
        self.cells.get(at * self.width..(at + 1) * self.width).unwrap_or_default()
    }

    /// The row there, to be changed; empty when there is none.
    pub fn row_mut(&mut self, at: usize) -> &mut [f32] {
        self.cells.get_mut(at * self.width..(at + 1) * self.width).unwrap_or_default()
    }

    /// How many columns a row has.
    pub fn width(&self) -> usize {
        self.width
    }
}
